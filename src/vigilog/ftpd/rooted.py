"""Files below a directory that nothing leads out of: neither `..` nor a symbolic link, not even one made while we look.

The kernel resolves the paths (openat2(2) with RESOLVE_IN_ROOT, Linux 5.6), as if the directory were `/`: an absolute link is
followed inside it, just as after a chroot(2). All paths here are absolute, `/` being that directory; errors are OSError.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from vigilog.core.errors import VigilogError

OPENAT2 = 437  # the same on every architecture
RESOLVE_NO_MAGICLINKS, RESOLVE_IN_ROOT = 0x02, 0x10


class How(ctypes.Structure):
    """struct open_how of openat2(2)."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


LIBC = ctypes.CDLL(None, use_errno=True)
SYSCALL = LIBC.syscall
SYSCALL.restype = ctypes.c_long


def usable() -> None:
    """Raises VigilogError where the kernel cannot do it, or is not allowed to."""
    tree = Rooted("/")
    try:
        os.close(tree.open("/", os.O_PATH))
    except OSError as error:
        raise VigilogError(f"openat2(2) is not to be had ({error.strerror})", expected="Linux 5.6 or newer") from error
    finally:
        tree.close()


class Rooted:
    """The tree below `root`, a path outside it. `close` it when nobody needs it any more."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._descriptor = os.open(root, os.O_PATH | os.O_DIRECTORY)

    def close(self) -> None:
        """Nothing can be reached any more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def open(self, path: str, flags: int, mode: int = 0) -> int:
        """A descriptor."""
        # Beyond root there is nothing to keep apart, and magic links (/proc/self/fd) are links like others.
        resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
        flags |= os.O_CLOEXEC
        how = How(flags, mode if flags & os.O_CREAT else 0, resolve)
        name = os.fsencode(path)
        if b"\0" in name:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        while True:
            found = SYSCALL(
                *(ctypes.c_long(OPENAT2), ctypes.c_int(self._descriptor), ctypes.c_char_p(name)),
                *(ctypes.byref(how), ctypes.c_size_t(ctypes.sizeof(how))),
            )
            if found >= 0:
                return int(found)
            number = ctypes.get_errno()
            # EAGAIN: the tree was changed while the path was followed
            if number not in {errno.EAGAIN, errno.EINTR}:
                raise OSError(number, os.strerror(number), path)

    @contextmanager
    def parent(self, path: str) -> Iterator[tuple[int, str]]:
        """The directory that the last part of the path is in, and that part."""
        directory, name = os.path.split(path.rstrip("/") or "/")
        descriptor = self.open(directory or "/", os.O_PATH | os.O_DIRECTORY)
        try:
            yield descriptor, name or "."
        finally:
            os.close(descriptor)

    def stat(self, path: str) -> os.stat_result:
        """What the path leads to."""
        descriptor = self.open(path, os.O_PATH)
        try:
            return os.fstat(descriptor)
        finally:
            os.close(descriptor)

    def lstat(self, path: str) -> os.stat_result:
        """What stands at the path, which may be a symbolic link."""
        descriptor = self.open(path, os.O_PATH | os.O_NOFOLLOW)
        try:
            return os.fstat(descriptor)
        finally:
            os.close(descriptor)

    def listing(self, path: str) -> list[str]:
        """The names in a directory."""
        descriptor = self.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return os.listdir(descriptor)
        finally:
            os.close(descriptor)

    def enter(self, path: str) -> None:
        """Nothing if the path is a directory that one may go into; OSError otherwise."""
        descriptor = self.open(path, os.O_PATH | os.O_DIRECTORY)
        try:
            os.stat(".", dir_fd=descriptor)
        finally:
            os.close(descriptor)

    def regular(self, path: str, flags: int, mode: int = 0o666) -> int:
        """A descriptor of a file that is a file, opened without waiting for anybody at the other end of a pipe."""
        descriptor = self.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY, mode)
        found = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(found):
            os.close(descriptor)
            raise OSError(errno.EISDIR if stat.S_ISDIR(found) else errno.EINVAL, "Not a regular file", path)
        return descriptor
