"""What a configuration can say, typed and frozen. Where a field is also a key of `vigilog.toml`, it has the same name there.

Readers of other formats (logcheck.conf, the settings block of a logcheck.sh) end in the same values. The text under each
field is what `vigilog init` writes beside the key and what the documentation is held against.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from vigilog.config.fleet_settings import Fleet
from vigilog.config.run_settings import Action, Ban, Run, Trigger
from vigilog.config.ship_settings import Ship, ShipKafka, Stream
from vigilog.config.table import Count, Table
from vigilog.config.watch_settings import Watch
from vigilog.config.web_settings import Web

Level = Literal["paranoid", "server", "workstation"]
RuleSetName = Literal["auto", "builtin", "debian", "psionic"]
First = Literal["all", "today", "none"]
Attachment = Literal["no", "text", "gzip"]
Encoding = Literal["", "7bit", "8bit", "base64", "quoted-printable"]
Order = Literal["stamp", "unique", "arrival"]
Days = Annotated[int, msgspec.Meta(ge=0)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Check(Table, frozen=True):
    """`[check]`: what `vigilog check` reads, by which rules, and how the report looks."""

    sources: tuple[str, ...] = ()
    """Logs in reading order: paths, globs (the newest file counts), `journal`, `multilog:DIRECTORY`, `blackbox:FILE`,
    `ledger:FILE`, `kafka:TOPIC`, `-` (standard input). Empty: logcheck's lists where logcheck is set up, else the system logs
    that are found on this host."""
    rules: RuleSetName = "auto"
    """auto: Debian's, if logcheck is set up in `rule_directory`, else the built-in ones."""
    rule_directory: str = "/etc/logcheck"
    """Where the rule directories in Debian's layout are: cracking.d, violations.d, ignore.d.server and their like."""
    local_rules: str = "/etc/vigilog/rules"
    """Rules of this host's own in the same layout, read beside the built-in ones."""
    level: Level = "server"
    """How much is ignored by Debian's rules: paranoid the least, workstation the most."""
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
    """Lines that differ only in numbers, addresses and names are folded into one, with a count and the first and last time."""
    attack_subject: str = "Security Alerts"
    """Title of the section, and the end of the mail's subject, where attacks are reported."""
    violation_subject: str = "Security Events"
    """The same for violations."""
    unusual_subject: str = "System Events"
    """The same for unusual events."""
    date_format: str = "%Y-%m-%d %H:%M %z"
    """The date in the subject, as strftime(3) writes it."""
    host: str = ""
    """The name in the subject; empty: this host's own."""
    fully_qualified: bool = False
    """This host's own name is given with its domain."""
    keep_days: Days = 7
    """How long delivered reports stay in the store, in days."""
    jobs: Count = 1
    """How many processes match lines at the same time."""
    temporary_directory: str = ""
    """Where a report too large for memory is sorted; empty: the directory named by TMPDIR, else /tmp."""


class Psionic(Table, frozen=True):
    """`[psionic]`: the four files and settings of logcheck 1.1 (LogSentry)."""

    hacking: str = ""
    """Patterns of attacks, matched without regard to case (HACKING_FILE); empty: no such section."""
    violations: str = ""
    """Patterns of violations, matched without regard to case (VIOLATIONS_FILE); empty: no such section."""
    violations_ignore: str = ""
    """Patterns that take a line out of the violations, case sensitive (VIOLATIONS_IGNORE_FILE)."""
    ignore: str = ""
    """Patterns that take a line out of the unusual events, case sensitive (IGNORE_FILE); empty: no such section."""
    temporary_directory: str = ""
    """Empty: the guard against files that cannot be removed has nothing to look at."""
    exact_grep: bool = False
    """Blank lines, empty files and bad expressions do what GNU grep does with them, silence included."""
    stock_subject: bool = False
    """`HOST DATE system check` instead of `Systems Check: HOST DATE`."""


class Mail(Table, frozen=True):
    """`[mail]`: to whom reports go, and how."""

    to: tuple[str, ...] = ()
    """Empty: reports go to standard output."""
    sender: str = ""
    """The address in the From header; empty: the mailer's own choice."""
    transport: Literal["sendmail", "smtp", "command"] = "sendmail"
    """sendmail: a program that takes a whole message; smtp: a mail server; command: a program such as `mail` or `mailx`."""
    command: str = ""
    """sendmail: the program that takes a whole message on standard input (default: the one found); command: a `mail`, `mailx`
    or `Mail` that is called as COMMAND -s SUBJECT ADDRESS with the body on standard input."""
    smtp_host: str = "localhost"
    """The mail server's name or address."""
    smtp_port: Port = 25
    """The mail server's port."""
    smtp_security: Literal["none", "starttls", "tls"] = "none"
    """How the connection to the mail server is encrypted."""
    smtp_user: str = ""
    """The name to log in with; empty: no login."""
    smtp_password_file: str = ""
    """The file whose first line is the password."""
    tag: bool = False
    """Debian's ADDTAG: subjects begin with `[logcheck] `."""
    attach: Attachment = "no"
    """Whether the report is the body of the mail (no), a text attachment or a gzip attachment."""
    encoding: Encoding = ""
    """Empty: chosen by the content."""


class State(Table, frozen=True):
    """`[state]`: where Vigilog remembers."""

    directory: str = "/var/lib/vigilog"
    """Positions, reports and caches are kept here, readable by the owner only."""
    takeover: tuple[str, ...] = ("/var/lib/logcheck", "/var/lib/vigilog/takeover")
    """Where offset files of logcheck may lie; they are used for a source that has no position of ours yet."""


class Settings(Table, frozen=True, rename={"triggers": "trigger", "actions": "action", "streams": "stream"}):
    """All of `vigilog.toml`. The actions `ban` and `null` are there without a table of their own."""

    check: Check = Check()
    psionic: Psionic = Psionic()
    mail: Mail = Mail()
    state: State = State()
    run: Run = Run()
    ban: Ban = Ban()
    watch: Watch = Watch()
    fleet: Fleet = Fleet()
    ship: Ship = Ship()
    kafka: ShipKafka = ShipKafka()
    web: Web = Web()
    streams: tuple[Stream, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    actions: dict[str, Action] = msgspec.field(default_factory=lambda: {"ban": Action(type="ban"), "null": Action(type="null")})
