"""What of a session is sent to Kafka: which events, and the JSON that they become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from vigilog.config.proftpd_settings import DirectorySettings, OnEvent, ServerSettings
from vigilog.ftpd.commands import classes_of
from vigilog.ftpd.scope import Scope, walk
from vigilog.patterns.logformat import LogFormat
from vigilog.ship.record import Record

MARKS = ("connecting", "disconnecting")
"""What an event of a session's beginning or end is marked with, whatever its format names."""


class Outlet(Protocol):
    """Where records go."""

    def offer(self, records: Sequence[Record], /) -> object: ...


class Sender:
    """Sends the events of one server's sessions. Raises RuleError for a LogFormat that cannot be used."""

    def __init__(self, settings: ServerSettings, outlet: Outlet) -> None:
        self._outlet = outlet
        self._events = settings.kafka.events
        inner = [each.kafka_events for each in sections(settings) if each.kafka_events is not None]
        self._inner = bool(inner)
        every = [line for lines in (self._events, *inner) for line in lines]
        self._formats = {line.format: LogFormat(line.format, "proftpd", line.place) for line in every}

    def wanted(self, command: str, scope: Scope | None, path: str) -> list[OnEvent]:
        """The lines that a command is to be sent by: those of the innermost section around `path` that has any KafkaLogOnEvent;
        without one, the server's. `scope` is what holds for who is logged in, None as long as nobody is."""
        lines = self._events
        if self._inner and scope is not None:
            said = (each.kafka_events for each in scope.directories(path))
            lines = next((each for each in said if each is not None), lines)
        classes = classes_of(command)
        return [line for line in lines if line.wants(command, classes)]

    def send(self, lines: Sequence[OnEvent], event: Mapping[str, Any], session: bytes) -> None:
        """Sends one event by each of the lines; those of one `session` (its id) keep their order."""
        self._outlet.offer([Record(line.topic, session, written(self._formats[line.format], event)) for line in lines])


def written(form: LogFormat, event: Mapping[str, Any]) -> bytes:
    """An event as one line of JSON: `connecting` or `disconnecting` first, then what the format names, in its order."""
    marks = {mark: True for mark in MARKS if event.get(mark)}
    return form.encode(marks | form.fields(event))


def sections(settings: ServerSettings) -> Iterator[DirectorySettings]:
    """All inner sections of a server."""
    for each in settings.directories:
        yield from walk(each)
    for anonymous in settings.anonymous:
        yield from walk(anonymous.inside)
