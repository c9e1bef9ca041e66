"""blackbox run: the program never waits for Vigilog and lives without it; signals, statuses and what it inherits pass through."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from functools import partial

import pytest

from tests.blackbox.around import alive, around, python
from tests.watchman.running import SYSTEM_PATH, installed

HUNDRED_MEGABYTES = (
    "import os, sys, time\n"
    "while not os.path.exists(sys.argv[1] + '.go'): time.sleep(0.02)\n"
    "lines = (b'x' * 99 + b'\\n') * 1000\n"
    "for number in range(1000): os.write(1 + number % 2, lines)\n"
    "open(sys.argv[1], 'w').close()\n"
)
TICKS = "import sys, time\nwhile True: print('tick', flush=True); time.sleep(0.02)\n"


@pytest.fixture
def run(tmp_path):
    """A function that runs a program to its end and gives what came of it."""

    def go(*words, **options):
        with around(tmp_path, *words, **options) as it:
            it.ended()
            return it

    return go


def text(block):
    return b"\n".join(message.text for message in block.messages).decode()


def test_vigilog_stopped_for_ten_seconds_while_the_child_writes_100_megabytes(tmp_path):
    done = tmp_path / "done"
    with around(tmp_path, "--pass", "none", "--", *python(HUNDRED_MEGABYTES), done) as it:
        it.begun()
        it.process.send_signal(signal.SIGSTOP)
        begun = time.monotonic()
        (tmp_path / "done.go").touch()
        it.until(done.exists, 10)
        time.sleep(max(0.0, 10 - (time.monotonic() - begun)))
        it.process.send_signal(signal.SIGCONT)
        assert it.ended() == 0
        assert "bytes of output were not looked at" in it.said()
        assert it.blocks() == []


def test_what_vigilog_could_not_keep_up_with_is_said_in_the_block(tmp_path):
    done = tmp_path / "done"
    code = HUNDRED_MEGABYTES + "time.sleep(1)\nprint('LAST WORDS', flush=True); os.abort()"
    with around(tmp_path, "--pass", "none", "--", *python(code), done) as it:
        it.begun()
        it.process.send_signal(signal.SIGSTOP)
        (tmp_path / "done.go").touch()
        it.until(done.exists)
        it.process.send_signal(signal.SIGCONT)
        assert it.ended() == -signal.SIGABRT
        (block,) = it.blocks()
    assert "Vigilog was not fast enough" in text(block)
    assert "LAST WORDS" in text(block)


def test_a_reader_of_the_ordinary_log_who_does_not_read_holds_up_nobody(tmp_path):
    done = tmp_path / "done"
    (tmp_path / "done.go").touch()
    reads, writes = os.pipe()
    try:
        with around(tmp_path, "--", *python(HUNDRED_MEGABYTES), done, stdout=writes, stderr=writes) as it:
            assert it.ended() == 0
        assert done.exists()
    finally:
        os.close(reads)
        os.close(writes)


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_a_drain_that_is_gone_is_replaced_and_the_program_goes_on(tmp_path, how):
    done = tmp_path / "done"
    with around(tmp_path, "--pass", "none", "--", *python(HUNDRED_MEGABYTES), done) as it:
        it.begun()
        first = it.drain()
        os.kill(first, signal.SIGKILL if how == "killed" else signal.SIGSTOP)
        (tmp_path / "done.go").touch()
        it.until(done.exists)
        assert it.ended() == 0
        assert "had to be replaced" in it.said()
        assert not alive(first)


def test_a_program_that_lost_all_of_vigilog_goes_on(tmp_path):
    code = "import time\nfrom contextlib import suppress\nfor n in range(10**6):\n with suppress(OSError): print('x' * 100, flush=True)\n"
    code += f" open({str(tmp_path / 'at')!r}, 'w').write(str(n)); time.sleep(0.001)"
    with around(tmp_path, "--", *python(code)) as it:
        it.until((tmp_path / "at").exists)
        program, drain = it.child(), it.drain()
        os.kill(drain, signal.SIGSTOP)
        it.process.kill()
        it.process.wait()
        os.kill(drain, signal.SIGKILL)
        it.until(lambda: not alive(drain))
        before = int((tmp_path / "at").read_text() or 0)
        it.until(lambda: int((tmp_path / "at").read_text() or 0) > before + 100)
        assert alive(program)
        os.kill(program, signal.SIGKILL)


def test_the_drain_ends_when_nobody_can_write_any_more(tmp_path):
    with around(tmp_path, "--", "sleep", "60") as it:
        it.begun()
        program, drain = it.child(), it.drain()
        it.process.kill()
        it.process.wait()
        time.sleep(0.1)
        assert alive(drain)
        os.kill(program, signal.SIGKILL)
        it.until(lambda: not alive(drain))


@pytest.mark.parametrize("status", [0, 1, 7, 255])
def test_the_exit_status_passes_through(run, status):
    assert run("--", "sh", "-c", f"exit {status}").process.returncode == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGHUP, signal.SIGRTMIN + 3])
def test_a_program_that_a_signal_ended_ends_vigilog_by_the_same(run, number):
    it = run("--", "sh", "-c", f"kill -{int(number)} $$")
    assert it.process.returncode == -number
    (block,) = it.blocks()
    assert (block.kind, block.value("Signal")) == ("UNTIMELY DEATH", str(int(number)))


def test_a_program_that_is_not_there_or_cannot_be_run(run, tmp_path):
    assert run("--", "no-such-program-anywhere").process.returncode == 127
    (tmp_path / "not-runnable").write_text("")
    it = run("--", tmp_path / "not-runnable")
    assert it.process.returncode == 126
    assert "Permission denied" in it.said()


HEARS = (
    "import signal, sys\n"
    "for number in sys.argv[1:]: signal.signal(int(number), lambda number, _: print('heard', int(number), flush=True))\n"
    "print('ready', flush=True)\n"
    "while True: signal.pause()\n"
)


def test_signals_pass_through(tmp_path):
    names = ("HUP", "INT", "QUIT", "USR1", "USR2", "WINCH", "ALRM", "TERM", "ABRT", "PWR")
    numbers = [getattr(signal, f"SIG{name}") for name in names] + [signal.SIGRTMIN + 1]
    with around(tmp_path, "--", *python(HEARS), *map(int, numbers)) as it:
        it.until(lambda: "ready" in it.said())

        def heard(number):
            return f"heard {int(number)}\n" in it.said()

        for number in numbers:
            it.process.send_signal(number)
            it.until(partial(heard, number))
        for number in numbers:
            assert it.said().count(f"heard {int(number)}\n") == 1
        os.kill(it.child(), signal.SIGKILL)
        assert it.ended() == -signal.SIGKILL


def test_a_stop_that_was_asked_for_is_no_death(tmp_path):
    with around(tmp_path, "--", *python(TICKS)) as it:
        it.until(lambda: "tick" in it.said())
        it.process.terminate()
        assert it.ended() == -signal.SIGTERM
        assert it.blocks() == []


def test_a_stop_that_ends_in_a_fault_is_a_death(tmp_path):
    code = "import os, signal\nsignal.signal(signal.SIGTERM, lambda *_: os.abort())\nprint('ready', flush=True)\nsignal.pause()"
    with around(tmp_path, "--", *python(code)) as it:
        it.until(lambda: "ready" in it.said())
        it.process.terminate()
        assert it.ended() == -signal.SIGABRT
        assert [block.kind for block in it.blocks()] == ["UNTIMELY DEATH"]


def test_a_program_that_fails_by_itself_has_its_last_words_written(run):
    it = run("--pass", "none", "--service", "shop", "--", "sh", "-c", "echo one; echo two >&2; exit 3")
    (block,) = it.blocks()
    assert (block.value("Service"), block.value("Exit-Status")) == ("shop", "3")
    assert [message.text.rpartition(b" ")[2] for message in block.messages] in ([b"one", b"two"], [b"two", b"one"])
    assert it.said() == ""


def test_standard_input_is_the_programs(run, tmp_path):
    (tmp_path / "input").write_text("from above\n")
    with (tmp_path / "input").open() as file:
        assert run("--", "cat", stdin=file).said() == "from above\n"


def test_each_output_goes_to_where_it_went(tmp_path):
    command = [installed(), "blackbox", "run", "--file", tmp_path / "blocks", "--", "sh", "-c", "echo out; echo err >&2"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60, stdin=subprocess.DEVNULL)
    assert (done.stdout, done.stderr) == (b"out\n", b"err\n")


def test_the_order_of_both_outputs_is_kept_where_they_are_one(run):
    it = run("--", "sh", "-c", "for n in 1 2 3 4 5 6 7 8 9; do echo out$n; echo err$n >&2; done")
    assert it.said().split() == [f"{name}{number}" for number in range(1, 10) for name in ("out", "err")]


def test_bytes_pass_as_they_are_also_without_a_newline(tmp_path):
    data = bytes(range(256)) * 3000 + b"no newline at the end"
    (tmp_path / "data").write_bytes(data)
    with around(tmp_path, "--", "cat", tmp_path / "data") as it:
        assert it.ended() == 0
        assert it.log.read_bytes() == data


def test_all_that_is_written_passes_where_there_is_room(tmp_path):
    count = 200_000
    with around(tmp_path, "--drain-size", "64M", "--", "seq", count) as it:
        assert it.ended() == 0
        assert it.said() == "".join(f"{number}\n" for number in range(1, count + 1))


def test_what_passes_into_the_ordinary_log(run, tmp_path):
    lines = "printf '<7>detail\\n<6>news\\n<3>trouble\\nplain\\n'"

    def passed(*options):
        (tmp_path / "log").unlink(missing_ok=True)
        return run(*options, "--", "sh", "-c", lines).said().split()

    assert passed("--pass", "all") == ["<7>detail", "<6>news", "<3>trouble", "plain"]
    assert passed("--pass", "info") == ["<6>news", "<3>trouble", "plain"]
    assert passed("--pass", "err") == ["<3>trouble"]
    assert passed("--pass", "none") == []
    assert passed("--pass", "none", "--also", "^p") == ["plain"]
    assert passed("--pass", "info", "--also", "detail", "--hold", "news$") == ["<7>detail", "<3>trouble", "plain"]
    assert passed("--hold", "trouble") == ["<7>detail", "<6>news", "plain"]


def test_the_ordinary_log_can_be_a_file(run, tmp_path):
    it = run("--log", tmp_path / "ordinary", "--", "echo", "to the file")
    assert it.said() == ""
    assert (tmp_path / "ordinary").read_text() == "to the file\n"
    assert (tmp_path / "ordinary").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("way", ["create", "nocreate"])
def test_the_ordinary_log_goes_on_in_a_new_file_after_a_rotation(tmp_path, way):
    log, old = tmp_path / "ordinary", tmp_path / "ordinary.1"
    with around(tmp_path, "--log", log, "--", *python(TICKS)) as it:
        it.until(lambda: log.exists() and log.stat().st_size)
        log.rename(old)
        if way == "create":
            log.touch(0o640)
        it.until(lambda: log.exists() and log.stat().st_size)
        it.process.send_signal(signal.SIGTERM)
        it.ended()
        assert set((old.read_text() + log.read_text()).splitlines()) == {"tick"}
        assert log.stat().st_mode & 0o777 == (0o640 if way == "create" else 0o600)


def test_a_link_is_no_ordinary_log(run, tmp_path):
    (tmp_path / "ordinary").symlink_to(tmp_path / "elsewhere")
    it = run("--log", tmp_path / "ordinary", "--", "echo")
    assert it.process.returncode == 78
    assert "cannot be written" in it.said()
    assert not (tmp_path / "elsewhere").exists()


def test_sessions_are_kept_apart_by_a_pattern_and_their_header_is_filled_by_patterns(run):
    lines = ["[a] from 192.0.2.1", "[b] from 192.0.2.2", "[a] user anna", "[b] user bert", "of nobody", "[b] one", "[a] two"]
    lines += ["[a] REFUSED anna", "[b] three", "[a] after", "[b] bye", "[b] REFUSED again"]
    it = run(
        *("--session", r"^\[(?P<session>\w)\]", "--field", "from (?P<client_address>[0-9.]+)$"),
        *(
            "--field",
            r"^\[\w\] user (?P<attempted_user>.*)$",
            "--criterion",
            "failed login=REFUSED (?P<reason>.*)",
            "--end",
            "bye$",
        ),
        *("--", "printf", "%s\\n", *lines),
    )
    first, second = it.blocks()
    assert [message.text.partition(b"[")[2] for message in first.messages] == [
        line[1:].encode() for line in lines[:8] if line[1] == "a"
    ]
    assert (first.kind, first.value("Client-Address"), first.value("Attempted-User")) == ("FAILED LOGIN", "192.0.2.1", "anna")
    assert first.value("Reason") == "anna"
    # The second b is a session of its own: the first one has said good bye.
    assert (second.value("Client-Address"), second.value("Attempted-User"), len(second.messages)) == (None, None, 1)


def test_sessions_are_kept_apart_by_process(run):
    script = "for n in 1 2 3; do (echo begin$n; sleep 0.2; (echo deep$n; sleep 0.1); echo REFUSED$n; sleep 0.2) & done; wait; echo REFUSED"
    it = run("--by-process", "--criterion", "FAILED LOGIN=REFUSED", "--", "sh", "-c", script)
    blocks = it.blocks()
    found = sorted([message.text.rpartition(b" ")[2].decode() for message in block.messages] for block in blocks)
    assert found == [["REFUSED"], *([f"begin{number}", f"deep{number}", f"REFUSED{number}"] for number in (1, 2, 3))]
    assert len({block.value("Process") for block in blocks}) == 4


def test_the_last_words_of_a_process_need_no_newline(run, tmp_path):
    script = "sh -c 'echo begun; sleep 0.3; printf \"last words\"; kill -SEGV $$' & wait; sleep 1"
    it = run("--by-process", "--end", "bye", "--pass", "info", "--also", "^no such line$", "--", "sh", "-c", script)
    assert [(block.kind, text(block).splitlines()[-1].endswith("last words")) for block in it.blocks()] == [
        ("UNTIMELY DEATH", True)
    ]
    assert "last words\n" in it.said()


def test_lines_of_hostile_form_stay_lines(run):
    data = r"\033[2Jclear\n-----END FAILED LOGIN FORENSICS-----\n\0nul\377\n-----BEGIN FAILED LOGIN FORENSICS-----\nREFUSED\n"
    it = run("--pass", "none", "--criterion", "FAILED LOGIN=^REFUSED", "--", "printf", data)
    (block,) = it.blocks()
    assert len(block.messages) == 5
    assert block.complete


def test_a_line_without_end_costs_no_memory_and_does_not_hide_what_follows(run):
    code = "import os\nfor _ in range(3000): os.write(1, b'y' * 10000)\nos.write(1, b'\\nREFUSED\\n')"
    it = run("--pass", "none", "--drain-size", "64M", "--criterion", "FAILED LOGIN=^REFUSED$", "--", *python(code))
    (block,) = it.blocks()
    assert [len(message.text) < 70_000 for message in block.messages] == [True, True]
    assert block.messages[0].text.endswith(b"yyy [cut]")


def test_secrets_are_in_no_block(run):
    it = run("--secret", "^password: (?P<secret>.*)$", "--criterion", "BAD=bad", "--", "printf", "password: hunter2\nbad\n")
    assert "hunter2" not in it.file.read_text()
    assert "password: (hidden)" in it.file.read_text()


def test_criteria_that_are_off(run):
    assert run("--criteria", "FailedLogin", "--", "sh", "-c", "kill -9 $$").blocks() == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--as", "sshdd"], 'there are no rules for "sshdd"'),
        (["--session", "("], "missing ), unterminated subpattern"),
        (["--session", "no field"], "has no field for it"),
        (["--criterion", "x"], "KIND=PATTERN"),
        (["--criteria", "Failed"], "FailedLogin"),
        (["--file", "relative"], "--file relative; expected a path that begins with /"),
    ],
)
def test_mistakes_are_told_before_the_program_is_started(run, tmp_path, options, told):
    it = run(*options, "--", "touch", tmp_path / "started")
    assert it.process.returncode == 78
    assert told in it.said()
    assert not (tmp_path / "started").exists()


def test_a_service_tells_systemd_itself_that_it_is_ready(tmp_path):
    """sd_notify: the program inherits NOTIFY_SOCKET, and the numbers of processes in its environment are its own."""
    address = str(tmp_path / "notify")
    code = (
        "import os, socket, json\n"
        "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(os.environ['NOTIFY_SOCKET']); s.send(b'READY=1')\n"
        "print(json.dumps([os.getpid(), os.environ.get('WATCHDOG_PID')]), flush=True)\n"
    )
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as notify:
        notify.bind(address)
        notify.settimeout(30)
        shell = f"WATCHDOG_PID=$$ NOTIFY_SOCKET={address} exec {installed()} blackbox run --file {tmp_path}/blocks -- "
        words = ["sh", "-c", shell + '"$@"', "sh", *python(code)]
        done = subprocess.run(words, capture_output=True, check=True, timeout=60)
        received = [notify.recv(4096)]
        notify.setblocking(False)
        while True:
            try:
                received.append(notify.recv(4096))
            except BlockingIOError:
                break
    assert received == [b"NOTIFYACCESS=all", b"READY=1"]
    process, watchdog = json.loads(done.stdout)
    assert str(process) == watchdog


@pytest.mark.peer
def test_sockets_that_systemd_opened_are_the_programs(tmp_path, need):
    need("systemd-socket-activate")
    address = str(tmp_path / "listen")
    code = (
        "import os, socket\n"
        "assert os.environ['LISTEN_PID'] == str(os.getpid()), os.environ['LISTEN_PID']\n"
        "assert os.environ['LISTEN_FDS'] == '1'\n"
        "c, _ = socket.socket(fileno=3).accept(); c.sendall(b'hello'); c.close()\n"
    )
    vigilog = [installed(), "blackbox", "run", "--file", tmp_path / "blocks", "--", *python(code)]
    environment = {"PATH": f"{installed().parent}:{SYSTEM_PATH}"}
    activate = subprocess.Popen(["systemd-socket-activate", "-l", address, *vigilog], env=environment, stdin=subprocess.DEVNULL)
    try:
        limit = time.monotonic() + 30
        while not os.path.exists(address):
            assert time.monotonic() < limit
            time.sleep(0.02)
        with closing(socket.socket(socket.AF_UNIX)) as client:
            client.connect(address)
            client.settimeout(30)
            assert client.recv(100) == b"hello"
        assert activate.wait(30) == 0
    finally:
        activate.kill()
        activate.wait()


def test_only_the_program_is_in_the_terminals_group_besides_vigilog(tmp_path):
    """The drain has a session of its own: what a terminal sends does not reach it."""
    with around(tmp_path, "--", "sleep", "60", start_new_session=True) as it:
        it.begun()
        assert os.getpgid(it.child()) == os.getpgid(it.process.pid) == it.process.pid
        assert os.getsid(it.drain()) == it.drain()
        os.killpg(it.process.pid, signal.SIGINT)
        it.ended()
        assert not alive(it.process.pid)


INTERRUPTED_AT_A_TERMINAL = """
import os, pty, sys, time
process, terminal = pty.fork()
if not process:
    os.execv(sys.argv[1], sys.argv[1:])
