"""The topics of a fleet, made with a real Kafka."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.fleet.workers import unique
from vigilog.config.fleet_settings import Fleet
from vigilog.config.settings import Settings
from vigilog.fleet.topics import make, remarks

pytestmark = pytest.mark.peer


def settings(**more):
    group = unique("topics")
    return Settings(fleet=Fleet(events=f"{group}.events", alerts=f"{group}.alerts", decisions=f"{group}.decisions", **more))


def test_of_workers_that_start_together_one_has_made_a_topic(kafka):
    wanted, reached, together = settings(), {"bootstrap.servers": kafka.bootstrap}, Barrier(4)

    def start(_):
        together.wait()
        return make(wanted, reached)

    with ThreadPoolExecutor(4) as workers:
        made = [name for names in workers.map(start, range(4)) for name in names]
    assert sorted(made) == sorted([wanted.fleet.alerts, wanted.fleet.decisions, wanted.fleet.events])
    assert make(wanted, reached) == []
    assert remarks(wanted, reached) == []


def test_a_topic_of_events_that_somebody_else_made_otherwise_is_remarked_upon(kafka):
    wanted, reached = settings(partitions=4), {"bootstrap.servers": kafka.bootstrap}
    kafka.topic(1, wanted.fleet.events)
    make(wanted, reached)
    few, clock = remarks(wanted, reached)
    assert "has fewer partitions than [fleet] says: 1, not 4" in few
    assert "has message.timestamp.type=CreateTime" in clock
    assert f"--topic {wanted.fleet.events} --add-config message.timestamp.type=LogAppendTime" in clock
