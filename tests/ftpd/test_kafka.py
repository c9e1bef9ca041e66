"""`vigilog ftpd` sends what happens in sessions to Kafka: which events, as what, that nobody waits, and that nothing is lost."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.ftpd.test_configuration import WITHOUT, checked
from tests.ftpd.world import WAIT, alive, free_port, vigilog

pytestmark = pytest.mark.peer
FORMAT = 'LogFormat ev "%a %m %J %u %s %F"'
CLIENT = "127.0.0.9"
"""Where tests connect from: what the start asks the server is not theirs."""


@pytest.fixture
def sends(serve, kafka):
    """Starts a server whose events go to the tests' broker, or elsewhere."""

    def start(*more, broker="", options=(), port=None):
        return serve("KafkaEngine on", f"KafkaBroker {broker or kafka.bootstrap}", FORMAT, *more, options=options, port=port)

    return start


@pytest.fixture
def told(kafka):
    """What came of the tests' own sessions: the server is ended, then its topic is read. Without addresses and in order."""

    def on(topic, server=None):
        if server is not None:
            assert server.stop() == 0
        found = [(each.key, json.loads(each.value)) for each in kafka.records(topic)]
        return [(key, each) for key, each in found if each.pop("remote_ip", CLIENT) == CLIENT]

    return on


def commands(found):
    return [each.get("command", "CONNECT") for _, each in found]


def nowhere():
    """A broker that nobody is."""
    return f"127.0.0.1:{free_port()}"


def test_a_session_from_its_beginning_to_its_end(sends, kafka, told):
    topic = kafka.topic()
    server = sends(f"KafkaLogOnEvent ALL ev topic {topic}")
    client = server.client(CLIENT).login()
    client.data("STOR f", b"x")
    client.says("DELE f", "FOO", "QUIT")
    client.close()
    found = told(topic, server)
    assert [each for _, each in found] == [
        {"connecting": True},
        {"command": "USER", "command_params": "anna", "response_code": 331},
        {"command": "PASS", "command_params": "(hidden)", "user": "anna", "response_code": 230},
        {"command": "EPSV", "user": "anna", "response_code": 229},
        {"command": "STOR", "command_params": "f", "user": "anna", "response_code": 226, "transfer_path": "/f"},
        {"command": "DELE", "command_params": "f", "user": "anna", "response_code": 250, "transfer_path": "/f"},
        {"command": "QUIT", "user": "anna", "response_code": 221},
        {"disconnecting": True, "command": "EXIT", "user": "anna"},
    ]
    assert [next(iter(found[at][1])) for at in (0, -1)] == ["connecting", "disconnecting"]


def test_the_key_is_the_session_so_that_its_order_holds(sends, kafka, told):
    topic = kafka.topic(partitions=4)
    server = sends(f"KafkaLogOnEvent ALL ev topic {topic}")
    clients = [server.client(CLIENT) for _ in range(6)]
    for number, client in enumerate(clients):
        client.says(f"USER user-{number}", "NOOP", "QUIT")
        client.close()
    found = told(topic, server)
    sessions = {key: commands([(key, each) for other, each in found if other == key]) for key, _ in found}
    assert len(sessions) == 6
    assert all(re.fullmatch(b"[0-9a-f]{16}", key) for key in sessions)
    assert set(map(tuple, sessions.values())) == {("CONNECT", "USER", "NOOP", "QUIT", "EXIT")}


