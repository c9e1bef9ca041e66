"""The real ProFTPD with mod_kafka and Vigilog's server, with the configurations of mod_kafka's page, driven by one client: the
same records on the topics of a real broker, but for what is named here."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.config.proftpd_peer import present
from tests.conftest import absent
from tests.ftpd.world import WAIT, free_port, proftpd, vigilog

pytestmark = [pytest.mark.peer, pytest.mark.usefixtures("as_root", "real")]

VOLATILE = {
    *("local_time", "timestamp", "epoch", "microsecs", "millisecs"),
    *("pid", "remote_port", "local_port", "transfer_port", "server_version"),
    *("response_millis", "transfer_secs", "transfer_millis"),
}
"""What no two runs have in common."""

MARKS = {"connecting", "disconnecting"}
"""What the page promises of a session's ends, and mod_kafka does not send."""

OTHERWISE = {
    # What the real one reads out of a command that lacks its argument is the directory it is in.
    ("DELE", "bytes_sent"),
    # It forgets the code of its answer.
    *(("OPTS UTF8 ON", key) for key in ("response_code", "response_msg")),
    *(("OPTS X", key) for key in ("response_code", "response_msg")),
    # It has these, and Vigilog's server does not.
    *((f"{line}", "response_code") for line in ("CSID x", "RANG 0 1", "MFF modify=20200101000000; f.bin")),
    # Facts of its own.
    ("MLSD", "bytes_sent"),
}
"""The other differences in records of the page's format: command and key."""

FORMAT = (
    "%m %r %J %s %S %A %a %b %D %d %E %F %f %g %H %h %I %L %l %O %P %p %R %T %t %U %u %V %v %w %{basename} %{file-modified} "
    "%{file-offset} %{file-size} %{gid} %{uid} %{protocol} %{remote-port} %{transfer-failure} %{transfer-millisecs} "
    "%{transfer-port} %{transfer-status} %{transfer-type} %{version} %{FOO}e %{epoch} %{iso8601} %{microsecs} %{millisecs}"
)
MORE = {
    # Paths that the real one makes up of commands without an argument, or before a login.
    *((line, key) for line in ("DELE", "MKD", "CDUP x", "PWD") for key in ("dir_path", "file", "basename", "transfer_path")),
    # What stands behind the first dot of the answer, and one byte more.
    ("RETR missing.bin", "transfer_failure"),
    # CDUP's directory ends in a slash, if it is not the root.
    ("CDUP", "dir_path"),
    # Nobody is logged in, and nothing has a type.
    ("RETR x", "transfer_type"),
    ("RETR x", "transfer_port"),
    # A second USER and PASS make it forget who was tried.
    *((line, "original_user") for line in ("NOOP x y", "HELP NOOP", "DELE", "MKD", "CDUP x", "QUIT", "EXIT")),
    # A SITE without anything is no command there.
    ("SITE", "command"),
    # Words of their own.
    *(
        (line, "response_msg")
        for line in ("HELP", "SITE HELP", "HELP NOOP", "MLSD", "CSID x", "RANG 0 1", "SIZE nope", "MDTM nope")
    ),
    *((line, "response_msg") for line in ("MFF modify=20200101000000; f.bin", "MFMT 20200101000000 f.bin")),
}
"""The differences that other variables have besides."""


@pytest.fixture
def real(need):
    need("proftpd")
    if not present("mod_kafka.c"):
        absent("not installed: proftpd-mod-kafka")


@pytest.fixture
def pages(seeds):
    """The configurations on mod_kafka's page, as they stand there: the plain one, the one with TLS."""
    text = next(text for path in seeds.glob("*.txt") if "ProFTPD module mod_kafka" in (text := path.read_text()))
    return [
        "<IfModule mod_kafka.c>" + each.partition("</IfModule>")[0] + "</IfModule>"
        for each in text.split("<IfModule mod_kafka.c>")[1:]
    ]


@pytest.fixture
def examples_log():
    """The directory of the page's KafkaLog."""
    directory = Path("/var/log/ftpd")
    if directory.exists():
        pytest.skip("somebody has a /var/log/ftpd")
    directory.mkdir(mode=0o755)
    yield directory / "kafka.log"
    shutil.rmtree(directory)


