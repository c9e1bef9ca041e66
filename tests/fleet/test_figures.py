"""What Prometheus reads of a worker."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from vigilog.fleet.figures import Figures, Tally, memory, on_disk, rendered
from vigilog.fleet.worker import joined


def read(figures):
    families = text_string_to_metric_families(rendered(figures).decode())
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


def test_prometheus_reads_every_figure():
    figures = Figures({'a "door"\n': Tally(5, 4, 3, 2)}, 1000.0, unknown=1, unreadable=6, decisions=7, spared=8)
    figures.partitions, figures.lag, figures.state_bytes = (0, 3), {0: 10, 3: 0}, 4096
    found = read(figures)
    assert found["vigilog_fleet_events_total", 'a "door"\n'] == 5
    assert found["vigilog_fleet_again_total", 'a "door"\n'] == 4
    assert found["vigilog_fleet_late_total", 'a "door"\n'] == 3
    assert found["vigilog_fleet_alerts_total", 'a "door"\n'] == 2
    assert found["vigilog_fleet_lag", "0"] == 10
    assert found["vigilog_fleet_lag", "3"] == 0
    assert found["vigilog_fleet_partitions",] == 2
    assert found["vigilog_fleet_state_bytes",] == 4096
    assert found["vigilog_fleet_decisions_total",] == 7
    assert found["vigilog_fleet_spared_total",] == 8
    assert found["vigilog_fleet_unknown_total",] == 1
    assert found["vigilog_fleet_unreadable_total",] == 6
    assert found["vigilog_fleet_resident_memory_bytes",] == memory() > 1 << 20
    assert found["vigilog_fleet_start_time_seconds",] == 1000.0


def test_the_disk_that_a_state_takes_is_measured(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "file").write_bytes(b"x" * 100_000)
    assert on_disk(str(tmp_path)) >= 100_000


def test_what_librdkafka_says_of_the_group_is_understood():
    partition = {"desired": True, "consumer_lag": 5}
    statistics = {
        "cgrp": {"state": "up", "join_state": "steady"},
        "topics": {"events": {"partitions": {"0": partition, "1": {"desired": False}, "2": {**partition, "consumer_lag": -1}, "-1": partition}}},
    }  # fmt: skip
    assert joined(statistics, "events") == (True, (0, 2), {0: 5, 2: 0})
    assert joined({"cgrp": {"state": "up", "join_state": "wait-join"}}, "events") == (False, (), {})
    assert joined({}, "events") == (False, (), {})