def test_which_events_go_where(sends, kafka, told):
    names = ["all", "retr", "auth", "but", "ends", "read"]
    topics = {name: kafka.topic() for name in names}
    bare = kafka.topic(name=f"bare-{os.getpid()}")
    server = sends(
        f'LogFormat {bare} "%m"',
        f"KafkaLogOnEvent all ev topic {topics['all']}",
        f"KafkaLogOnEvent retr ev {topics['retr']}",
        f"KafkaLogOnEvent AUTH ev {topics['auth']}",
        f"KafkaLogOnEvent ALL|!CONNECT|!AUTH|!exit ev {topics['but']}",
        f'KafkaLogOnEvent "Connect, Disconnect" ev {topics["ends"]}',
        f"KafkaLogOnEvent READ,WRITE ev {topics['read']}",
        f"KafkaLogOnEvent MISC {bare}",
        "AllowOverwrite on",
    )
    client = server.client(CLIENT).login()
    client.data("STOR f", b"x")
    client.data("RETR f")
    client.says("SITE CHMOD 600 f", "QUIT")
    client.close()
    every = ["CONNECT", "USER", "PASS", "EPSV", "STOR", "EPSV", "RETR", "SITE CHMOD", "QUIT", "EXIT"]
    assert commands(told(topics["all"], server)) == every
    assert commands(told(topics["retr"])) == ["RETR"]
    assert commands(told(topics["auth"])) == ["USER", "PASS"]
    assert commands(told(topics["but"])) == every[3:-1]
    assert commands(told(topics["ends"])) == ["CONNECT", "EXIT"]
    assert commands(told(topics["read"])) == ["STOR", "RETR"]
    assert commands(told(bare)) == ["EPSV", "EPSV", "SITE CHMOD"]


def test_an_engine_that_is_off_sends_nothing(serve, kafka):
    topic = kafka.topic()
    server = serve(f"KafkaBroker {kafka.bootstrap}", FORMAT, f"KafkaLogOnEvent ALL ev topic {topic}")
    server.client(CLIENT).login().say("QUIT")
    server.stop()
    assert kafka.records(topic) == []


def test_without_a_broker_it_is_as_good_as_off_and_says_so(serve, world):
    log = world.logs / "kafka"
    server = serve("KafkaEngine on", f"KafkaLog {log}", FORMAT, "KafkaLogOnEvent ALL ev")
    server.client().login().say("QUIT")
    line = world.wait_for("kafka", b"\n").decode()
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"
    assert re.fullmatch(rf"{stamp} mod_kafka/0\.1\[{server.pid}\]: no KafkaBroker configured, disabling module\n", line)


def test_any_name_of_a_file_is_valid_json(sends, kafka, told):
    topic = kafka.topic()
    server = sends(f"KafkaLogOnEvent STOR ev topic {topic}")
    names = ["latin-\xe4", "utf-\xc3\xa4", "\x01\x1f\x7f", 'q"\\', "\xff\xfe"]
    client = server.client(CLIENT).login()
    for name in names:
        assert client.data(f"STOR {name}", b"x")[0].startswith("226")
    client.close()
    assert [each["transfer_path"] for _, each in told(topic, server)] == [
        *("/latin-\\xe4", "/utf-\u00e4", "/\x01\x1f\x7f", '/q"\\', "/\\xff\\xfe"),
    ]


def test_a_variable_named_twice_is_one_key(sends, kafka, told):
    topic = kafka.topic()
    server = sends('LogFormat twice "%m %m %a"', f"KafkaLogOnEvent NOOP twice topic {topic}")
    server.client(CLIENT).says("NOOP", "QUIT")
    server.stop()
    assert b'{"command":"NOOP","remote_ip":"127.0.0.9"}' in [each.value for each in kafka.records(topic)]


