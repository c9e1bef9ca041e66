"""control: one request, one answer, and nobody can hold up the daemon's loop."""

from __future__ import annotations

import json
import os
import select
import socket
import stat
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.watch.nobody import as_nobody, let_in, only_root
from vigilog.core.errors import AlreadyRunning, ConfigurationError, StoreError
from vigilog.run import connections
from vigilog.run.connection import in_pieces
from vigilog.run.control import Control, Deferred, NotAllowed, NotRunning, Refused, ask, encoded


class Daemon:
    """A loop like the daemon's in a thread of its own, which notes how long each turn took."""

    def __init__(self, path, handler):
        self.path = path
        self.control = Control(path)
        self.turns = []
        self.over = os.eventfd(0)
        self.thread = threading.Thread(target=self._run, args=[handler])
        self.thread.start()

    def _run(self, handler):
        poll = select.epoll()
        poll.register(self.control.fileno(), select.EPOLLIN)
        poll.register(self.over, select.EPOLLIN)
        while True:
            timeout = self.control.timeout()
            if any(descriptor == self.over for descriptor, _ in poll.poll(timeout)):
                break
            begun = time.monotonic()
            self.control.serve(handler)
            self.turns.append(time.monotonic() - begun)
        poll.close()
        self.control.close()
        os.close(self.over)

    def stop(self):
        os.eventfd_write(self.over, 1)
        self.thread.join()


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "run" / "control")


@pytest.fixture
def daemon(path):
    started = []

    def start(handler):
        started.append(Daemon(path, handler))
        return started[-1]

    yield start
    for each in started:
        each.stop()


def echo(command, arguments):
    return {"command": command, "arguments": arguments}


def connected(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(20)
    connection.connect(path)
    return connection


def everything(connection):
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


# --- asking and answering


def test_a_command_and_its_arguments_arrive_and_the_answer_comes_back(daemon, path):
    daemon(echo)
    answer = ask(path, "unban", address="192.0.2.7", all=False)
    assert answer == {"ok": True, "command": "unban", "arguments": {"address": "192.0.2.7", "all": False}}


def test_undecodable_bytes_of_log_text_go_there_and_back(daemon, path):
    daemon(echo)
    text = b"caf\xe9 \x1b[31m\n\0".decode("utf-8", "surrogateescape")
    assert ask(path, "x", text=text)["arguments"]["text"] == text


def test_what_the_handler_refuses_is_raised_where_it_was_asked_with_all_that_it_said(daemon, path):
    daemon(lambda _command, _arguments: {"ok": False, "error": "no", "mistakes": ["f:1: x"]})
    with pytest.raises(Refused, match=r"^no$") as caught:
        ask(path, "reload")
    assert caught.value.answer["mistakes"] == ["f:1: x"]


def test_an_error_that_the_handler_raises_is_the_answer(daemon, path):
    def handler(_command, _arguments):
        raise ConfigurationError("not an address", expected="an address")

    daemon(handler)
    with pytest.raises(Refused, match="not an address; expected an address"):
        ask(path, "unban")


@pytest.mark.parametrize("request_", [b"{\n", b"[]\n", b"\xff\n", b'{"command": 7}\n', b"{}\n", b"[" * 100_000 + b"\n"])
def test_what_is_no_request_is_told_so(daemon, path, request_):
    daemon(echo)
    with connected(path) as connection:
        connection.sendall(request_)
        answer = json.loads(everything(connection))
    assert answer["ok"] is False
    assert "command" in answer["error"]


def test_a_request_may_come_byte_by_byte_and_end_without_its_newline(daemon, path):
    daemon(echo)
    with connected(path) as connection:
        for byte in b'{"command": "x"}':
            connection.send(bytes([byte]))
        connection.shutdown(socket.SHUT_WR)
        assert json.loads(everything(connection))["command"] == "x"


def test_an_empty_connection_gets_no_answer_and_no_error(daemon, path):
    daemon(echo)
    with connected(path) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert everything(connection) == b""
    assert ask(path, "still there")["ok"]


def test_more_than_a_mebibyte_is_refused_in_words(daemon, path):
    daemon(echo)
    with pytest.raises(Refused, match="longer than 1 MiB"):
        ask(path, "x", text="x" * 3_000_000)
    assert ask(path, "x", text="x" * 1_000_000)["ok"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.text().filter(lambda key: key != "ok"), json_values, max_size=6))
def test_an_answer_in_pieces_is_the_same_json_on_one_line(answer):
    line = b"".join(encoded(answer))
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"ok": True, **answer}


@given(st.lists(st.text(max_size=3), max_size=2000))
def test_pieces_are_never_empty_and_lose_nothing(texts):
    pieces = list(in_pieces(iter(texts)))
    assert all(pieces)
    assert b"".join(pieces) == "".join(texts).encode()


# --- answers that come later


def test_a_deferred_answer_is_given_by_another_thread_while_others_are_served(daemon, path):
    waiting = Deferred()
    daemon(lambda command, arguments: waiting if command == "reload" else echo(command, arguments))
    got = []
    asking = threading.Thread(target=lambda: got.append(ask(path, "reload")))
    asking.start()
    assert ask(path, "status")["command"] == "status"
    assert got == []
    waiting.answer({"number": 1})
    waiting.answer({"number": 2})
    asking.join(10)
    assert got == [{"ok": True, "number": 1}]


