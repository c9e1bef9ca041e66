"""The file system as one client sees it: pyftpdlib's calls, answered below a root that nothing leads out of.

Paths are the client's own here, absolute, with `/` as its root; names that are no UTF-8 travel as surrogates and come out as
they were.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pyftpdlib.filesystems import AbstractedFS

from vigilog.ftpd.rooted import Rooted
from vigilog.ftpd.stored import StoredFile

AT_ONCE = 100
"""How many entries of a listing are looked at between two changes of rights."""

FLAGS = {
    "rb": os.O_RDONLY,
    "wb": os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
    "ab": os.O_WRONLY | os.O_CREAT | os.O_APPEND,
    "r+b": os.O_RDWR,
}


class ClientFiles(AbstractedFS):  # type: ignore[misc] # pyftpdlib has no types
    """What `cmd_channel`, a Connection, may reach below `root`, beginning in `cwd`."""

    def __init__(self, root: str, cmd_channel: Any, cwd: str = "/") -> None:
        super().__init__("/", cmd_channel)
        self._cwd = cwd
        self._tree = Rooted(root)

    def outside(self, path: str) -> str:
        """The path as the host's own processes know it."""
        return os.path.normpath(self._tree.root + "/" + path)

    def inside(self, path: str) -> str:
        """The client's path of what stands there, as the host knows it."""
        return "/" + os.path.relpath(path, self._tree.root)

    def close(self) -> None:
        """Nothing can be reached any more."""
        self._tree.close()

    # A client's path is the path here, and the kernel sees to it that it leads nowhere else.

    def ftp2fs(self, ftppath: str) -> str:
        return str(self.ftpnorm(ftppath))

    def fs2ftp(self, fspath: str) -> str:
        return fspath

    def realpath(self, path: str) -> str:
        return str(os.path.normpath(path))

    def validpath(self, path: str) -> bool:
        return "\0" not in path

    # Files

    def open(self, filename: str, mode: str) -> StoredFile:
        return StoredFile(self._tree.regular(filename, FLAGS[mode]), self.outside(filename), mode)

    def mkstemp(self, suffix: str = "", prefix: str = "", dir: str | None = None, mode: str = "wb") -> StoredFile:  # noqa: A002
        for _ in range(50):
            path = os.path.join(dir or self.cwd, prefix + secrets.token_hex(4) + suffix)
            try:
                descriptor = self._tree.regular(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            except FileExistsError:
                continue
            return StoredFile(descriptor, self.outside(path), mode)
        raise OSError(errno.EEXIST, "No usable unique file name found")

    # Directories and what is in them

    def chdir(self, path: str) -> None:
        self._tree.enter(path)
        self._cwd = path

    def mkdir(self, path: str) -> None:
        with self._tree.parent(path) as (directory, name):
            os.mkdir(name, dir_fd=directory)

    def listdir(self, path: str) -> list[str]:
        return self._tree.listing(path)

    def rmdir(self, path: str) -> None:
        with self._tree.parent(path) as (directory, name):
            os.rmdir(name, dir_fd=directory)

    def remove(self, path: str) -> None:
        with self._tree.parent(path) as (directory, name):
            os.remove(name, dir_fd=directory)

    def rename(self, src: str, dst: str) -> None:
        with self._tree.parent(src) as (source, former), self._tree.parent(dst) as (target, name):
            os.rename(former, name, src_dir_fd=source, dst_dir_fd=target)

    def chmod(self, path: str, mode: int) -> None:
        descriptor = self._tree.open(path, os.O_PATH)
        try:
            os.chmod(f"/proc/self/fd/{descriptor}", mode)
        finally:
            os.close(descriptor)

    def utime(self, path: str, timeval: float) -> None:
        descriptor = self._tree.open(path, os.O_PATH)
        try:
            os.utime(f"/proc/self/fd/{descriptor}", (timeval, timeval))
        finally:
            os.close(descriptor)

    def stat(self, path: str) -> os.stat_result:
        return self._tree.stat(path)

    def lstat(self, path: str) -> os.stat_result:
        return self._tree.lstat(path)

    def readlink(self, path: str) -> str:
        with self._tree.parent(path) as (directory, name):
            return os.readlink(name, dir_fd=directory)

    def isfile(self, path: str) -> bool:
        return self._is(path, stat.S_ISREG)

    def isdir(self, path: str) -> bool:
        return self._is(path, stat.S_ISDIR)

    def islink(self, path: str) -> bool:
        return self._is(path, stat.S_ISLNK, follow=False)

    def lexists(self, path: str) -> bool:
        return self._is(path, bool, follow=False)

    def getsize(self, path: str) -> int:
        return self._tree.stat(path).st_size

    def getmtime(self, path: str) -> float:
        return self._tree.stat(path).st_mtime

    def _is(self, path: str, wanted: Any, *, follow: bool = True) -> bool:
        try:
            found = self._tree.stat(path) if follow else self._tree.lstat(path)
        except OSError:
            return False
        return bool(wanted(found.st_mode))

    def get_user_by_uid(self, uid: int) -> str:
        return str(self.cmd_channel.host.accounts.name_of(uid))

    # Listings are made while they are sent: with the client's rights, some entries at a time.

    def format_list(self, basedir: str, listing: list[str], ignore_err: bool = True) -> Iterator[bytes]:
        return self._as_client(super().format_list(basedir, listing, ignore_err))

    def format_mlsx(
        self, basedir: str, listing: list[str], perms: str, facts: list[str], ignore_err: bool = True
    ) -> Iterator[bytes]:
        return self._as_client(super().format_mlsx(basedir, listing, perms, facts, ignore_err))

    def _as_client(self, lines: Iterator[bytes]) -> Iterator[bytes]:
        while True:
            with self.cmd_channel.acting():
                some = list(islice(lines, AT_ONCE))
            if not some:
                return
            for line in some:
                # A name with a line feed in it would be two lines.
                yield line[:-2].replace(b"\n", b"?").replace(b"\r", b"?") + b"\r\n"
