"""What holds for a server, as it finds it: its own directives, then those of every <Global>."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vigilog.config.proftpd_nouns import Directive
from vigilog.config.proftpd_tree import Entry, Section

LAST = frozenset(
    {
        "DefaultAddress",
        "MaxInstances",
        "PidFile",
        "ServerName",
        "ServerType",
        "SyslogFacility",
        "TCPBackLog",
        "TraceLog",
        "UseIPv6",
    }
)
"""Of most directives the first one given counts; of these, the last."""


@dataclass(frozen=True, slots=True)
class View:
    """Directives and sections, those that count first in front."""

    entries: tuple[Entry, ...]
    sections: tuple[Section, ...]

    def first(self, name: str, default: Any = None) -> Any:
        """The value of the directive that counts, or what holds where there is none."""
        found = self.one(name)
        return default if found is None else found.value

    def one(self, name: str) -> Entry | None:
        """The directive that counts."""
        found = list(self.each(name))
        return found[-1 if name in LAST else 0] if found else None

    def all(self, name: str) -> tuple[Any, ...]:
        """The values of all directives of that name."""
        return tuple(entry.value for entry in self.each(name))

    def each(self, name: str) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry.directive.name == name)

    def given(self, names: Mapping[str, str]) -> dict[str, Any]:
        """The values that stand in the file, by the names of fields, of which `names` says which directive each is."""
        return {field: found.value for field, name in names.items() if (found := self.one(name)) is not None}

    def of_kind(self, kind: str) -> tuple[Section, ...]:
        return tuple(section for section in self.sections if section.kind == kind and not section.lost)

    @property
    def directives(self) -> tuple[Directive, ...]:
        """All of them; of those whose last counts, that one in front."""
        last = {name: found for name in LAST if (found := self.one(name)) is not None}
        return tuple(last.get(entry.directive.name, entry).directive for entry in self.entries)


def of_server(server: Section, globals_: tuple[Section, ...]) -> View:
    """What a server has: of its own, and of each <Global>."""
    own = [section for section in server.sections if section.kind not in {"Global", "VirtualHost", "Class"}]
    return View(
        (*server.entries, *(entry for each in globals_ for entry in each.entries)),
        (*own, *(section for each in globals_ for section in each.sections)),
    )


def of_section(section: Section) -> View:
    """What stands in a section."""
    return View(tuple(section.entries), tuple(section.sections))
