"""What Vigilog says of patterns and lines: scanned as one block, or one line at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from vigilog.core.nouns import Place, Rule
from vigilog.patterns.block import View, frame
from vigilog.patterns.compiling import compile_rules
from vigilog.patterns.confirm import KillableSearch
from vigilog.patterns.database import Database


def rule(text: bytes, language: str = "ere", *, line: int = 1, name: str = "test") -> Rule:
    """A rule as a rule file would give it."""
    return Rule(name, "ignore", language, text, Place("rules", line))


def ends_of(lines: Sequence[bytes]) -> dict[int, int]:
    """The offset behind each line of a framed block, and the line's place."""
    ends, at = {}, 1
    for index, line in enumerate(lines):
        at += len(line) + 1
        ends[at] = index
    return ends


def matched(database: Database, lines: Sequence[bytes]) -> set[int]:
    """The places of the lines that some rule matches, found by one scan."""
    with stopped(database):
        ends = ends_of(lines)
        return {ends[end] for end in database.line_ends(frame(b"".join(line + b"\n" for line in lines)))}


def hits(database: Database, lines: Sequence[bytes]) -> set[tuple[int, int]]:
    """(line, rule) of every match, found by one scan."""
    with stopped(database):
        ends = ends_of(lines)
        framed = frame(b"".join(line + b"\n" for line in lines))
        return {(ends[end], index) for end, index in database.hits(framed, undecided=False)}


def verdicts(
    text: bytes, lines: Sequence[bytes], view: View = "raw", *, language: str = "ere", caseless: bool = False
) -> set[int] | None:
    """The places of the lines that one pattern matches; None if the pattern is refused."""
    database = compile_rules([rule(text, language)], view, caseless=caseless)
    return None if database.refused else matched(database, lines)


@contextmanager
def stopped(database: Database) -> Iterator[None]:
    """Ends the processes that decided about doubtful hits: a test makes thousands of databases."""
    try:
        yield
    finally:
        for confirmation in database.confirmations.values():
            search = getattr(confirmation, "__self__", None)
            if isinstance(search, KillableSearch) and search.worker:
                process, connection = search.worker
                process.kill()
                process.join()
                connection.close()
                search.worker = None
