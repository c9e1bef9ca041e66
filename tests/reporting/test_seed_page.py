"""The page about dnscache and logwatch: its four steps, with paths replaced and a stand-in for the script that it downloads."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.conftest import absent
from tests.reporting.peer import BASE, Place
from vigilog.parse.tai64n import label


def page(seeds):
    """The part of the page about logwatch."""
    text = next(
        path.read_text() for path in sorted(seeds.glob("*.txt")) if "integrate logwatch and dnscache" in path.read_text()
    )
    return text.split("integrate logwatch and dnscache")[1].split("copied directly from")[0]


def file_in(text, name):
    """What the page has people write into a file."""
    return text.split(f"/{name}\n\n")[1].split("tabstop=3 et\n")[0] + "tabstop=3 et\n"


@pytest.fixture
def place(tmp_path, sample_data, seeds):
    """Steps one to three. A log of yesterday and today, rotated once in between."""
    base = tmp_path / "base"
    for part in ("default.conf", "dist.conf", "scripts/services", "scripts/shared", "lib"):
        if (BASE / part).exists():
            shutil.copytree(BASE / part, base / part)
    made = Place(tmp_path, base)
    script = sample_data.parent / "tools/logwatch-dnscache-standin.pl"
    if not script.exists():
        absent(f"no {script}")
    made.write("base/scripts/services/dnscache", script.read_bytes()).chmod(0o755)
    text = page(seeds).replace("/service/dnscache/log/main", f'"{tmp_path}/log/main')
    text = re.sub(r"(log/main/(?:@\*\.s|current))", r'\1"', text)
    for name in ("services/dnscache.conf", "logfiles/dnscache.conf"):
        made.write(f"base/default.conf/{name}", file_in(text, name))
    lines = (sample_data / "dnscache/djbdns-1.05/current").read_bytes().splitlines(keepends=True)
    begin = 1_795_113_000  # yesterday evening
    stamped = [label(begin + number * 5, 1000) + line[25:] for number, line in enumerate(lines)]
    made.write("log/main/" + label(begin + 20_000).decode() + ".s", b"".join(stamped[:4000]))
    made.write("log/main/current", b"".join(stamped[4000:]))
    return made


COMMAND = ["–service", "dnscache", "–range", "today", "–detail", "10", "–output", "stdout"]


def test_the_page_says_just_that_command(seeds):
    assert " ".join(["logwatch", *COMMAND]) in page(seeds)


@pytest.mark.peer
def test_the_four_steps_work(place):
    ours = place.vigilog(*COMMAND)
    theirs = place.logwatch(*[word.replace("–", "--") for word in COMMAND], "--range", "today")
    assert ours.returncode == 0, ours.stderr
    assert " --------------------- “dnscache” Begin ------------------------ " in ours.stdout.decode()
    assert b" Query types:\n" in ours.stdout
    compat = place.vigilog(*COMMAND, "--compat-tai")
    assert compat.stdout == theirs.stdout
    assert ours.stdout != theirs.stdout  # two lines of today are yesterday's 23:59:50 and later to it


@pytest.mark.peer
@pytest.mark.parametrize("asked", ["yesterday", "all", "2026/11/19 23:00 for that hour", "since yesterday"])
@pytest.mark.parametrize("detail", ["0", "10"])
def test_the_stand_in_says_the_same_for_other_ranges(place, asked, detail):
    words = ["--service", "dnscache", "--range", asked, "--detail", detail]
    assert place.vigilog(*words, "--compat-tai").stdout == place.logwatch(*words).stdout


@pytest.mark.peer
def test_a_configured_script_comes_before_a_built_in_service(place):
    script = place.vigilog("--service", "dnscache", "--range", "all").stdout.decode()
    built_in = place.vigilog("--service", "dnscache", "--range", "all", "--builtin").stdout.decode()
    assert " Entries: 11202\n" in script
    assert "Entries: 11202" not in built_in
    assert "“dnscache” Begin" in built_in


@pytest.mark.peer
def test_counting_in_several_processes_counts_the_same(place):
    words = ["--service", "dnscache", "--range", "all", "--builtin", "--detail", "10"]
    assert place.vigilog(*words, "--jobs", "2").stdout == place.vigilog(*words).stdout
