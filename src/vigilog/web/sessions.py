"""Who is logged in. Sessions are kept here, in memory: a restart ends them. The browser has a random name for its own, and only
the hash of that is kept."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe
from threading import Lock

from vigilog.core.clock import Clock

MOST = 1000
"""So many sessions at the same time; the oldest ends for one more."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is logged in: `user` is what the proxy calls them, '' for whoever knows the password; `csrf` is in every
    form of theirs; `until` is when it ends, in seconds since the epoch."""

    user: str
    csrf: str
    until: float


class Sessions:
    """All of them; each lasts for `lasting` seconds."""

    def __init__(self, lasting: float, clock: Clock) -> None:
        self._lasting, self._clock = lasting, clock
        self._lock = Lock()
        self._sessions: dict[bytes, Session] = {}
        self._of_users: dict[str, Session] = {}

    def begin(self, user: str = "") -> str:
        """A new session; gives the name for the browser's cookie."""
        name = token_urlsafe(32)
        with self._lock:
            now = self._clock()
            for key in [key for key, each in self._sessions.items() if each.until <= now]:
                del self._sessions[key]
            if len(self._sessions) >= MOST:
                del self._sessions[next(iter(self._sessions))]
            self._sessions[_key(name)] = Session(user, token_urlsafe(32), now + self._lasting)
        return name

    def find(self, name: str) -> Session | None:
        """The session of that name, if it is there and has not ended."""
        with self._lock:
            found = self._sessions.get(_key(name))
            return found if found and found.until > self._clock() else None

    def of_user(self, user: str) -> Session:
        """The session of somebody whom a proxy, or nobody, vouches for in each request."""
        with self._lock:
            found = self._of_users.get(user)
            if found is None or found.until <= self._clock():
                if len(self._of_users) >= MOST:
                    del self._of_users[next(iter(self._of_users))]
                found = self._of_users[user] = Session(user, token_urlsafe(32), self._clock() + self._lasting)
            return found

    def end(self, name: str) -> None:
        """Ends a session."""
        with self._lock:
            self._sessions.pop(_key(name), None)


def _key(name: str) -> bytes:
    return sha256(name.encode("utf-8", "surrogateescape")).digest()
