"""Which program takes the lines, with which arguments and as whom; and how it is started."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import Any

from vigilog.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Program:
    """`words` are its absolute path and its arguments; `changed` are arguments of subprocess that make it another user's."""

    words: tuple[str, ...]
    directory: str
    changed: dict[str, Any]


def program(command: str, root: str, user: str = "") -> Program:
    """The program of a target `|command`, which is not given to a shell: words are parted at blanks, quotes and backslashes
    keep them together, `>` and `$` are themselves. The first is relative to the directory `root` unless it begins with `/`.

    `user` is `NAME` or `NAME:GROUP`, by name or number; empty: the user of this process. Raises ConfigurationError.
    """
    import shlex  # noqa: PLC0415 - for programs only

    place = f"the ledger program {command!r}"
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ConfigurationError(place, expected=f"closed quotes ({error})") from error
    if not words:
        raise ConfigurationError(place, expected="the path of a program behind the |")
    path = os.path.join(root, words[0])
    if not os.path.isabs(path):
        raise ConfigurationError(place, expected="a path that begins with /", remedy="or give the root that it is relative to")
    if words[0].startswith(("|", "$")) and not os.path.exists(path):
        raise ConfigurationError(place, expected="a path: ||program and |$command are not forms of a forensic log")
    if not (os.path.isfile(path) and os.access(path, os.X_OK)):
        raise ConfigurationError(place, expected=f"a program that may be executed at {path}")
    return Program((path, *words[1:]), root or "/", _changed(user) if user else {})


def started(what: Program, standard_input: int) -> subprocess.Popen[bytes]:
    """Starts it. Its standard output and error are those of this process. Raises OSError.

    It leads a session of its own: a Ctrl-C that stops a server shall not stop what writes down its last lines.
    """
    return subprocess.Popen(what.words, stdin=standard_input, cwd=what.directory, start_new_session=True, **what.changed)


def _changed(user: str) -> dict[str, Any]:
    import grp  # noqa: PLC0415
    import pwd  # noqa: PLC0415

    name, _, group = user.partition(":")
    try:
        account = pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
        number = account.pw_gid
        if group:
            number = int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid
    except KeyError as error:
        raise ConfigurationError(
            f"the user {user!r} of a ledger program", expected="NAME or NAME:GROUP of this system"
        ) from error
    if os.geteuid() not in (0, account.pw_uid):
        raise ConfigurationError(
            f"the user {user!r} of a ledger program", expected="root as the user of this process", remedy="or leave it away"
        )
    if os.geteuid():
        return {}
    return {"user": account.pw_uid, "group": number, "extra_groups": []}
