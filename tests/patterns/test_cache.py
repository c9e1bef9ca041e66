"""A compiled set of rules comes back from its file as it was, and from nothing else."""

import os
import stat
import zlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.patterns.verdicts import hits, rule
from vigilog.core.nouns import Place, Rule
from vigilog.patterns import cache, compiling, translation
from vigilog.patterns.block import View
from vigilog.patterns.compiling import compile_rules
from vigilog.patterns.database import Database

RULES = (
    rule(b"foo", line=1),
    rule(rb"^(a+)=\1$", line=2),
    rule(b"a(", line=3),
    rule(b"bar|[[:digit:]]{3} *$", line=4),
    rule(b"foo", line=5),
    rule(b"%q", "scanf", line=6),
)
LINES = [b"foo", b"a=a", b"a=aa", b"123  ", b"FOO", b"x"]
NAME = "0" * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def compiled(folder: Path | str, rules: Sequence[Rule] = RULES, view: View = "stripped", *, caseless: bool = False) -> Database:
    return compile_rules(rules, view, caseless=caseless, cache_directory=str(folder))


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


@pytest.fixture
def no_translation(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, what is not in the cache is an error."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(translation, "compiled", refuse)


@pytest.mark.parametrize("view", ["stripped", "raw"])
@pytest.mark.parametrize("caseless", [False, True])
def test_what_comes_back_says_the_same_of_every_line(
    folder: Path, view: View, caseless: bool, request: pytest.FixtureRequest
) -> None:
    fresh = compiled(folder, view=view, caseless=caseless)
    request.getfixturevalue("no_translation")
    back = compiled(folder, view=view, caseless=caseless)
    assert hits(back, LINES) == hits(fresh, LINES) != set()
    assert [str(error) for error in back.refused] == [str(error) for error in fresh.refused]
    assert back.doubtful == fresh.doubtful == (RULES[1],)


def test_a_set_without_rules_comes_back(folder: Path, request: pytest.FixtureRequest) -> None:
    compiled(folder, [])
    request.getfixturevalue("no_translation")
    assert hits(compiled(folder, []), LINES) == set()


def test_errors_come_back_with_the_place_that_their_rule_has_now(folder: Path, request: pytest.FixtureRequest) -> None:
    compiled(folder)
    request.getfixturevalue("no_translation")
    moved = [Rule("new", "attack", found.language, found.text, Place("moved", 10 + index)) for index, found in enumerate(RULES)]
    back = compiled(folder, moved)
    assert [str(error).split(" ")[0] for error in back.refused] == ["moved:12:3:", "moved:15:1:"]
    assert back.rules[0].name == "new"


def test_a_file_is_the_owners_alone_whatever_the_umask(folder: Path) -> None:
    before = os.umask(0)
    try:
        compiled(folder)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(only_file(folder).stat().st_mode) == 0o600


def replaced_by(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)


def assert_rebuilt(folder: Path) -> None:
    """The verdicts are right, and the file is whole again."""
    expected = {(0, 0), (0, 4), (1, 1), (3, 3)}
    assert hits(compiled(folder), LINES) == expected
    assert hits(compiled(folder), LINES) == expected


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    folder = tmp_path_factory.mktemp("stored")
    compiled(folder)
    return only_file(folder), only_file(folder).read_bytes()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_damaged_file_is_not_trusted(stored: tuple[Path, bytes], data: st.DataObject) -> None:
    path, content = stored
    at = data.draw(st.one_of(st.integers(0, 200), st.integers(0, len(content) - 1)))
    bit = data.draw(st.integers(0, 7))
    replaced_by(path, content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :])
    assert cache.load(str(path.parent), path.name, RULES) is None
    assert_rebuilt(path.parent)
    assert path.read_bytes()[: cache.TABLES] == content[: cache.TABLES]


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_file_cut_short_or_too_long_is_not_trusted(stored: tuple[Path, bytes], data: st.DataObject) -> None:
    path, content = stored
    length = data.draw(st.one_of(st.integers(0, 200), st.integers(0, len(content) - 1)))
    replaced_by(path, content[:length])
    assert cache.load(str(path.parent), path.name, RULES) is None
    replaced_by(path, content + b"\0" * (length + 1))
    assert cache.load(str(path.parent), path.name, RULES) is None
    assert_rebuilt(path.parent)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(st.binary(max_size=60), st.just(msgspec.msgpack.encode([[[0]], 1, [], False]))),
    st.binary(max_size=300),
    st.sampled_from([0, 1, -1]),
)
def test_a_foreign_file_is_not_trusted_even_if_its_checksum_is_right(
    stored: tuple[Path, bytes], tables: bytes, image: bytes, off: int
) -> None:
    path, _ = stored
    checked = max(len(tables) + off, 0).to_bytes(4, "big") + tables + image
    checksum = zlib.crc32(checked, zlib.crc32(path.name.encode())).to_bytes(4, "big")
    replaced_by(path, cache.MAGIC + checksum + checked)
    assert cache.load(str(path.parent), path.name, RULES) is None


