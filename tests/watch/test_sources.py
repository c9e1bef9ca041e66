"""How sources are written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.watch.reader import noon
from vigilog.core.errors import ConfigurationError
from vigilog.core.seams import Source
from vigilog.watch.files import File
from vigilog.watch.globs import Glob
from vigilog.watch.journal import Journal
from vigilog.watch.multilog import Multilog
from vigilog.watch.options import Options
from vigilog.watch.sources import SOURCES, open_source
from vigilog.watch.standard_input import StandardInput

OPTIONS = Options(clock=noon)


@pytest.mark.parametrize(
    ("spec", "kind", "name", "grade"),
    [
        ("/var/log/syslog", File, "file:/var/log/syslog", "resumable"),
        ("/var/log//./syslog", File, "file:/var/log/syslog", "resumable"),
        ("file:/var/log/syslog", File, "file:/var/log/syslog", "resumable"),
        ("file:/journal", File, "file:/journal", "resumable"),
        ("/var/log/*/syslog", Glob, "file:/var/log/*/syslog", "resumable"),
        ("/var/log/app-[0-9].log", Glob, "file:/var/log/app-[0-9].log", "resumable"),
        ("journal", Journal, "journal", "resumable"),
        ("journal:/var/log/journal", Journal, "journal:/var/log/journal", "resumable"),
        ("multilog:/service/dnscache/log/main", Multilog, "multilog:/service/dnscache/log/main", "resumable"),
        ("-", StandardInput, "-", "received"),
    ],
)
def test_each_kind_has_its_word_its_name_and_its_grade(spec, kind, name, grade):
    source: Source = open_source(spec, OPTIONS)
    assert isinstance(source, kind)
    assert (source.name, source.grade) == (name, grade)


def test_a_relative_path_is_named_by_its_whole_path(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert open_source("syslog", OPTIONS).name == f"file:{tmp_path}/syslog"
    assert open_source("multilog:main", OPTIONS).name == f"multilog:{tmp_path}/main"


def test_a_file_whose_name_has_a_star_in_it_is_a_file(tmp_path):
    (tmp_path / "odd*").touch()
    assert isinstance(open_source(f"{tmp_path}/odd*", OPTIONS), File)


@pytest.mark.parametrize("spec", ["", "file:", "multilog:", "-:x"])
def test_what_names_nothing_is_a_mistake_of_the_configuration(spec):
    with pytest.raises(ConfigurationError):
        open_source(spec, OPTIONS)


def test_a_colon_in_a_path_is_a_colon():
    assert open_source("/var/log/a:b", OPTIONS).name == "file:/var/log/a:b"


def test_every_kind_is_in_the_dict():
    assert set(SOURCES) == {"file", "journal", "multilog", "blackbox", "ledger", "kafka", "-"}


def test_a_plain_file_loads_nothing_that_only_other_kinds_need():
    code = """
import sys, time
from vigilog.watch.options import Options
from vigilog.watch.sources import open_source
list(open_source(sys.argv[1], Options(clock=time.time)).read(None))
print(*sorted({"subprocess", "json", "gzip", "bz2", "lzma", "zstandard", "tempfile", "msgspec", "datetime"} & set(sys.modules)))
"""
    source = str(Path(__file__).resolve().parent.parent.parent / "src")
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {source!r})\n{code}", __file__],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    assert done.stdout.strip() in {"", "datetime"}  # core.clock needs that one