def every_command(server):
    """A session with commands of every class, done and refused."""
    client = server.client()
    client.says("NOOP", "PWD", "RETR x", "FOO bar", "USER anna", "PASS wrong", "USER anna", "PASS secret")
    client.says("SYST", "FEAT", "HELP", "PWD", "XPWD", "TYPE A", "TYPE I", "TYPE X", "STRU F", "STRU P", "MODE S", "MODE B")
    client.says(
        "MKD d", "XMKD d/e", "CWD d", "XCWD e", "CDUP", "XCUP", "CWD nowhere", "XRMD d/e", "RMD d", "RMD d", "MKD  a  b"
    )
    client.says("RMD  a  b", "PASV", "EPSV")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        client.says(f"PORT 127,0,0,1,{port >> 8},{port & 255}")
        client.say("EPSV")  # the listening socket is needed until then
    for line in ("STOR f.bin", "STOR f.bin", "APPE f.bin", "STOR no/where"):
        client.data(line, b"x" * 7000)
    client.data("RETR f.bin")
    client.say("REST 4000")
    for line in ("RETR f.bin", "RETR missing.bin", "LIST", "NLST", "MLSD", "LIST nowhere", "NLST nowhere", "LIST f.bin"):
        client.data(line)
    client.say("TYPE A")
    client.data("STOR t.txt", b"1\r\n2\r\n")
    client.data("RETR t.txt")
    client.says("TYPE I", "MLST f.bin", "SIZE f.bin", "SIZE nope", "MDTM nope", "MFMT 20200101000000 f.bin", "MDTM f.bin")
    client.says("MFF modify=20200101000000; f.bin", "STAT", "STAT f.bin", "STAT nope", "RNFR f.bin", "RNTO g.bin", "RNFR nope")
    client.says("RNTO x", "SITE CHMOD 600 t.txt", "SITE HELP", "SITE", "SITE FOO x", "SITE CHMOD 600 nope", "ALLO 100", "ALLO")
    client.says("REST 10", "REST x", "OPTS UTF8 ON", "OPTS X", "ABOR", "CLNT me", "CSID x", "RANG 0 1", "SMNT x", "LANG en")
    client.says(
        "HOST x.example", "ACCT x", "REIN", "AUTH TLS", "PBSZ 0", "PROT P", "CCC", "DELE g.bin", "DELE nope", "DELE t.txt"
    )
    client.says("USER bob", "PASS again", "NOOP x y", "HELP NOOP", "DELE", "MKD", "CDUP x", "QUIT")
    client.close()


@contextmanager
def one_after_the_other(world, *more, only_real=()):
    """Each of both servers, for itself, with the same lines, in a home without files."""

    def clean():
        shutil.rmtree(world.home)
        world.home.mkdir()
        os.chown(world.home, 1001, 1001)

    def start_real():
        clean()
        port = free_port()
        text = world.configuration(port, *only_real, "CapabilitiesEngine off", *more, prefix="real-")
        return proftpd(world, "LoadModule mod_kafka.c\n" + text, port)

    def start_mine():
        clean()
        port = free_port()
        return vigilog(world, world.configuration(port, *more), port)

    yield start_real, start_mine


def sessions(pid):
    """The numbers of the real server's sessions."""
    return subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, check=False).stdout.split()


def recorded(kafka, topic, start, drive):
    """What a session of `drive` leaves on the topic, with what the start itself asked."""
    admin = kafka.admin()
    if topic not in admin.list_topics(timeout=WAIT).topics:
        kafka.topic(name=topic)
    before = len(kafka.records(topic))
    with ExitStack() as stack:
        server = stack.enter_context(start())
        all_over(server)  # whoever looked whether it is there had a session, too
        drive(server)
        all_over(server)
    return [json.loads(each.value, strict=False) for each in kafka.records(topic)[before:]]


def all_over(server):
    """Waits until the real server has no session, and so has sent all events of those that it had."""
    until = time.monotonic() + WAIT
    while server.process is None and sessions(server.pid):
        assert time.monotonic() < until
        time.sleep(0.05)


def name(record):
    return record.get("raw_command") or record.get("command", "")


def comparable(record, otherwise):
    """What is not named above, in its order."""
    command = name(record).partition(" ")[0]
    left_out = VOLATILE | {key for line, key in otherwise if line == name(record)}
    words = {"PASV", "EPSV", "PORT", "EPRT"}
    kept = [(key, value) for key, value in record.items() if key not in left_out]
    return [(key, re.sub("[0-9]+", "N", str(value)) if command in words else value) for key, value in kept if key not in MARKS]


