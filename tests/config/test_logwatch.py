"""logwatch's conf files are read as logwatch reads them (the real one is asked in tests/reporting)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.config.logwatch import logwatch, number
from vigilog.config.logwatch_lines import parsed, value_of
from vigilog.core.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Yes", "1"),
        ('"yes"', "1"),
        ("HIGH", "10"),
        ("med.", "5"),
        ("Off", "0"),
        ("Some Thing", "some thing"),
        ('"Some Thing"', "Some Thing"),
        ("'Some'", "'some'"),
        ("“dnscache”", "“dnscache”"),
        ("", ""),
        ('""', ""),
        ('"a" b', '"a" b'),
    ],
)
def test_a_value_follows_the_rules(text, value):
    assert value_of(text) == value


def test_lines_become_settings_with_their_places():
    text = '# no\nTitle = "A # b"\nOne = two \\\n  three # four\n*Filter = x\n$Var = "Y"\nempty =\nBare\n'
    found = [(name, value, place.line) for name, value, place in parsed(text, "f")]
    assert found == [
        ("title", '"a', 2),
        ("one", "two   three", 3),
        ("*filter", "x", 5),
        ("$var", "Y", 6),
        ("empty", "", 7),
        ("bare", "", 8),
    ]


def test_a_prefix_chooses_lines():
    text = "services/a: Title = One\nservices/b: Title = Two\nTitle = Three\n"
    assert [setting.value for setting in parsed(text, "f", "services/b")] == ["two"]


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    for setting in parsed(text, "f"):
        assert setting.name == setting.name.strip()
        assert setting.place.line


def test_layers_add_up_and_later_filters_replace_earlier_ones(tmp_path):
    files = {
        "base/default.conf/services/One.conf": 'Title = "A"\nLogFile = a\n*f = 1\n*g = 2\n$x = 1\n',
        "base/dist.conf/services/One.conf": "LogFile = b\n",
        "etc/conf/services/One.conf": "LogFile =\nLogFile = c\n*h\n",
        "etc/conf/override.conf": "services/one: DisplayOrder = 0.2\nlogwatch: Service = -b\nlogfiles/a: Archive = /z\n",
        "base/default.conf/logwatch.conf": "Service = All\nDetail = Low\nLogDir = /x\n",
        "base/default.conf/logfiles/a.conf": "LogFile = /y\n*h = 3\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    conf = logwatch(f"{tmp_path}/base", f"{tmp_path}/etc")
    service = conf.services["one"]
    assert (service.title, service.groups, service.order) == ("A", ("c",), 0.2)
    assert [(line.name, line.argument) for line in service.filters] == [("h", "")]
    assert service.environment == {"x": "1"}
    assert conf.wanted == ("all", "-b")
    assert conf.options["detail"] == "0"
    assert conf.log_directories == ("/x",)
    assert [tuple(pattern) for pattern in conf.groups["a"].patterns] == [("/y", False), ("/z", True)]


def test_no_files_are_an_empty_configuration(tmp_path):
    conf = logwatch(f"{tmp_path}/a", f"{tmp_path}/b")
    assert (dict(conf.services), dict(conf.groups), conf.wanted, conf.ignored) == ({}, {}, (), ())


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "conf/logwatch.conf").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match=r"conf/logwatch.conf: cannot be read"):
        logwatch(f"{tmp_path}/none", str(tmp_path))


@pytest.mark.parametrize(("text", "value"), [("5", 5), ("0.5x", 0.5), ("high", 0), ("", 0), ("-1", -1), (".25", 0.25)])
def test_a_text_is_a_number_as_perl_has_it(text, value):
    assert number(text) == value
