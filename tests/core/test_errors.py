"""An error has an address, says what was found and what was expected, and what to do about it."""

import pytest

from vigilog.core import errors
from vigilog.core.clock import local, wall
from vigilog.core.errors import ConfigurationError, RuleError, VigilogError
from vigilog.core.nouns import Place


@pytest.mark.parametrize(
    ("place", "text"),
    [(Place("f"), "f"), (Place("f", 3), "f:3"), (Place("f", 3, 7), "f:3:7"), (Place("f", None, 7), "f:7")],
)
def test_a_place_reads_like_a_compilers(place: Place, text: str) -> None:
    assert str(place) == text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (VigilogError("no disk"), "no disk"),
        (VigilogError("no disk", remedy="buy one"), "no disk; buy one"),
        (RuleError("`(`", place=Place("rules", 3, 7), expected="a `)`"), "rules:3:7: `(`; expected a `)`"),
        (RuleError("x", place=Place("f"), expected="y", remedy="z"), "f: x; expected y; z"),
    ],
)
def test_the_text_of_an_error_is_one_line_with_everything_that_is_known(error: VigilogError, text: str) -> None:
    assert str(error) == text


def test_the_parts_of_an_error_can_be_asked_for() -> None:
    error = RuleError("x", place=Place("f", 1), expected="y", remedy="z")
    assert (error.found, error.place, error.expected, error.remedy) == ("x", Place("f", 1), "y", "z")


def test_a_mistake_in_a_rule_is_one_in_the_configuration_and_every_error_is_vigilogs() -> None:
    assert issubclass(RuleError, ConfigurationError)
    classes = [found for found in vars(errors).values() if isinstance(found, type) and issubclass(found, Exception)]
    assert len(classes) == 8
    assert all(issubclass(found, VigilogError) for found in classes)


def test_time_has_a_zone_and_is_read_in_one_place() -> None:
    assert local(0).timestamp() == 0
    assert local(0).tzinfo is not None
    assert abs(local(wall()).timestamp() - wall()) < 60
