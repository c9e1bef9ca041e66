"""From a subject to its neighbours: who else tried the same users, whom else did the same addresses try."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

from vigilog.core.errors import MissingExtra, SourceError
from vigilog.investigate.item import Item
from vigilog.investigate.matching import any_of
from vigilog.investigate.meaning import Meanings
from vigilog.investigate.scanning import File, Incomplete, Part, Search
from vigilog.investigate.subject import Subject, address

MOST = 50
"""So many users or addresses are looked for, those that were tried most."""


class Neighbour(NamedTuple):
    """An address or a user: how many lines tell of failed logins, how many of good ones, and what it has in common with the
    subject (users or addresses)."""

    name: str
    failed: int
    good: int
    common: tuple[str, ...]


class Pivots(NamedTuple):
    """`of` are those whom the subject has in common with its neighbours."""

    kind: Literal["addresses", "users"]
    of: tuple[str, ...]
    neighbours: tuple[Neighbour, ...]


def pivots(
    subject: Subject, items: Sequence[Item], files: Iterable[File], meanings: Meanings, threads: ThreadPoolExecutor
) -> Pivots:
    """The other addresses that tried the users in `items`; of a user: the other users that those who tried it tried."""
    by_user = subject.kind == "user"
    shared, other = ("address", "user") if by_user else ("user", "address")
    known = {item.fields[other] for item in items if item.fields.get(other)}
    often = Counter(item.fields[shared] for item in items if item.meaning and item.fields.get(shared))
    words = tuple(word for word, _ in often.most_common(MOST))
    kind: Literal["addresses", "users"] = "users" if by_user else "addresses"
    if not words:
        return Pivots(kind, (), ())
    search = Search(any_of([word.encode("utf-8", "surrogateescape") for word in words]))
    futures = [threads.submit(search.hits, Part(file, 0, 1 << 62 if file.packed else file.size)) for file in files]
    lines: Counter[bytes] = Counter()
    for future in futures:
        try:
            lines.update(hit.line for hit in future.result())
        except Incomplete as error:
            lines.update(hit.line for hit in error.hits)
        except (SourceError, MissingExtra):
            continue  # it was told already
    failed: Counter[str] = Counter()
    good: Counter[str] = Counter()
    common: dict[str, set[str]] = {}
    understood = meanings.understood([Item(0.0, "line", "", line) for line in lines])
    for item in understood:
        name = item.fields.get(other, "")
        if not name or name in known or name == subject.text or item.fields.get(shared) not in words:
            continue
        if not by_user and address(name) is None:
            continue
        common.setdefault(name, set()).add(item.fields[shared])
        failed[name] += item.attempts * lines[item.text]
        good[name] += lines[item.text] if item.meaning == "login" else 0
    found = [Neighbour(name, failed[name], good[name], tuple(sorted(shared_))) for name, shared_ in common.items()]
    return Pivots(kind, words, tuple(sorted(found, key=lambda each: (-each.failed, -each.good, each.name))))
