"""The kinds of sources, and how they are written in a configuration."""

from __future__ import annotations

import os
from collections.abc import Callable

from vigilog.core.errors import ConfigurationError
from vigilog.core.seams import Source
from vigilog.watch.options import Options

Opener = Callable[[str, Options], Source]
"""Makes a source from what stands behind the kind and its colon (maybe nothing)."""


def _file(path: str, options: Options) -> Source:
    if not path:
        raise ConfigurationError("a source without a name", expected="the path of a log")
    absolute = os.path.abspath(path)
    if any(character in path for character in "*?[") and not os.path.exists(absolute):
        from vigilog.watch.globs import Glob  # noqa: PLC0415  few sources are patterns

        return Glob(absolute, options)
    from vigilog.watch.files import File  # noqa: PLC0415  a journal needs nothing of it

    return File(absolute, options)


def _journal(directory: str, options: Options) -> Source:
    from vigilog.watch.journal import Journal  # noqa: PLC0415  loads subprocess and msgspec

    return Journal(os.path.abspath(directory) if directory else "", options)


def _multilog(directory: str, options: Options) -> Source:
    from vigilog.watch.multilog import Multilog  # noqa: PLC0415  few hosts have one

    if not directory:
        raise ConfigurationError("a source multilog: without a directory", expected="multilog:DIRECTORY")
    return Multilog(os.path.abspath(directory), options)


def _standard_input(rest: str, options: Options) -> Source:
    from vigilog.watch.standard_input import StandardInput  # noqa: PLC0415  few runs read it

    if rest:
        raise ConfigurationError(f"a source -:{rest}", expected="- alone, for standard input")
    return StandardInput(options)


def _blackbox(path: str, options: Options) -> Source:
    from vigilog.watch.blackbox import BlackBoxFile  # noqa: PLC0415  few hosts have one
    from vigilog.watch.files import File  # noqa: PLC0415

    if not path or any(character in path for character in "*?["):
        raise ConfigurationError(f"a source blackbox:{path}", expected="blackbox: and the path of one file of forensic blocks")
    return BlackBoxFile(File(os.path.abspath(path), options))


def _ledger(path: str, options: Options) -> Source:
    from vigilog.watch.files import File  # noqa: PLC0415  few hosts have one
    from vigilog.watch.ledger import LedgerFile  # noqa: PLC0415

    if not path or any(character in path for character in "*?["):
        raise ConfigurationError(f"a source ledger:{path}", expected="ledger: and the path of one request ledger")
    return LedgerFile(File(os.path.abspath(path), options), options.clock)


def _kafka(rest: str, options: Options) -> Source:
    from vigilog.watch.kafka import KafkaTopics  # noqa: PLC0415  few hosts read from there
    from vigilog.watch.kafka_spec import spec  # noqa: PLC0415

    return KafkaTopics(spec(f"kafka:{rest}"), options)


SOURCES: dict[str, Opener] = {
    "file": _file,
    "journal": _journal,
    "multilog": _multilog,
    "blackbox": _blackbox,
    "ledger": _ledger,
    "kafka": _kafka,
    "-": _standard_input,
}
"""The kinds of sources by their word."""


def open_source(spec: str, options: Options) -> Source:
    """The source that `spec` means. Nothing is read, and nothing need be there.

    A path or a pattern of paths (`*`, `?`, `[...]`; the newest file counts), `journal`, `journal:DIRECTORY`,
    `multilog:DIRECTORY`, `blackbox:FILE` (forensic blocks, each as a line), `ledger:FILE` (requests that never ended, each as a
    line), `kafka:TOPIC` (see `kafka_spec`), `-` for standard input; `file:` in front of a path that looks like one of the
    others. Raises ConfigurationError.
    """
    kind, colon, rest = spec.partition(":")
    if kind == "syslog" and colon:
        raise ConfigurationError(f"a source {spec}", expected="a log", remedy="only `vigilog run` receives messages")
    if kind in SOURCES and (colon or kind in {"journal", "-"}):
        return SOURCES[kind](rest, options)
    return _file(spec, options)
