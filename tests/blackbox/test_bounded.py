"""Texts of any object, in bounded length."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.blackbox.bounded import ARGUMENT, MESSAGE, Texts
from vigilog.blackbox.immutable import size_of

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers()
HASHABLE = st.recursive(SCALARS, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=6)
VALUES = st.recursive(
    HASHABLE,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(HASHABLE, inner, max_size=4)
        | st.sets(HASHABLE, max_size=3)
        | st.tuples(inner)
    ),
    max_leaves=20,
)
TEXTS = Texts()


@given(VALUES, st.sampled_from([str, repr]))
def test_what_is_short_is_as_python_has_it(value: Any, convert: Any):
    whole = convert(value)
    text = TEXTS.shown(value, convert=convert)
    if len(whole) <= ARGUMENT and depth(value) <= 5:
        assert text == whole
    assert len(text) <= ARGUMENT + 40


@given(st.text(alphabet="%sdr(a)0.5x ", max_size=20), st.lists(VALUES, max_size=3))
def test_percent_is_what_logging_makes_of_it_or_shows_both(message: str, values: list[Any]):
    arguments = tuple(values)
    text = TEXTS.percent(message, arguments)
    single = len(arguments) == 1 and isinstance(arguments[0], dict) and arguments[0]
    try:
        whole = message % (arguments[0] if single else arguments)
    except (TypeError, ValueError, KeyError, OverflowError):
        assert text.startswith(message)
    else:
        if len(whole) < ARGUMENT and all(depth(value) <= 5 for value in values):
            assert text == whole
    assert len(text) <= 2 * MESSAGE


@given(HASHABLE)
def test_what_cannot_change_is_kept_as_it_is(value: Any):
    size = size_of(value, 1 << 20)
    assert size is not None or depth(value) > 3
    assert size_of([value], 1 << 20) is None
    assert size_of((value, [value]), 1 << 20) is None
    assert size_of(value, 10) is None


def test_what_is_derived_from_an_immutable_type_may_change():
    for kind in (str, int, float, bytes, tuple):
        derived = type("Derived", (kind,), {"__str__": lambda _: "anything"})
        assert size_of(derived(), 1000) is None


@pytest.mark.parametrize("limit", [1, 2, 10, 100])
def test_every_limit_holds(limit: int):
    for value in ("x" * 1000, b"x" * 1000, list(range(1000)), {"x" * 500: "y" * 500}, [[["x" * 300] * 3] * 3], ("x" * 1000,)):
        assert len(TEXTS.shown(value, limit)) <= limit + 40


def test_types_that_are_not_asked():
    class Query:
        def __str__(self) -> str:
            raise AssertionError

        __repr__ = __str__

    class Derived(Query):
        pass

    name = f"{__name__}.test_types_that_are_not_asked.<locals>"
    for opaque in ((Query,), (f"{name}.Query",)):
        texts = Texts(opaque)
        assert texts.percent("%s", (Query(),)) == f"<{name}.Query>"
        assert texts.percent("%r", ([Derived()],)) == f"[<{name}.Derived>]"
        assert texts.percent("%(a)s", ({"a": {1: Query()}},)) == f"{{1: <{name}.Query>}}"
        assert texts.braces("{} {x}", (Query(),), {"x": 1}) == f"<{name}.Query> 1"


def depth(value: Any) -> int:
    """How deep its collections lie in each other."""
    if isinstance(value, dict):
        return 1 + max(map(depth, [*value, *value.values()]), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list | tuple | set | frozenset) else 0
