"""Syslog sockets: what real senders send, what hostile ones send, and that nothing is lost or doubled."""

from __future__ import annotations

import os
import re
import socket
import stat
import struct
import subprocess
import threading
import time

import pytest

from tests.watch.reader import noon
from tests.watch.watching import Watching, texts
from vigilog.core.errors import ConfigurationError, SourceError
from vigilog.core.nouns import Chunk
from vigilog.watch import connections, datagrams, framing
from vigilog.watch.live import Live
from vigilog.watch.options import Options
from vigilog.watch.records import LIMIT

ADDRESSES = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


def free_port(kind, address="127.0.0.1"):
    with socket.socket(ADDRESSES[address], kind) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


@pytest.fixture
def udp():
    return free_port(socket.SOCK_DGRAM)


@pytest.fixture
def tcp():
    return free_port(socket.SOCK_STREAM)


def run(*command, **more):
    subprocess.run([str(part) for part in command], check=True, timeout=60, **more)


def connected(port, address="127.0.0.1"):
    return socket.create_connection((address, port))


def facts(seen):
    return [dict(item.facts) for item in seen.items if isinstance(item, Chunk)]


# --- real senders


@pytest.mark.peer
@pytest.mark.parametrize("form", ["--rfc3164", "--rfc5424"])
def test_the_real_logger_over_a_local_socket(tmp_path, need, form):
    need("logger")
    with Watching(f"syslog:unix:{tmp_path}/log") as seen:
        for text in ("Failed password", "caf\N{LATIN SMALL LETTER E WITH ACUTE}", "$(reboot) \x1b[31m"):
            run("logger", "--socket", tmp_path / "log", form, "--tag", "sshd", "--id=12", "-p", "auth.info", text)
        seen.until(lambda: len(seen.records) == 3)
        here = socket.gethostname()
        for record, text in zip(seen.records, ("Failed password", "café", "$(reboot) \x1b[31m"), strict=True):
            assert re.fullmatch(rf"\S+( \S+ \S+)? {here} sshd\[12\]: {re.escape(text)}".encode(), record)
        assert facts(seen)[0] == {"facility": "auth", "severity": "info"}


@pytest.mark.peer
@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "options", [["--udp"], ["--tcp"], ["--tcp", "--octet-count"]], ids=["datagrams", "newlines", "counted"]
)
@pytest.mark.parametrize("form", ["--rfc3164", "--rfc5424"])
def test_the_real_logger_over_the_network(need, address, options, form):
    need("logger")
    kind = "udp" if options == ["--udp"] else "tcp"
    port = free_port(socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM, address)
    shown = f"[{address}]" if ":" in address else address
    lines = b"".join(b"message %03d\n" % number for number in range(200))
    with Watching(f"syslog:{kind}:{shown}:{port}") as seen:
        run("logger", "--server", address, "--port", port, *options, form, "--tag", "app", "-p", "local0.err", input=lines)
        seen.until(lambda: len(seen.records) == 200)
        ends = [re.sub(rb".* app: ", b"", record) for record in seen.records]
        assert ends == lines.splitlines()
        assert facts(seen)[0] == {"peer": address, "facility": "local0", "severity": "err"}


