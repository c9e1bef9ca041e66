"""What the header of a block says about a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping

_SET = object.__setattr__
COUNTERS = ("raw_bytes_in", "raw_bytes_out", "total_bytes_in", "total_bytes_out", "total_files_in", "total_files_out")
"""The numbers among the facts, which change all the time."""


class Facts:
    """The facts of one session; any may be changed while it lasts.

    Addresses are as ProFTPD writes them: `client_address` numeric, `server_address` numeric with `:port` and no brackets.
    `user`, `uid`, `gid` are those of whoever is logged in (None before); `attempted_user` is the name that was tried.
    Byte counts are in bytes. `extra` holds more header fields, written after the known ones. `began` is when the session
    began, in seconds since the epoch (None: when it is given to the box).
    """

    __slots__ = (
        "_extra",
        "_watch",
        "attempted_user",
        "began",
        "client_address",
        "gid",
        "protocol",
        "raw_bytes_in",
        "raw_bytes_out",
        "server_address",
        "total_bytes_in",
        "total_bytes_out",
        "total_files_in",
        "total_files_out",
        "uid",
        "unique_id",
        "user",
    )

    def __init__(
        self,
        client_address: str | None = None,
        server_address: str | None = None,
        protocol: str | None = None,
        *,
        user: str | None = None,
        uid: int | None = None,
        gid: int | None = None,
        unique_id: str | None = None,
        attempted_user: str | None = None,
        began: float | None = None,
    ) -> None:
        _SET(self, "_watch", None)
        self._extra: Extra | None = None
        self.client_address = client_address
        self.server_address = server_address
        self.protocol = protocol
        self.user = user
        self.uid = uid
        self.gid = gid
        self.unique_id = unique_id
        self.attempted_user = attempted_user
        self.began = began
        self.raw_bytes_in = 0
        self.raw_bytes_out = 0
        self.total_bytes_in = 0
        self.total_bytes_out = 0
        self.total_files_in = 0
        self.total_files_out = 0

    def __setattr__(self, name: str, value: object) -> None:
        _SET(self, name, value)
        if self._watch is not None:
            self._watch(name)

    @property
    def extra(self) -> MutableMapping[str, str]:
        """More header fields by their keys, in the order of their setting."""
        if self._extra is None:
            _SET(self, "_extra", Extra(self))
        assert self._extra is not None
        return self._extra

    def watched(self, watch: Callable[[str], None] | None) -> None:
        """From now on `watch` is called with the name of each fact that was changed."""
        _SET(self, "_watch", watch)

    def changed(self, name: str) -> None:
        """Tells who watches that the fact `name` was changed."""
        if self._watch is not None:
            self._watch(name)

    _watch: Callable[[str], None] | None


class Extra(MutableMapping[str, str]):
    """Header fields of a session's own; a change is told to its Facts."""

    __slots__ = ("_facts", "_values")

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._values: dict[str, str] = {}

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def __setitem__(self, key: str, value: str) -> None:
        self._values[key] = value
        self._facts.changed("extra")

    def __delitem__(self, key: str) -> None:
        del self._values[key]
        self._facts.changed("extra")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