def test_a_deferred_answer_may_be_known_before_it_is_given_back(daemon, path):
    known = Deferred()
    known.answer({"number": 1})
    daemon(lambda _command, _arguments: known)
    assert ask(path, "x")["number"] == 1


def test_who_asks_and_hangs_up_is_forgotten_and_a_late_answer_does_no_harm(daemon, path):
    waiting = Deferred()
    started = daemon(lambda command, arguments: waiting if command == "wait" else echo(command, arguments))
    with connected(path) as connection:
        connection.sendall(b'{"command": "wait"}\n')
        ask(path, "x")
    ask(path, "x")
    deadline = time.monotonic() + 10
    while started.control.timeout() is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert started.control.timeout() is None
    waiting.answer({})
    assert ask(path, "x")["ok"]


def test_who_waits_with_one_direction_closed_is_answered(daemon, path):
    waiting = Deferred()
    daemon(lambda command, arguments: waiting if command == "wait" else echo(command, arguments))
    with connected(path) as connection:
        connection.sendall(b'{"command": "wait"}\n')
        connection.shutdown(socket.SHUT_WR)
        ask(path, "x")
        waiting.answer({"late": True})
        assert json.loads(everything(connection))["late"]


def test_an_answer_after_the_end_does_no_harm(path):
    control = Control(path)
    waiting = Deferred()
    with connected(path) as connection:
        connection.sendall(b'{"command": "wait"}\n')
        control.serve(lambda _command, _arguments: waiting)
        control.serve(lambda _command, _arguments: waiting)
        control.close()
        waiting.answer({})


# --- nobody holds up the loop


def test_150_000_bans_go_to_a_slow_reader_in_short_turns_while_others_are_served(daemon, path):
    bans = [
        {"address": f"2001:db8:{number >> 8:x}:{number & 255:x}::/64", "since": 1.5e9, "until": None}
        for number in range(150_000)
    ]
    started = daemon(lambda command, arguments: {"bans": iter(bans)} if command == "bans" else echo(command, arguments))
    with connected(path) as connection:
        connection.sendall(b'{"command": "bans"}\n')
        first = connection.recv(1000)
        assert ask(path, "status")["command"] == "status"
        answer = json.loads(first + everything(connection))
    assert answer == {"ok": True, "bans": bans}
    # The machine is shared: nearly all turns are looked at, not the worst.
    assert sorted(started.turns)[int(len(started.turns) * 0.95)] < 0.05
    assert len(started.turns) > 50


def test_16_silent_clients_do_not_keep_the_17th_out(daemon, path):
    daemon(echo)
    silent = [connected(path) for _ in range(16)]
    for connection in silent[1:]:
        connection.send(b'{"comm')
    assert ask(path, "x")["ok"]
    for connection in silent:
        connection.close()


def test_when_16_wait_for_their_answers_the_17th_is_told_so(daemon, path):
    waiting = Deferred()
    daemon(lambda _command, _arguments: waiting)
    busy = [connected(path) for _ in range(16)]
    for connection in busy:
        connection.sendall(b'{"command": "wait"}\n')
    time.sleep(0.2)
    with pytest.raises(Refused, match="16 others"):
        ask(path, "x")
    waiting.answer({})
    assert all(json.loads(everything(connection))["ok"] for connection in busy)
    for connection in busy:
        connection.close()


@pytest.mark.parametrize(("sent", "answer", "after"), [(b'{"comm', b"took too long", 10.0), (b"", b"took too long", 10.0)])
def test_a_request_that_does_not_end_is_given_up(path, sent, answer, after):
    clock = Clock()
    control = Control(path, clock)
    with connected(path) as connection:
        connection.send(sent)
        control.serve(echo)
        control.serve(echo)
        assert control.timeout() == after
        clock.now += after
        assert control.timeout() == 0
        control.serve(echo)
        assert answer in everything(connection)
        clock.now += 3
        control.serve(echo)
        assert control.timeout() is None
    control.close()


def test_an_answer_that_nobody_takes_is_given_up_after_a_minute(path):
    clock = Clock()
    control = Control(path, clock)
    with connected(path) as connection:
        connection.send(b'{"command": "x"}\n')
        for _ in range(5):
            control.serve(lambda _command, _arguments: {"text": "x" * 5_000_000})
        assert control.timeout() == 60
        clock.now += 60
        control.serve(echo)
        assert control.timeout() is None
        assert len(everything(connection)) < 5_000_000
    control.close()


def test_a_command_without_an_answer_is_told_so_after_ten_minutes(path):
    clock = Clock()
    control = Control(path, clock)
    with connected(path) as connection:
        connection.send(b'{"command": "x"}\n')
        for _ in range(2):
            control.serve(lambda _command, _arguments: Deferred())
        assert control.timeout() == 600
        clock.now += 600
        control.serve(echo)
        assert b"took too long" in everything(connection)
    control.close()