class Rsyslog:
    """A real rsyslog that reads a local socket and forwards what comes over TCP."""

    def __init__(self, directory, port, framing):
        self.path = directory / "in"
        configuration = directory / "rsyslog.conf"
        configuration.write_text(
            f'module(load="imuxsock" SysSock.Use="off")\n'
            f'input(type="imuxsock" Socket="{self.path}" CreatePath="off" RateLimit.Interval="0" UseSpecialParser="on")\n'
            f'global(workDirectory="{directory}")\n'
            f'template(name="t" type="string" string="<%PRI%>%TIMESTAMP% %HOSTNAME% %syslogtag%%msg%")\n'
            f'action(type="omfwd" Target="127.0.0.1" Port="{port}" Protocol="tcp" TCP_Framing="{framing}" template="t"\n'
            f'  queue.type="LinkedList" queue.size="200000" action.resumeRetryCount="-1" action.resumeInterval="1")\n'
        )
        self.process = subprocess.Popen(
            ["/usr/sbin/rsyslogd", "-n", "-f", configuration, "-i", directory / "pid"], stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 10
        while not self.path.exists():
            assert time.monotonic() < end
            time.sleep(0.05)

    def send(self, count, first=0):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.connect(str(self.path))
            for number in range(first, first + count):
                sender.send(b"<38>Nov 20 08:30:00 app[7]: message %06d end" % number)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


@pytest.mark.peer
@pytest.mark.parametrize("way", ["traditional", "octet-counted"])
def test_one_hundred_thousand_messages_of_a_real_rsyslog_while_the_sources_are_replaced(tmp_path, need, tcp, way):
    need("rsyslogd")
    most = 100_000
    spec = f"syslog:tcp:127.0.0.1:{tcp}"
    with Watching(spec) as seen:
        rsyslog = Rsyslog(tmp_path, tcp, way)
        sending = threading.Thread(target=rsyslog.send, args=(most,))
        sending.start()
        others = [[spec], [spec, str(tmp_path / "log")], [f"syslog:unix:{tmp_path}/other", spec]]
        turns = 0
        end = time.monotonic() + 60
        while len(seen.readers.get(spec, seen).records) < most:
            assert time.monotonic() < end, len(seen.records)
            seen.turn(0.2)
            turns += 1
            if turns % 5 == 0:
                seen.live.replace(others[turns % 3])
        sending.join()
        rsyslog.stop()
        seen.settle()
        numbers = [int(record.split()[-2]) for record in seen.readers[spec].records]
        assert sorted(numbers) == list(range(most))
        assert seen.readers[spec].records[0].endswith(b" app[7]: message 000000 end")
        assert seen.kinds() in ([], ["missing"])
        assert turns > 50


@pytest.mark.peer
def test_one_hundred_thousand_messages_of_the_real_logger_while_the_sources_are_replaced(tmp_path, need, tcp):
    need("logger")
    most = 100_000
    spec = f"syslog:tcp:127.0.0.1:{tcp}"
    lines = tmp_path / "lines"
    lines.write_bytes(b"".join(b"message %06d end\n" % number for number in range(most)))
    with Watching(spec) as seen, lines.open("rb") as file:
        command = ["logger", "--server", "127.0.0.1", "--port", str(tcp), "--tcp", "--rfc3164", "--tag", "app"]
        with subprocess.Popen(command, stdin=file) as logger:
            turns = 0
            while logger.poll() is None or len(seen.records) < most:
                seen.turn(0.2)
                turns += 1
                if turns % 5 == 0:
                    seen.live.replace([spec, str(tmp_path / "log")] if turns % 2 else [spec])
                assert turns < 100_000
        numbers = [int(record.split()[-2]) for record in seen.readers[spec].records]
        assert numbers == list(range(most))


@pytest.mark.peer
def test_socat_without_any_form(need, tcp, udp):
    need("socat")
    with Watching(f"syslog:tcp:127.0.0.1:{tcp}", f"syslog:udp:127.0.0.1:{udp}") as seen:
        run("socat", "-u", "-", f"TCP:127.0.0.1:{tcp}", input=b"one\n15 apples\nlast")
        seen.until(lambda: len(seen.records) == 3)
        run("socat", "-u", "-", f"UDP:127.0.0.1:{udp}", input=b"two\nlines\n")
        seen.until(lambda: len(seen.records) == 4)
        ends = [record.split(b" 127.0.0.1 ")[1] for record in seen.records]
        assert ends == [b"one", b"15 apples", b"last", b"two#012lines"]


# --- local sockets


def test_a_local_socket_is_for_everybody_and_goes_when_it_is_closed(tmp_path):
    path = tmp_path / "log"
    with Watching(f"syslog:unix:{path}"):
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert stat.S_IMODE(path.stat().st_mode) == 0o666
    assert not path.exists()


def test_a_socket_that_nobody_listens_to_is_replaced(tmp_path):
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as gone:
        gone.bind(str(path))
    with Watching(f"syslog:unix:{path}") as seen, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"<38>Nov 20 08:30:00 app: x", str(path))
        seen.until(lambda: len(seen.records) == 1)


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_socket_that_somebody_listens_to_is_left_to_them(tmp_path, kind):
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, kind) as other:
        other.bind(str(path))
        if kind == socket.SOCK_STREAM:
            other.listen()
        with pytest.raises(SourceError, match="another program receives messages"):
            Live([f"syslog:unix:{path}"], Options(clock=noon))
        assert path.exists()


