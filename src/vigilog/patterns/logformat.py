r"""LogFormat, both ways: one template, compiled once, that writes an event as text and as JSON, and takes lines apart again.

    >>> access = LogFormat('%h %l %u %t "%r" %>s %b', "apache")
    >>> access.parse(b'192.0.2.1 - anna [20/Nov/2026:08:30:00 +0000] "GET / HTTP/1.1" 200 5')["user"]
    'anna'

The dialects are ProFTPD's (1.3.8, keys as mod_kafka 0.1 has them), Apache's (2.4) and the transfer log's. No engine is loaded.

An event is a mapping of named values (`logformat_forms.Event`); docs/logformat.md has the names. What is not there, or None, is
absent: its key is left out, and its text is `-` or what the dialect has for it. A value with just that text is read as absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from vigilog.core.errors import RuleError
from vigilog.patterns import logformat_apache, logformat_proftpd, logformat_template, logformat_xferlog
from vigilog.patterns.logformat_forms import Event, Item, Value, Variable
from vigilog.patterns.logformat_reading import Read, reader
from vigilog.patterns.logformat_template import Token, Written, refuse

if TYPE_CHECKING:
    from vigilog.core.nouns import Place

Dialect = Literal["proftpd", "apache", "xferlog"]
Encode = Callable[[Mapping[str, Value]], bytes]


class Speech(NamedTuple):
    """A dialect: what takes a template apart, what knows its variables, and whether it escapes texts."""

    tokens: Callable[[str, Place | None], Iterator[Token]]
    variable: Callable[[Written, Place | None], Variable]
    escapes: bool = False


SPEECHES: dict[str, Speech] = {
    "apache": Speech(logformat_template.apache, logformat_apache.variable, escapes=True),
    "proftpd": Speech(logformat_template.proftpd, logformat_proftpd.variable),
    "xferlog": Speech(logformat_template.proftpd, logformat_xferlog.variable),
}
NAMED: dict[str, tuple[str, Dialect]] = {
    "common": ('%h %l %u %t "%r" %>s %b', "apache"),
    "combined": ('%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"', "apache"),
    "combinedio": ('%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %I %O', "apache"),
    "vhost_common": ('%v %h %l %u %t "%r" %>s %b', "apache"),
    "vhost_combined": ('%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"', "apache"),
    "extendedlog": ('%h %l %u %t "%r" %s %b', "proftpd"),
    "xferlog": (logformat_xferlog.TEMPLATE, "xferlog"),
}
"""Well-known templates: Apache's documentation, Debian's apache2.conf, ProFTPD's ExtendedLog without a format, TransferLog."""


class LogFormat:
    """A compiled template. Raises RuleError for a mistake in it, with its column if a `place` is given."""

    def __init__(self, template: str, dialect: Dialect = "proftpd", place: Place | None = None) -> None:
        self.template = template
        self.dialect = dialect
        self.items = items(template, dialect, place)
        self.place = place
        self._writers = tuple(item if isinstance(item, str) else item.write for item in self.items)
        self._takers = tuple((item.key, item.take) for item in self.items if isinstance(item, Variable))

    def __repr__(self) -> str:
        return f"LogFormat({self.template!r}, {self.dialect!r})"

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that fields can have, in the order of the template."""
        return tuple(dict.fromkeys(key for key, _ in self._takers))

    def render(self, event: Event) -> bytes:
        """The line of an event, without a newline. Raises ValueError or TypeError for a number that is none."""
        made = "".join([piece if isinstance(piece, str) else piece(event) for piece in self._writers])
        return made.encode("utf-8", "surrogateescape")

    def fields(self, event: Event) -> dict[str, Value]:
        """What the template's variables have in an event: keys and types as in JSON, in the template's order, each once, absent
        ones left out. Bytes that are no UTF-8 are surrogates. Raises ValueError or TypeError for a number that is none."""
        found = {}
        for key, take in self._takers:
            value = take(event)
            if value is not None:
                found[key] = value
        return found

    def json(self, event: Event) -> bytes:
        """The fields of an event as one line of JSON, without a newline."""
        return self.encode(self.fields(event))

    def parse(self, line: bytes) -> dict[str, Value] | None:
        """What the variables have in a line (with or without its newline), as `fields` gives them; None if the template has not
        written it. Raises RuleError for a template whose lines cannot be taken apart."""
        return self.read(line.removesuffix(b"\n").decode("utf-8", "surrogateescape"))

    @cached_property
    def read(self) -> Read:
        """What takes the values out of a line's text. Raises RuleError as `parse` does."""
        return reader(self.items, escapes=SPEECHES[self.dialect].escapes, place=self.place)

    @cached_property
    def encode(self) -> Encode:
        """What makes JSON of fields."""
        from vigilog.patterns.logformat_json import encoded  # noqa: PLC0415 - not all make JSON

        return encoded


def named(name: str) -> LogFormat:
    """A well-known template. Raises RuleError for a name that is none."""
    if name not in NAMED:
        raise RuleError(f"a LogFormat called `{name}`", expected=f"one of {', '.join(NAMED)}")
    return LogFormat(*NAMED[name])


def items(template: str, dialect: Dialect, place: Place | None = None) -> tuple[Item, ...]:
    """The pieces of a template; neighbouring texts are one. Raises RuleError for a mistake in it."""
    speech = SPEECHES[dialect]
    found: list[Item] = []
    for token in speech.tokens(template, place):
        if isinstance(token, Written):
            found.append(speech.variable(token, place))
        elif token and found and isinstance(found[-1], str):
            found[-1] += token
        elif token:
            found.append(token)
    if any(isinstance(item, str) and "\n" in item for item in found):
        refuse("\\n", 1, place, "one line for an event")
    return tuple(_apart(found) if dialect == "apache" else found)


def _apart(found: list[Item]) -> Iterator[Item]:
    """`%s` beside `%>s` is the status before redirects: two values need two keys."""
    variables = [item for item in found if isinstance(item, Variable) and item.key == "response_code"]
    both = any(">" in item.written for item in variables) and any(">" not in item.written for item in variables)
    for item in found:
        if both and isinstance(item, Variable) and item in variables and ">" not in item.written:
            yield logformat_apache.variable(Written(item.written, item.column, "s", sense="<"), None)
        else:
            yield item
