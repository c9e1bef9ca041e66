"""What a black box's directory says of the processes that kept one there, for `vigilog ledger check --blackbox`."""

from __future__ import annotations

from vigilog.blackbox.death_log import ProcessRecord
from vigilog.blackbox.recovery import processes
from vigilog.core.errors import SourceError
from vigilog.core.nouns import Place
from vigilog.ledger.flight import Process


def recorded(directory: str) -> list[Process]:
    """The processes of which the directory has a record: living ones, and dead ones, recovered or not. Raises SourceError if it
    cannot be read."""
    try:
        return [_process(record) for record in processes(directory)]
    except OSError as error:
        raise SourceError(error.strerror or "cannot be read", place=Place(directory)) from error


def _process(record: ProcessRecord) -> Process:
    return Process(record.pid, record.service, record.began, record.last_seen, record.alive)
