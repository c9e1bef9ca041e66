"""A literal is found byte for byte, anywhere in a line."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.patterns.verdicts import matched, rule, verdicts
from vigilog.patterns.block import BLANKS, View
from vigilog.patterns.compiling import compile_rules

byte = st.one_of(st.sampled_from([bytes([value]) for value in b"ab.*[]()\\^$ \t{}|?+#-"]), st.binary(min_size=1, max_size=1))
texts = st.lists(byte, min_size=1, max_size=4).map(lambda parts: b"".join(parts).replace(b"\n", b"a"))
lines = st.lists(byte, max_size=10).map(lambda parts: b"".join(parts).replace(b"\n", b""))


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts, st.lists(lines, max_size=8), st.sampled_from(["raw", "stripped"]), st.booleans())
def test_a_literal_is_found_where_the_line_holds_it(text: bytes, some: list[bytes], view: View, caseless: bool) -> None:
    some = [*some, text, b"x" + text + b"y", text[:-1]]

    def plain(data: bytes) -> bytes:
        return data.lower() if caseless else data

    seen = some if view == "raw" else [line.rstrip(BLANKS) for line in some]
    wanted = {at for at, line in enumerate(seen) if plain(text) in plain(line)}
    assert verdicts(text, some, view, language="literal", caseless=caseless) == wanted


@pytest.mark.parametrize(("text", "said"), [(b"", "an empty text"), (b"a\nb", "a newline"), (b"\n", "a newline")])
def test_what_no_line_can_hold_is_a_mistake(text: bytes, said: str) -> None:
    database = compile_rules([rule(text, "literal"), rule(b"a", "literal")])
    (error,) = database.refused
    assert str(error).startswith(f"rules:1: {said}; expected text of one line")
    assert matched(database, [b"", b"a"]) == {1}
