"""metrics: what Prometheus' own parser reads is what the daemon said, and the little server cannot be held up."""

from __future__ import annotations

import http.client
import math
import os
import select
import socket
import stat
import threading
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from vigilog.core.errors import ConfigurationError, StoreError
from vigilog.run.exposition import CONTENT_TYPE, METRICS, rendered
from vigilog.run.metrics import Metrics, written
from vigilog.run.status import ActionStatus, NoticeStatus, ReloadStatus, ShipStatus, SourceStatus, Status, TriggerStatus

FULL = Status(
    version="0.2",
    process=4711,
    started=1_795_000_000.25,
    now=1_795_000_100.0,
    sources=(
        SourceStatus("file:/var/log/auth.log", "resumable", 12, 3456, 78, 1_795_000_099.5),
        SourceStatus("syslog:udp:127.0.0.1:514", "received"),
    ),
    triggers=(TriggerStatus("sshd", 9, 2, 5, 1),),
    actions=(ActionStatus("ban", "ban", 3, 2, 1, "on the allow list"),),
    ship=ShipStatus("kafka", 9, 12, 5, 1, 2, 3, 4, 6, 7, 8, 900, 1_795_000_090.0, "x", {"web": 9}),
    bans=150_000,
    memory=40_000_000,
    cpu_seconds=1.5,
    reloads=2,
    reload=ReloadStatus(1_795_000_050.0, ("/etc/vigilog/vigilog.toml:3: x",)),
    notices_total=7,
    notices=(NoticeStatus(1.0, "lost", "x"),),
)


def read(text):
    """What Prometheus' own parser for Python reads: values by name and labels."""
    families = text_string_to_metric_families(text.decode())
    return {(sample.name, *sorted(sample.labels.items())): sample.value for family in families for sample in family.samples}


def test_what_is_shipped_is_told():
    values = read(rendered(FULL))
    assert values["vigilog_ship_offered_total", ("topic", "web")] == 9
    told = ("sent_total", "acknowledged_total", "dead_letters_total", "dropped_total", "damaged_total", "repeated_total",
            "errors_total", "waiting", "spooled", "spooled_bytes", "away_since_timestamp_seconds")  # fmt: skip
    assert [values[(f"vigilog_ship_{name}",)] for name in told] == [12, 5, 1, 2, 3, 4, 6, 7, 8, 900, 1_795_000_090]
    assert not any(name[0].startswith("vigilog_ship_") for name in read(rendered(replace(FULL, ship=None))))


def test_the_parser_of_prometheus_reads_what_the_status_says():
    values = {name: value for name, value in read(rendered(FULL)).items() if not name[0].startswith("vigilog_ship_")}
    source = ("source", "file:/var/log/auth.log")
    assert values["vigilog_source_lines_total", source] == 12
    assert values["vigilog_source_bytes_total", source] == 3456
    assert values["vigilog_source_behind_bytes", source] == 78
    assert values["vigilog_source_last_line_timestamp_seconds", source] == 1_795_000_099.5
    assert values["vigilog_source_lines_total", ("source", "syslog:udp:127.0.0.1:514")] == 0
    assert values["vigilog_trigger_events_total", ("trigger", "sshd")] == 9
    assert values["vigilog_trigger_alerts_total", ("trigger", "sshd")] == 2
    assert values["vigilog_trigger_keys", ("trigger", "sshd")] == 5
    assert values["vigilog_trigger_dropped_keys_total", ("trigger", "sshd")] == 1
    assert values["vigilog_action_waiting", ("action", "ban"), ("type", "ban")] == 3
    assert values["vigilog_action_done_total", ("action", "ban"), ("type", "ban")] == 2
    assert values["vigilog_action_failed_total", ("action", "ban"), ("type", "ban")] == 1
    assert values["vigilog_info", ("dry_run", "false"), ("version", "0.2")] == 1
    plain = {name: value for (name, *labels), value in values.items() if not labels}
    assert plain == {
        "vigilog_start_time_seconds": 1_795_000_000.25,
        "vigilog_resident_memory_bytes": 40_000_000,
        "vigilog_cpu_seconds_total": 1.5,
        "vigilog_bans": 150_000,
        "vigilog_reloads_total": 2,
        "vigilog_last_reload_successful": 0,
        "vigilog_last_reload_timestamp_seconds": 1_795_000_050.0,
        "vigilog_notices_total": 7,
    }


def test_what_nobody_knows_has_no_line():
    values = read(rendered(FULL))
    assert ("vigilog_source_behind_bytes", ("source", "syslog:udp:127.0.0.1:514")) not in values
    text = rendered(Status(version="0.2", process=1, started=0.0, now=0.0))
    assert b"reload_successful" not in text
    assert b"None" not in text


def test_every_metric_has_its_help_and_type_once_and_counters_end_in_total():
    text = rendered(FULL).decode()
    for metric in METRICS:
        assert text.count(f"# HELP {metric.name} ") == 1
        assert text.count(f"# TYPE {metric.name} {metric.type}\n") == 1
        assert (metric.type == "counter") == metric.name.endswith("_total")
        assert "\n" not in metric.help
        assert "\\" not in metric.help


def test_every_metric_is_told_in_the_documentation():
    page = (Path(__file__).resolve().parents[2] / "docs" / "run.md").read_text()
    told = [line for line in page.splitlines() if line.startswith("| `vigilog_")]
    assert told == [f"| `{metric.name}` | {metric.type} | {metric.help} |" for metric in METRICS]


