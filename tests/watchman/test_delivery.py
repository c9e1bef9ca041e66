"""What real programs send to the daemon's syslog sockets arrives whole: reloaded, or stopped, while it comes."""

import fcntl
import itertools
import re
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

import pytest

from tests.watchman.facts import alerts_of, free_port, lines, open_orders, rows
from tests.watchman.running import running

TRIGGER = r"""
[[trigger]]
name = "each"
pattern = 'message (?P<text>.*)$'
actions = ["out"]
[action.out]
type = "append"
file = "{directory}/out"
template = "{message}"
"""
HUNDREDS = r"""
[[trigger]]
name = "hundreds"
pattern = 'message \d+(?P<last>\d\d) end$'
count = 100
after = "count-anew"
actions = ["null"]
"""


def configured(directory, *sources, more=""):
    listed = ", ".join(f'"{source}"' for source in sources)
    return f"sources = [{listed}]\n" + TRIGGER.replace("{directory}", str(directory)) + more


def messages(count, first=0):
    return [f"message {number:06d} end" for number in range(first, first + count)]


def ends(path):
    """What was said, without who said it when."""
    return [line[line.index("message ") :] for line in lines(path)]


# --- the real logger

TEXTS = [
    "message 1 caf\N{LATIN SMALL LETTER E WITH ACUTE}",
    "message 2 $(reboot) `reboot` ; reboot",
    "message 3 " + "x" * 900,
    "message 4 'quoted' \"twice\"",
]


