"""What is there on this host: readable logs, a logcheck set-up, the journal, a mailer. Looks only, opens no log."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

SETUP_MARKS = ("logcheck.conf", "logcheck.logfiles", "cracking.d", "violations.d")
"""One of these makes a directory a logcheck set-up. Fragments in ignore.d.*, which other packages bring, do not."""

GENERAL_LOGS = ("syslog", "messages")
"""Logs that hold whatever has no log of its own."""
SPLIT_LOGS = {
    "syslog": ("auth.log",),
    "messages": ("secure", "maillog", "cron", "auth.log"),
    "": ("auth.log", "secure", "kern.log", "daemon.log", "mail.log", "maillog", "cron.log", "user.log"),
}
"""The logs that add to a general one, or stand alone where there is none; others repeat what is in it (Debian, Red Hat)."""

JOURNALS = ("var/log/journal", "run/log/journal")
SENDMAILS = ("usr/sbin/sendmail", "usr/lib/sendmail")
LOGCHECK = "etc/logcheck"

Setup = Literal["present", "absent", "closed"]
"""closed: something is there, and this user may not look into it."""


@dataclass(frozen=True, slots=True)
class Host:
    """What `look` found. Names are absolute; `mailer` is '' if there is none."""

    logs: tuple[str, ...]
    unreadable: tuple[str, ...]
    journal: bool
    mailer: str
    logcheck_directory: str
    logcheck: Setup
    state_directory: str

    @property
    def sources(self) -> tuple[str, ...]:
        """What is read on this host if nobody says otherwise: its logs, or the journal where there are none."""
        return self.logs or (("journal",) if self.journal else ())

    @property
    def system_log(self) -> tuple[str, ...]:
        """Where `vigilog run` finds the system log if nobody says otherwise: the journal, else the file that holds whatever has
        no log of its own, which need not be there yet."""
        if self.journal:
            return ("journal",)
        general = [log for log in (*self.logs, *self.unreadable) if os.path.basename(log) in GENERAL_LOGS]
        return tuple(general[:1]) or ("/var/log/syslog",)


def look(root: str = "/", home: str | None = None) -> Host:
    """What this user finds below `root`; `home` (default: $HOME) is where a user without rights keeps state."""
    logs = system_logs(os.path.join(root, "var/log"))
    readable = tuple(log for log in logs if os.access(log, os.R_OK, effective_ids=True))
    logcheck = os.path.join(root, LOGCHECK)
    return Host(
        logs=readable,
        unreadable=tuple(log for log in logs if log not in readable),
        journal=any(readable_journal(os.path.join(root, directory)) for directory in JOURNALS),
        mailer=next(
            (path for name in SENDMAILS if os.access(path := os.path.join(root, name), os.X_OK, effective_ids=True)), ""
        ),
        logcheck_directory=logcheck,
        logcheck=setup(logcheck),
        state_directory=state_directory(root, os.environ.get("HOME", "") if home is None else home),
    )


def system_logs(directory: str) -> tuple[str, ...]:
    """The system logs in `directory`, none of which repeats another, whether they can be read or not."""

    def there(name: str) -> bool:
        return os.path.isfile(os.path.join(directory, name))

    general = next((name for name in GENERAL_LOGS if there(name)), "")
    names = [general] if general else []
    names += [name for name in SPLIT_LOGS[general] if there(name)]
    return tuple(os.path.join(directory, name) for name in names)


def readable_journal(directory: str) -> bool:
    """Whether a journal file that this user may read lies below `directory`."""
    try:
        with os.scandir(directory) as machines:
            names = [machine.path for machine in machines if machine.is_dir()]
        return any(
            os.access(os.path.join(path, name), os.R_OK, effective_ids=True)
            for path in names
            for name in os.listdir(path)
            if name.endswith(".journal")
        )
    except OSError:
        return False


def setup(directory: str) -> Setup:
    """Whether `directory` is a logcheck set-up."""
    for mark in SETUP_MARKS:
        try:
            os.stat(os.path.join(directory, mark))
        except PermissionError:
            return "closed"
        except OSError:
            continue
        return "present"
    return "absent"


def state_directory(root: str, home: str) -> str:
    """Where this user keeps state: the system's directory if it can be written or made, else one of the user's own."""
    system = os.path.join(root, "var/lib/vigilog")
    ours = os.access(system, os.W_OK, effective_ids=True) or (
        not os.path.lexists(system) and os.access(os.path.dirname(system), os.W_OK, effective_ids=True)
    )
    if ours or not home:
        return system
    return os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.join(home, ".local/state"), "vigilog")
