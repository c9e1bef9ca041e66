"""What a configuration can say, typed and frozen. Where a field is also a key of `vigilog.toml`, it has the same name there.

Readers of other formats (logcheck.conf, the settings block of a logcheck.sh) end in the same values.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["paranoid", "server", "workstation"]
RuleSetName = Literal["auto", "builtin", "debian", "psionic"]
First = Literal["all", "today", "none"]
Attachment = Literal["no", "text", "gzip"]
Encoding = Literal["", "7bit", "8bit", "base64", "quoted-printable"]
Order = Literal["stamp", "unique", "arrival"]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every table of the configuration is: frozen, and without room for unknown keys."""


class Check(Table):
    """`[check]`: what `vigilog check` reads, by which rules, and how the report looks."""

    sources: tuple[str, ...] = ()
    """Logs in reading order: paths, globs (the newest file counts), `journal`, `multilog:DIRECTORY`, `-` (standard input)."""
    rules: RuleSetName = "auto"
    """auto: Debian's, if logcheck is set up in `rule_directory`, else the built-in ones."""
    rule_directory: str = "/etc/logcheck"
    level: Level = "server"
    cracking_ignore: bool = False
    """Debian's SUPPORT_CRACKING_IGNORE: cracking.ignore.d is honoured."""
    first: First = "all"
    """What is read of a source that was never read before."""
    partial_lines: bool = False
    """A last line without its newline is read at once (as logtail does) instead of when it is complete."""
    order: Order = "stamp"
    """stamp: by the first three fields; unique: whole lines, each once (SORTUNIQ); arrival: as read (Psionic)."""
    introduction: bool = True
    """header.txt and footer.txt of the rule directory are put around the report."""
    summarize: bool = False
    attack_subject: str = "Security Alerts"
    violation_subject: str = "Security Events"
    unusual_subject: str = "System Events"
    date_format: str = "%Y-%m-%d %H:%M %z"
    host: str = ""
    """The name in the subject; empty: this host's own."""
    fully_qualified: bool = False
    keep_days: int = 7
    """How long delivered reports stay in the store."""
    jobs: int = 1


class Psionic(Table):
    """`[psionic]`: the four files and settings of logcheck 1.1."""

    hacking: str = ""
    violations: str = ""
    violations_ignore: str = ""
    ignore: str = ""
    temporary_directory: str = ""
    """Empty: the guard against files that cannot be removed has nothing to look at."""
    exact_grep: bool = False
    """Blank lines, empty files and bad expressions do what GNU grep does with them, silence included."""
    stock_subject: bool = False
    """`HOST DATE system check` instead of the seed's `Systems Check: HOST DATE`."""


class Mail(Table):
    """`[mail]`: to whom reports go, and how."""

    to: tuple[str, ...] = ()
    """Empty: reports go to standard output."""
    sender: str = ""
    transport: Literal["sendmail", "smtp", "command"] = "sendmail"
    command: str = ""
    """sendmail: the program that takes a whole message on standard input (default: the one found); command: a `mail`, `mailx`
    or `Mail` that is called as COMMAND -s SUBJECT ADDRESS with the body on standard input."""
    smtp_host: str = "localhost"
    smtp_port: int = 25
    smtp_security: Literal["none", "starttls", "tls"] = "none"
    smtp_user: str = ""
    smtp_password_file: str = ""
    tag: bool = False
    """Debian's ADDTAG: subjects begin with `[logcheck] `."""
    attach: Attachment = "no"
    encoding: Encoding = ""
    """Empty: chosen by the content."""


class State(Table):
    """`[state]`: where Vigilog remembers."""

    directory: str = "/var/lib/vigilog"
    takeover: tuple[str, ...] = ("/var/lib/logcheck",)
    """Where offset files of logcheck may lie; they are used for a source that has no position of ours yet."""


class Settings(Table):
    """All of `vigilog.toml`."""

    check: Check = Check()
    psionic: Psionic = Psionic()
    mail: Mail = Mail()
    state: State = State()
