"""The text of any object, in bounded length and whatever the object does when it is asked for it.

What belongs to Python itself and is a collection is written by this module, and only as far as there is room: the text of a
list of ten million numbers takes no longer than that of a list of a hundred. Everything else is asked for its text, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

ARGUMENT = 4096
"""Characters of one argument."""
MESSAGE = 16384
"""Characters of a whole message, as ProFTPD's server log has it."""
DEPTH = 6
SMALL = 64
PAIRS: dict[type, Sequence[str]] = {list: "[]", tuple: "()", set: "{}", frozenset: ("frozenset({", "})"), dict: "{}"}
EMPTY: dict[type, str] = {set: "set()", frozenset: "frozenset()"}
PLAIN: frozenset[type] = frozenset((int, float, bool, type(None), complex))
"""Their texts are short in any case."""


def cut(text: str, limit: int) -> str:
    """`text`, of which no more than `limit` characters are left; then it ends in how many are missing."""
    return text if len(text) <= limit else f"{text[:limit]}...[{len(text) - limit} more]"


class Texts:
    """Makes texts. `opaque` are types, or full names of types ("package.module.Class"): their objects and those of types
    derived from them are not asked, but shown as `<package.module.Class>`."""

    def __init__(self, opaque: Iterable[type | str] = ()) -> None:
        self._opaque = frozenset(full_name(kind) if isinstance(kind, type) else kind for kind in opaque)

    def shown(self, value: object, limit: int = ARGUMENT, convert: Callable[[Any], str] = str) -> str:
        """What `convert` (str, repr or ascii) says of `value`, about `limit` characters of it. Never raises an Exception."""
        kind: Any = type(value)
        try:
            if kind in PAIRS and not _is_small(value):
                return cut("".join(self._written(value, limit, DEPTH)), limit)
            if kind in (str, bytes, bytearray) and len(value) > limit:  # type: ignore[arg-type]
                beginning = value[:limit]  # type: ignore[index]
                return f"{convert(beginning)[:limit]}...[{len(value) - limit} more]"  # type: ignore[arg-type]
            if kind not in PLAIN and self._is_opaque(kind):
                return f"<{full_name(kind)}>"
            return cut(convert(value), limit)
        except Exception as error:  # noqa: BLE001 - the object is the program's own; what it raised is said
            return f"<{kind.__name__}: {type(error).__name__} instead of its text>"

    def percent(self, message: str, arguments: tuple[object, ...]) -> str:
        """`message % arguments` as `logging` has it (a single mapping is looked up by name), bounded. Never raises an
        Exception: where the two do not go together, both are shown."""
        try:
            if len(arguments) == 1 and arguments[0] and _is_mapping(arguments[0]):
                return cut(message % Shown(arguments[0], self), MESSAGE)
            return cut(message % tuple(map(self.stand_in, arguments)), MESSAGE)
        except Exception as error:  # noqa: BLE001 - as above
            some = ", ".join(self.shown(argument, ARGUMENT // 4, repr) for argument in islice(arguments, 16))
            return f"{cut(message, MESSAGE)} ({some}) [{type(error).__name__}]"

    def braces(self, message: str, arguments: tuple[object, ...], named: Mapping[str, object]) -> str:
        """`message.format(*arguments, **named)`, as `percent`."""
        try:
            by_name = {name: self.stand_in(value) for name, value in named.items()}
            return cut(message.format(*map(self.stand_in, arguments), **by_name), MESSAGE)
        except Exception as error:  # noqa: BLE001 - as above
            some = ", ".join(self.shown(argument, ARGUMENT // 4, repr) for argument in islice(arguments, 16))
            return f"{cut(message, MESSAGE)} ({some}) [{type(error).__name__}]"

    def stand_in(self, value: object) -> object:
        """`value` if its text is short in any case, else what stands for it."""
        kind = type(value)
        if kind in PLAIN or (kind is str and len(value) <= ARGUMENT):  # type: ignore[arg-type]
            return value
        return value if kind in PAIRS and _is_small(value) else Shown(value, self)

    def _is_opaque(self, kind: type) -> bool:
        return bool(self._opaque) and any(full_name(base) in self._opaque for base in kind.__mro__)

    def _written(self, value: Any, room: int, depth: int) -> Iterator[str]:
        kind: Any = type(value)
        if not value and kind in EMPTY:
            yield EMPTY[kind]
            return
        opening, closing = PAIRS[kind]
        yield opening
        if depth or not value:
            yield from self._parts(value, room, depth)
        else:
            yield "..."
        yield ",)" if kind is tuple and len(value) == 1 else closing

    def _parts(self, value: Any, room: int, depth: int) -> Iterator[str]:
        pairs = type(value) is dict
        for number, part in enumerate(value.items() if pairs else value):
            text = ": ".join(self._part(one, room, depth) for one in part) if pairs else self._part(part, room, depth)
            yield f", {text}" if number else text
            room -= len(text) + 2
            if room < 0 and number + 1 < len(value):
                yield f", ...[{len(value) - number - 1} more]"
                return

    def _part(self, value: object, room: int, depth: int) -> str:
        if type(value) in PAIRS:
            return "".join(self._written(value, max(0, room), depth - 1))
        return self.shown(value, max(1, room), repr)


class Shown:
    """Stands for an argument in `message % arguments`: its text is bounded, everything else is the argument's own."""

    __slots__ = ("_texts", "_value")

    def __init__(self, value: object, texts: Texts) -> None:
        self._value = value
        self._texts = texts

    def __str__(self) -> str:
        return self._texts.shown(self._value)

    def __repr__(self) -> str:
        return self._texts.shown(self._value, convert=repr)

    def __int__(self) -> int:
        return int(self._value)  # type: ignore[call-overload, no-any-return]

    def __index__(self) -> int:
        return self._value.__index__()  # type: ignore[attr-defined, no-any-return]

    def __float__(self) -> float:
        return float(self._value)  # type: ignore[arg-type]

    def __getitem__(self, name: Any) -> Any:
        return self._texts.stand_in(self._value[name])  # type: ignore[index]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._value, name)

    def __format__(self, specification: str) -> str:
        return cut(format(self._value, specification), ARGUMENT) if specification else str(self)


def _is_mapping(value: object) -> bool:
    kind = type(value)
    return kind is dict or (kind not in PAIRS and isinstance(value, Mapping))


def _is_small(value: Any) -> bool:
    """Whether a collection has a few parts, none of which has to be asked for its text."""
    if len(value) > SMALL:
        return False
    room = ARGUMENT // 4
    for part in value if type(value) is not dict else chain(value, value.values()):
        kind = type(part)
        if kind is str:
            room -= len(part)
        elif kind not in PLAIN:
            return False
    return room >= 0


def full_name(kind: type) -> str:
    """`package.module.Class`."""
    return f"{kind.__module__}.{kind.__qualname__}"
