"""All sources of the watchman, live: which of them have something to read, and when, without ever asking in vain."""

from __future__ import annotations

import select
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from vigilog.core.nouns import Grade, Position
from vigilog.core.seams import Source
from vigilog.watch.changes import Changes
from vigilog.watch.live_kinds import Flow, Log, name_of, open_live
from vigilog.watch.options import Kafka, Options

_POLL = 1.0
"""How often (seconds) a log is looked at whose changes the kernel does not tell."""
_LONGEST_DRAIN = 20.0
"""Who still sends at full speed after so long (seconds) is not waited for."""


class Live:
    """The sources that `specs` mean (see `sources.open_source`; and `syslog:...`), open. Two specs may mean the same one.

    A log that is not there yet is no error. Raises ConfigurationError, and SourceError if a socket cannot be had.
    """

    def __init__(self, specs: Sequence[str], options: Options) -> None:
        self._options = replace(options, takeover=None)  # what others have not read by now is old
        self._names: dict[str, str] = {}
        self._logs: dict[str, Log] = {}
        self._flows: dict[str, Flow] = {}
        self._awaited: dict[int, str] = {}  # descriptor -> flow
        self._endless: set[str] = set()  # flows that cannot be waited for: a file as standard input
        self._polled: set[str] = set()  # logs whose changes are not told
        self._fresh: set[str] = set()
        self._looked = time.monotonic()
        self._drained: float | None = None
        self._changes: Changes | None = None
        self._poll = select.epoll()
        self.replace(specs)

    @property
    def names(self) -> Sequence[str]:
        """The names of the sources, in the order of the specs."""
        return tuple(dict.fromkeys(self._names.values()))

    @property
    def grades(self) -> Sequence[tuple[str, Grade]]:
        """The names of the sources, each with its grade."""
        sources: dict[str, Log | Flow] = {**self._logs, **self._flows}
        return tuple((name, sources[name].grade) for name in self.names)

    @property
    def ended(self) -> bool:
        """Nothing will come any more: there is only standard input, and it is at its end."""
        return not self._logs and all(flow.ended and not flow.more for flow in self._flows.values())

    def name_of(self, spec: str) -> str:
        """The name of the source that one of the specs means."""
        return self._names[spec]

    def fileno(self) -> int:
        """A descriptor that is readable when `ready` should be called."""
        return self._poll.fileno()

    def timeout(self) -> float | None:
        """After how many seconds `ready` should be called even so; None: only when the descriptor is readable."""
        sources: list[Log | Flow] = [*self._logs.values(), *self._flows.values()]
        if self._fresh or self._endless or any(source.more for source in sources):
            return 0.0
        if any(log.moved for log in self._logs.values()):
            return 0.0
        moments = [source.due for source in sources if source.due is not None]
        if self._polled:
            moments.append(self._looked + _POLL)
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def ready(self) -> Sequence[Source]:
        """The sources to read now, in the order of the specs; at first all logs. Each gives a part of what it has, and is ready
        again if there is more."""
        now = time.monotonic()
        found = self._fresh | self._endless | self._told()
        self._fresh = set()
        if self._polled and now >= self._looked + _POLL:
            self._looked = now
            found |= self._polled
            for name in tuple(self._polled):
                self._watch(name, look=True)
        for name, log in self._logs.items():
            if log.moved:
                found.add(name)
                self._watch(name, look=False)
        sources: dict[str, Log | Flow] = {**self._logs, **self._flows}
        found |= {name for name, source in sources.items() if source.more or (source.due is not None and source.due <= now)}
        for name in [name for name in found if name in self._flows and self._flows[name].ended]:
            self._stop_waiting(name)
        return [sources[name] for name in self.names if name in found]

    def replace(self, specs: Sequence[str], kafka: Kafka | None = None) -> None:
        """Makes these the sources. Those that were there stay as they are: open, with all they hold. `kafka`: how
        that is reached by those that are new. Raises what the constructor raises; then nothing has changed."""
        options = replace(self._options, kafka=kafka) if kafka else self._options
        former = self._logs.keys() | self._flows.keys()
        names = {spec: name_of(spec, options) for spec in specs}
        made: dict[str, Log | Flow] = {}
        try:
            for spec, name in names.items():
                if name not in former and name not in made:
                    made[name] = open_live(spec, options)
        except BaseException:
            for source in made.values():
                source.close()
            raise
        for name in former - set(names.values()):
            self._let_go(name)
        self._names, self._options = names, options
        for name, source in made.items():
            if source.is_log:
                self._logs[name] = source
                self._fresh.add(name)
                self._watch(name, look=True)
            else:
                self._flows[name] = source
                self._wait_for(name)

    def accepted(self, positions: Iterable[Position]) -> None:
        """All that was read up to these positions is stored, for good."""
        for position in positions:
            if flow := self._flows.get(position.source):
                flow.accepted(position)

    def drain(self) -> Sequence[Source]:
        """Takes no new senders any more, and gives what to read of that which was received already. Called, and read, until it
        gives nothing: what is left then are unfinished messages, and what senders have sent for longer than twenty seconds."""
        now = time.monotonic()
        self._drained = self._drained or now + _LONGEST_DRAIN
        for flow in self._flows.values():
            flow.drain()
        return [source for source in self.ready() if source.grade == "received"] if now < self._drained else []

    def close(self) -> None:
        """Lets go of everything."""
        for name in (*self._logs, *self._flows):
            self._let_go(name)
        if self._changes:
            self._changes.close()
        self._poll.close()

    def _told(self) -> set[str]:
        """What the kernel says: the sources that have something."""
        found = {self._awaited[descriptor] for descriptor, _ in self._poll.poll(0) if descriptor in self._awaited}
        if self._changes:
            for name, is_named in self._changes.happened().items():
                found.add(name)
                if is_named:
                    self._watch(name, look=True)
        return found

    def _watch(self, name: str, *, look: bool) -> None:
        log = self._logs[name]
        if look:
            log.look()
        self._polled.add(name)
        try:
            if self._changes is None:
                self._changes = Changes()
                self._poll.register(self._changes, select.EPOLLIN)
        except OSError:  # no inotify to be had
            log.places()
            return
        if self._changes.watch(name, log.places) and log.is_told():
            self._polled.discard(name)

    def _wait_for(self, name: str) -> None:
        descriptor = self._flows[name].fileno()
        try:
            self._poll.register(descriptor, select.EPOLLIN)
        except PermissionError:  # a file: always readable
            self._endless.add(name)
        else:
            self._awaited[descriptor] = name

    def _stop_waiting(self, name: str) -> None:
        self._endless.discard(name)
        for descriptor in [descriptor for descriptor, other in self._awaited.items() if other == name]:
            self._poll.unregister(descriptor)
            del self._awaited[descriptor]

    def _let_go(self, name: str) -> None:
        self._polled.discard(name)
        self._fresh.discard(name)
        if name in self._logs:
            if self._changes:
                self._changes.forget(name)
            self._logs.pop(name).close()
        else:
            self._stop_waiting(name)
            self._flows.pop(name).close()
