"""The chain of `vigilog check`."""

from vigilog.core.nouns import Heading
from vigilog.pipeline import reported


def test_a_line_under_several_headings_is_reported_once() -> None:
    verdict = {
        Heading("violation", "a"): b"bad\nbad\n",
        Heading("violation", "b"): b"bad\nbad\n",
        Heading("unusual", ""): b"odd\n",
    }
    assert reported(verdict) == 3


def test_lines_of_different_headings_add_up() -> None:
    assert reported({Heading("attack", "a"): b"x\n", Heading("unusual", ""): b"y\nz\n"}) == 3
    assert reported({Heading("unusual", ""): b"y\ny\n"}) == 2
    assert reported({}) == 0