@pytest.mark.parametrize(
    "make", [lambda path: path.write_text("x"), lambda path: path.symlink_to("/dev/null"), lambda path: path.mkdir()]
)
def test_what_is_no_socket_is_not_replaced(tmp_path, make):
    path = tmp_path / "log"
    make(path)
    with pytest.raises(SourceError, match="expected a socket"):
        Live([f"syslog:unix:{path}"], Options(clock=noon))
    assert os.path.lexists(path)


def test_closing_leaves_a_socket_that_is_somebody_elses_by_now(tmp_path):
    path = tmp_path / "log"
    with Watching(f"syslog:unix:{path}"), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        path.unlink()
        other.bind(str(path))
    assert path.exists()


# --- what is in both sets stays; what cannot be had changes nothing


def test_a_connection_with_half_a_message_survives_a_replacement(tmp_path, tcp):
    spec = f"syslog:tcp:127.0.0.1:{tcp}"
    with Watching(spec) as seen, connected(tcp) as sender:
        sender.sendall(b"<38>Nov 20 08:30:00 gate app: on")
        time.sleep(0.1)
        seen.settle()
        seen.live.replace([f"syslog:unix:{tmp_path}/log", spec])
        sender.sendall(b"e\n")
        seen.until(lambda: bool(seen.records))
        assert seen.records == [b"Nov 20 08:30:00 gate app: one"]


def test_a_set_with_a_source_that_cannot_be_had_changes_nothing(tmp_path, tcp, udp):
    spec = f"syslog:tcp:127.0.0.1:{tcp}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other, Watching(spec) as seen:
        other.bind(("127.0.0.1", udp))
        new = f"syslog:unix:{tmp_path}/log"
        with pytest.raises(SourceError, match="Address already in use"):
            seen.live.replace([new, f"syslog:udp:127.0.0.1:{udp}"])
        assert not (tmp_path / "log").exists()
        with connected(tcp) as sender:
            sender.sendall(b"<38>Nov 20 08:30:00 gate app: one\n")
        seen.until(lambda: bool(seen.records))
        assert seen.live.names == (spec,)


@pytest.mark.parametrize(
    "spec",
    [
        "syslog:", "syslog:unix:", "syslog:unix:log", "syslog:udp:514", "syslog:udp:127.0.0.1", "syslog:udp:127.0.0.1:0",
        "syslog:tcp:127.0.0.1:70000", "syslog:tcp:localhost:514", "syslog:tcp:::1:514", "syslog:tls:127.0.0.1:514",
        "syslog:tcp:127.0.0.1:x", "syslog:tcp:[127.0.0.1]:514",
    ],
)  # fmt: skip
def test_what_is_no_address_is_a_mistake_in_the_configuration(spec):
    with pytest.raises(ConfigurationError, match="expected"):
        Live([spec], Options(clock=noon))


# --- TCP


def test_what_is_received_when_it_is_drained_is_read(tcp):
    spec = f"syslog:tcp:127.0.0.1:{tcp}"
    with Watching(spec) as seen:
        senders = [connected(tcp) for _ in range(20)]
        for number, sender in enumerate(senders):
            sender.sendall(b"<38>Nov 20 08:30:00 gate app: %d\n" % number * 1000 + b"<38>half")
        time.sleep(0.2)
        while sources := seen.live.drain():
            for source in sources:
                for item in source.read(None):
                    seen.items.append(item)
        assert sum(item.data.count(b"\n") for item in seen.items if isinstance(item, Chunk)) == 20_000
        for sender in senders:
            sender.close()


def test_an_unfinished_message_is_one_at_a_clean_end_but_not_if_it_was_counted_or_the_sender_broke_off(tcp):
    with Watching(f"syslog:tcp:127.0.0.1:{tcp}") as seen:
        with connected(tcp) as sender:
            sender.sendall(b"<38>Nov 20 08:30:00 gate app: from 10.0.0.12")
        seen.until(lambda: bool(seen.records))
        with connected(tcp) as sender:
            sender.sendall(b"50 <38>Nov 20 08:30:00 gate app: from 10.0.0.1")
        seen.until(lambda: len(seen.notices) == 1)
        with connected(tcp) as sender:
            sender.sendall(b"<38>Nov 20 08:30:00 gate app: from 10.0.0.1")
            time.sleep(0.1)
            seen.settle()
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        seen.until(lambda: len(seen.notices) == 2)
        assert seen.records == [b"Nov 20 08:30:00 gate app: from 10.0.0.12"]
        assert all("of an unfinished message from 127.0.0.1 are lost" in text for text in texts(seen.notices))