def agree(real, mine, otherwise):
    assert [name(each) for each in mine if name(each)[:5] != "PORT "] == [
        name(each) for each in real if name(each)[:5] != "PORT "
    ]
    assert [comparable(each, otherwise) for each in mine] == [comparable(each, otherwise) for each in real]
    for record in real:
        assert not MARKS & set(record)
    assert (
        all(VOLATILE & set(one) == VOLATILE & set(other) for one, other in zip(real, mine, strict=True))
        or otherwise is not OTHERWISE
    )


def test_the_pages_example_sends_the_same(world, kafka, pages, examples_log):
    page = pages[0].replace("KafkaBroker kafka:9092", f"KafkaBroker {kafka.bootstrap}")
    assert page != pages[0]
    with one_after_the_other(world, page, "AllowOverwrite on", "AllowStoreRestart on", "PassivePorts 40000 60000") as starts:
        real, mine = (recorded(kafka, "kafka", start, every_command) for start in starts)
    agree(real, mine, OTHERWISE)
    assert len(mine) > 120
    assert [list(each) for each in mine if MARKS & set(each)] == [
        ["connecting", "remote_dns", "local_time"],
        ["disconnecting", "remote_dns", "local_time"],
        ["connecting", "remote_dns", "local_time"],
        ["disconnecting", "remote_dns", "user", "local_time"],
    ]
    assert "127.0.0.1" in {each["remote_dns"] for each in mine}
    for each in (*real, *mine):
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000", each["local_time"])
    assert b"mod_kafka/0.1[" in examples_log.read_bytes()


def test_the_pages_example_of_sessions_sends_the_same(world, kafka):
    lines = ('LogFormat sessions "%{iso8601} %a"', "KafkaLogOnEvent CONNECT,DISCONNECT sessions")
    with one_after_the_other(world, "KafkaEngine on", f"KafkaBroker {kafka.bootstrap}", *lines) as starts:
        real, mine = (recorded(kafka, "sessions", start, lambda server: server.client().say("QUIT")) for start in starts)
    agree(real, mine, OTHERWISE)
    assert [list(each) for each in real] == [["timestamp", "remote_ip"]] * 4
    assert [list(each) for each in mine] == [
        ["connecting", "timestamp", "remote_ip"],
        ["disconnecting", "timestamp", "remote_ip"],
    ] * 2


def test_the_pages_example_of_tls_sends_the_same(world, kafka, pages, examples_log):
    """With a private authority, and a client's certificate."""
    if not kafka.tls:
        pytest.skip("somebody's own broker")
    directory = Path("/usr/local/etc/kafka")
    if directory.exists():
        pytest.skip("somebody has a /usr/local/etc/kafka")
    page = pages[1].replace("KafkaBroker ssl://kafka:9093", f"KafkaBroker ssl://{kafka.tls}")
    assert page != pages[1]
    directory.mkdir(parents=True)
    try:
        shutil.copy(kafka.certificates / "authority.pem", directory / "ca.pem")
        (directory / "client.pem").write_bytes(
            (kafka.certificates / "client.pem").read_bytes() + (kafka.certificates / "client.key").read_bytes()
        )
        for each in directory.iterdir():
            each.chmod(0o644)  # the real one reads them as its User

        def drive(server):
            server.client().login().says("NOOP", "QUIT")

        with one_after_the_other(world, page) as starts:
            real, mine = (recorded(kafka, "kafka", start, drive) for start in starts)
    finally:
        shutil.rmtree(directory)
    agree(real, mine, OTHERWISE)
    assert [name(each) for each in mine][3:] == ["", "USER anna", "PASS (hidden)", "NOOP", "QUIT", ""]
    assert examples_log.exists()


def test_every_variable_has_the_same_value(world, kafka):
    topic = kafka.topic()
    lines = (f'LogFormat whole "{FORMAT}"', f"KafkaLogOnEvent ALL whole topic {topic}", 'SetEnv FOO "bar baz"')
    more = ("KafkaEngine on", f"KafkaBroker {kafka.bootstrap}", "AllowOverwrite on", "AllowStoreRestart on", *lines)
    with one_after_the_other(world, *more) as starts:
        real, mine = (recorded(kafka, topic, start, every_command) for start in starts)
    for each in (*real, *mine):
        # Answers of several lines are not equally long.
        each.pop("session_bytes_sent")
        each.pop("session_bytes_rcvd")
    agree(real, mine, OTHERWISE | MORE)


