"""shell: words as a shell reads them, held against the shell of this machine."""

from __future__ import annotations

import re
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigilog.config.shell import Assignment, Mistake, Refused, assignments, command_format, word

PIECES = st.one_of(
    st.text("ab%~*?{}[]=+,:/.-!@^#", min_size=1, max_size=4),
    st.sampled_from(
        ["$V.", "${V}", "$EMPTY.", "${W}x", "\\ ", "\\\\", "\\$", "\\'", '\\"', "\\`", "\\a", "\\\n", "$", "$$x", "$ ", "é"]
    ),
    st.text('ab $\\"`;|<>()#\n', max_size=5).map(lambda text: f"'{text}'"),
    st.lists(
        st.sampled_from(["a", " ", "'", "$V.", "${W}", "\\$", "\\`", '\\"', "\\\\", "\\a", "\\\n", ";", "|", "#", "\n", "%"]),
        max_size=5,
    ).map(lambda parts: '"' + "".join(parts) + '"'),
)
UNLIKE = re.compile(r"^[~#]|[:=]~|\$\$|\$[-!@#*?0-9ab{]|\$ ")
"""What only a running shell can know: home directories, its own number and options, its arguments."""

BRACED = re.compile(r"\$\{([VW])\}")
WORDS = (
    st.lists(PIECES, max_size=4)
    .map("".join)
    .filter(lambda text: not UNLIKE.search(BRACED.sub(r"$\1.", text.replace("\\\n", ""))))
    .filter(lambda text: "$\\\n" not in text)  # a name that begins on the next line is refused
)
VARIABLES = {"V": "va lue", "W": "$x'\"\\", "EMPTY": ""}


def shell(script):
    """What the machine's shell prints for a script."""
    environment = {**VARIABLES, "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    return subprocess.run(["sh", "-c", script], env=environment, capture_output=True, check=True, text=True).stdout


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=8))
def test_a_quoted_word_reads_as_the_shell_reads_it(words):
    script = "".join(f"X={text}\nprintf '%s\\001' \"$X\"\n" for text in words)
    expected = shell(script).split("\x01")[:-1]
    assert [word(text, 0, VARIABLES).text for text in words] == expected


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ABC"), WORDS), min_size=1, max_size=6),
    st.sampled_from(["\n", " ; ", ";\n\t", " # c\n", "\n\n", " "]),
)
def test_assignments_follow_each_other_as_in_the_shell(pairs, gap):
    text = gap.join(f"{name}={value}" for name, value in pairs) + "\n"
    found = list(assignments(text, VARIABLES))
    assert not [item for item in found if isinstance(item, Mistake)]
    last = {item.name: item.word.text for item in found if isinstance(item, Assignment)}
    expected = shell(text + "".join(f"printf '%s\\001' \"${name}\"\n" for name in last)).split("\x01")[:-1]
    assert list(last.values()) == expected


def read(text, variables=VARIABLES):
    return [
        (item.line, item.name, item.word.text) if isinstance(item, Assignment) else (item.line, item.found)
        for item in assignments(text, variables)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("export A=1 B=2\n", [(1, "A", "1"), (1, "B", "2")]),
        ("export A\nA=1", [(2, "A", "1")]),
        ("# A=1\n\nB=2 # C=3", [(3, "B", "2")]),
        ('A="one\ntwo"\nB=3', [(1, "A", "one\ntwo"), (3, "B", "3")]),
        ("A=1\\\n2\nB=3", [(1, "A", "12"), (3, "B", "3")]),
        ("A=x\nB=$A$A", [(1, "A", "x"), (2, "B", "xx")]),
        ("A=", [(1, "A", "")]),
        ("A=#x", [(1, "A", "#x")]),
    ],
)
def test_assignments_that_are_understood(text, expected):
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("A=1\nrm -rf /", 2, "'rm -rf /' is a command"),
        ("A=1 rm x", 1, "'A=1 rm x' is a command"),
        ("A=$(id)", 1, "the command `id`, which is not run"),
        ("A=`id`", 1, "the command `id`, which is not run"),
        ('A="x $(id -u) y"', 1, "the command `id -u`, which is not run"),
        ("A=$((1+1))", 1, "arithmetic"),
        ("A=$(echo $(date))", 1, "a command substitution"),
        ("A=${B:-x}", 1, "${B:-x} is more than the value of a name"),
        ("A=$NOWHERE", 1, "$NOWHERE is not set here"),
        ("A=x$$", 1, "'$$' is known to a running shell only"),
        ('A="$1"', 1, "'$1' is known to a running shell only"),
        ("A=$\\\nB", 1, "'$\\\\\\n' is known to a running shell only"),
        ("A=$B\\\nC", 1, "'$B\\\\\\nC' is known to a running shell only"),
        ('A="x', 1, "a quote is not closed"),
        ("A='x", 1, "a quote is not closed"),
        ("A=`x", 1, "a back-quote is not closed"),
        ("A=1 | cat", 1, "'A=1 | cat' is a command"),
        ("A=1 > /etc/passwd", 1, "'A=1 > /etc/passwd' is a command"),
        (". /etc/default/x", 1, "'. /etc/default/x' is a command"),
        ("A+=1", 1, "'A+=1' is a command"),
        ("if true; then\nA=1\nfi", 1, "'if true; then' is a command"),
    ],
)
def test_what_would_have_to_run_is_refused_with_its_line(text, line, found):
    first = next(item for item in assignments(text, {}) if isinstance(item, Mistake))
    assert (first.line, first.found) == (line, found)


def test_reading_goes_on_in_the_line_after_a_mistake():
    assert read("A=1\nrm x\nB=2") == [(1, "A", "1"), (2, "'rm x' is a command"), (3, "B", "2")]


def test_a_name_set_to_a_date_is_not_known_afterwards():
    assert read("A=$(date +%F)\nB=$A", {"A": "old"})[1] == (2, "$A is not set here")


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        ("\"$(date +'%Y-%m-%d %H:%M')\"", "%Y-%m-%d %H:%M"),
        ("`date +'%Y-%m-%d %H:%M'`", "%Y-%m-%d %H:%M"),
        ("$(date '+%d.%m. %T')", "%d.%m. %T"),
        ('"`date +\\"%F %R\\"`"', "%F %R"),
        ("`date +%m/%d/%y:%H.%M`", "%m/%d/%y:%H.%M"),
        ("$(/bin/date +%F)", "%F"),
        ("$(date)", "%a %b %e %H:%M:%S %Z %Y"),
        ('"100% $(date +%F)!"', "100%% %F!"),
        ("'100%'", "100%%"),
        ("$(date +%-d.%_H)", "%-d.%_H"),
    ],
)
def test_a_date_gives_its_format(text, format_):
    found = word(text, 0, {})
    assert found.format == format_
    assert found.dated == ("date" in text)
    assert found.end == len(text)


@pytest.mark.parametrize(
    "command",
    ["date -u +%F", "date -d @0 +%F", "date +%N", "date +%:z", "date +%F; id", "date +$X", "id", "", "date '", "echo +%F"],
)
def test_any_other_command_or_date_is_refused(command):
    with pytest.raises(Refused):
        command_format(command)


@given(st.text("A=$({})`'\"\\ \n#;ab%|x0:", max_size=40))
def test_no_text_makes_reading_fail_or_stop_short(text):
    for item in assignments(text, {}):
        assert 1 <= item.line <= text.count("\n") + 1
