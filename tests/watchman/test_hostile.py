"""Hostile lines, and what each becomes: on standard error, in a script's environment, in a file, in a mail, in the status."""

import email
import email.policy
import re
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.act.namespaces import namespace
from tests.watch.test_journal import journal, utc  # noqa: F401  fixtures
from tests.watchman.facts import alerts_of, free_port, lines, open_orders
from tests.watchman.running import SYSTEM_PATH, running

TRIGGERS = r"""
[ban]
backend = "command"
command = "/bin/true"
[mail]
to = ["root@localhost"]
transport = "sendmail"
command = "{directory}/mailer"
[action.script]
type = "script"
script = "{directory}/script"
[action.file]
type = "append"
file = "{directory}/out"
template = "{name} {text} | {message}"
[action.mail]
type = "mail"
digest = 0
[[trigger]]
name = "said"
pattern = 'hostile (?P<text>.*)$'
actions = ["script", "file", "mail"]
"""
"""Where there are scripts, the firewall is made ready, since they may ban: this host's is not."""
SCRIPT = """#!/bin/sh
cat /proc/$$/environ > {directory}/environment.new
mv {directory}/environment.new {directory}/environment.$VIGILOG_ORDER
printf '%s\\n' "$LT_message" >&2
"""
MAILER = """#!/bin/sh
cat > {directory}/mail.new
mv {directory}/mail.new {directory}/mail.$$
"""
HEAD = "Nov 20 08:30:00 host app[7]: "
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass
class Became:
    """What an alert became everywhere."""

    said: str
    environment: dict[bytes, bytes]
    file: str
    subject: str
    mail: str
    status: str


@contextmanager
def victim(directory, sources='sources = ["{directory}/log"]\n', more="", environment=None):
    """A daemon that tells everybody of each hostile line, and a function that gives what became of the next one."""
    for name, text in (("script", SCRIPT), ("mailer", MAILER)):
        (directory / name).write_text(text.replace("{directory}", str(directory)))
        (directory / name).chmod(0o755)
    with running(
        directory, (sources + TRIGGERS + more).replace("{directory}", str(directory)), environment=environment
    ) as daemon:
        seen = 0

        def became():
            nonlocal seen
            seen += 1
            daemon.until(lambda: len(alerts_of(directory)) >= seen and not open_orders(directory))
            daemon.until(lambda: daemon.said().count("file: said: ") >= seen)
            (found,) = directory.glob("environment.*")
            (mail,) = directory.glob("mail.*")
            whole = found.read_bytes()
            letter = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
            found.unlink()
            mail.unlink()
            said = [line for line in daemon.said().split("\n") if line.startswith("alert: said")]
            assert len(said) == seen
            assert set(letter.keys()) <= {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
                                          "Content-Transfer-Encoding", "Auto-Submitted", "X-Mailer", "Precedence"}  # fmt: skip
            return Became(
                said[-1],
                dict(each.split(b"=", 1) for each in whole.split(b"\0") if each),
                lines(directory / "out")[-1],
                str(letter["Subject"]).strip(),
                letter.get_content(),
                daemon.vigilog("status").stdout,
            )

        yield daemon, became


HOSTILE = {
    "colours": (b"\x1b[31mred\x1b]0;title\x07", r"\x1b[31mred\x1b]0;title\x07"),
    "clears the screen": (b"\x1bc\x1b[2J\x9b2J", r"\x1bc\x1b[2J\x9b2J"),
    "carriage return": (b"done\rSubject: forged\x08\x08", r"done\x0dSubject: forged\x08\x08"),
    "a mail header": (b"a\rBcc: evil@example.org\r\rbody", r"a\x0dBcc: evil@example.org\x0d\x0dbody"),
    "right to left": ("\u202etxt.exe\u2066 \u2028next".encode(), r"\u202etxt.exe\u2066 \u2028next"),
    "no UTF-8": (b"\xff\xfe caf\xe9", r"\xff\xfe caf\xe9"),
    "commands": (b"$(touch HARM) `touch HARM`; touch HARM | touch HARM & touch HARM > HARM", None),
    "quotes": (b"'\"; touch HARM; \"' \\'\\\" ${IFS} $LT_name %s %n {name} {time} {", None),
    "a variable": (b"() { :;}; touch HARM", None),
    "a loader": (b"x LD_PRELOAD=/tmp/x.so PATH=/tmp", None),
}
"""What is in the log, and what is shown of it: where there is nothing, the same."""


