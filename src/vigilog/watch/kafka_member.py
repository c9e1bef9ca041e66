"""A member of a consumer group, in a thread of its own, which fetches records as long as there is room on the shelf.

What the group is told to be read is what somebody has stored, never what was merely fetched.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import blake2b
from typing import Any

from vigilog.watch.kafka import lost
from vigilog.watch.kafka_chunks import Message
from vigilog.watch.kafka_client import (
    bounds,
    committed,
    first,
    is_incremental,
    library,
    partitions,
    properties,
    taken,
    told,
)
from vigilog.watch.kafka_offsets import Partition, start
from vigilog.watch.kafka_shelf import Begun, Moved, Shelf
from vigilog.watch.kafka_spec import Spec
from vigilog.watch.kafka_trouble import Trouble
from vigilog.watch.options import Options

_PULSE = 0.5
"""How often the group is told what was read, in seconds, and how soon an end is noticed."""
_HANDOVER = 10.0
"""Who gives partitions away waits so long (seconds) until what was taken of them is stored."""
_ASKING = 2.0
"""How long brokers that seem to be away have to answer, in seconds."""
_SOON, _LATE = 1.0, 60.0
"""What went wrong is tried again after so many seconds, twice as many each time, up to so many."""


class Member:
    """Fetches the records of topics onto a shelf, until that is ended."""

    def __init__(self, spec: Spec, options: Options, shelf: Shelf) -> None:
        self._spec, self._options, self._shelf = spec, options, shelf
        self._trouble = Trouble(spec.name, shelf.put)
        self._kafka = library()
        self._codes = self._kafka.KafkaError
        kafka = options.kafka
        group = (spec.group or kafka.group) + (".trial" if kafka.trial else "")
        # each source is a member of its own
        digest = blake2b(spec.name.encode(), digest_size=4).hexdigest()
        identity = {"group.instance.id": f"{kafka.member}.{digest}"} if kafka.member and not kafka.trial else {}
        self._properties = properties(kafka, group, error_cb=self._trouble.heard, on_commit=self._on_commit, **identity)
        self._is_incremental = is_incremental(self._properties)
        self._next: dict[Partition, int] = {}
        """Of the partitions that this member has: what is fetched next."""
        self._told: dict[Partition, int] = {}
        """What the group knows of them."""
        self._told_at = 0.0
        self._is_paused = False
        self._thread = threading.Thread(target=self._work, name="kafka", daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        """To be called when the shelf is ended: waits for the end of the thread, which tells the group what was read."""
        self._thread.join(seconds)

    def _work(self) -> None:
        delay = _SOON
        while not self._shelf.has_ended:
            begun = time.monotonic()
            try:
                self._live()
            except self._kafka.KafkaException as error:
                if self._shelf.has_ended:
                    return
                code = error.args[0].code()
                if code == self._codes._INVALID_ARG:  # noqa: SLF001 - so it is named
                    self._trouble.complain("unreadable", "property", f"{self._spec.name} cannot be read: {told(error)}")
                    return
                if code in (self._codes.FENCED_INSTANCE_ID, self._codes._FENCED):  # noqa: SLF001 - so it is named
                    return
                self._trouble.fails(told(error))
            delay = _SOON if time.monotonic() - begun > _LATE else min(2 * delay, _LATE)
            self._shelf.sleep(delay)

    def _live(self) -> None:
        """One life of a consumer. Raises KafkaException."""
        consumer = self._kafka.Consumer(self._properties)
        self._next, self._told, self._is_paused = {}, {}, False
        try:
            if self._shelf.is_first:
                found = partitions(consumer, self._spec)
                known = committed(consumer, found)
                self._shelf.put(Begun(first(consumer, [each for each in found if each not in known], self._options)))
            consumer.subscribe(
                self._spec.subscription, on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
            )
            while not self._shelf.has_ended:
                self._fetch(consumer)
                self._tell(consumer)
                self._ask(consumer)
        finally:
            consumer.close()

    def _fetch(self, consumer: Any) -> None:
        """Takes what was fetched. Without room all is paused, but the group goes on hearing of this member."""
        if not self._shelf.has_room(_PULSE):
            if not self._is_paused:
                consumer.pause(consumer.assignment())
                self._is_paused = True
        elif self._is_paused:
            consumer.resume(consumer.assignment())
            self._is_paused = False
        good: list[Message] = []
        for message in taken(consumer, 0.0 if self._is_paused else _PULSE):
            partition = Partition(message.topic() or "", message.partition() or 0)
            if message.error() is not None:
                self._put(good)
                good = []
                self._failed(consumer, partition, message.error())
            elif partition in self._next and message.offset() >= self._next[partition]:
                good.append(message)
                self._next[partition] = message.offset() + 1
        self._put(good)

    def _put(self, messages: list[Message]) -> None:
        if messages:
            self._shelf.put(messages)
            self._trouble.is_well()

    def _failed(self, consumer: Any, partition: Partition, error: Any) -> None:
        """Something came in the place of records. Raises KafkaException if this consumer can do no more."""
        codes, name = self._codes, self._spec.name
        if error.fatal():
            text = f"{name} cannot be read any further: {told(error)}"
            self._trouble.complain("unreadable", "fatal", text)
            raise self._kafka.KafkaException(error)
        if error.code() == codes._AUTO_OFFSET_RESET and partition in self._next:  # noqa: SLF001 - so it is named
            self._go_on(consumer, partition)
        elif error.code() in (codes.UNKNOWN_TOPIC_OR_PART, codes._UNKNOWN_TOPIC, codes._UNKNOWN_PARTITION):  # noqa: SLF001
            if not partition.topic.startswith("^"):  # there need be none that a pattern means
                text = f"{name}: there is no topic {partition.topic} at the moment"
                self._trouble.complain("missing", f"topic {partition.topic}", text)
        else:
            self._trouble.complain("unreadable", str(error.code()), f"{name}: {told(error)}")

    def _go_on(self, consumer: Any, partition: Partition) -> None:
        """The record that was to be fetched is not there: goes on with what is."""
        low, high = bounds(consumer, partition)
        at = self._next[partition]
        if not low <= at <= high:
            self._shelf.put(Moved(partition, low, lost(self._spec.name, partition, at, low, high)))
            self._next[partition] = at = low
        consumer.seek(self._kafka.TopicPartition(*partition, at))

    def _tell(self, consumer: Any) -> None:
        """Tells the group what is stored, without waiting for its answer."""
        if time.monotonic() - self._told_at >= _PULSE and (news := self._news(self._next)):
            self._told_at = time.monotonic()
            consumer.commit(offsets=news, asynchronous=True)

    def _news(self, wanted: Iterable[Partition]) -> list[Any]:
        """What the group does not know yet of these; from here on it counts as told."""
        if self._options.kafka.trial:
            return []
        stored = self._shelf.stored()
        news = {each: stored[each] for each in wanted if each in stored and stored[each] != self._told.get(each)}
        self._told |= news
        return [self._kafka.TopicPartition(*partition, offset) for partition, offset in news.items()]

    def _on_commit(self, error: Any, offsets: Sequence[Any]) -> None:
        for each in offsets:
            if error is not None or each.error is not None:
                self._told.pop(Partition(each.topic, each.partition), None)

    def _ask(self, consumer: Any) -> None:
        """Asks whether brokers are there again, if they seem to be away."""
        if self._trouble.is_away:
            try:
                consumer.list_topics(timeout=_ASKING)
            except self._kafka.KafkaException as error:
                self._trouble.fails(told(error))
            else:
                self._trouble.is_well()

    def _on_assign(self, consumer: Any, given: list[Any]) -> None:
        """These are this member's now. Raises KafkaException if it cannot be told where to begin: then it is tried again."""
        found = [Partition(each.topic, each.partition) for each in given]
        known, own = committed(consumer, found), self._shelf.taken()
        for each, partition in zip(given, found, strict=True):
            begin = start(partition, own, known)
            each.offset = self._kafka.OFFSET_BEGINNING if begin is None else begin
            self._next[partition] = begin or 0
            if begin is not None:
                self._shelf.begin(partition, begin)
            self._trouble.is_over(f"topic {partition.topic}")
        self._told |= known
        self._is_paused = False  # what is new is not: all of it is paused again if there is still no room
        (consumer.incremental_assign if self._is_incremental else consumer.assign)(given)

    def _on_revoke(self, consumer: Any, given: list[Any]) -> None:
        """These are somebody else's from now on, who goes on where this member says."""
        found = [Partition(each.topic, each.partition) for each in given]
        self._shelf.drop(found)
        self._shelf.is_stored(found, _HANDOVER)
        for each in found:
            self._told.pop(each, None)  # what was told without waiting may not have been heard
        if news := self._news(found):
            with suppress(self._kafka.KafkaException):
                consumer.commit(offsets=news, asynchronous=False)
        self._give_up(consumer, given)

    def _on_lost(self, consumer: Any, given: list[Any]) -> None:
        """These are somebody else's already."""
        self._shelf.drop(Partition(each.topic, each.partition) for each in given)
        self._give_up(consumer, given)

    def _give_up(self, consumer: Any, given: list[Any]) -> None:
        for each in given:
            self._next.pop(Partition(each.topic, each.partition), None)
            self._told.pop(Partition(each.topic, each.partition), None)
        if self._is_incremental:
            consumer.incremental_unassign(given)
        else:
            consumer.unassign()
