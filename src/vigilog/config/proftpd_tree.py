"""What the reader of a proftpd.conf builds: sections with their directives, each with its place and what its parameters
mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vigilog.config.proftpd_nouns import Directive
from vigilog.config.proftpd_words import Bad
from vigilog.core.nouns import Place

LETTERS = {
    "server config": "s",
    "VirtualHost": "v",
    "Global": "g",
    "Anonymous": "a",
    "Directory": "d",
    "Limit": "l",
    "Class": "c",
}


class Entry(NamedTuple):
    """A directive and the value that its parameters come to."""

    directive: Directive
    value: Any


class Opener(NamedTuple):
    """How a section begins: where it may stand (letters), how many parameters it may have and what is said otherwise."""

    where: str
    least: int
    most: int
    wrong: str


OPENERS = {
    "VirtualHost": Opener("s", 1, 99999, "wrong number of parameters"),
    "Global": Opener("sv", 0, 0, "Too many parameters"),
    "Anonymous": Opener("svg", 1, 99999, "missing parameters"),
    "Directory": Opener("svga", 1, 99999, "missing parameters"),
    "Limit": Opener("svgad", 1, 99999, "directive requires one or more commands"),
    "Class": Opener("sg", 1, 99999, "missing parameters"),
}


@dataclass(slots=True)
class Section:
    """A section while it is read. `lost` says that its beginning was wrong: nothing in it counts, nothing in it is objected
    to."""

    kind: str
    parameters: tuple[str, ...]
    place: Place
    lost: bool = False
    entries: list[Entry] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    @property
    def letter(self) -> str:
        return LETTERS[self.kind]

    @property
    def shown(self) -> str:
        """As messages name it."""
        return self.kind if self.kind == "server config" else f"<{self.kind}>"

    def all(self, name: str) -> Iterator[Entry]:
        """The directives of that name, in their order."""
        return (entry for entry in self.entries if entry.directive.name == name)

    def of_kind(self, kind: str) -> list[Section]:
        """The sections of that kind that stand directly in it."""
        return [section for section in self.sections if section.kind == kind]


def may_begin(kind: str, parameters: tuple[str, ...], outer: Section) -> None:
    """Raises Bad if a section of that kind, with these parameters, cannot stand in `outer`."""
    opener = OPENERS[kind]
    if not opener.least <= len(parameters) <= opener.most:
        raise Bad(opener.wrong)
    if outer.letter not in opener.where:
        raise Bad(f"directive not allowed in {outer.shown} context")
    path = parameters[0] if parameters else ""
    match kind:
        case "VirtualHost" if "" in parameters:
            raise Bad("error resolving '': No such file or directory")
        case "Anonymous" if not path.startswith(("/", "~")):
            raise Bad(f"({path}) absolute pathname required")
        case "Anonymous" if "*" in path:
            raise Bad(f"({path}) wildcards not allowed in pathname")
        case "Anonymous" if path == "/":
            raise Bad("'/' not permitted for anonymous root directory")
        case "Directory" if outer.kind != "Anonymous":
            if not path.startswith(("/", "~")):
                raise Bad("relative path not allowed in non-<Anonymous> sections")
            if any(each.parameters[:1] == (path,) and each.entries + each.sections for each in outer.of_kind(kind)):
                raise Bad(f"<Directory> section already configured for '{path}'")