def test_the_innermost_section_that_says_something_counts(sends, kafka, told, world):
    """Elsewhere in ProFTPD: a section that says nothing of Kafka is silent. Here it is not."""
    topic, private = kafka.topic(), kafka.topic()
    for name in ("private", "quiet", "other"):
        (world.home / name).mkdir()
        os.chown(world.home / name, 1001, 1001)
    server = sends(
        f"KafkaLogOnEvent ALL ev topic {topic}",
        f"<Directory ~/private>\nKafkaLogOnEvent WRITE,CWD ev topic {private}\n</Directory>",
        "<Directory ~/quiet>\nKafkaLogOnEvent none\n</Directory>",
        "<Directory ~/other>\nUmask 077\n</Directory>",
    )
    client = server.client(CLIENT).login()
    client.says("CWD private", "NOOP", "MKD d", "RMD d", "CWD /quiet", "NOOP", "MKD d", "RMD d", "CWD /other", "MKD d", "RMD d")
    client.says("MKD /private/e", "RMD /private/e", "CWD /", "QUIT")
    client.close()
    every = told(topic, server)
    assert commands(every) == ["CONNECT", "USER", "PASS", "CWD", "MKD", "RMD", "CWD", "QUIT", "EXIT"]
    assert [each["command_params"] for _, each in every[3:7]] == ["/other", "d", "d", "/"]
    assert commands(told(private)) == ["CWD", "MKD", "RMD", "MKD", "RMD"]


def test_anonymous_sessions_have_their_own(sends, kafka, told, world):
    topic, public = kafka.topic(), kafka.topic()
    world.users("anna", "nobody:*:65534:65534::/nonexistent:/bin/none")
    section = f"<Anonymous {world.root}/anon>\nUser nobody\nUserAlias anonymous nobody\nKafkaLogOnEvent ALL who topic {public}\n</Anonymous>"
    server = sends('LogFormat who "%a %m %A"', "UseFtpUsers off", f"KafkaLogOnEvent ALL ev topic {topic}", section)
    client = server.client(CLIENT)
    client.says("USER anonymous", "PASS me@example.org", "NOOP", "QUIT")
    client.close()
    assert commands(told(topic, server)) == ["CONNECT", "USER"]
    found = told(public)
    assert commands(found) == ["PASS", "NOOP", "QUIT", "EXIT"]
    assert {each["anon_password"] for _, each in found} == {"me@example.org"}


def test_virtual_hosts_have_what_is_in_global(serve, kafka, told, world):
    topic, port = kafka.topic(), free_port()
    server = serve(
        f"<Global>\nKafkaEngine on\nKafkaBroker {kafka.bootstrap}\n{FORMAT}\nKafkaLogOnEvent USER ev topic {topic}\n</Global>",
        f"<VirtualHost 127.0.0.1>\nPort {port}\nKafkaEngine off\n</VirtualHost>",
        f"<VirtualHost 127.0.0.2>\nPort {port}\nServerName second\n</VirtualHost>",
        *("DefaultServer off",),
    )
    server.client(CLIENT).say("USER first")
    for address, name in (("127.0.0.1", "off"), ("127.0.0.2", "second")):
        with socket.create_connection((address, port), WAIT, source_address=(CLIENT, 0)) as sock:
            file = sock.makefile("rb")
            file.readline()
            sock.sendall(f"USER {name}\r\n".encode())
            file.readline()
    assert sorted(each["command_params"] for _, each in told(topic, server)) == ["first", "second"]


def test_every_broker_of_the_line_is_used(sends, kafka, told):
    """Only the last one is there: the one that mod_kafka loses."""
    topic = kafka.topic()
    server = sends(f"KafkaLogOnEvent NOOP ev topic {topic}", broker=f"{nowhere()} {nowhere()} {kafka.bootstrap}")
    server.client(CLIENT).says("NOOP", "QUIT")
    server.last = None
    until = time.monotonic() + WAIT
    while not kafka.records(topic):
        assert time.monotonic() < until
    assert commands(told(topic, server)) == ["NOOP"]


def spooled(world):
    """Bytes in the spools below the rings."""
    return sum(path.stat().st_size for path in (world.root / "rings" / "kafka").rglob("*") if path.is_file())


