"""The shared filters of logwatch that are built in, by name, and how a `*NAME = ARGUMENT` line becomes one of them.

A shared script of the administrator's own comes before a built-in filter of its name; a packaged one does not. What is neither
is a script to be run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from vigilog.config.logwatch import Filter, Logwatch
from vigilog.core.errors import RuleError, VigilogError
from vigilog.reporting import date_filters, line_filters
from vigilog.reporting.date_filters import Step
from vigilog.reporting.ranges import Range
from vigilog.reporting.tai_filter import tai_filter


class ScriptMissing(VigilogError):
    """A shared or service script is named, and there is none."""


@dataclass(frozen=True)
class Script:
    """A filter that is a program: the path of its script, and its one argument."""

    path: str
    argument: str


@dataclass(frozen=True)
class Circumstances:
    """What filters know beside their argument: the range, whether TAI64N stamps are read as logwatch reads them, the hosts."""

    wanted: Range
    compat_tai: bool = False
    hosts: str = ""


def _plain(made: Callable[[str], Step]) -> Callable[[Filter, Circumstances], Step]:
    return lambda line, _: made(line.argument)


def _dated(made: Callable[[str, Range], Step]) -> Callable[[Filter, Circumstances], Step]:
    return lambda line, known: made(line.argument, known.wanted)


def _contents(keep: bool) -> Callable[[Filter, Circumstances], Step]:
    return lambda line, _: line_filters.containing(line.argument, line.place, caseless=True, keep=keep)


BUILT_IN: dict[str, Callable[[Filter, Circumstances], Step]] = {
    "applybinddate": _dated(date_filters.bind),
    "applyeurodate": _dated(date_filters.european),
    "applyhttpdate": _dated(date_filters.http),
    "applystddate": _dated(date_filters.standard),
    "applytaidate": lambda _, known: tai_filter(known.wanted, compat=known.compat_tai),
    "applyusdate": _dated(date_filters.american),
    "eventlogonlyservice": _plain(line_filters.event_log(keep=True)),
    "eventlogremoveservice": _plain(line_filters.event_log(keep=False)),
    "expandrepeats": _plain(line_filters.expand_repeats),
    "multiservice": _plain(line_filters.multi_service),
    "onlycontains": _contents(keep=True),
    "onlyhost": lambda line, known: line_filters.only_host(line.argument or known.hosts),
    "onlyservice": _plain(line_filters.only_service),
    "remove": _contents(keep=False),
    "removeheaders": _plain(line_filters.remove_headers),
    "removeservice": _plain(line_filters.remove_service),
}


def filter_of(line: Filter, conf: Logwatch, known: Circumstances) -> Step | Script:
    """What does the work of a filter's line. An argument that only Perl can read is left to the packaged script. Raises
    ScriptMissing, and RuleError for an argument that nobody can read."""
    path = conf.found("shared", line.name)
    made = BUILT_IN.get(line.name)
    own = path is not None and path.startswith(conf.etc)
    if made is not None and not own:
        try:
            return made(line, known)
        except re.error as error:
            if path is None:
                raise RuleError(f"*{line.name}: {error}", place=line.place, expected="a regular expression") from error
    if path is None:
        raise ScriptMissing(f"Cannot find shared script {line.name}", place=line.place)
    return Script(path, line.argument)
