r"""Lines of a LogFormat as JSON, many at once: what `LogFormat.parse` and `LogFormat.encode` give, several times as fast.

Most lines of a log look alike (see `logformat_look`). Looks are learnt from the lines that come; a line that has none of them
goes the long way, which is also the one that decides what the others have to give.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from vigilog.patterns.logformat import SPEECHES, LogFormat
from vigilog.patterns.logformat_forms import Value, Variable, text
from vigilog.patterns.logformat_look import Look, kind_of, look, plain_text, readings
from vigilog.patterns.logformat_reading import matcher

LOOKS = 8
"""Each look that a line has not costs some time."""
LESSONS = 256
"""So many lines that went the long way are looked at for a new look."""


class Made(NamedTuple):
    """What became of lines, in their order: the text of each one's key (None: it has none, or none is asked for), and its
    fields as JSON (None: the template has not written it)."""

    keys: list[bytes | None]
    values: list[bytes | None]


class Converter:
    """Makes JSON of blocks of lines. `key` is one of the template's keys: the value that a line has under it is its key.

    Raises RuleError for a template whose lines cannot be taken apart. Learns from what it sees, so each process has its own.
    """

    def __init__(self, template: LogFormat, key: str | None = None) -> None:
        self._template = template
        self._key = key
        self._looks: dict[tuple[bool, ...], Look] = {}
        self._lessons = LESSONS if is_learnable(template, key) else 0
        variables = [item for item in template.items if isinstance(item, Variable)]
        self._words = readings(variables)
        self._plain = [plain_text(one) for one in variables]
        self._match = matcher(template.items, escapes=SPEECHES[template.dialect].escapes, place=template.place)

    def __call__(self, block: bytes) -> Made:
        """The lines of a block, the last of which needs no newline."""
        made = Made([], [])
        keys, values = made
        lines = block.split(b"\n")
        if not lines[-1]:
            del lines[-1]
        is_text = is_utf8(block)
        looks = list(self._looks.values())
        seen = [0] * len(looks)
        for line in lines:
            for number, (match, json, formats, day, words, key) in enumerate(looks):
                found = match(line)
                if found and (is_text or is_utf8(line)):
                    texts = found.groups()
                    keys.append(None if key is None else texts[key])
                    form = json if day is None else formats[texts[day]]
                    if words:
                        changed = list(texts)
                        for place, word_of in words:
                            changed[place] = word_of[changed[place]]
                        texts = tuple(changed)
                    values.append(form % texts)
                    seen[number] += 1
                    break
            else:
                self._slowly(line, made)
                if len(self._looks) > len(looks):
                    looks = list(self._looks.values())
                    seen.append(0)
        often = dict(zip(self._looks, seen, strict=True))
        self._looks = dict(sorted(self._looks.items(), key=lambda each: -often[each[0]]))
        return made

    def _slowly(self, line: bytes, made: Made) -> None:
        """One line by the template itself."""
        written = line.decode("utf-8", "surrogateescape")
        fields = self._template.read(written)
        if fields is not None and self._lessons:
            self._learn(written)
        made.keys.append(None if fields is None else key_of(fields, self._key))
        made.values.append(None if fields is None else self._template.encode(fields))

    def _learn(self, written: str) -> None:
        self._lessons -= 1
        found = self._match(written)
        if not found or len(self._looks) >= LOOKS:
            return
        plain = tuple(same == one for same, one in zip(found.groups(), self._plain, strict=True))
        if plain not in self._looks:
            self._looks[plain] = look(self._template.items, plain, self._words, self._key)


def key_of(fields: Mapping[str, Value], key: str | None) -> bytes | None:
    """The text of a field; None if it has no value."""
    value = fields.get(key) if key else None
    return None if value is None else text(value).encode("utf-8", "surrogateescape")


def is_utf8(data: bytes) -> bool:
    """Whether bytes are text."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_learnable(template: LogFormat, key: str | None) -> bool:
    """Whether each key stands there once, one stamp at most, and all that is between the variables is ASCII: then a text's
    bytes are its own. And whether the lines' key is just what stands there."""
    variables = [item for item in template.items if isinstance(item, Variable)]
    ascii_only = all(isinstance(item, Variable) or item.isascii() for item in template.items)
    once = len({one.key for one in variables}) == len(variables)
    once = once and sum(kind_of(one) == "stamp" for one in variables) <= 1
    return bool(variables) and ascii_only and once and all(kind_of(one) == "text" for one in variables if one.key == key)