def until_spooled(world, before):
    until = time.monotonic() + WAIT
    while spooled(world) <= before:
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_what_happens_while_brokers_are_away_is_sent_by_the_next_start(sends, kafka, told, world, ending):
    topic, port = kafka.topic(), free_port()
    line = f"KafkaLogOnEvent ALL,!CONNECT,!DISCONNECT,!QUIT ev topic {topic}"
    server = sends(line, f"KafkaLog {world.logs}/kafka", broker=nowhere(), port=port)
    before = spooled(world)
    client = server.client(CLIENT).login()
    client.data("STOR f", b"x" * 100_000)
    assert client.says("DELE f", "NOOP")[1].startswith("200")
    if ending == signal.SIGKILL:
        until_spooled(world, before)
        time.sleep(1)  # a record is on the disk half a second after it was offered
    server.stop(ending)
    assert kafka.records(topic) == []
    assert b"Connection refused" in world.read("kafka")
    server = sends(line, port=port)
    until = time.monotonic() + WAIT
    while len(kafka.records(topic)) < 6:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert commands(told(topic, server)) == ["USER", "PASS", "EPSV", "STOR", "DELE", "NOOP"]


def test_events_of_a_server_that_has_another_name_now_are_told_of(sends, world):
    port = free_port()
    server = sends("KafkaLogOnEvent NOOP ev", broker=nowhere(), port=port)
    server.client(CLIENT).says("NOOP", "QUIT")
    assert server.stop() == 0
    sends("-ServerName", "ServerName other", "KafkaLogOnEvent NOOP ev", broker=nowhere(), port=port)
    spool = world.root / "rings" / "kafka" / f"ftpd-{port}-peer"
    world.wait_for("system", f"1 events wait in {spool}, and no server sends them".encode())


def test_brokers_that_stay_away_are_told_of_once(sends, world):
    server = sends("KafkaLogOnEvent ALL ev", f"KafkaLog {world.logs}/kafka", broker=nowhere())
    world.wait_for("kafka", b"\n")
    for _ in range(20):
        server.client().says("NOOP", "QUIT")
    assert world.read("kafka").count(b"\n") == 1
    assert b"mod_kafka/0.1: " in world.wait_for("system", b"mod_kafka")


def test_systemctl_status_shows_how_it_does(sends, world, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(world.root / "notify"))
        (world.root / "notify").chmod(0o777)  # as systemd's own
        heard.settimeout(WAIT)
        monkeypatch.setenv("NOTIFY_SOCKET", str(world.root / "notify"))
        server = sends("KafkaLogOnEvent NOOP ev", broker=nowhere())
        assert heard.recv(1000) == b"READY=1\nSTATUS=Kafka: 0 acknowledged"
        server.client(CLIENT).says("NOOP", "QUIT")
        while b"away" not in (said := heard.recv(1000)):
            pass
    assert re.fullmatch(rb"STATUS=Kafka: 0 acknowledged, 1 waiting, away since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", said)


def test_a_reload_sends_what_waits_to_other_brokers(serve, kafka, told, world):
    topic, port = kafka.topic(), free_port()
    said = ("KafkaEngine on", FORMAT, f"KafkaLogOnEvent NOOP ev topic {topic}")
    text = world.configuration(port, *said, f"KafkaBroker {nowhere()}")
    with vigilog(world, text, port) as server:
        client = server.client(CLIENT)
        client.say("NOOP")
        path = world.root / f"vigilog-{port}.conf"
        path.write_text(text.replace("KafkaBroker 127", "KafkaProperty no.such.thing 1\nKafkaBroker 127"))
        os.kill(server.pid, signal.SIGHUP)
        until = time.monotonic() + WAIT
        while b"not reloaded" not in (world.root / f"vigilog-{port}.said").read_bytes():
            assert time.monotonic() < until
        client.say("NOOP")
        path.write_text(world.configuration(port, *said, f"KafkaBroker {kafka.bootstrap}"))
        os.kill(server.pid, signal.SIGHUP)
        while len(kafka.records(topic)) < 2:
            assert time.monotonic() < until
            time.sleep(0.05)
        client.say("NOOP")
        assert commands(told(topic, server)) == ["NOOP"] * 3


