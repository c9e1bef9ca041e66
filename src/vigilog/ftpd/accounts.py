"""Who may log in to a server, and as whom: users of an AuthUserFile, of the host, and anonymous ones."""

from __future__ import annotations

import grp
import os
import pwd
from contextlib import suppress
from typing import NamedTuple

from vigilog.config.proftpd_settings import AnonymousSettings, ForGroups, ServerSettings
from vigilog.config.proftpd_users import admits
from vigilog.ftpd.rights import Identity, Rights

FILE, UNIX = "mod_auth_file.c", "mod_auth_unix.c"
SYSTEM = frozenset({UNIX, "mod_auth_pam.c"})
SHELLS = "/etc/shells"
SHADOW = "/etc/shadow"
FTPUSERS = "/etc/ftpusers"


class Entry(NamedTuple):
    """A user as a passwd file has him; `module` is what ProFTPD calls the place that he was found in."""

    name: str
    password: str
    uid: int
    gid: int
    home: str
    shell: str
    module: str


class Account(NamedTuple):
    """Somebody who may log in. `root` is the directory that he cannot leave ('/' if there is none), `start` where he begins,
    as he sees it; `group` is the name of his first group."""

    name: str
    identity: Identity
    home: str
    root: str
    start: str
    group: str
    groups: tuple[str, ...]
    module: str
    anonymous: AnonymousSettings | None = None


class Accounts:
    """The users of one server. Files are read at every login, so that a change counts at once."""

    def __init__(self, settings: ServerSettings, rights: Rights) -> None:
        self._settings = settings
        self._rights = rights

    def find(self, name: str) -> Entry | None:
        """The user of that name, in the first place that knows him."""
        places = self._settings.auth_order or (FILE, UNIX)
        for place in places:
            module = place.rstrip("*")
            entry = self._in_file(name) if module == FILE else self._of_host(name) if module in SYSTEM else None
            if entry is not None:
                return entry
        return None

    def name_of(self, uid: int) -> str:
        """The name that a listing shows for a number: the AuthUserFile's first."""
        if self._settings.auth_user_file is not None:
            for fields in self._lines(self._settings.auth_user_file):
                if len(fields) >= 3 and fields[2] == str(uid):
                    return fields[0]
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:
            return str(uid)

    def _in_file(self, name: str) -> Entry | None:
        if self._settings.auth_user_file is None:
            return None
        for fields in self._lines(self._settings.auth_user_file):
            if fields[0] != name or len(fields) < 7 or not fields[2].isdecimal() or not fields[3].isdecimal():
                continue
            if admits(self._settings.auth_user_restrictions, name, int(fields[2]), fields[5]):
                return Entry(name, fields[1], int(fields[2]), int(fields[3]), fields[5], fields[6], FILE)
        return None

    def _of_host(self, name: str) -> Entry | None:
        try:
            found = pwd.getpwnam(name)
        except (KeyError, UnicodeEncodeError, ValueError):
            return None
        secret = found.pw_passwd
        if secret == "x":  # noqa: S105 - that is how passwd(5) says that it is elsewhere
            secret = next((fields[1] for fields in self._lines(SHADOW) if fields[0] == name and len(fields) > 1), "!")
        return Entry(name, secret, found.pw_uid, found.pw_gid, found.pw_dir, found.pw_shell, UNIX)

    def _lines(self, path: str) -> list[list[str]]:
        with suppress(OSError), self._rights.root(), open(path, encoding="utf-8", errors="surrogateescape") as file:
            return [line.rstrip("\n").split(":") for line in file if line.strip() and not line.startswith("#")]
        return []

    def groups(self, entry: Entry) -> tuple[str, tuple[str, ...], tuple[int, ...]]:
        """The name of his first group ('' if it has none), the names of all, and their numbers."""
        known: dict[int, str] = {}
        if self._settings.auth_group_file is not None and entry.module == FILE:
            for fields in self._lines(self._settings.auth_group_file):
                if len(fields) < 4 or not fields[2].isdecimal():
                    continue
                if not admits(self._settings.auth_group_restrictions, fields[0], int(fields[2])):
                    continue
                if int(fields[2]) == entry.gid or entry.name in fields[3].split(","):
                    known[int(fields[2])] = fields[0]
        if entry.module != FILE:
            known |= {number: name_of_group(number) for number in os.getgrouplist(entry.name, entry.gid)}
        first = known.get(entry.gid) or name_of_group(entry.gid)
        return first, tuple(dict.fromkeys([first, *known.values()])), tuple(dict.fromkeys([entry.gid, *known]))

    def account(self, entry: Entry) -> Account:
        """The account of a user who is not anonymous."""
        first, names, numbers = self.groups(entry)
        home = os.path.normpath(entry.home or "/")
        root = chosen(self._settings.default_roots, names, home) or "/"
        start = chosen(self._settings.default_chdirs, names, home) or home
        return Account(
            entry.name, Identity(entry.uid, entry.gid, numbers), home, root, below(root, start), first, names, entry.module
        )

    def anonymous(self, settings: AnonymousSettings, entry: Entry) -> Account:
        """The account of whoever is put into that <Anonymous>, as the user `entry`, and in its Group, or the server's."""
        first, names, numbers = self.groups(entry)
        gid, group = entry.gid, settings.group or self._settings.group
        if group is not None:
            with suppress(KeyError):
                gid, first = grp.getgrnam(group).gr_gid, group
        root = settings.root
        if root == "~" or root.startswith("~/"):
            root = entry.home + root[1:]
        elif root.startswith("~"):
            root = os.path.expanduser(root)
        root = os.path.normpath(root)
        identity = Identity(entry.uid, gid, tuple(dict.fromkeys([gid, *numbers])))
        return Account(entry.name, identity, root, root, "/", first, names, entry.module, settings)


def chosen(options: tuple[ForGroups, ...], groups: tuple[str, ...], home: str) -> str | None:
    """The first path that holds for members of these groups, with the home in it; None if none does."""
    for each in options:
        if all((word.removeprefix("!") in groups) != word.startswith("!") for word in each.groups):
            path = home + each.path[1:] if each.path == "~" or each.path.startswith("~/") else os.path.expanduser(each.path)
            return os.path.normpath(path)
    return None


def below(root: str, path: str) -> str:
    """The path as somebody sees it whose root that is; `/` if it is not in there."""
    if root == "/":
        return path
    return "/" + path[len(root) :].lstrip("/") if path == root or path.startswith(root + "/") else "/"


def name_of_group(number: int) -> str:
    """The name of a group of the host; its number, if it has none."""
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def listed(path: str, word: str) -> bool:
    """Whether a line of the file is that word; a file that is not there lists nothing."""
    with suppress(OSError), open(path, encoding="utf-8", errors="surrogateescape") as file:
        return any(line.strip() == word for line in file)
    return False