@given(st.text(st.characters(exclude_categories=["Cs"])), st.floats(allow_nan=False))
def test_any_name_and_value_come_back_as_they_were(name, value):
    status = Status(version="1", process=1, started=value, now=0.0, triggers=(TriggerStatus(name, 3),))
    values = read(rendered(status))
    assert values["vigilog_trigger_events_total", ("trigger", name)] == 3
    assert math.isclose(values["vigilog_start_time_seconds",], value, rel_tol=0, abs_tol=0)


def test_a_file_name_that_is_not_utf_8_does_not_spoil_the_rest():
    name = b"file:/var/log/caf\xe9".decode("utf-8", "surrogateescape")
    values = read(rendered(Status(version="1", process=1, started=0.0, now=0.0, sources=(SourceStatus(name, "resumable", 3),))))
    assert values["vigilog_source_lines_total", ("source", "file:/var/log/caf\N{REPLACEMENT CHARACTER}")] == 3


# --- the server


@pytest.fixture(params=["127.0.0.1:0", "[::1]:0", "localhost:0"])
def server(request):
    metrics = Metrics(request.param)
    over = os.eventfd(0)

    def loop():
        poll = select.epoll()
        poll.register(metrics.fileno(), select.EPOLLIN)
        poll.register(over, select.EPOLLIN)
        while not any(descriptor == over for descriptor, _ in poll.poll(metrics.timeout())):
            metrics.serve(lambda: rendered(FULL))
        poll.close()

    thread = threading.Thread(target=loop)
    thread.start()
    yield "::1" if "::1" in request.param else "127.0.0.1", metrics.port
    os.eventfd_write(over, 1)
    thread.join()
    metrics.close()
    os.close(over)


def answer(server, request):
    with socket.create_connection(server, 20) as connection:
        connection.sendall(request)
        pieces = []
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def status(server, request):
    return int(answer(server, request).split(b" ")[1])


def test_a_client_of_http_gets_the_metrics_whole(server):
    host, port = server
    with urllib.request.urlopen(f"http://{f'[{host}]' if ':' in host else host}:{port}/metrics") as response:
        assert response.headers["Content-Type"] == CONTENT_TYPE
        assert response.read() == rendered(FULL)


def test_head_tells_the_length_without_the_metrics(server):
    connection = http.client.HTTPConnection(*server)
    connection.request("HEAD", "/metrics?x=1")
    response = connection.getresponse()
    assert (response.status, int(response.headers["Content-Length"]), response.read()) == (200, len(rendered(FULL)), b"")
    connection.close()


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"GET /metrics HTTP/1.0\n\n", 200),
        (b"GET http://127.0.0.1:9273/metrics HTTP/1.1\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\n\r\n", 404),
        (b"GET /metrics/../../etc/passwd HTTP/1.1\r\n\r\n", 404),
        (b"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 405),
        (b"OPTIONS * HTTP/1.1\r\n\r\n", 404),
        (b"GET /metrics\r\n\r\n", 400),
        (b"GET /metrics HTTP/2.0\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431),
    ],
)
def test_every_request_has_its_answer(server, request_, expected):
    assert status(server, request_) == expected


def test_a_method_that_is_not_there_is_told_those_that_are(server):
    assert b"\r\nAllow: GET, HEAD\r\n" in answer(server, b"DELETE /metrics HTTP/1.1\r\n\r\n")


def test_100_clients_that_dawdle_do_not_keep_prometheus_out(server):
    slow = [socket.create_connection(server) for _ in range(100)]
    for connection in slow:
        connection.send(b"GET /met")
    assert status(server, b"GET /metrics HTTP/1.1\r\n\r\n") == 200
    for connection in slow:
        connection.close()


def test_a_request_that_comes_a_byte_a_second_is_given_up_after_five():
    now = [1000.0]
    metrics = Metrics("127.0.0.1:0", lambda: now[0])
    with socket.create_connection(("127.0.0.1", metrics.port), 20) as connection:
        for byte in b"GET /m":
            connection.send(bytes([byte]))
            deadline = time.monotonic() + 5
            while not select.select([metrics.fileno()], [], [], 0)[0] and time.monotonic() < deadline:
                time.sleep(0.001)
            for _ in range(2):
                metrics.serve(lambda: b"")
            now[0] += 1
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")
    metrics.close()


@pytest.mark.parametrize("listen", ["0.0.0.0:9273", "192.0.2.1:9273", "[::]:9273", "9273", ":9273", "127.0.0.1", "127.0.0.1:x",
                                    "127.0.0.1:70000", "127.0.0.1:-1", "example.org:9273", ""])  # fmt: skip
def test_only_a_port_of_the_loopback_is_listened_at(listen):
    with pytest.raises(ConfigurationError, match="loopback"):
        Metrics(listen)


def test_a_port_that_is_taken_is_told():
    metrics = Metrics("127.0.0.1:0")
    with pytest.raises(ConfigurationError, match="Address already in use"):
        Metrics(f"127.0.0.1:{metrics.port}")
    metrics.close()


# --- the file


def test_the_file_is_there_whole_or_not_at_all_and_readable_by_everybody(tmp_path):
    path = tmp_path / "vigilog.prom"
    before = os.umask(0o077)
    try:
        written(str(path), b"a 1\n")
        first = path.stat().st_ino
        written(str(path), b"b 2\n")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"b 2\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert path.stat().st_ino != first
    assert os.listdir(tmp_path) == ["vigilog.prom"]


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_in_the_way_harms_no_file(tmp_path, link):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    path = tmp_path / "vigilog.prom"
    link(victim, f"{path}.{os.getpid()}")
    link(victim, path)
    written(str(path), b"a 1\n")
    assert (victim.read_bytes(), path.read_bytes()) == (b"precious", b"a 1\n")


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(StoreError, match=r"none/x\.prom: the metrics cannot be written: No such file"):
        written(str(tmp_path / "none" / "x.prom"), b"")