def test_a_client_acts_with_its_own_rights_while_events_are_kept_with_the_servers(sends, kafka, told, world, as_root):
    """The threads beside the one that serves keep root's: what they write below root's own directory arrives."""
    topic = kafka.topic()
    server = sends(f"KafkaLogOnEvent STOR ev topic {topic}", broker=nowhere())
    before = spooled(world)
    client = server.client(CLIENT).login()
    for number in range(20):
        client.data(f"STOR f{number}", b"x")
    until_spooled(world, before)
    assert {path.stat().st_uid for path in world.home.iterdir()} == {1001}
    assert {path.stat().st_uid for path in (world.root / "rings" / "kafka").rglob("*")} == {0}
    identities = {
        (path / "status").read_text().partition("\nUid:")[2].split()[1]
        for path in Path(f"/proc/{server.pid}/task").iterdir()
        if path.name != str(server.pid)
    }
    assert identities == {"0"}


def test_a_server_that_gave_up_root_keeps_what_waits_and_sends_it(sends, kafka, told, world, as_root):
    topic, port = kafka.topic(), free_port()
    more = (f"KafkaLogOnEvent NOOP ev topic {topic}", "RootRevoke on")
    server = sends(*more, broker=nowhere(), port=port)
    before = spooled(world)
    server.client(CLIENT).says("NOOP", "QUIT")
    until_spooled(world, before)
    assert server.stop() == 0
    server = sends(*more, port=port)
    server.client(CLIENT).says("NOOP", "QUIT")
    until = time.monotonic() + WAIT
    while len(kafka.records(topic)) < 2:
        assert time.monotonic() < until
    assert commands(told(topic, server)) == ["NOOP", "NOOP"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("KafkaProperty no.such.thing 1", 'KafkaProperty: No such configuration property: "no.such.thing"'),
        ("KafkaProperty socket.timeout.ms soon", 'KafkaProperty: Invalid value for configuration property "socket.timeout.ms"'),
        ("KafkaProperty acks all\nKafkaBroker a:b", "KafkaBroker: not a broker: a:b"),
    ],
)
def test_what_librdkafka_refuses_is_told_with_file_and_line(tmp_path, line, words):
    path = tmp_path / "proftpd.conf"
    path.write_text(f"KafkaEngine on\n{line}\n" + ("" if "KafkaBroker" in line else "KafkaBroker a\n"))
    process = checked(path)
    assert process.returncode == 78
    number = 2 + line.count("\n")
    assert process.stderr == f"vigilog ftpd: fatal: {words} on line {number} of '{path}'\n"


def test_without_the_extra_it_is_said_what_to_install(tmp_path, world):
    path = tmp_path / "proftpd.conf"
    body = f"KafkaEngine on\nKafkaBroker a\nKafkaProperty x y\n{FORMAT}\nKafkaLogOnEvent ALL ev\nPort {free_port()}\nSystemLog none\n"
    path.write_text(body + f"TransferLog none\nUser {os.environ.get('USER', 'root')}\n")
    command = [sys.executable, "-c", WITHOUT, "confluent_kafka", "ftpd", "-c", str(path)]
    started = subprocess.run(
        [*command, "--ring-directory", str(world.root / "rings")], capture_output=True, text=True, check=False, timeout=60
    )
    assert started.returncode == 69
    assert (
        started.stderr.splitlines()[-1] == "vigilog ftpd: shipping to Kafka needs confluent_kafka; pip install 'vigilog[kafka]'"
    )
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False, timeout=60)
    assert tested.returncode == 0
    assert "vigilog ftpd: KafkaProperty is not looked at: " in tested.stderr


