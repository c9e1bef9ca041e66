"""With whose rights the server does what. Only a server that was started as root has a choice.

As ProFTPD does it: after the start the server acts as `User` and `Group`, for a logged-in client as that client's user, and
goes back to being root where it must (another port below 1024, a log of root's that was rotated, somebody else's login). With
`RootRevoke on` in the main server it gives root up for good; then everybody who logs in acts as `User`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from vigilog.ftpd.credentials import become


class Identity(NamedTuple):
    """Numbers of a user, as the kernel knows it."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()


class Rights:
    """The rights of the thread that serves; `settle` alone may change those of the whole process. There must be one only.

    `server` is whom it acts as when it acts for nobody else."""

    def __init__(self, server: Identity | None) -> None:
        self._root = os.geteuid() == 0
        self.server = server if self._root and server is not None else Identity(os.geteuid(), os.getegid(), ())
        self._acting = Identity(os.geteuid(), os.getegid(), tuple(os.getgroups()))

    def settle(self, *, for_good: bool) -> None:
        """From now on the process is the server's user; `for_good`: it can be nobody else any more."""
        if not self._root or self.server.uid == 0:
            return
        if for_good:
            os.setgroups(self.server.groups)
            os.setresgid(*(self.server.gid,) * 3)
            os.setresuid(*(self.server.uid,) * 3)
            self._root, self._acting = False, self.server
        else:
            self._become(self.server)

    def lasting(self, *, for_good: bool) -> Identity:
        """Whom the process is to other processes and to the disk once it has settled."""
        return self.server if for_good or not self._root else Identity(0, 0, ())

    @property
    def can_change(self) -> bool:
        """Whether it can act as somebody else."""
        return self._root

    @contextmanager
    def root(self) -> Iterator[None]:
        """Root's rights within the `with`, if they can be had."""
        with self.acting_as(Identity(0, 0, ())):
            yield

    @contextmanager
    def acting_as(self, identity: Identity) -> Iterator[None]:
        """The rights of somebody within the `with`, if they can be had."""
        former = self._acting
        if not self._root or identity == former:
            yield
            return
        self._become(identity)
        try:
            yield
        finally:
            self._become(former)

    def _become(self, identity: Identity) -> None:
        become(*identity)
        self._acting = identity