def test_out_of_descriptors_the_loop_sleeps_and_goes_on_later(path, monkeypatch):
    clock = Clock()
    control = Control(path, clock)

    class Full:
        def __init__(self, listener):
            self.listener = listener
            self.fileno = listener.fileno
            self.close = listener.close

        def accept(self):
            raise OSError(24, "Too many open files")

    held = control._connections
    real = held._listener
    with connected(path) as connection:
        monkeypatch.setattr(held, "_listener", Full(real))
        control.serve(echo)
        assert select.select([control.fileno()], [], [], 0)[0] == []
        assert control.timeout() == connections._DEAF_SECONDS
        monkeypatch.setattr(held, "_listener", real)
        clock.now += 1
        connection.sendall(b'{"command": "x"}\n')
        for _ in range(3):
            control.serve(echo)
        assert json.loads(connection.recv(1000))["ok"]
    control.close()


def test_with_nothing_to_do_there_is_nothing_to_wait_for(path):
    control = Control(path)
    assert control.timeout() is None
    assert select.select([control.fileno()], [], [], 0)[0] == []
    control.close()


# --- whose socket it is


def test_the_socket_and_its_directory_are_the_owners(path):
    control = Control(path)
    assert stat.S_IMODE(os.lstat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.lstat(os.path.dirname(path)).st_mode) == 0o700
    assert os.listdir(os.path.dirname(path)) == ["control"]
    control.close()
    assert os.listdir(os.path.dirname(path)) == []


def test_the_socket_is_nobody_elses_from_its_first_moment_whatever_the_umask(path, monkeypatch):
    modes = []
    real = os.chmod

    def noting(name, mode):
        modes.append(os.lstat(name).st_mode & 0o777)
        real(name, mode)

    monkeypatch.setattr(os, "chmod", noting)
    before = os.umask(0)
    try:
        Control(path).close()
    finally:
        os.umask(before)
    assert modes == [0o600]


def test_what_a_killed_daemon_left_is_replaced(path):
    code = f"import os; from vigilog.run.control import Control; Control({path!r}); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code], check=False)
    left = os.lstat(path).st_ino
    with pytest.raises(NotRunning):
        ask(path, "x")
    control = Control(path)
    assert os.lstat(path).st_ino != left
    control.close()


def test_a_second_daemon_is_refused_and_the_first_goes_on(daemon, path):
    daemon(echo)
    with pytest.raises(AlreadyRunning):
        Control(path)
    assert ask(path, "x")["ok"]


def test_a_daemon_that_ends_leaves_the_socket_of_the_next_alone(path):
    first = Control(path)
    os.unlink(path)
    second = Control(path)
    first.close()
    assert os.path.exists(path)
    second.close()


@pytest.mark.parametrize("make", [lambda path: open(path, "w").close(), os.mkdir, lambda path: os.symlink("/dev/null", path)])
def test_something_else_in_its_place_stays_and_is_told(path, make):
    os.mkdir(os.path.dirname(path), 0o700)
    make(path)
    with pytest.raises(StoreError, match="something else than a socket"):
        Control(path)
    assert os.path.lexists(path)


def test_a_directory_that_others_may_write_in_is_refused(path):
    os.mkdir(os.path.dirname(path))
    os.chmod(os.path.dirname(path), 0o777)
    with pytest.raises(StoreError, match="others may write in it"):
        Control(path)


def test_a_path_too_long_for_a_socket_is_refused(tmp_path):
    with pytest.raises(StoreError, match="too long"):
        Control(str(tmp_path / ("x" * 120)))


@only_root
def test_another_user_gets_no_answer_even_if_the_modes_were_opened(daemon, path, tmp_path):
    handled = []

    def handler(command, arguments):
        handled.append(command)
        return arguments

    daemon(handler)

    def closed():
        with pytest.raises(NotAllowed):
            ask(path, "x")

    def ignored():
        with pytest.raises(NotRunning):
            ask(path, "x")

    let_in(tmp_path)
    os.chmod(os.path.dirname(path), 0o755)
    as_nobody(closed)
    os.chmod(path, 0o666)
    as_nobody(ignored)
    assert handled == []
    assert ask(path, "x")["ok"]
    assert handled == ["x"]


# --- the asking side


def test_without_a_daemon_the_error_says_what_to_do(tmp_path):
    with pytest.raises(NotRunning, match="systemctl start vigilog"):
        ask(str(tmp_path / "none"), "status")


def test_a_daemon_that_hangs_is_told_from_one_that_answers(path):
    control = Control(path)
    with pytest.raises(NotRunning, match=r"no answer for 0\.2 s"):
        ask(path, "status", patience=0.2)
    control.close()


@pytest.mark.parametrize(
    ("answer", "told"), [(b"", "ended while"), (b'{"ok": tr', "ended while"), (b"220 ftp\n", "something else")]
)
def test_half_an_answer_is_none(tmp_path, answer, told):
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def answering():
            connection, _ = listener.accept()
            with connection:
                connection.recv(100)
                connection.sendall(answer)

        thread = threading.Thread(target=answering)
        thread.start()
        with pytest.raises(NotRunning, match=told):
            ask(path, "status")
        thread.join()