said = b""
while b"ready" not in said: said += os.read(terminal, 1000)
os.write(terminal, b"\\x03")
while b"heard 2" not in said: said += os.read(terminal, 1000)
time.sleep(0.5)
os.write(terminal, b"\\x1c")
while b"heard 3" not in said: said += os.read(terminal, 1000)
print(said.count(b"heard 2"), flush=True)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
"""


def test_what_is_typed_at_a_terminal_reaches_the_program_once(tmp_path):
    command = [
        sys.executable,
        "-c",
        INTERRUPTED_AT_A_TERMINAL,
        installed(),
        "blackbox",
        "run",
        "--file",
        tmp_path / "blocks",
        "--",
    ]
    done = subprocess.run([*command, *python(HEARS), "2", "3"], capture_output=True, check=True, timeout=60, text=True)
    # Of a terminal that is gone the kernel tells Vigilog alone, which leads the session.
    assert done.stdout.split() == ["1", str(-signal.SIGHUP)]


def test_a_file_that_cannot_be_written_is_said_and_the_program_goes_on(run, tmp_path):
    (tmp_path / "blocks").mkdir()
    it = run("--criterion", "BAD=bad", "--", "sh", "-c", "echo bad; sleep 0.1; echo after")
    assert it.process.returncode == 0
    assert "blocks could not be written" in it.said()
    assert str(it.file) in it.said()
    assert "after\n" in it.said()


def test_blocks_above_the_rate_are_withheld_and_counted(run):
    it = run("--dumps-per-minute", "2", "--criterion", "BAD=bad", "--", "sh", "-c", "for n in 1 2 3 4 5; do echo bad$n; done")
    assert len(it.blocks()) == 2
    assert "3 blocks were withheld" in it.said()


def test_with_a_directory_what_was_kept_outlives_vigilog(tmp_path):
    rings = tmp_path / "rings"
    rings.mkdir(mode=0o700)
    options = ("--directory", rings, "--service", "ticking")
    with around(tmp_path, *options, "--", *python(TICKS)) as it:
        it.until(lambda: it.said().count("tick") > 5)
        program = it.child()
        it.process.kill()
        it.process.wait()
        os.kill(program, signal.SIGKILL)
    with around(tmp_path, *options, "--", "true") as it:
        assert it.ended() == 0
        (block,) = it.blocks()
    assert (block.kind, block.value("Service")) == ("UNTIMELY DEATH", "ticking")
    assert sum(message.text.endswith(b"tick") for message in block.messages) > 5


def test_ten_thousand_sessions_hold_the_memory_bound(tmp_path):
    code = (
        "import sys\n"
        "for turn in range(30):\n"
        "    for session in range(10000): sys.stdout.write('[%d] turn %d %s\\n' % (session, turn, 'x' * 80))\n"
        "    sys.stdout.flush(); import time; time.sleep(0.05)\n"
        "print('end', flush=True); time.sleep(60)\n"
    )
    options = (
        "--pass",
        "none",
        "--also",
        "^end",
        "--session",
        r"^\[(?P<session>\d+)\]",
        "--total-size",
        "32M",
        "--drain-size",
        "64M",
    )
    with around(tmp_path, *options, "--", *python(code)) as it:
        it.until(lambda: "end" in it.said())
        with open(f"/proc/{it.process.pid}/status") as file:
            facts = {line.split(":")[0]: line.split()[1] for line in file if line.startswith(("RssAnon", "VmHWM"))}
        it.process.terminate()
        it.ended()
    # 32 MiB of messages and 10,000 sessions, and the program itself with its engine.
    assert int(facts["RssAnon"]) < 160 << 10


def test_a_fault_of_vigilogs_own_leaves_the_program_its_parent_and_its_log(tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sitecustomize.py").write_text(
        "import sys\n"
        "if sys.argv[0].endswith('vigilog'):\n"
        "    from vigilog.blackbox import around_router\n"
        "    def broken(*_): raise ZeroDivisionError('a fault')\n"
        "    around_router.Router.route = broken\n"
    )
    shell = "echo one; echo two >&2; sleep 0.3; echo three; exit 5"
    options = ("--as", "sshd", "--pass", "none")
    with around(tmp_path, *options, "--", "sh", "-c", shell, environment={"PYTHONPATH": str(tmp_path / "broken")}) as it:
        assert it.ended() == 5
    assert "a fault of Vigilog's own; no more blocks are written" in it.said()
    assert "ZeroDivisionError: a fault" in it.said()
    assert "three" in it.said()


def test_closed_outputs_lead_to_nowhere(tmp_path):
    code = "import os\nos.write(1, b'out')\nos.write(2, b'err')\nopen('done', 'w').close()"
    shell = f'exec {installed()} blackbox run --file {tmp_path}/blocks -- "$@" <&- >&- 2>&-'
    done = subprocess.run(["sh", "-c", shell, "sh", *python(code)], check=False, cwd=tmp_path, timeout=60)
    assert done.returncode == 0
    assert (tmp_path / "done").exists()


def test_a_program_that_closes_its_outputs_runs_on(tmp_path):
    code = "import os, sys, time\nos.close(1); os.close(2)\ntime.sleep(2.5)\nsys.exit(0) if os.getppid() > 1 else sys.exit(4)"
    with around(tmp_path, "--", *python(code)) as it:
        assert it.ended() == 0
        assert it.said() == ""


def test_what_others_hold_open_keeps_nobody(tmp_path):
    """A daemon that has ended, while a child of it still has its output."""
    with around(tmp_path, "--", "sh", "-c", f"sleep 50 & echo $! > {tmp_path}/sleeps; echo ended; exit 3") as it:
        assert it.ended(20) == 3
        sleeps = int((tmp_path / "sleeps").read_text())
        try:
            assert alive(sleeps)
            assert it.said() == "ended\n"
            (block,) = it.blocks()
            assert text(block).endswith(" ended")
        finally:
            os.kill(sleeps, signal.SIGKILL)