def test_counts_of_bytes_are_the_same(world, kafka):
    topic = kafka.topic()
    lines = ('LogFormat counts "%m %I %O"', f"KafkaLogOnEvent ALL counts topic {topic}")
    more = ("KafkaEngine on", f"KafkaBroker {kafka.bootstrap}", "AllowOverwrite on", *lines, "PassivePorts 40000 60000")

    def drive(server):
        client = server.client().login()
        client.say("TYPE I")
        client.data("STOR f", b"x" * 70_000)
        client.data("RETR f")
        client.says("NOOP", "DELE f", "QUIT")
        client.close()

    with one_after_the_other(world, *more) as starts:
        real, mine = (recorded(kafka, topic, start, drive) for start in starts)
    agree(real, mine, OTHERWISE)


def test_sections_that_say_something_say_the_same(world, kafka):
    """To a session that goes through them, and ends in one."""
    outer, private = kafka.topic(), kafka.topic()
    lines = (
        'LogFormat what "%r %s"',
        f"KafkaLogOnEvent ALL what topic {outer}",
        f"<Directory ~/private>\nKafkaLogOnEvent WRITE,CWD,DISCONNECT what topic {private}\n</Directory>",
        "<Directory ~/quiet>\nKafkaLogOnEvent none\n</Directory>",
    )
    more = ("KafkaEngine on", f"KafkaBroker {kafka.bootstrap}", *lines)

    def drive(server):
        for directory in ("private", "quiet"):
            (world.home / directory).mkdir()
            os.chown(world.home / directory, 1001, 1001)
        for last in ("/", "/private", "/quiet"):
            client = server.client().login()
            client.says("CWD private", "NOOP", "MKD d", "RMD d", "CWD /quiet", "NOOP", "MKD d", "RMD d", "CWD /", "NOOP")
            client.says("MKD private/e", "RMD private/e", "NOOP", "CWD quiet/nowhere", "NOOP", f"CWD {last}", "QUIT")
            client.close()

    found = {}
    with one_after_the_other(world, *more) as (start_real, start_mine):
        for who, start in (("real", start_real), ("mine", start_mine)):
            before = len(kafka.records(private))
            found[who] = [
                recorded(kafka, outer, start, drive),
                [json.loads(each.value) for each in kafka.records(private)[before:]],
            ]
    for real, mine in zip(found["real"], found["mine"], strict=True):
        agree(real, mine, OTHERWISE)
    assert [len(each) for each in found["mine"]] == [3 + 3 * 8 + 3, 3 * 5 + 2]


def test_what_is_read_otherwise(world, kafka):
    """Of events, by the real one: AUTH is TLS's command, `!` and small letters are nothing, what stands behind a blank is nothing;
    and a section that says nothing of Kafka silences all that happens in it."""
    every, topics = kafka.topic(), [kafka.topic() for _ in range(4)]
    lists = ["AUTH", "ALL,!NOOP", "all", '"MKD, RMD"']
    lines = [f"KafkaLogOnEvent {words} what topic {topic}" for words, topic in zip(lists, topics, strict=True)]
    section = "<Directory ~/other>\nUmask 077\n</Directory>"
    engine = (
        "KafkaEngine on",
        f"KafkaBroker {kafka.bootstrap}",
        'LogFormat what "%r"',
        f"KafkaLogOnEvent ALL what topic {every}",
    )

    def drive(server):
        (world.home / "other").mkdir()
        os.chown(world.home / "other", 1001, 1001)
        client = server.client().login()
        client.says("MKD other/d", "NOOP", "MKD d", "RMD d", "QUIT")
        client.close()

    found = {}
    with one_after_the_other(world, *engine, *lines, section) as (start_real, start_mine):
        for who, start in (("real", start_real), ("mine", start_mine)):
            before = {topic: len(kafka.records(topic)) for topic in topics}
            found[who] = [[name(each) for each in recorded(kafka, every, start, drive)]]
            found[who] += [[name(json.loads(each.value)) for each in kafka.records(topic)[before[topic] :]] for topic in topics]
    start = ["", "QUIT", ""]
    login, done = ["USER anna", "PASS (hidden)"], ["NOOP", "MKD d", "RMD d"]
    session = [*start, "", *login, *done, "QUIT", ""]
    assert found["real"] == [session, [], session, [], ["MKD d"]]
    whole = [*start, "", *login, "MKD other/d", *done, "QUIT", ""]
    without = [each for each in whole if each != "NOOP"]
    assert found["mine"] == [whole, login, without, whole, ["MKD other/d", "MKD d", "RMD d"]]