def test_a_long_message_travels_in_pieces_that_nothing_comes_between(tcp):
    with Watching(f"syslog:tcp:127.0.0.1:{tcp}") as seen, connected(tcp) as one, connected(tcp) as two:
        long = b"<38>Nov 20 08:30:00 gate app: " + b"x\0" * (2 * LIMIT)
        sending = threading.Thread(target=one.sendall, args=(b"%d %s<38>after\n" % (len(long), long),))
        sending.start()
        for number in range(200):
            two.sendall(b"<38>Nov 20 08:30:00 gate other: %d\n" % number)
            seen.turn(0.01)
        seen.until(lambda: len(seen.records) == 202)
        sending.join()
        (found,) = [record for record in seen.records if b"xx" in record[:60] or b"#000" in record[:60]]
        assert found == b"Nov 20 08:30:00 gate app: " + b"x#000" * (2 * LIMIT - 1) + b"x"
        assert len([record for record in seen.records if b"other: " in record]) == 200
        assert seen.kinds() == ["long"]
        assert max(len(item.data) for item in seen.items if isinstance(item, Chunk)) <= LIMIT + 1


def test_one_that_is_endless_is_cut_and_said(tcp, monkeypatch):
    monkeypatch.setattr(framing, "MOST", 100_000)
    with Watching(f"syslog:tcp:127.0.0.1:{tcp}") as seen, connected(tcp) as sender:
        sending = threading.Thread(target=sender.sendall, args=(b"<38>" + b"x" * 5_000_000 + b"\n<38>after\n",))
        sending.start()
        seen.until(lambda: len(seen.records) == 2)
        sending.join()
        assert len(seen.records[0]) < 101_000
        assert seen.records[1].endswith(b" after")
        assert seen.kinds() == ["lost"]


def test_unfinished_messages_of_many_senders_do_not_fill_the_memory(tcp, monkeypatch):
    monkeypatch.setattr(connections, "MOST_HELD", 1_000_000)
    with Watching(f"syslog:tcp:127.0.0.1:{tcp}") as seen:
        senders = [connected(tcp) for _ in range(20)]
        for sender in senders:
            sender.sendall(b"<38>" + b"x" * 100_000)
            seen.settle()
        (source,) = seen.live._flows.values()
        assert isinstance(source, connections.Connections)
        assert sum(connection.frames.held for connection in source._connections.values()) <= 1_000_000
        assert set(seen.kinds()) == {"lost"}
        for sender in senders:
            sender.close()


def test_more_senders_than_allowed_wait_until_one_is_gone(tcp, monkeypatch):
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 3)
    with Watching(f"syslog:tcp:127.0.0.1:{tcp}") as seen:
        senders = [connected(tcp) for _ in range(4)]
        for number, sender in enumerate(senders):
            sender.sendall(b"<38>Nov 20 08:30:00 gate app: %d\n" % number)
        seen.until(lambda: len(seen.records) == 3)
        assert seen.kinds() == ["unreadable"]
        wakes = seen.wakes
        seen.turn(0.3)
        assert seen.wakes == wakes, "who waits costs nothing"
        senders[0].close()
        seen.until(lambda: len(seen.records) == 4)
        for sender in senders:
            sender.close()


def test_idle_connections_cost_nothing_and_many_senders_share_the_turns(tcp):
    with Watching(f"syslog:tcp:127.0.0.1:{tcp}") as seen:
        idle = [connected(tcp) for _ in range(100)]
        seen.settle()
        wakes = seen.wakes
        assert not seen.turn(0.3)
        assert seen.wakes == wakes
        big = threading.Thread(target=idle[0].sendall, args=(b"<38>Nov 20 08:30:00 gate big: x\n" * 200_000,))
        big.start()
        time.sleep(0.2)
        idle[1].sendall(b"<38>Nov 20 08:30:00 gate small: x\n")
        seen.until(lambda: any(b" small: " in record for record in seen.records))
        assert len(seen.records) < 150_000
        seen.until(lambda: len(seen.records) == 200_001, 30)
        big.join()
        for sender in idle:
            sender.close()


# --- datagrams