@pytest.mark.peer
def test_the_real_logger_over_every_socket_in_every_form_arrives_whole(tmp_path, need):
    need("logger")
    udp, tcp = free_port(socket.SOCK_DGRAM), free_port()
    sources = (f"syslog:unix:{tmp_path}/devlog", f"syslog:udp:127.0.0.1:{udp}", f"syslog:tcp:127.0.0.1:{tcp}")
    network = ("--server", "127.0.0.1", "--port")
    ways = {
        "local": ("--socket", f"{tmp_path}/devlog"),
        "datagrams": (*network, str(udp), "--udp"),
        "newlines": (*network, str(tcp), "--tcp"),
        "counted": (*network, str(tcp), "--tcp", "--octet-count"),
    }
    with running(tmp_path, configured(tmp_path, *sources)) as daemon:
        sent = []
        for way, form in itertools.product(ways, ("--rfc3164", "--rfc5424")):
            texts = [*TEXTS, *(f"message {number} {way} {form[2:]}" for number in range(150))]
            given = "".join(f"{text}\n" for text in texts).encode()
            words = ("logger", *ways[way], form, "--tag", "app", "--id=77", "-p", "auth.notice")
            subprocess.run(words, input=given, check=True, timeout=30)
            sent += texts
            daemon.until(lambda: len(lines(tmp_path / "out")) >= len(sent))  # noqa: B023
        assert ends(tmp_path / "out") == sent
        assert all(re.search(r" app\[77\]: message ", line) for line in lines(tmp_path / "out"))
        assert [source["lines"] for source in daemon.status()["sources"]] == [len(sent) // 4, len(sent) // 4, len(sent) // 2]
        assert daemon.status()["notices_total"] == 0


# --- the real rsyslog

RSYSLOG = """
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{directory}/in" CreatePath="off" RateLimit.Interval="0" UseSpecialParser="on")
global(workDirectory="{directory}")
action(type="omfwd" Target="127.0.0.1" Port="{port}" Protocol="tcp" TCP_Framing="{framing}"
       template="RSYSLOG_ForwardFormat" queue.type="LinkedList" queue.size="200000"
       action.resumeRetryCount="-1" action.resumeInterval="1")
"""


@pytest.mark.peer
@pytest.mark.parametrize("framing", ["traditional", "octet-counted"])
def test_ten_thousand_messages_that_a_real_rsyslog_forwards_arrive_whole_over_reloads(tmp_path, need, framing):
    need("rsyslogd")
    port, sent = free_port(), messages(10_000)
    (tmp_path / "rsyslog.conf").write_text(RSYSLOG.format(directory=tmp_path, port=port, framing=framing))
    with (
        running(tmp_path, configured(tmp_path, f"syslog:tcp:127.0.0.1:{port}")) as daemon,
        subprocess.Popen(["rsyslogd", "-n", "-f", tmp_path / "rsyslog.conf", "-i", tmp_path / "pid"]) as rsyslog,
    ):
        daemon.until((tmp_path / "in").exists)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.connect(str(tmp_path / "in"))
            for number, text in enumerate(sent):
                sender.send(f"<38>Nov 20 08:30:00 app[7]: {text}".encode())
                if number % 2500 == 2499:
                    daemon.vigilog("reload")
        daemon.until(lambda: len(lines(tmp_path / "out")) >= len(sent))
        rsyslog.terminate()
    assert ends(tmp_path / "out") == sent


# --- 100,000, and a reload each second


def test_of_100_000_messages_none_is_missing_and_none_comes_twice_while_it_is_reloaded_each_second(tmp_path):
    many, senders, port = 100_000, 4, free_port()
    text = configured(tmp_path, f"syslog:tcp:127.0.0.1:{port}", more=HUNDREDS)
    with running(tmp_path, text) as daemon:
        over = threading.Event()
        reloaded = threading.Thread(target=reload_each_second, args=(daemon, text, over))
        reloaded.start()
        begun = time.monotonic()
        sending = [
            threading.Thread(target=send_slowly, args=(port, messages(many // senders, first), 6.0))
            for first in range(0, many, many // senders)
        ]
        try:
            for each in sending:
                each.start()
            for each in sending:
                each.join()
            daemon.until(lambda: len(lines(tmp_path / "out")) >= many, 120)
        finally:
            over.set()
            reloaded.join()
        took = time.monotonic() - begun
        status = daemon.status()
        print(
            f"\n{many} messages and {status['reloads']} reloads in {took:.1f} s, {daemon.resident('VmHWM') >> 20} MiB at most"
        )
        assert sorted(ends(tmp_path / "out")) == messages(many)
        assert status["reloads"] >= 3
        events = {trigger["name"]: (trigger["events"], trigger["alerts"]) for trigger in status["triggers"]}
        assert events == {"each": (many, many), "hundreds": (many, many // 100), "more": (0, 0)}
        numbers = [int(line.split()[-2]) for alert in hundreds(tmp_path) for line in alert]
        assert sorted(numbers) == list(range(many))


def hundreds(directory):
    """The lines of each alert of that trigger."""
    return [[event.line.decode() for event in alert.events] for alert in alerts_of(directory) if alert.rule == "hundreds"]


def reload_each_second(daemon, text, over):
    """In turn by SIGHUP and by the command; each time the triggers are others, so that they are compiled anew."""
    for number in itertools.count():
        if over.wait(1.0):
            return
        daemon.configure(text + f'[[trigger]]\nname = "more"\npattern = "never {number}"\nactions = ["null"]\n')
        if number % 2:
            daemon.signal(signal.SIGHUP)
        else:
            assert daemon.vigilog("reload").returncode == 0


def send_slowly(port, texts, seconds):
    with socket.create_connection(("127.0.0.1", port)) as sender:
        begun = time.monotonic()
        for at in range(0, len(texts), 50):
            sender.sendall("".join(f"<38>Nov 20 08:30:00 host app: {text}\n" for text in texts[at : at + 50]).encode())
            time.sleep(max(0.0, begun + seconds * at / len(texts) - time.monotonic()))


# --- SIGTERM while messages are under way


def test_what_the_kernel_had_taken_when_it_was_told_to_end_is_counted_and_done(tmp_path):
    port = free_port()
    text = configured(tmp_path, f"syslog:tcp:127.0.0.1:{port}")
    with running(tmp_path, text) as daemon:
        with socket.create_connection(("127.0.0.1", port)) as sender:
            sender.setblocking(False)
            piece, whole = b"", 0
            until = time.monotonic() + 0.5
            numbers = itertools.count()
            while time.monotonic() < until and whole < 40_000 * len(message(0)):
                piece = piece or b"".join(message(next(numbers)) for _ in range(100))
                try:
                    sent = sender.send(piece)
                except BlockingIOError:
                    time.sleep(0.001)
                    continue
                whole += sent
                piece = piece[sent:]
            (unacknowledged,) = struct.unpack("i", fcntl.ioctl(sender, termios.TIOCOUTQ, b"\0" * 4))
            taken = (whole - unacknowledged) // len(message(0))
            begun = time.monotonic()
            assert daemon.kill(signal.SIGTERM) == 0
            took = time.monotonic() - begun
        counted = rows(tmp_path, "SELECT count(*) FROM alerts")[0][0]
        print(f"\n{taken} messages were taken, {counted} are counted; it ended in {took:.1f} s")
        assert taken > 1000
        assert counted >= taken
        daemon.start()
        daemon.until(lambda: open_orders(tmp_path) == 0, 60)
        assert ends(tmp_path / "out") == messages(counted)


def message(number):
    return b"<38>Nov 20 08:30:00 host app: message %06d end\n" % number


def test_datagrams_that_wait_when_it_is_told_to_end_are_counted_and_done(tmp_path):
    port = free_port(socket.SOCK_DGRAM)
    sources = (f"syslog:unix:{tmp_path}/devlog", f"syslog:udp:127.0.0.1:{port}")
    with running(tmp_path, configured(tmp_path, *sources)) as daemon:
        daemon.signal(signal.SIGSTOP)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local, socket.socket(type=socket.SOCK_DGRAM) as distant:
            local.connect(str(tmp_path / "devlog"))
            local.setblocking(False)
            distant.connect(("127.0.0.1", port))
            waiting = 0
            try:
                for waiting in range(400):
                    local.send(message(waiting))
            except BlockingIOError:  # net.unix.max_dgram_qlen
                pass
            else:
                waiting = 400
            for number in range(400):
                distant.send(message(number))
        daemon.signal(signal.SIGTERM, signal.SIGCONT)
        assert daemon.ended() == 0
        assert waiting > 5
        assert sorted(ends(tmp_path / "out")) == sorted(messages(waiting) + messages(400))
