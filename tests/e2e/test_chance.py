"""Rule sets, logs and settings put together by chance: the real logcheck and Vigilog say the same of each.

The cases of `test_debian` show each statement of the sheet by itself; here they meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from tests.e2e.harness import Case, lines, need_logcheck, plant, play, real_logcheck, vigilog_check
from tests.e2e.test_debian import differences

pytestmark = pytest.mark.peer

FILE_NAMES = ("a", "b", "logcheck", "logcheck-a", "logcheck-logcheck", "logchec", "local", "local-x", "localx", "Z", "a.conf")
WORDS = ("red", "green", "blue", "black", "white", "grey")
RULES = (
    *WORDS,
    *(
        "^Nov 20",
        "host (red|blue)",
        "red.*green",
        "e$",
        "blue +$",
        "^[^x]*black",
        "[[:upper:]]",
        "(gr)e.*\\1",
        "\\<whit",
        "d\\b",
        ".",
        "",
    ),
    *(
        "# red",
        " # red",
        "gre{1,2}n|grey",
        "^.{30,}$",
        "a?b?c?grey",
        "^\\w{3} [ :[:digit:]]{11} [._[:alnum:]-]+ (black|white)$",
    ),
)
FOLDERS = (
    "cracking.d",
    "cracking.ignore.d",
    "violations.d",
    "violations.ignore.d",
    "ignore.d.paranoid",
    "ignore.d.server",
    "ignore.d.workstation",
)
STAMPS = (
    "Nov 20 08:00:00",
    "Nov  3 10:00:00",
    "Oct 3 1:00",
    "2026-11-20T08:00:00.000000+00:00",
    "",
    " Nov 20 08:00:00",
    "Nov\t20 08:00:00",
)
ENDS = ("", "", "", " ", " \t", "\r", "\xff", "\0 ")
OPTIONS = ((), ("-p",), ("-s",), ("-w",), ("-t",), ("-R",))
SETTINGS = (
    "",
    "SORTUNIQ=1\n",
    "SUPPORT_CRACKING_IGNORE=1\n",
    "INTRO=0\n",
    "REPORTLEVEL=workstation\n",
    "ADDTAG=yes\n",
    "MAILASATTACH=1\n",
)


def rule_file(random: Random) -> str:
    """A few rules, most of them plain words."""
    texts = [random.choice(WORDS if random.random() < 0.7 else RULES) for _ in range(random.choice((0, 1, 1, 2, 3)))]
    return "\n".join(texts) + random.choice(("\n", ""))


def log(random: Random, ends: tuple[str, ...]) -> str:
    """Some lines of a few words each, all complete."""
    return "".join(
        f"{random.choice(STAMPS)} host {' '.join(random.choices(WORDS, k=random.choice((1, 1, 2, 3))))}{random.choice(ends)}\n"
        for _ in range(random.choice((0, 1, 5, 20)))
    )


def by_chance(seed: int) -> Case:
    """The case of this seed; directories without which the real logcheck would fail are always there, and nothing that Vigilog does
    otherwise on purpose (see docs/differences.md)."""
    random = Random(seed)
    rules: dict[str, str | None] = {f"{folder}/": None for folder in FOLDERS}
    for folder in FOLDERS:
        for name in random.sample(FILE_NAMES, random.choice((0, 1, 1, 2, 4))):
            rules[f"{folder}/{name}"] = rule_file(random)
    rules |= {name: f"the {name}\n" for name in ("header.txt", "footer.txt") if random.random() < 0.3}
    mail = random.random() < 0.3
    ends = ENDS[:-1] if mail else ENDS
    return Case(
        fact=f"seed {seed}",
        rules=rules,
        logs={"syslog": log(random, ends), "auth.log": log(random, ends), "old/syslog": log(random, ends)},
        conf="".join(random.sample(SETTINGS, 2)),
        options=("-H", "myhost", *random.choice(OPTIONS)),
        mail=mail,
        then=tuple(steps(random)),
    )


def steps(random: Random) -> Iterator[str]:
    """What happens to the logs between runs, twice."""
    more = lines(random.choice(WORDS), "something new").replace("\n", "\\n")
    for _ in range(2):
        yield random.choice(
            (
                "",
                f"printf '{more}' >> log/syslog",
                f"printf '{more}' >> log/auth.log; mv log/auth.log log/auth.log.1; printf '{more}' > log/auth.log",
                f"printf '{more}' >> log/old/syslog; printf '{more}' >> log/syslog",
            )
        )


def same(seed: int) -> None:
    """Assert that both say the same of the case of this seed, in each of its runs."""
    need_logcheck()
    with plant(by_chance(seed)) as tree:
        found = differences(play(tree, real_logcheck, vigilog_check))
    assert not found, f"seed {seed}:\n" + "\n".join(found)


@pytest.mark.parametrize("seed", range(6))
def test_same_as_logcheck_by_chance(seed: int) -> None:
    """A few of them in every run of the tests."""
    same(seed)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(100, 250))
def test_same_as_logcheck_by_chance_at_length(seed: int) -> None:
    """A hundred and fifty of them."""
    same(seed)
