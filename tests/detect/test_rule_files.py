"""Which files of a rule directory count, and which of their lines are rules, as logcheck 1.4.2 has it."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Place
from vigilog.detect.rule_files import rules_of_directory, rules_of_file

NAMES = [
    "a",
    "A_b",
    "c-d",
    "1",
    "local-x",
    "logcheck",
    "x.conf",
    "x~",
    ".x",
    "x.dpkg-old",
    "x.dpkg-dist",
    "#x#",
    "é",
    "a b",
    "x,v",
    "-",
]


def names_in(directory: Path) -> list[str]:
    return [rule.name for rule in rules_of_directory(str(directory), "ignore")]


@contextmanager
def nobody() -> Iterator[None]:
    """Without root's right to read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.peer
def test_the_files_that_count_are_those_that_run_parts_takes(tmp_path: Path, need: Callable[..., None]) -> None:
    need("run-parts")
    for name in NAMES:
        (tmp_path / name).write_bytes(b"rule\n")
    listed = subprocess.run(["run-parts", "--list", tmp_path], check=True, capture_output=True, text=True).stdout.split()
    assert names_in(tmp_path) == [os.path.basename(path) for path in listed]
    assert names_in(tmp_path) == ["-", "1", "A_b", "a", "c-d", "local-x", "logcheck"]


def test_links_to_files_count_and_directories_and_dangling_links_do_not(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    (rules / "directory").mkdir(parents=True)
    (rules / "directory" / "inner").write_bytes(b"rule\n")
    (tmp_path / "elsewhere.conf").write_bytes(b"rule\n")
    (rules / "link").symlink_to(tmp_path / "elsewhere.conf")
    (rules / "dangling").symlink_to(tmp_path / "nowhere")
    (rules / "loop").symlink_to(rules / "loop")
    (rules / "linked-directory").symlink_to(rules / "directory")
    os.mkfifo(rules / "pipe")
    assert names_in(rules) == ["link"]


def test_a_missing_directory_has_no_rules(tmp_path: Path) -> None:
    assert rules_of_directory(str(tmp_path / "nowhere"), "ignore") == ()


def test_a_file_where_a_directory_should_be_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "ignore.d.server").write_bytes(b"rule\n")
    with pytest.raises(RuleError, match=r"ignore\.d\.server: a file; expected a directory"):
        rules_of_directory(str(tmp_path / "ignore.d.server"), "ignore")


@pytest.mark.parametrize("name", ["rules", "rules.conf", "rules~"])
def test_a_file_that_may_not_be_read_is_an_error_whether_it_counts_or_not(name: str, tmp_path: Path) -> None:
    """logcheck looks at all files that a shell's `*` names before it takes those that count."""
    tmp_path.chmod(0o755)
    path = tmp_path / name
    path.write_bytes(b"rule\n")
    path.chmod(0)
    with readable_parents(tmp_path), nobody(), pytest.raises(RuleError, match=f"Could not read {path}"):
        rules_of_directory(str(tmp_path), "ignore")


def test_a_hidden_file_that_may_not_be_read_is_none_of_our_business(tmp_path: Path) -> None:
    """An editor's swap file beside the rule file that is being edited."""
    (tmp_path / "rules").write_bytes(b"rule\n")
    swap = tmp_path / ".rules.swp"
    swap.write_bytes(b"x")
    swap.chmod(0)
    with readable_parents(tmp_path), nobody():
        assert names_in(tmp_path) == ["rules"]


def test_a_directory_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir(mode=0)
    with readable_parents(tmp_path), nobody(), pytest.raises(RuleError, match=f"Could not read {rules}"):
        rules_of_directory(str(rules), "ignore")


@contextmanager
def readable_parents(path: Path) -> Iterator[None]:
    """Lets others into pytest's directories for as long as it takes."""
    closed = {parent: parent.stat().st_mode for parent in (path, *path.parents) if not parent.stat().st_mode & 0o005}
    for parent, mode in closed.items():
        parent.chmod(mode | 0o055)
    try:
        yield
    finally:
        for parent, mode in closed.items():
            parent.chmod(mode)


@pytest.mark.parametrize(
    ("content", "rules"),
    [
        (b"", []),
        (b"\n\n", []),
        (b"one\ntwo\n", [(1, b"one"), (2, b"two")]),
        (b"one\ntwo", [(1, b"one"), (2, b"two")]),
        (b"# no\n#no\none\n", [(3, b"one")]),
        (b" # yes\n", [(1, b" # yes")]),
        (b"   \n\t\r\v\f\n\r\none\n", [(4, b"one")]),
        (b"one  \n", [(1, b"one  ")]),
        (b"one\r\n#two\r\n", [(1, b"one\r")]),
        (b"a#b\n", [(1, b"a#b")]),
        (b"\xff\x00\n", [(1, b"\xff\x00")]),
        (b"one\x0btwo\x0cthree\x85four\n", [(1, b"one\x0btwo\x0cthree\x85four")]),
    ],
)
def test_comments_and_blank_lines_are_no_rules_and_the_rest_is_taken_as_it_stands(
    tmp_path: Path, content: bytes, rules: list[tuple[int, bytes]]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    found = rules_of_file(str(path), "name", "kind")
    assert [(rule.place.line, rule.text) for rule in found] == rules
    for rule in found:
        assert (rule.name, rule.kind, rule.language) == ("name", "kind", "ere")
        assert rule.place == Place(str(path), rule.place.line)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from([b"#", b" ", b"\t", b"\r", b"\n", b"a", b"\x0b", b"\x00", b"\xff"]), max_size=30).map(b"".join))
@pytest.mark.peer
def test_the_rules_of_any_file_are_what_logchecks_grep_leaves_of_it(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("rules", numbered=True) / "file"
    path.write_bytes(content)
    command = ["grep", "-E", "--text", "-v", r"^[[:space:]]*$|^#", str(path)]
    left = subprocess.run(command, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, capture_output=True, check=False).stdout
    assert [rule.text for rule in rules_of_file(str(path), "x", "x")] == left.split(b"\n")[:-1]


def test_rules_come_by_file_and_line_with_their_address(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"three\n")
    (tmp_path / "a").write_bytes(b"one\n\ntwo\n")
    found = rules_of_directory(str(tmp_path), "attack")
    assert [(rule.name, str(rule.place), rule.text) for rule in found] == [
        ("a", f"{tmp_path}/a:1", b"one"),
        ("a", f"{tmp_path}/a:3", b"two"),
        ("b", f"{tmp_path}/b:1", b"three"),
    ]
    assert {rule.kind for rule in found} == {"attack"}