def test_what_hostile_text_becomes(tmp_path):
    with victim(tmp_path) as (daemon, became):
        for name, (raw, shown) in HOSTILE.items():
            raw = raw.replace(b"HARM", f"{tmp_path}/HARM".encode())  # noqa: PLW2901
            shown = shown if shown is not None else raw.decode()  # noqa: PLW2901
            daemon.log(HEAD.encode() + b"hostile " + raw)
            all_of_it = became()
            assert all_of_it.environment[b"LT_text"] == raw, name
            assert all_of_it.environment[b"LT_message"] == HEAD.encode() + b"hostile " + raw, name
            assert set(all_of_it.environment) >= {b"LT_name", b"LT_count", b"PATH"}
            assert not set(all_of_it.environment) & {b"LD_PRELOAD", b"IFS"}
            assert all_of_it.environment[b"PATH"] == daemon.environment()["PATH"].encode()
            assert all_of_it.file == f"said {shown} | {HEAD}hostile {shown}", name
            assert all_of_it.subject.removesuffix(" ...") == f"said: {shown}"[: 200 if len(shown) > 194 else None], name
            assert f"{HEAD}hostile {shown}" in all_of_it.mail, name
            assert all_of_it.said.startswith("alert: said: "), name
            for text in (daemon.said(), all_of_it.file, all_of_it.subject, all_of_it.mail, all_of_it.status):
                assert not UNSAFE.search(text), (name, UNSAFE.search(text))
        assert len(alerts_of(tmp_path)) == len(HOSTILE)
    assert not (tmp_path / "HARM").exists()


def test_what_a_nul_becomes(tmp_path):
    with victim(tmp_path) as (daemon, became):
        daemon.log(HEAD.encode() + b"hostile one\0two")
        found = became()
        assert found.environment[b"LT_text"] == b"one#000two"
        assert found.file == rf"said one\x00two | {HEAD}hostile one\x00two"
        assert found.said == r"alert: said: one\x00two"
        assert found.subject == r"said: one\x00two"
        assert "\0" not in found.mail + found.status + daemon.said()


def test_what_a_line_of_ten_megabytes_becomes(tmp_path):
    with victim(tmp_path) as (daemon, became):
        before = daemon.resident()
        forged = b" Nov 20 08:30:00 host app[7]: hostile forged"
        daemon.log(HEAD.encode() + b"hostile " + b"x" * 5_000_000 + forged + b"y" * 5_000_000 + forged)
        first = became()
        daemon.log(HEAD + "hostile next")
        assert became().file == f"said next | {HEAD}hostile next"
        assert first.environment[b"LT_message"].endswith(b" bytes]")
        assert 100_000 < len(first.environment[b"LT_message"]) < 131_072
        assert len(first.subject) < 250
        assert len(first.mail) < 10_000
        assert len(first.said) < 10_000
        assert max(map(len, first.status.split("\n"))) < 10_000
        assert len(first.file) < (1 << 21) + 1000
        assert [alert.key[0][:10] for alert in alerts_of(tmp_path)] == ["xxxxxxxxxx", "next"]
        most = daemon.resident("VmHWM")
        print(f"\nmemory {before >> 20} MiB before, {most >> 20} MiB at most")
        assert most - before < 64 << 20


# --- one message, one line

FORGED = "Nov 20 08:30:00 host sshd[7]: Failed password for root from 198.51.100.66 port 22 ssh2"
SSHD = """
[[trigger]]
rule = "sshd"
count = 1
actions = ["null"]
"""


def test_what_newlines_in_datagrams_become(tmp_path):
    udp, tcp = free_port(socket.SOCK_DGRAM), free_port()
    sources = f'sources = ["syslog:unix:{tmp_path}/devlog", "syslog:udp:127.0.0.1:{udp}", "syslog:tcp:127.0.0.1:{tcp}"]\n'
    with victim(tmp_path, sources, SSHD) as (daemon, became):
        message = f"<38>{HEAD}hostile one\n{FORGED}\n\0<38>{FORGED}\r\n".encode()
        local_message = message.replace(b" host app", b" app")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local, socket.socket(type=socket.SOCK_DGRAM) as distant:
            local.sendto(local_message, str(tmp_path / "devlog"))
            check_one_line(became())
            distant.sendto(message, ("127.0.0.1", udp))
            check_one_line(became())
        with socket.create_connection(("127.0.0.1", tcp)) as counted:
            counted.sendall(b"%d " % len(message) + message)
            check_one_line(became())
        assert {alert.rule for alert in alerts_of(tmp_path)} == {"said"}
        assert [trigger["events"] for trigger in daemon.status()["triggers"]] == [3, 0]


