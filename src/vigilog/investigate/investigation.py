"""From a subject to its timeline: everything is searched, understood, and put on one clock."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from vigilog.core.clock import Clock
from vigilog.core.errors import MissingExtra, SourceError, StoreError
from vigilog.investigate.following import followed
from vigilog.investigate.item import Item, Where
from vigilog.investigate.journal import of_journal
from vigilog.investigate.logs import Logs, logs
from vigilog.investigate.matching import matcher
from vigilog.investigate.meaning import Meanings
from vigilog.investigate.pivots import Pivots, pivots
from vigilog.investigate.reading import around, plain
from vigilog.investigate.scanning import File, Hit, Incomplete, Part, Search
from vigilog.investigate.stored import stored
from vigilog.investigate.structures import is_of_blocks, of_blocks, requests
from vigilog.investigate.subject import Subject

LARGE = 64 << 20
"""A file of more bytes is searched in parts."""


class Question(NamedTuple):
    """What is asked: about whom, in which sources (see `logs`), from when (seconds since the epoch, None: ever) to when, with
    how many lines around each, with pivots or without. `state` is Vigilog's state directory ('': none), `jobs` how many threads
    search."""

    subject: Subject
    sources: tuple[str, ...]
    since: float | None = None
    until: float | None = None
    context: int = 0
    pivots: bool = False
    state: str = ""
    jobs: int = 1


class Investigation(NamedTuple):
    """The answer: the entries by their time, the files that were searched, what could not be, as sentences, and the pivots, if
    they were asked for. `searched` are bytes; `has_store` says that there is a store of `vigilog run` that was asked."""

    question: Question
    items: tuple[Item, ...]
    files: tuple[File, ...]
    left_out: tuple[str, ...]
    searched: int
    has_store: bool = False
    pivots: Pivots | None = None


def investigate(question: Question, clock: Clock) -> Investigation:
    """Searches. What cannot be read is told, and the rest is searched. Raises RuleError for a pattern that cannot be used."""
    found = logs(question.sources, question.since)
    left_out = list(found.left_out)
    cache = os.path.join(question.state, "cache") if question.state else None
    search = Search(matcher(question.subject))
    with ThreadPoolExecutor(max_workers=max(1, question.jobs)) as threads:
        hits = _hits(search, found.files, threads, max(1, question.jobs))
        meanings = Meanings(cache)  # while the threads search
        items = list(_of_files(hits, search, left_out))
        items += _of_others(found, search, question, clock, left_out)
        own = _of_store(question, search, left_out, items)
        items += own or []
        items = meanings.understood(requests(_once(items), found.files))
        items = _within(sorted(items, key=_by_time), question)
        items += _within(followed(items, meanings), question)
        items.sort(key=_by_time)
        items = _with_context(items, found.files, question.context)
        answer = Investigation(
            question,
            tuple(items),
            found.files,
            tuple(left_out),
            sum(file.size for file in found.files),
            own is not None,
        )
        if question.pivots:
            answer = answer._replace(pivots=pivots(question.subject, items, found.files, meanings, threads))
    return answer


def parts(file: File, jobs: int) -> list[Part]:
    """A file in parts that are searched side by side; one that is packed stays whole."""
    if file.packed or file.size < LARGE:
        return [Part(file, 0, 1 << 62 if file.packed else file.size)]
    step = max(LARGE // 2, -(-file.size // (4 * jobs)))
    return [Part(file, start, min(start + step, file.size)) for start in range(0, file.size, step)]


def _hits(
    search: Search, files: Sequence[File], threads: ThreadPoolExecutor, jobs: int
) -> list[tuple[File, list[Future[list[Hit]]]]]:
    """Begins to search all files, the largest first, and gives them in their order."""
    begun = {file: [threads.submit(search.hits, part) for part in parts(file, jobs)] for file in sorted(files, key=_by_size)}
    return [(file, begun[file]) for file in files]


def _by_size(file: File) -> int:
    return -file.size * (10 if file.packed else 1)


def _by_time(item: Item) -> float:
    return item.time


def _of_files(begun: Iterable[tuple[File, list[Future[list[Hit]]]]], search: Search, left_out: list[str]) -> Iterator[Item]:
    for file, futures in begun:
        hits: list[Hit] = []
        for future in futures:
            try:
                hits += future.result()
            except Incomplete as error:
                left_out.append(str(error))
                hits += error.hits
            except (SourceError, MissingExtra) as error:
                left_out.append(str(error))
        if hits and is_of_blocks(file):
            yield from of_blocks(file, hits, search.matcher.is_about)
            continue
        for offset, line, time in hits:
            where = Where(file.source, file.path, file.device, file.inode, offset, len(line), file.packed)
            moment = file.modified / 1e9 if time is None else time
            yield Item(moment, "line", file.source, line, where=where, stamped=time is not None)


def _of_others(found: Logs, search: Search, question: Question, clock: Clock, left_out: list[str]) -> Iterator[Item]:
    for source in found.others:
        try:
            items, told = of_journal(source, search.finds, question.since, clock)
        except SourceError as error:
            left_out.append(str(error))
            continue
        left_out += told
        yield from items


def _of_store(question: Question, search: Search, left_out: list[str], known: Iterable[Item]) -> list[Item] | None:
    """What the store says; of its lines only those that no log has (any more). None: there is none that can be read."""
    if not question.state:
        return None
    try:
        items = stored(question.state, question.subject, search.finds)
    except StoreError as error:
        left_out.append(str(error))
        return None
    if items is None:
        return None
    lines = {item.text.rstrip() for item in known}
    proof = {item.text: item for item in items if item.kind == "line" and item.text not in lines}
    return [*(item for item in items if item.kind != "line"), *proof.values()]


def _once(items: Iterable[Item]) -> list[Item]:
    """The entries; lines that another file has, too, are marked."""
    most: Counter[bytes] = Counter()
    here: dict[str, Counter[bytes]] = {}
    done: list[Item] = []
    for item in items:
        if item.kind != "line" or item.where is None:
            done.append(item)
            continue
        mine = here.setdefault(item.where.path or item.source, Counter())
        mine[item.text] += 1
        again = mine[item.text] <= most[item.text]
        most[item.text] = max(most[item.text], mine[item.text])
        done.append(item._replace(again=again))
    return done


def _within(items: Iterable[Item], question: Question) -> list[Item]:
    since, until = question.since, question.until
    return [item for item in items if (since is None or item.time >= since) and (until is None or item.time < until)]


def _with_context(items: list[Item], files: Iterable[File], count: int) -> list[Item]:
    if not count:
        return items
    by_file: dict[tuple[int, int], list[int]] = {}
    for number, item in enumerate(items):
        if item.where and item.where.path:
            by_file.setdefault((item.where.device, item.where.inode), []).append(number)
    for file in files:
        wanted = by_file.get((file.device, file.inode), [])
        if not wanted:
            continue
        with plain(file) as descriptor:
            for number in wanted:
                where = items[number].where
                assert where
                before, after = around(descriptor, where.offset, where.length, count)
                items[number] = items[number]._replace(before=before, after=after)
    return items
