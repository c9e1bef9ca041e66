"""What somebody else writes into a line cannot change its class: names, commands and texts made to look like harmless lines.

The texts are made of pieces of the samples, of blanks, of the marks that daemons put around names, and of arbitrary bytes.
A record has no newline in it: readers see to that.
"""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detect.oracle import judge, samples

ATTACKS = [
    rb"sshd[1]: Invalid user %s from 203.0.113.9 port 40022",
    rb"sshd[1]: Failed password for invalid user %s from 203.0.113.9 port 40022 ssh2",
    rb"sshd-session[1]: Postponed keyboard-interactive for invalid user %s from 203.0.113.9 port 40022 ssh2 [preauth]",
    rb"sshd[1]: error: PAM: Authentication failure for illegal user %s from 203.0.113.9",
    rb"sshd[1]: error: maximum authentication attempts exceeded for invalid user %s from 203.0.113.9 port 40022 ssh2 [preauth]",
    rb"sshd[1]: Connection closed by invalid user %s 203.0.113.9 port 40022 [preauth]",
    rb"sshd[1]: Disconnected from invalid user %s 203.0.113.9 port 40022 [preauth]",
    rb"sshd[1]: Disconnecting invalid user %s 203.0.113.9 port 40022: Too many authentication failures [preauth]",
    rb"sshd[1]: Received disconnect from 203.0.113.9 port 40022:11: %s [preauth]",
    rb"sshd[1]: User %s from 203.0.113.9 not allowed because not listed in AllowUsers",
    rb"sshd[1]: Bad protocol version identification '%s' from 203.0.113.9 port 40022",
    rb"sshd[1]: Unable to negotiate with 203.0.113.9 port 40022: no matching cipher found. Their offer: %s [preauth]",
    rb"sshd[1]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser=%s rhost=203.0.113.9",
    rb"auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=%s rhost=203.0.113.9  user=x",
    rb"dropbear[1]: Bad password attempt for '%s' from 203.0.113.9:40022",
    rb"dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<%s>, method=PLAIN, rip=203.0.113.9, lip=192.0.2.1",
    rb"dovecot: auth: pam(%s,203.0.113.9): unknown user",
    rb"dovecot: auth-worker(7): pam(%s,203.0.113.9): pam_authenticate() failed: Authentication failure (Password mismatch?)",
    rb"postfix/smtpd[1]: warning: unknown[203.0.113.9]: SASL LOGIN authentication failed: %s",
    rb"postfix/smtpd[1]: warning: unknown[203.0.113.9]: SASL LOGIN authentication failed: (reason unavailable), sasl_username=%s",
    rb"postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[203.0.113.9]: 454 4.7.1 <%s>: Relay access denied; from=<a@b> to=<c@d>",
    rb"postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[203.0.113.9]: 454 4.7.1 <a@b>: Relay access denied; from=<a@b> helo=<%s>",
    rb"postfix/smtpd[1]: warning: non-SMTP command from unknown[203.0.113.9]: %s",
    rb"postfix/smtpd[1]: improper command pipelining after EHLO from unknown[203.0.113.9]: %s",
    rb"exim[1]: plain_login authenticator failed for (%s) [203.0.113.9]: 535 Incorrect authentication data (set_id=x)",
    rb"proftpd[1]: ftp.example.test (203.0.113.9[203.0.113.9]) - USER %s: no such user found from 203.0.113.9 [203.0.113.9] to 192.0.2.1:21",
    rb"pure-ftpd: (?@203.0.113.9) [WARNING] Authentication failed for user [%s]",
    rb'vsftpd[1]: [%s] FAIL LOGIN: Client "203.0.113.9"',
    rb"imapd-ssl: LOGIN FAILED, user=%s, ip=[::ffff:203.0.113.9]",
    rb"sendmail[1]: 6B1NXHYB005134: AUTH failure (LOGIN): authentication failure (-13) SASL(-13): x, user=%s, relay=[203.0.113.9]",
    rb"mariadbd[1]: 2026-11-20  8:00:01 42 [Warning] Access denied for user '%s'@'203.0.113.9' (using password: YES)",
    rb'postgres[1]: [3-1] x@y FATAL:  password authentication failed for user "%s"',
    rb'nginx: 2026/11/20 08:00:01 [error] 1#1: *1 user "%s" was not found in "/etc/nginx/htpasswd", client: 203.0.113.9',
    rb"xrdp-sesman[1]: [INFO ] AUTHFAIL: user=%s ip=::ffff:203.0.113.9 time=1795163646",
    rb"kernel: [ 1.000001] TCP: request_sock_TCP: Possible SYN flooding on port %s. Sending cookies.",
]
VIOLATIONS = [
    rb"sudo:     anna : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=%s",
    rb"sudo: anna : 3 incorrect password attempts ; TTY=pts/0 ; PWD=%s ; USER=root ; COMMAND=/usr/bin/true",
    rb"su[1]: FAILED SU (to root) %s on pts/0",
    rb"su: pam_unix(su:auth): authentication failure; logname= uid=1001 euid=0 tty=pts/3 ruser=%s rhost=  user=root",
    rb"useradd[1]: new user: name=zed, UID=0, GID=0, home=%s, shell=/bin/bash",
    rb'kernel: [ 1.000001] audit: type=1400 audit(1.1:5): apparmor="DENIED" operation="open" name="%s" pid=7 comm="x"',
    rb"kernel: [ 1.000001] %s[988]: segfault at 7f1c ip 000055d0 sp 00007ffd error 4 in x[55d0+f0000]",
    rb"passwd[1]: pam_unix(passwd:chauthtok): password changed for %s",
    rb"polkitd[1]: Operator of unix-session:3 FAILED to authenticate to gain authorization for action %s for x",
    rb"cron[1]: (*system*zed) WRONG FILE OWNER (%s)",
]
HEAD = b"2026-11-20T08:30:00.000001+01:00 mx1 "
STAMP = re.compile(rb"([A-Z][a-z]{2} +[0-9]+ [0-9:]+|[0-9T:.+-]+Z?) [^ ]+ ")
MARKS = [
    b" ",
    b"]",
    b"[",
    b"'",
    b'"',
    b">",
    b"<",
    b": ",
    b"; ",
    b")",
    b"(",
    b"=",
    b",",
    b" from ",
    b" rhost=",
    b"[preauth]",
    b"\x1b[2J",
]

