"""A proftpd.conf, with all that it includes → its sections, and everything that is wrong with it.

ProFTPD stops at the first mistake; this goes on and finds all. A mistake in an included file is a mistake: ProFTPD 1.3.8
prints it and starts without the rest of that file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vigilog.config.proftpd_circumstances import Circumstances
from vigilog.config.proftpd_conditions import CONDITIONS, holds, skipped
from vigilog.config.proftpd_effects import READERS, effective
from vigilog.config.proftpd_include import Absent, included
from vigilog.config.proftpd_known import Known, similar, table
from vigilog.config.proftpd_lines import Line, lines, words
from vigilog.config.proftpd_nouns import Directive
from vigilog.config.proftpd_tree import OPENERS, Entry, Section, may_begin
from vigilog.config.proftpd_words import Around, Bad, boolean
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

DEPTH = 64
"""How deep files may include each other."""


class Reading:
    """One reading of a configuration: `open` are the sections that the line at hand stands in, the server itself first."""

    def __init__(self, path: str, defines: Iterable[str], environment: Mapping[str, str]) -> None:
        self.root = Section("server config", (), Place(path))
        self.open = [self.root]
        self.circumstances = Circumstances(set(defines), dict(environment))
        self.reading: list[str] = []
        self.errors: list[ConfigurationError] = []
        self.remarks: list[ConfigurationError] = []
        self.without_effect: list[Directive] = []

    @property
    def section(self) -> Section:
        return self.open[-1]

    def whole(self, path: str) -> None:
        """Reads the configuration at `path`."""
        try:
            self.file(path)
        except OSError as error:
            found = f"cannot be read: {error.strerror}"
            self.errors.append(ConfigurationError(found, place=Place(path), expected="a proftpd.conf"))
        for section in self.open[1:]:
            if section.kind != "Class":  # ProFTPD lets it be
                end = f"</{section.kind}>"
                self.errors.append(ConfigurationError("unclosed configuration section", place=section.place, expected=end))

    def file(self, path: str) -> None:
        """Reads one file, in the section that is open."""
        with open(path, "rb") as file:
            data = file.read()
            if os.fstat(file.fileno()).st_mode & stat.S_IWOTH:
                self.remarks.append(ConfigurationError("everybody may write this file", place=Place(path)))
        self.reading.append(os.path.realpath(path))
        coming = lines(data)
        for line in coming:
            self.line(line, Place(path, line.number), coming)
        self.reading.pop()

    def line(self, line: Line, place: Place, coming: Iterator[Line]) -> None:
        name, *parameters = words(line.text, self.circumstances.environment) or [""]
        if "\0" in line.text:
            self.errors.append(ConfigurationError("NUL in a line", place=place))
        elif name.startswith("<"):
            self.bracketed(name, parameters, place, coming)
        elif not self.section.lost:
            self.directive(name, tuple(parameters), place)

    def fail(self, found: str, place: Place, remedy: str = "") -> None:
        self.errors.append(ConfigurationError(found, place=place, remedy=remedy))

    def bracketed(self, name: str, parameters: list[str], place: Place, coming: Iterator[Line]) -> None:
        """A line with `<` in front: the bracket that closes it may stand behind the name or behind the last parameter."""
        if parameters and parameters[-1].endswith(">"):
            last = parameters.pop()[:-1]
            parameters += [last] if last else []
            name = name if name.endswith(">") else name + ">"
        inner = name[1:-1] if name.endswith(">") else name
        kind = next((each for each in (*OPENERS, *CONDITIONS) if each.lower() == inner.removeprefix("/").lower()), "")
        if not kind or not name.endswith(">"):
            if not self.section.lost:
                self.unknown(name, place)
        elif kind in CONDITIONS:
            self.condition(kind, inner.startswith("/"), tuple(parameters), place, coming)
        elif inner.startswith("/"):
            self.close(kind, parameters, place)
        else:
            self.begin(kind, tuple(parameters), place)

    def condition(self, kind: str, closing: bool, parameters: tuple[str, ...], place: Place, coming: Iterator[Line]) -> None:
        """<IfModule> and its like; what stands in one that does not hold is passed over, whatever it is."""
        if closing:
            if parameters and kind == "IfModule":
                self.fail(f"</{kind}>: wrong number of parameters: {' '.join(parameters)}", place)
            return
        try:
            verdict = holds(kind, parameters, self.circumstances.defines)
        except Bad as bad:
            self.fail(f"<{kind}>: {bad}", place)
            verdict = True  # what is in it is looked at
        if verdict is None:
            self.without_effect.append(Directive(f"<{kind}>", parameters, place, self.section.kind))
        if not verdict and not skipped(kind, coming):
            self.fail(f"<{kind}>: unclosed <{kind}> context", place)

    def begin(self, kind: str, parameters: tuple[str, ...], place: Place) -> None:
        lost = self.section.lost
        if not lost:
            try:
                may_begin(kind, parameters, self.section)
            except Bad as bad:
                self.fail(f"<{kind}>: {bad}", place)
                lost = True
        section = Section(kind, parameters, place, lost)
        self.section.sections.append(section)
        self.open.append(section)

    def close(self, kind: str, parameters: list[str], place: Place) -> None:
        if parameters and not self.section.lost:
            self.fail(f"</{kind}>: wrong number of parameters", place)
        if self.section.kind != kind:
            if not self.section.lost:
                self.fail(f"</{kind}>: directive not allowed in {self.section.shown} context", place)
            if all(section.kind != kind for section in self.open):
                return
            while self.section.kind != kind:
                self.open.pop()
        self.open.pop()

    def directive(self, name: str, parameters: tuple[str, ...], place: Place) -> None:
        known = table().get(name.lower())
        if known is None:
            self.unknown(name, place)
            return
        directive = Directive(known.name, parameters, place, self.section.kind)
        try:
            self.done(directive, self.value(known, parameters))
        except Bad as bad:
            self.fail(f"{known.name}: {bad}", place)

    def unknown(self, name: str, place: Place) -> None:
        meant = similar(name)
        remedy = f"did you mean {meant}?" if meant else "remove it, or put it into an <IfModule> of the module it belongs to"
        self.fail(f"unknown configuration directive '{name}'", place, remedy)

    def value(self, known: Known, parameters: tuple[str, ...]) -> Any:
        """What the parameters of a directive come to; None for one without effect. Raises Bad."""
        section = self.section
        checks: list[tuple[bool, str]] = [
            (known.fits(len(parameters)), known.wrong),
            (section.letter in known.where, f"directive not allowed in {section.shown} context"),
        ]
        for fine, otherwise in reversed(checks) if known.context_first else checks:
            if not fine:
                raise Bad(otherwise)
        reader = READERS.get(known.name)
        if reader is not None:
            return reader(parameters, Around(section.letter, self.circumstances.insecure))
        if known.boolean:
            boolean(parameters)
        return None

    def done(self, directive: Directive, value: Any) -> None:
        """Does what a directive does while the file is read, and keeps it. Raises Bad."""
        match directive.name:
            case "Include":
                self.include(directive)
            case "AuthOrder" if self.section.letter in "sv" and any(self.section.all("AuthOrder")):
                raise Bad("AuthOrder has already been configured")
            case "DefaultServer" if value:
                servers = [self.root, *self.root.of_kind("VirtualHost")]
                if any(entry.value for server in servers for entry in server.all("DefaultServer")):
                    raise Bad("DefaultServer has already been set")
            case _:
                self.circumstances.learn(directive)
        if effective(directive.name, self.section.letter):
            self.section.entries.append(Entry(directive, value))
        else:
            self.without_effect.append(directive)

    def include(self, directive: Directive) -> None:
        path = directive.parameters[0]
        try:
            paths = included(path, self.circumstances.include_options)
            for each in paths:
                if os.path.realpath(each) in self.reading or len(self.reading) >= DEPTH:
                    raise Bad(f"'{each}' includes itself")
                self.file(each)
        except (Absent, OSError) as error:
            found = f"unable to include '{path}': {getattr(error, 'strerror', None) or error}"
            self.remarks.append(ConfigurationError(found, place=directive.place))