def test_another_sets_file_under_this_name_is_not_trusted(folder: Path) -> None:
    compiled(folder)
    name = only_file(folder)
    other = [rule(b"x"), *RULES[1:]]
    compiled(folder, other)
    (foreign,) = set(folder.iterdir()) - {name}
    os.replace(foreign, name)
    assert_rebuilt(folder)


def test_a_file_of_somebody_else_is_not_trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled(folder)
    path = only_file(folder)
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert cache.load(str(folder), path.name, RULES) is None
    assert_rebuilt(folder)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_change_is_not_trusted(folder: Path, mode: int) -> None:
    compiled(folder)
    path = only_file(folder)
    path.chmod(mode)
    assert cache.load(str(folder), path.name, RULES) is None
    assert_rebuilt(folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    compiled(folder)
    path = only_file(folder)
    elsewhere = tmp_path / "elsewhere"
    os.replace(path, elsewhere)
    path.symlink_to(elsewhere)
    assert cache.load(str(folder), path.name, RULES) is None
    assert_rebuilt(folder)
    assert not path.is_symlink()


def test_what_is_no_file_is_not_read_and_does_not_stop_anything(folder: Path) -> None:
    compiled(folder)
    path = only_file(folder)
    path.unlink()
    os.mkfifo(path, 0o600)
    assert cache.load(str(folder), path.name, RULES) is None
    assert_rebuilt(folder)
    path.unlink()
    path.mkdir()
    assert cache.load(str(folder), path.name, RULES) is None
    assert_rebuilt(folder)


def test_a_directory_that_cannot_be_made_or_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert_rebuilt(tmp_path / "file")
    assert_rebuilt(tmp_path / "file" / "cache")
    assert_rebuilt(Path("/proc/self/cache"))
    assert_rebuilt(tmp_path / "a" / "b" / "cache")
    monkeypatch.chdir(tmp_path)
    assert_rebuilt(Path("relative"))
    assert list((tmp_path / "a" / "b" / "cache").iterdir())


def test_root_leaves_nothing_in_a_users_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when `vigilog explain` is run by root: the service could neither read nor replace what lay there."""
    if os.geteuid() == 0:
        os.chown(tmp_path, 65534, 65534)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert_rebuilt(tmp_path)
    assert_rebuilt(tmp_path / "state" / "cache")
    assert list(tmp_path.iterdir()) == []


def test_without_a_directory_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    compile_rules(RULES)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    rename = os.replace

    def full(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert hits(compiled(folder), LINES)
    assert list(folder.iterdir()) == []
    monkeypatch.setattr(os, "replace", rename)


def test_of_many_databases_the_latest_are_kept(folder: Path) -> None:
    for number in range(cache.KEPT + 3):
        compiled(folder, [rule(b"%d" % number)])
        for path in folder.iterdir():
            os.utime(path, (path.stat().st_mtime - 1,) * 2)
    assert len(list(folder.iterdir())) == cache.KEPT
    (folder / "old").mkdir()
    os.utime(folder / "old", (0, 0))
    compiled(folder, [rule(b"last")])
    assert len([path for path in folder.iterdir() if path.is_file()]) <= cache.KEPT


def key(
    translator: int = 1, library: str = "1", view: View = "raw", caseless: bool = False, rules: Sequence[Rule] = RULES
) -> str:
    return cache.key(translator, library, view, caseless, [(found.language, found.text) for found in rules])


def test_the_name_tells_apart_everything_that_decides_about_the_content() -> None:
    names = {
        key(),
        key(translator=2),
        key(library="2"),
        key(view="stripped"),
        key(caseless=True),
        key(rules=RULES[:-1]),
        key(rules=RULES[::-1]),
        key(rules=[*RULES[:-1], rule(b"%q", "literal")]),
        key(rules=[rule(b"a"), rule(b"b")]),
        key(rules=[rule(b"ab")]),
        key(rules=[rule(b"aere 1 b")]),
        key(rules=[rule(b"ere 1 b")]),
        key(rules=[]),
    }
    assert len(names) == 13


def test_the_name_does_not_depend_on_where_the_rules_stand() -> None:
    moved = [Rule("other", "attack", found.language, found.text, Place("elsewhere", 7)) for found in RULES]
    assert key() == key(rules=moved)


def test_the_name_depends_on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key()
    monkeypatch.setattr(cache, "_cpu", lambda: "flags: other\n")
    assert key() != before


def test_the_translators_version_is_part_of_the_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled(folder)
    monkeypatch.setattr(compiling, "TRANSLATOR", compiling.TRANSLATOR + 1)
    compiled(folder)
    assert len(list(folder.iterdir())) == 2
