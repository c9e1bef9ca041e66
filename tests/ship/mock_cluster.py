"""librdkafka's mock cluster, for what a real broker cannot be made to answer. It needs no Java, and lives in this process."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import confluent_kafka

from tests.conftest import absent

PRODUCE = 0
_PRODUCER = 0


class MockCluster(NamedTuple):
    """A cluster of one broker at `bootstrap`."""

    bootstrap: str
    library: ctypes.CDLL
    handle: int

    def answer(self, *errors: int) -> None:
        """The next requests to store something are answered by these errors of Kafka's protocol, one each."""
        self.library.rd_kafka_mock_push_request_errors_array(
            self.handle, PRODUCE, len(errors), (ctypes.c_int * len(errors))(*errors)
        )

    def go(self) -> None:
        """The broker closes its connections and takes no new ones."""
        self.library.rd_kafka_mock_broker_set_down(self.handle, 1)

    def come(self) -> None:
        """It is back."""
        self.library.rd_kafka_mock_broker_set_up(self.handle, 1)


@contextmanager
def mock_cluster() -> Iterator[MockCluster]:
    """A running one."""
    beside = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    found = sorted(beside.glob("librdkafka*.so*"))
    if not found:
        absent("this confluent_kafka has no librdkafka of its own: no mock cluster")
    library = ctypes.CDLL(str(found[0]))
    address = ctypes.c_void_p
    library.rd_kafka_conf_new.restype = address
    library.rd_kafka_conf_set.argtypes = [address, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]
    library.rd_kafka_new.restype = address
    library.rd_kafka_new.argtypes = [ctypes.c_int, address, ctypes.c_char_p, ctypes.c_size_t]
    library.rd_kafka_destroy.argtypes = [address]
    library.rd_kafka_mock_cluster_new.restype = address
    library.rd_kafka_mock_cluster_new.argtypes = [address, ctypes.c_int]
    library.rd_kafka_mock_cluster_destroy.argtypes = [address]
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    library.rd_kafka_mock_cluster_bootstraps.argtypes = [address]
    library.rd_kafka_mock_broker_set_down.argtypes = [address, ctypes.c_int32]
    library.rd_kafka_mock_broker_set_up.argtypes = [address, ctypes.c_int32]
    library.rd_kafka_mock_push_request_errors_array.argtypes = [
        address, ctypes.c_int16, ctypes.c_size_t, ctypes.POINTER(ctypes.c_int),
    ]  # fmt: skip
    said = ctypes.create_string_buffer(512)
    configuration = library.rd_kafka_conf_new()
    library.rd_kafka_conf_set(configuration, b"log_level", b"0", said, len(said))
    client = library.rd_kafka_new(_PRODUCER, configuration, said, len(said))
    assert client, said.value
    handle = library.rd_kafka_mock_cluster_new(client, 1)
    try:
        yield MockCluster(library.rd_kafka_mock_cluster_bootstraps(handle).decode(), library, handle)
    finally:
        library.rd_kafka_mock_cluster_destroy(handle)
        library.rd_kafka_destroy(client)
