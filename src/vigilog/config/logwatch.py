"""logwatch's configuration (logwatch 7.7), as one value: `logwatch.conf`, `services/NAME.conf`, `logfiles/GROUP.conf`.

Each file is read from four layers, a later one over an earlier: BASE/default.conf, BASE/dist.conf, ETC/conf, and the lines of
ETC/conf/override.conf that name it. `LogFile`, `Archive`, `Service` and `LogDir` add up over the layers; an empty value empties
the list. Filters (`*NAME = ARGUMENT`) of a later layer take the place of an earlier layer's. Anything else: the last one holds.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from vigilog.config.logwatch_lines import Setting, settings
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

BASE = "/usr/share/logwatch"
ETC = "/etc/logwatch"
LAYERS = ("default.conf", "dist.conf")


class Filter(NamedTuple):
    """A shared script, by its name, and its one argument."""

    name: str
    argument: str
    place: Place


class Pattern(NamedTuple):
    """A `LogFile` or `Archive` line of a group: a glob."""

    glob: str
    archive: bool


@dataclass(frozen=True)
class Service:
    """`services/NAME.conf`. `groups`: its `LogFile` lines. `options`: everything else, by name."""

    name: str
    place: Place
    groups: tuple[str, ...]
    filters: tuple[Filter, ...]
    environment: Mapping[str, str]
    options: Mapping[str, str]

    @property
    def title(self) -> str:
        """The heading of its section; '' for a section without one."""
        title = self.options.get("title", "")
        return "" if title == "0" else title

    @property
    def order(self) -> float:
        """Where its section stands: 0 first, 1 last."""
        return number(self.options.get("displayorder", "0.5"))


@dataclass(frozen=True)
class Group:
    """`logfiles/NAME.conf`. `patterns`: its globs in their order; an empty one empties the list before it."""

    name: str
    place: Place
    patterns: tuple[Pattern, ...]
    filters: tuple[Filter, ...]
    environment: Mapping[str, str]
    options: Mapping[str, str]


@dataclass(frozen=True)
class Logwatch:
    """All of it. `base` and `etc` are where it, and scripts, were looked for. `wanted`: the `Service` lines of logwatch.conf,
    `wanted_groups` its `LogFile` lines."""

    base: str
    etc: str
    options: Mapping[str, str]
    wanted: tuple[str, ...]
    wanted_groups: tuple[str, ...]
    log_directories: tuple[str, ...]
    services: Mapping[str, Service]
    groups: Mapping[str, Group]
    ignored: tuple[str, ...]

    def found(self, *names: str) -> str | None:
        """The path of a file below `scripts`, the administrator's own before the packaged one; None if there is none."""
        paths = (os.path.join(root, "scripts", *names) for root in (self.etc, self.base))
        return next((path for path in paths if os.path.isfile(path)), None)

    def turned_on(self, name: str, default: str = "0") -> bool:
        """Whether an option of logwatch.conf is on."""
        return self.options.get(name, default) not in {"", "0"}


def logwatch(base: str = BASE, etc: str = ETC) -> Logwatch:
    """The configuration in these two directories; what is missing is empty. Raises ConfigurationError."""
    options: dict[str, str] = {}
    wanted: list[str] = []
    groups: list[str] = []
    directories: list[str] = []
    for setting in _all(_layers(base, etc, "logwatch.conf", "logwatch")):
        match setting.name:
            case "service":
                _add(wanted, setting.value)
            case "logfile":
                _add(groups, setting.value)
            case "logdir":
                directories.append(setting.value)
            case _:
                options[setting.name] = setting.value
    return Logwatch(
        base=base,
        etc=etc,
        options=MappingProxyType(options),
        wanted=tuple(wanted),
        wanted_groups=tuple(groups),
        log_directories=tuple(directories),
        services=MappingProxyType({name.lower(): _service(base, etc, name) for name in _names(base, etc, "services")}),
        groups=MappingProxyType({name: _group(base, etc, name) for name in _names(base, etc, "logfiles")}),
        ignored=_ignored(base, etc),
    )


