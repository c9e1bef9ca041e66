"""The counts of dnscache's log as tables and series. Readable forms are made here, once for each thing that was counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from vigilog.parse.dnscache import address, type_name
from vigilog.report.dnscache_counts import Counts
from vigilog.report.section import Cell, Series, Table, text

_LARGEST_UDP = 512
_COUNT = "count"
Word = TypeVar("Word", str, bytes)


def tables(counts: Counts, *, numeric: bool = False) -> tuple[Table, ...]:
    """All tables, those of the lowest detail first. If `numeric`, record types stay numbers."""

    def kind_of_record(word: bytes) -> str:
        return type_name(int(word)) if word.isdigit() and not numeric else text(word) if numeric else text(word).upper()

    return (
        Table("Entries", ("entry", _COUNT), _ranked(+counts.kinds, str)),
        Table("Answers", ("what", _COUNT), tuple(_answers(counts))),
        Table("Dropped", ("reason", _COUNT), _ranked(counts.drops, text)),
        Table("Servfails", ("error", _COUNT), _ranked(_folded(counts.servfails, 1), text)),
        Table("Lame servers", ("server", "zone", _COUNT), _ranked_pairs(counts.lame, _dotted, text)),
        Table("Query types", ("type", _COUNT), _ranked(counts.types, kind_of_record), 5, drawn=True),
        Table("Clients", ("client", _COUNT), _ranked(counts.clients, _dotted), 5, drawn=True),
        Table("Names asked for", ("name", _COUNT), _ranked(counts.names, text), 5),
        Table("Names that failed", ("name", "error", _COUNT), _ranked_pairs(counts.servfails, text, text), 5),
        Table("Response sizes", ("bytes", _COUNT), tuple(_sizes(counts.lengths)), 5),
        Table("Milliseconds until an answer", ("what", "milliseconds"), tuple(_times(counts)), 5),
        Table("Cache", ("what", _COUNT), tuple(_cache(counts)), 5),
        Table("Lookups by gluelessness", ("level", _COUNT), _in_order(counts.gluelessness), 5),
        Table("Records received", ("type", _COUNT), _ranked(counts.records, kind_of_record), 5),
        Table("TCP", ("what", _COUNT), tuple(_tcp(counts)), 5),
        Table("Zones whose servers were asked", ("zone", _COUNT), _ranked(counts.zones, text), 10),
        Table("Servers that answered (a record each)", ("server", _COUNT), _ranked(counts.servers, _dotted), 10),
        Table("Clients by TCP", ("client", _COUNT), _ranked(counts.tcp_clients, _dotted), 10),
    )


def events(counts: Counts) -> tuple[Series, ...]:
    """What happened over time."""
    series = (("Queries", counts.questions), ("Servfails and drops", counts.failures))
    return tuple(Series(title, tuple((float(at), points[at]) for at in sorted(points))) for title, points in series if points)


def _answers(counts: Counts) -> Iterator[tuple[Cell, ...]]:
    queries, sent = counts.kinds["query"], counts.kinds["sent"]
    yield from _if_any(("questions", queries), ("answers", sent), ("answered without asking a server", counts.at_once))
    if sent:
        yield "cache hit rate, % of answers", round(100 * counts.at_once / sent, 1)


def _cache(counts: Counts) -> Iterator[tuple[Cell, ...]]:
    hits, misses = counts.kinds["cached"], counts.kinds["tx"]
    yield from _if_any(("lookups that the cache answered", hits))
    yield from _if_any(*((f"  {what}", counts.cached[what]) for what in ("records", "cname", "ns", "nxdomain")))
    yield from _if_any(("lookups that servers were asked for", misses))
    if hits + misses:
        yield "lookups that the cache answered, %", round(100 * hits / (hits + misses), 1)
    yield from _if_any(("bytes written into the cache", counts.motion))


def _sizes(lengths: Counter[bytes]) -> Iterator[tuple[Cell, ...]]:
    sizes = Counter({int(length): times for length, times in lengths.items()})
    if not sizes:
        return
    number = sizes.total()
    yield "smallest", min(sizes)
    yield "mean", round(sum(size * times for size, times in sizes.items()) / number, 1)
    yield "median", _middle(sizes, number)
    yield "largest", max(sizes)
    yield f"answers over {_LARGEST_UDP} bytes", sum(times for size, times in sizes.items() if size > _LARGEST_UDP)


def _middle(sizes: Counter[int], number: int) -> int:
    left = (number + 1) // 2
    for size in sorted(sizes):
        left -= sizes[size]
        if left <= 0:
            return size
    return 0


def _times(counts: Counts) -> Iterator[tuple[Cell, ...]]:
    times = counts.times
    if times.count:
        yield "mean", times.total / times.count / 1e6
        yield "half of them within", times.quantile(0.5) * 1e3
        yield "90 % within", times.quantile(0.9) * 1e3
        yield "99 % within", times.quantile(0.99) * 1e3
        yield "longest", times.longest / 1e6


def _tcp(counts: Counts) -> Iterator[tuple[Cell, ...]]:
    yield from _if_any(("connections", counts.kinds["tcpopen"]))
    yield from ((f"closed: {text(reason)}", times) for reason, times in counts.closes.most_common())
    yield from _if_any(("most questions at once by UDP", counts.most_udp), ("most connections at once", counts.most_tcp))


def _if_any(*rows: tuple[str, int]) -> Iterator[tuple[Cell, ...]]:
    return (row for row in rows if row[1])


def _folded(pairs: Counter[tuple[bytes, bytes]], which: int) -> Counter[bytes]:
    folded: Counter[bytes] = Counter()
    for pair, times in pairs.items():
        folded[pair[which]] += times
    return folded


def _ranked(counter: Mapping[Word, int], shown: Callable[[Word], str]) -> tuple[tuple[Cell, ...], ...]:
    """The most frequent first, equals by name. What is shown alike is counted together: one address may be written twofold."""
    readable: Counter[str] = Counter()
    for what, times in counter.items():
        readable[shown(what)] += times
    return tuple(sorted(readable.items(), key=lambda row: (-row[1], row[0])))


def _ranked_pairs(
    counter: Counter[tuple[bytes, bytes]], first: Callable[[bytes], str], second: Callable[[bytes], str]
) -> tuple[tuple[Cell, ...], ...]:
    rows = ((first(one), second(other), times) for (one, other), times in counter.items())
    return tuple(sorted(rows, key=lambda row: (-row[2], row[:2])))


def _in_order(counter: Counter[bytes]) -> tuple[tuple[Cell, ...], ...]:
    return tuple((text(word), counter[word]) for word in sorted(counter, key=int))


def _dotted(digits: bytes) -> str:
    return str(address(digits))