messages = st.deferred(lambda: st.sampled_from([message(sample.line) for sample in samples()]))


def message(line: bytes) -> bytes:
    """A line without its stamp and host."""
    return STAMP.sub(b"", line, count=1)


anything = st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"\\n"))
texts = st.lists(st.one_of(messages, st.sampled_from(MARKS), anything), max_size=6).map(b"".join)


@settings(max_examples=12, deadline=None)
@given(st.lists(texts, min_size=len(ATTACKS), max_size=len(ATTACKS)))
def test_no_name_makes_an_attack_look_harmless(names):
    lines = [HEAD + attack % name for attack, name in zip(ATTACKS, names, strict=True)]
    for line, verdict in zip(lines, judge(lines, "workstation"), strict=True):
        assert verdict.kind == "attack", line


@settings(max_examples=12, deadline=None)
@given(st.lists(texts, min_size=len(VIOLATIONS), max_size=len(VIOLATIONS)))
def test_no_name_and_no_command_makes_a_violation_look_harmless(names):
    lines = [HEAD + violation % name for violation, name in zip(VIOLATIONS, names, strict=True)]
    for line, verdict in zip(lines, judge(lines, "workstation"), strict=True):
        assert verdict.kind in ("attack", "violation"), line


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_line_with_a_control_character_is_never_ignored(chance):
    """rsyslog writes them as #033 and the like; where one stands nevertheless, somebody should see the line."""
    lines = []
    for sample in samples():
        if sample.section.startswith("ignored") and sample.section != "ignored always":
            at = chance.randint(0, len(sample.line))
            lines.append(sample.line[:at] + chance.choice([b"\x1b", b"\x00", b"\x07", b"\x7f"]) + sample.line[at:])
    for line, verdict in zip(lines, judge(lines, "workstation"), strict=True):
        assert verdict.kind != "ignored", line


def test_a_harmless_line_inside_another_program_s_line_is_not_ignored():
    """A user can write to the log (logger -t NAME); that does not borrow the rules of another program."""
    lines = [HEAD + b"zed: " + message(sample.line) for sample in samples() if sample.section.startswith("ignored")]
    for line, verdict in zip(lines, judge(lines, "workstation"), strict=True):
        assert verdict.kind != "ignored", line