def number(text: str) -> float:
    """A text as Perl takes it for a number: what stands at its start, else 0."""
    for end in range(len(text), 0, -1):
        with suppress(ValueError):
            return float(text[:end])
    return 0.0


def _names(base: str, etc: str, kind: str) -> list[str]:
    names: set[str] = set()
    for layer in _directories(base, etc):
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(os.path.join(layer, kind)) as entries:
            names |= {entry.name for entry in entries if entry.name.endswith(".conf") and entry.is_file()}
    return sorted(name.removesuffix(".conf") for name in names)


def _directories(base: str, etc: str) -> list[str]:
    return [*(os.path.join(base, layer) for layer in LAYERS), os.path.join(etc, "conf")]


def _layers(base: str, etc: str, path: str, prefix: str) -> list[list[Setting]]:
    layers = [settings(os.path.join(directory, path)) for directory in _directories(base, etc)]
    return [*layers, settings(os.path.join(etc, "conf", "override.conf"), prefix)]


def _all(layers: Iterable[list[Setting]]) -> Iterable[Setting]:
    return (setting for layer in layers for setting in layer)


def _add(names: list[str], name: str) -> None:
    if not name:
        names.clear()
    elif name not in names:
        names.append(name)


def _filters(layers: Iterable[list[Setting]]) -> tuple[Filter, ...]:
    """The filters of the last layer that has any."""
    last: tuple[Filter, ...] = ()
    for layer in layers:
        own = tuple(Filter(name[1:], value, place) for name, value, place in layer if name.startswith("*"))
        last = own or last
    return last


def _named(layers: Iterable[list[Setting]], lists: frozenset[str]) -> tuple[dict[str, str], dict[str, str]]:
    """What scripts find in their environment, and every other setting that adds to no list."""
    environment: dict[str, str] = {}
    options: dict[str, str] = {}
    for name, value, _place in _all(layers):
        if name.startswith("$"):
            environment[name[1:]] = value
        elif not name.startswith("*") and name not in lists:
            options[name] = value
    return environment, options


def _service(base: str, etc: str, file_name: str) -> Service:
    name = file_name.lower()
    layers = _layers(base, etc, f"services/{file_name}.conf", f"services/{name}")
    groups: list[str] = []
    for setting in _all(layers):
        if setting.name == "logfile":
            _add(groups, setting.value)
    environment, options = _named(layers, frozenset({"logfile"}))
    return Service(name, _place(layers, file_name), tuple(groups), _filters(layers), environment, options)


def _group(base: str, etc: str, name: str) -> Group:
    layers = _layers(base, etc, f"logfiles/{name}.conf", f"logfiles/{name}")
    patterns = [
        Pattern(setting.value, setting.name == "archive") for setting in _all(layers) if setting.name in {"logfile", "archive"}
    ]
    environment, options = _named(layers, frozenset({"logfile", "archive"}))
    return Group(name, _place(layers, name), tuple(patterns), _filters(layers), environment, options)


def _place(layers: list[list[Setting]], name: str) -> Place:
    last = next((layer[0].place for layer in reversed(layers) if layer), None)
    return Place(last.file) if last else Place(name)


def _ignored(base: str, etc: str) -> tuple[str, ...]:
    """The expressions of ignore.conf, the administrator's before the packaged ones. Raises ConfigurationError."""
    for directory in (os.path.join(etc, "conf"), os.path.join(base, "dist.conf"), os.path.join(base, "default.conf")):
        path = os.path.join(directory, "ignore.conf")
        try:
            with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
                return tuple(line.rstrip("\n") for line in file if not line.startswith("#") and line.strip())
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise ConfigurationError(f"cannot be read: {error.strerror}", place=Place(path)) from error
    return ()