def check_one_line(found):
    assert found.environment[b"LT_text"] == f"one#012{FORGED}#012#000<38>{FORGED}".encode()
    assert found.file.endswith(f"hostile one#012{FORGED}#012#000<38>{FORGED}")


@pytest.mark.peer
def test_what_newlines_in_the_fields_of_the_journal_become(tmp_path, journal):  # noqa: F811
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "journalctl").write_text(f'#!/bin/sh\nexec /usr/bin/journalctl --directory={journal.directory} "$@"\n')
    (tmp_path / "bin" / "journalctl").chmod(0o755)
    path = {"PATH": f"{tmp_path}/bin:{SYSTEM_PATH}"}
    with victim(tmp_path, 'sources = ["journal"]\n', SSHD, path) as (daemon, became):
        journal.add(f"hostile one\n{FORGED}\n".encode(), at=time.time())
        found = became()
        assert found.environment[b"LT_text"].startswith(f"one#012{FORGED}".encode())
        journal.add(b"hostile two", at=time.time(), SYSLOG_IDENTIFIER=f"app\n{FORGED}\nx")
        found = became()
        assert found.environment[b"LT_text"] == b"two"
        journal.add(b"hostile three", at=time.time(), _HOSTNAME=f"gate\n{FORGED}\nx")
        found = became()
        assert found.environment[b"LT_text"] == b"three"
        assert {alert.rule for alert in alerts_of(tmp_path)} == {"said"}
        assert daemon.status()["sources"][0]["lines"] == 3


# --- forged addresses

REAL, FRIEND, BYSTANDER = "203.0.113.5", "192.0.2.200", "198.51.100.66"
BANNING = f"""
[ban]
allow = ["{FRIEND}"]
[[trigger]]
rule = "sshd"
count = 1
actions = ["ban"]
[[trigger]]
name = "anything"
pattern = 'refused (?P<address>\\S+)'
actions = ["ban"]
"""
USERS = [
    f"root from {BYSTANDER} port 22 ssh2",
    f"root from {BYSTANDER}",
    f"x from {BYSTANDER} port 22 ssh2: Failed password for y",
    f"{BYSTANDER}",
    f"sshd[7]: Failed password for root from {BYSTANDER} port 22 ssh2",
    f"from {BYSTANDER} port 22 ssh2 {FORGED}",
]
NO_ADDRESSES = [
    "$(reboot)", "198.51.100.66;reboot", "198.51.100.66/0", "0.0.0.0/0", "0.0.0.0", "127.0.0.1", "::1", "::", "255.255.255.255",
    "198.51.100.066", "0xc6336442", "3325256770", "198.51.100", "198.51.100.66.", "1.1.1.1}add", "localhost", "example.org",
    "224.0.0.1", "ff02::1", "fe80::1%eth0", FRIEND, f"::ffff:{FRIEND}", "198.51.100.66,192.0.2.1", "\u0661.1.1.1",
]  # fmt: skip


@pytest.mark.peer
def test_who_is_banned_for_forged_addresses(tmp_path, need):
    need("nft", "ip")
    with namespace() as host, running(tmp_path, BANNING, host=host) as daemon:
        for user in USERS:
            daemon.log(f"Nov 20 08:30:00 host sshd[7]: Failed password for invalid user {user} from {REAL} port 4022 ssh2")
            daemon.log(f"Nov 20 08:30:00 host sshd[7]: Invalid user {user} from {REAL} port 4022")
        daemon.log(*(f"Nov 20 08:30:00 host app[7]: refused {address}" for address in NO_ADDRESSES))
        daemon.log("Nov 20 08:30:00 host app[7]: refused 203.0.113.99")
        daemon.until(lambda: "203.0.113.99" in daemon.bans())
        daemon.until(lambda: not open_orders(tmp_path))
        assert set(daemon.bans()) == {REAL, "203.0.113.99"}
        assert BYSTANDER not in host.run("nft", "list", "ruleset").stdout
        reasons = [line for line in daemon.said().split("\n") if line.startswith("ban: anything: not done")]
        assert len(reasons) == len(NO_ADDRESSES)
