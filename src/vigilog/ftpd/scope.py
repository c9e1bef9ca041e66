"""Which settings hold where: a server, inside it an <Anonymous>, inside them directories."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from vigilog.config.proftpd_access import Access
from vigilog.config.proftpd_settings import AnonymousSettings, DirectorySettings, ServerSettings


class Scope(NamedTuple):
    """What holds for one login: `root` is the directory that its <Anonymous> names (None for other logins), `home` its home.
    Paths are those outside any confinement."""

    server: ServerSettings
    home: str
    anonymous: AnonymousSettings | None = None
    root: str | None = None

    def directories(self, path: str) -> list[DirectorySettings]:
        """The sections that a path is in, the innermost first."""
        found = list(self._within(self.server.directories, path, None))
        if self.anonymous is not None:
            found.append((0, self.anonymous.inside))
            found += self._within(self.anonymous.inside.directories, path, self.root)
            # Those of the <Anonymous> come before those of the server, whatever their length.
            inner = {id(each) for each in walk(self.anonymous.inside)}
            return [each for _, each in sorted(found, key=lambda pair: (id(pair[1]) in inner, pair[0]), reverse=True)]
        return [each for _, each in sorted(found, key=lambda pair: pair[0], reverse=True)]

    def _within(
        self, sections: tuple[DirectorySettings, ...], path: str, root: str | None
    ) -> Iterator[tuple[int, DirectorySettings]]:
        for each in sections:
            pattern = self.whole(each.path, root)
            if covers(pattern, path):
                yield len(pattern), each
                yield from self._within(each.directories, path, root)

    def whole(self, path: str, root: str | None) -> str:
        """The path of a section, absolute: below the <Anonymous>, or the user's home."""
        if path == "~" or path.startswith("~/"):
            return os.path.normpath(self.home + path[1:])
        if path.startswith("~"):
            return os.path.normpath(os.path.expanduser(path))
        if path.startswith("/"):
            return path.rstrip("/") or "/"
        return os.path.join(root or self.home, path)

    def limits(self, path: str) -> list[tuple[Access, ...]]:
        """The rules of each section, the innermost first and the server's last."""
        return [*(each.limits for each in self.directories(path)), self.server.limits]

    def umask(self, path: str, *, directory: bool = False) -> int:
        """The umask for a file or a directory that is made there."""
        for each in self.directories(path):
            said = each.directory_umask if directory and each.directory_umask is not None else each.umask
            if said is not None:
                return said
        return self.server.directory_umask if directory else self.server.umask

    def allows(self, what: str, path: str) -> bool:
        """One of `allow_overwrite`, `allow_store_restart`, `allow_retrieve_restart`."""
        said = (getattr(each, what) for each in self.directories(path))
        return bool(next((each for each in said if each is not None), getattr(self.server, what)))


def walk(section: DirectorySettings) -> Iterator[DirectorySettings]:
    """A section and all that stand in it."""
    yield section
    for each in section.directories:
        yield from walk(each)


def covers(pattern: str, path: str) -> bool:
    """Whether a <Directory> holds for a path: the directory itself and all below it; with `/*` at the end, what is in it."""
    if pattern in {"*", "/"}:
        return True
    parts, wanted = path.rstrip("/").split("/"), pattern.split("/")
    return len(parts) >= len(wanted) and all(fnmatchcase(part, want) for part, want in zip(parts, wanted, strict=False))
