"""librdkafka's producer, as the feeder sees it: blocks in; how many records are not acknowledged; what was refused."""

from __future__ import annotations

import ctypes
import os
import weakref
from collections.abc import Callable, Iterable
from itertools import repeat
from typing import Any

from vigilog.ship.block import Block
from vigilog.ship.properties import MAXIMA, binding, producer, properties
from vigilog.ship.reach import Reach
from vigilog.ship.refusals import Refusal, for_good, is_shared
from vigilog.ship.settings import Connection

_LINES = frozenset({"CONFWARN"})
_FAILED = "FAIL"  # why a connection is gone; not all of it is reported as an error
_DEBUG = "debug"
_ALONE = {
    # Idempotent ones begin a new epoch after each refusal, which takes a tenth of a second.
    "enable.idempotence": "false",
    "max.in.flight.requests.per.connection": "1",
    "batch.num.messages": "1",
    "linger.ms": "0",
}
"""What makes a producer send one record at a time, in order."""


class KafkaProducer:
    """One producer of confluent-kafka. `refused` are records that brokers do not take, ever; `failed` is why others were not
    delivered though they may be later ('' : nothing failed); `fatal` says that this producer will deliver nothing any more.

    No record costs a call of Python when it is delivered: only what fails is reported, and all is well once `pending` is 0.
    `reach` is told of errors. With `alone` each record is sent by itself. Raises ConfigurationError and MissingExtra.
    """

    def __init__(self, connection: Connection, reach: Reach, say: Callable[[str], None], *, alone: bool = False) -> None:
        wanted = properties(connection) | (_ALONE if alone else {})
        self._say = say
        self._reach = reach
        self._talks = _DEBUG in wanted
        self.refused: list[Refusal] = []
        self.failed = ""
        self.fatal = False
        callbacks: dict[str, Any] = {
            **{name: str(value) for name, value in MAXIMA.items()},
            "delivery.report.only.error": True,
            "on_delivery": self._delivered,
            "error_cb": self._error,
            "logger": self,
        }
        self._producer: Any = producer(wanted, connection, **callbacks)
        os.register_at_fork(after_in_child=_keep(weakref.ref(self)))
        self._refusal: type[Exception] = binding()[1]

    @property
    def pending(self) -> int:
        """How many records were sent and have no answer yet; 0: all have one, and `refused` and `failed` are complete."""
        return len(self._producer)

    def send(self, blocks: Iterable[Block]) -> None:
        """Hands records to librdkafka; never waits."""
        topics: dict[str, list[dict[str, Any]]] = {}
        for block in blocks:
            for topic, keys, values in block.batches:
                topics.setdefault(topic, []).extend(
                    {"value": value, "key": key} for value, key in zip(values, keys or repeat(None), strict=False)
                )
        for topic, messages in topics.items():
            if self._called(self._producer.produce_batch, topic, messages) != len(messages):
                for message in messages:
                    if "_error" in message:
                        self._failed(message["_error"], topic, message["key"], message["value"])
            self.serve(0)

    def serve(self, seconds: float) -> None:
        """Waits up to so long for answers, and takes in those that came."""
        self._called(self._producer.poll, seconds)

    def flush(self, seconds: float) -> None:
        """Waits up to so long until nothing is pending; what librdkafka gathers for larger batches goes out at once."""
        self._called(self._producer.flush, seconds)

    def again(self) -> None:
        """Forgets what was refused and failed. Only when nothing is pending."""
        self.refused, self.failed = [], ""

    def close(self) -> None:
        """Lets go of librdkafka's threads, and of what they hold. It can do nothing any more then."""
        self._producer.purge()
        self._producer = None

    def log(self, _level: int, _form: str, facility: str, _name: str, text: str) -> None:
        """Takes a line of librdkafka's log; the binding calls this."""
        if facility == _FAILED:
            self._reach.hear(facility, text.partition("]: ")[2] or text)
        if self._talks or (facility in _LINES and "bootstrap.servers" not in text):
            self._say(f"librdkafka: {text}")

    def _called(self, function: Callable[..., int], *given: object) -> int | None:
        """The function's result; None if it raised, as the binding's functions do once the producer gave up."""
        try:
            return function(*given)
        except self._refusal as error:
            self._error(error.args[0])
            if not self.fatal:
                raise
            return None

    def _delivered(self, error: Any, message: Any) -> None:
        if error is not None:
            self._failed(error, message.topic(), message.key(), message.value(), shared=is_shared(error.name()))

    def _failed(self, error: Any, topic: str, key: bytes | None, value: bytes, *, shared: bool = False) -> None:
        self._reach.errors += 1
        if for_good(error.name()) and not error.fatal():
            self.refused.append(Refusal(topic, key, value, error.name(), error.str(), shared))
        else:
            self.failed = error.str()
            self.fatal = self.fatal or error.fatal() or error.name() == "_FATAL"

    def _error(self, error: Any) -> None:
        if error.fatal() or error.name() == "_FATAL":
            self.fatal = True
            self.failed = error.str()
        self._reach.error(error.name(), error.str())


def _keep(reference: weakref.ref[KafkaProducer]) -> Callable[[], None]:
    """What a forked child does with the producer that it inherited: it never lets go of it. librdkafka would wait for threads
    that only the parent has."""

    def keep() -> None:
        it = reference()
        if it is not None and it._producer is not None:  # noqa: SLF001 - it is of this module
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(it._producer))  # noqa: SLF001

    return keep
