"""The kinds of live sources: logs, which are read when the kernel says that they changed, and flows, which are received."""

from __future__ import annotations

from typing import Literal, Protocol

from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Position
from vigilog.core.seams import Source
from vigilog.watch.options import Options
from vigilog.watch.places import Place
from vigilog.watch.sources import open_source
from vigilog.watch.syslog_address import address


class Log(Source, Protocol):
    """A source of files."""

    is_log: Literal[True]

    @property
    def moved(self) -> bool:
        """The open files are others than before: they are to be watched, and the log read once more."""

    @property
    def due(self) -> float | None:
        """When it should be read even if nothing happens, by time.monotonic."""

    @property
    def more(self) -> bool:
        """It should be read again at once."""

    def places(self) -> list[Place]:
        """What must be watched for it. (Whoever asks does so: it has not `moved` then.)"""

    def is_told(self) -> bool:
        """The kernel tells of all that is written to it: not if other hosts write there, too."""

    def look(self) -> None:
        """Something happened to names: the next reading looks for the files."""

    def close(self) -> None:
        """Lets go of the files."""


class Flow(Source, Protocol):
    """A source that comes through a descriptor, which is readable when there is something."""

    is_log: Literal[False]

    @property
    def due(self) -> float | None:
        """When it should be read even if the descriptor says nothing, by time.monotonic."""

    @property
    def more(self) -> bool:
        """It should be read again at once."""

    @property
    def ended(self) -> bool:
        """Nothing will come any more."""

    def fileno(self) -> int:
        """The descriptor, always the same."""

    def accepted(self, position: Position) -> None:
        """All that was read up to a position of it is stored, for good."""

    def drain(self) -> None:
        """Takes no more senders than have come already."""

    def close(self) -> None:
        """Lets go of the descriptor."""


def name_of(spec: str, options: Options) -> str:
    """The name of the source that a spec means. Nothing is opened. Raises ConfigurationError."""
    return address(spec).name if spec.startswith("syslog:") else open_source(spec, options).name


def open_live(spec: str, options: Options) -> Log | Flow:
    """The source that `spec` means, open. Raises ConfigurationError, and SourceError if a socket cannot be had."""
    if spec.startswith("syslog:"):
        from vigilog.watch.connections import Connections  # noqa: PLC0415  few hosts receive
        from vigilog.watch.datagrams import Datagrams  # noqa: PLC0415

        where = address(spec)
        return Connections(where, options.clock) if where.kind == "tcp" else Datagrams(where, options.clock)
    source = open_source(spec, options)
    kind = source.name.partition(":")[0]
    if kind == "-":
        from vigilog.watch.live_input import LiveInput  # noqa: PLC0415

        return LiveInput(options.clock)
    if kind == "kafka":
        from vigilog.watch.kafka import KafkaTopics  # noqa: PLC0415
        from vigilog.watch.live_kafka import LiveKafka  # noqa: PLC0415

        if isinstance(source, KafkaTopics):
            return LiveKafka(source)
    if kind == "journal":
        from vigilog.watch.journal import Journal  # noqa: PLC0415
        from vigilog.watch.live_journal import LiveJournal  # noqa: PLC0415

        if isinstance(source, Journal):
            return LiveJournal(source)
    from vigilog.watch.blackbox import BlackBoxFile  # noqa: PLC0415
    from vigilog.watch.derived import LiveDerived  # noqa: PLC0415
    from vigilog.watch.files import File  # noqa: PLC0415  a receiver needs nothing of it
    from vigilog.watch.globs import Glob  # noqa: PLC0415
    from vigilog.watch.ledger import LedgerFile, OpenRequests  # noqa: PLC0415
    from vigilog.watch.live_glob import LiveGlob  # noqa: PLC0415
    from vigilog.watch.live_log import LiveLog  # noqa: PLC0415
    from vigilog.watch.multilog import Multilog  # noqa: PLC0415

    if isinstance(source, BlackBoxFile) and isinstance(source.file, File):
        log = LiveLog(source.file)
        return LiveDerived(log, BlackBoxFile(log))
    if isinstance(source, LedgerFile) and isinstance(source.file, File):
        log = LiveLog(source.file)
        return LiveDerived(log, OpenRequests(log, options.clock))
    if isinstance(source, Glob):
        return LiveGlob(source)
    if isinstance(source, File | Multilog):
        return LiveLog(source)
    raise ConfigurationError(f"a source {spec}", expected="one that can be followed")