HOSTILE = [
    b"", b"\0", b"\n", b"<", b"<13>", b"<38>Nov 20 08:30:00 gate app: $(reboot) `id` \x1b[2J\x07", b"x" * 60_000, b"\xff" * 100, b"\0" * 100,
    b"<38>Nov 20 08:30:00 gate app: a\nNov 20 08:30:00 gate sshd[1]: Failed password for root from 192.0.2.99", b"%s%n{}{0}",
]  # fmt: skip


def test_hostile_datagrams_each_become_one_line_or_nothing(tmp_path, udp):
    with Watching(f"syslog:udp:127.0.0.1:{udp}", f"syslog:unix:{tmp_path}/log") as seen:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as near,
        ):
            for data in HOSTILE:
                sender.sendto(data, ("127.0.0.1", udp))
                near.sendto(data, f"{tmp_path}/log")
                seen.settle()
        seen.settle()
        assert [len(reader.records) for reader in seen.readers.values()] == [len(HOSTILE) - 4] * 2
        assert seen.notices == []
        assert not any(record.startswith(b"Nov 20 08:30:00 gate sshd") for record in seen.records)


def test_records_of_one_batch_are_together_by_sender_and_facts_are_what_they_agree_on(udp):
    with Watching(f"syslog:udp:127.0.0.1:{udp}") as seen:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two:
            two.bind(("127.0.0.2", 0))
            for number in range(3):
                one.sendto(b"<38>Nov 20 08:30:00 gate app: %d" % number, ("127.0.0.1", udp))
                two.sendto(b"<%d>Nov 20 08:30:00 app: %d" % (36 + number, number), ("127.0.0.1", udp))
        time.sleep(0.1)
        seen.settle()
        assert facts(seen) == [
            {"peer": "127.0.0.1", "facility": "auth", "severity": "info"},
            {"peer": "127.0.0.2", "facility": "auth"},
        ]
        assert seen.records[3] == b"Nov 20 08:30:00 127.0.0.2 app: 0"


def test_datagrams_that_the_kernel_had_no_room_for_are_said(udp, monkeypatch):
    monkeypatch.setattr(datagrams, "_BUFFER", 10_000)
    with Watching(f"syslog:udp:127.0.0.1:{udp}") as seen:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(500):
                sender.sendto(b"<38>Nov 20 08:30:00 gate app: %d" % number, ("127.0.0.1", udp))
            time.sleep(0.1)
            seen.settle()
            sender.sendto(b"<38>Nov 20 08:30:00 gate app: last", ("127.0.0.1", udp))
            time.sleep(0.1)
            seen.settle()
        (notice,) = seen.notices
        assert notice.kind == "lost"
        assert f" {501 - len(seen.records)} datagrams came faster" in notice.text
        assert seen.records[-1].endswith(b"last")


def test_what_was_received_is_given_even_if_the_reading_was_broken_off(udp):
    live = Live([f"syslog:udp:127.0.0.1:{udp}"], Options(clock=noon))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two:
        two.bind(("127.0.0.2", 0))
        one.sendto(b"<38>one", ("127.0.0.1", udp))
        two.sendto(b"<38>two", ("127.0.0.1", udp))
    time.sleep(0.1)
    (source,) = live.ready()
    first = next(iter(source.read(None)))
    assert live.timeout() == 0
    (source,) = live.ready()
    (second,) = source.read(None)
    assert isinstance(first, Chunk)
    assert isinstance(second, Chunk)
    assert [first.data[-4:], second.data[-4:]] == [b"one\n", b"two\n"]
    live.close()


def test_who_never_stops_sending_is_not_drained_for_ever(tcp, monkeypatch):
    from vigilog.watch import live

    monkeypatch.setattr(live, "_LONGEST_DRAIN", 0.5)
    with Watching(f"syslog:tcp:127.0.0.1:{tcp}") as seen, connected(tcp) as sender:
        seen.settle()
        stopped = threading.Event()

        def send():
            while not stopped.is_set():
                try:
                    sender.sendall(b"<38>Nov 20 08:30:00 gate app: x\n" * 1000)
                except OSError:
                    return

        sending = threading.Thread(target=send)
        sending.start()
        begun = time.monotonic()
        while (sources := seen.live.drain()) or time.monotonic() < begun + 0.1:
            for source in sources:
                list(source.read(None))
        assert time.monotonic() < begun + 3
        stopped.set()
        seen.live.close()
        sending.join()
