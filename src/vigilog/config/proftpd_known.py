"""The directives that ProFTPD 1.3.8 knows: where they may stand and how many parameters they have.

The table is the text file beside this module, with its columns described at its head. It also has the modules that Vigilog's
server has nothing of: what they set is known, and listed as without effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import NamedTuple

TABLE = "proftpd-1.3.8.directives"

MODULES = frozenset(
    {
        "mod_auth.c",
        "mod_auth_file.c",
        "mod_auth_unix.c",
        "mod_core.c",
        "mod_facts.c",
        "mod_ifversion.c",
        "mod_kafka.c",
        "mod_log.c",
        "mod_log_forensic.c",
        "mod_ls.c",
        "mod_site.c",
        "mod_tls.c",
        "mod_wrap.c",
        "mod_wrap2.c",
        "mod_wrap2_file.c",
        "mod_xfer.c",
    }
)
"""What `<IfModule>` finds here: the modules whose work Vigilog's server does."""

MEANT = {"kafka": "KafkaBroker", "kafkaserver": "KafkaBroker"}
"""Names that a manual page gives to a directive and that it does not have."""


class Known(NamedTuple):
    """A directive: its name as ProFTPD spells it, its module, the letters of the sections it may stand in, how many
    parameters it may have (`counts`; from `least` on any number where that is empty) and what is said where they are too
    few or too many."""

    name: str
    module: str
    where: str
    least: int
    counts: frozenset[int]
    wrong: str
    boolean: bool
    context_first: bool

    def fits(self, count: int) -> bool:
        """Whether it may have so many parameters."""
        return count in self.counts if self.counts else count >= self.least


@cache
def table() -> Mapping[str, Known]:
    """All of them, by their names in small letters."""
    text = files("vigilog.config").joinpath(TABLE).read_text(encoding="ascii")
    return {known.name.lower(): known for known in rows(text)}


def rows(text: str) -> Iterator[Known]:
    """The directives in a text of that form."""
    module = ""
    for line in text.splitlines():
        if line.startswith("["):
            module = line.strip("[]")
        elif line and not line.startswith("#"):
            row, _, wrong = line.partition(" : ")
            name, where, count, *flags = row.split(" ")
            counts = frozenset() if count.endswith("+") else frozenset(numbers(count))
            least = int(count[:-1]) if count.endswith("+") else min(counts)
            wrong = wrong or "missing parameters"
            yield Known(name, module, where, least, counts, wrong, "boolean" in flags, "context-first" in flags)


def numbers(text: str) -> Iterator[int]:
    """`1-3` and `1,3` as numbers."""
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def similar(name: str) -> str:
    """The name that somebody may have meant, '' if none is like it."""
    known = table()
    if meant := MEANT.get(name.lower()):
        return meant
    return next((known[each].name for each in get_close_matches(name.lower(), known, 1, 0.75)), "")