@pytest.mark.parametrize("how", ["world-writable", "link", "relative"])
def test_a_kafka_log_that_is_not_safe_is_refused_and_the_events_go_all_the_same(sends, kafka, told, world, how):
    topic = kafka.topic()
    path, reason = {
        "world-writable": (world.root / "open" / "log", "parent directory is world-writable"),
        "link": (world.logs / "link", "cannot log to a symlink"),
        "relative": (Path("kafka.log"), "Invalid argument"),
    }[how]
    (world.root / "open").mkdir()
    (world.root / "open").chmod(0o777)
    (world.logs / "link").symlink_to(world.logs / "elsewhere")
    server = sends(f"KafkaLog {path}", f"KafkaLogOnEvent NOOP ev topic {topic}")
    server.client(CLIENT).says("NOOP", "QUIT")
    text = f"mod_kafka/0.1: notice: unable to open KafkaLog '{path}': {reason}".encode()
    assert text in world.wait_for("system", text)
    assert commands(told(topic, server)) == ["NOOP"]
    assert not (world.root / "open" / "log").exists()
    assert not (world.logs / "elsewhere").exists()


def test_symbolic_links_may_be_allowed(sends, kafka, world):
    (world.logs / "link").symlink_to(world.logs / "elsewhere")
    server = sends("AllowLogSymlinks on", f"KafkaLog {world.logs}/link", "KafkaLogOnEvent NOOP ev")
    server.stop()
    assert b"mod_kafka/0.1[%d]: " % server.pid in world.read("elsewhere")


def secured(kafka, world, authority, *more):
    copied = world.written("authority.pem", (kafka.certificates / authority).read_text())
    return (f"KafkaProperty ssl.ca.location {copied}", "KafkaProperty security.protocol ssl", *more)


def test_tls_with_a_private_authority(sends, kafka, told, world):
    if not kafka.tls:
        pytest.skip("somebody's own broker")
    topic = kafka.topic()
    server = sends(
        *secured(kafka, world, "authority.pem", f"KafkaLogOnEvent NOOP ev topic {topic}"), broker=f"ssl://{kafka.tls}"
    )
    server.client(CLIENT).says("NOOP", "QUIT")
    assert commands(told(topic, server)) == ["NOOP"]


def test_a_wrong_certificate_is_one_clear_line(sends, kafka, world):
    if not kafka.tls:
        pytest.skip("somebody's own broker")
    topic = kafka.topic()
    log = f"KafkaLog {world.logs}/kafka"
    server = sends(
        *secured(kafka, world, "stranger.pem", log, f"KafkaLogOnEvent NOOP ev topic {topic}"), broker=f"ssl://{kafka.tls}"
    )
    server.client(CLIENT).says("NOOP", "QUIT")
    text = world.wait_for("kafka", b"\n")
    assert b"certificate" in text
    for _ in range(5):
        server.client(CLIENT).says("NOOP", "QUIT")
    assert world.read("kafka") == text
    assert alive(server.pid)
    assert kafka.records(topic) == []


def test_a_broker_that_dies_and_comes_back_has_everything_in_order(serve, own_kafka, world):
    kafka = own_kafka()
    topic = kafka.topic(partitions=2)
    server = serve("KafkaEngine on", f"KafkaBroker {kafka.bootstrap}", FORMAT, f"KafkaLogOnEvent MKD,RMD ev topic {topic}")
    clients = [server.client(CLIENT).login() for _ in range(4)]

    def work(numbers):
        for number in numbers:
            for each, client in enumerate(clients):
                assert client.say(f"MKD d{each}-{number}").startswith("257")

    work(range(10))
    kafka.kill()
    work(range(10, 60))
    kafka.restart()
    work(range(60, 70))
    until = time.monotonic() + WAIT
    while len(kafka.records(topic)) < 4 * 70:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert server.stop() == 0
    found = [(each.key, json.loads(each.value)["command_params"]) for each in kafka.records(topic)]
    sessions = {key: [name for other, name in found if other == key] for key, _ in found}
    assert sorted(sessions.values()) == [[f"d{each}-{number}" for number in range(70)] for each in range(4)]
