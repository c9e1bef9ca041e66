"""Which services a report is about: what the command line names, else what logwatch.conf does, else all."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from vigilog.config.logwatch import Logwatch
from vigilog.core.errors import VigilogError

ALL = "all"


class UnknownService(VigilogError):
    """A service or a log file group that nobody has told of."""


def chosen(conf: Logwatch, services: Iterable[str], groups: Iterable[str], built_in: Collection[str]) -> set[str]:
    """The names of the services. `built_in`: those that Vigilog counts itself; they need no file. Raises UnknownService."""
    known = set(conf.services) | set(built_in)
    named = [name.lower() for name in services]
    wanted_groups = [name.lower() for name in groups]
    if not named and not wanted_groups:
        named, wanted_groups = list(conf.wanted), list(conf.wanted_groups)
    if not named and not wanted_groups:
        named = [ALL]
    if ALL in named:
        return known - _excluded(named, known)
    found = {name for group in wanted_groups for name in _of_group(conf, group)}
    for name in named:
        if name.startswith("-"):
            continue
        if name not in known:
            raise UnknownService(f"Logwatch does not know how to process service: {name}")
        found.add(name)
    return found


def _excluded(named: list[str], known: set[str]) -> set[str]:
    found = set()
    for name in named:
        if name == ALL:
            continue
        if not name.startswith("-"):
            raise UnknownService('Wrong configuration entry for "Service", if "All" selected, only "-" items are allowed')
        if name[1:] not in known:
            raise UnknownService(f"Nonexistent service to disable: {name[1:]}")
        found.add(name[1:])
    return found


def _of_group(conf: Logwatch, group: str) -> list[str]:
    if group not in conf.groups:
        raise UnknownService(f"Logwatch is not configured to use logfile: {group}")
    return [name for name, service in conf.services.items() if group in service.groups]


def counted_here(conf: Logwatch, names: Iterable[str], built_in: Collection[str], *, preferred: bool) -> frozenset[str]:
    """Those services that Vigilog counts itself: a configured script comes first, unless built-in ones are `preferred`."""
    return frozenset(
        name
        for name in names
        if name in built_in and (preferred or name not in conf.services or conf.found("services", name) is None)
    )


def ordered(conf: Logwatch, names: Iterable[str]) -> tuple[str, ...]:
    """By the order that they ask for, then by name."""
    own = {name: conf.services[name].order if name in conf.services else 0.5 for name in names}
    return tuple(sorted(own, key=lambda name: (own[name], os.fsencode(name))))


def directories(conf: Logwatch, more: Iterable[str]) -> tuple[str, ...]:
    """Where relative log files are looked for, each once, each with a / behind it."""
    found = [*conf.log_directories, *more]
    if conf.turned_on("appendvaradmtologdirs", "1"):
        found.append("/var/adm/")
    if conf.turned_on("appendvarlogtologdirs", "1"):
        found.append("/var/log/")
    if conf.turned_on("appendcwdtologdirs"):
        found.append(os.getcwd())
    return tuple(dict.fromkeys(path if path.endswith("/") else f"{path}/" for path in found))
