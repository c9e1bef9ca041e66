"""`vigilog ship`, as somebody runs it."""

import base64
import gzip
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.conftest import SOURCE

FORMAT = ["--format", '%h %l %u %t "%r" %s %b', "--dialect", "proftpd"]
PATIENCE = 30.0


def line(number, host="10.0.0.1"):
    return f'{host} - anna [20/Nov/2026:08:30:00 +0000] "RETR /{number}" 226 {number}\n'


def lines(*numbers):
    return "".join(map(line, numbers))


def numbers(text):
    """The numbers of the lines that records were made of, in their order."""
    return [json.loads(record)["bytes_sent"] for record in text.splitlines()]


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "ext.log"
    path.write_text(lines(*range(5)))
    return path


def test_lines_come_out_as_json(vigilog, log):
    done = vigilog("ship", str(log), *FORMAT)
    assert done.stdout.splitlines()[3] == (
        '{"remote_dns":"10.0.0.1","identd_user":"-","user":"anna","local_time":"2026-11-20 08:30:00 +0000",'
        '"raw_command":"RETR /3","response_code":226,"bytes_sent":3}'
    )
    assert done.stderr == "vigilog ship: 5 lines read, 5 records written to stdout\n"
    assert done.returncode == 0


def test_to_standard_output_nothing_is_remembered(vigilog, log, tmp_path):
    assert numbers(vigilog("ship", str(log), *FORMAT).stdout) == list(range(5))
    again = vigilog("ship", str(log), *FORMAT, "--quiet")
    assert (numbers(again.stdout), again.stderr) == (list(range(5)), "")
    assert [path.name for path in tmp_path.iterdir()] == ["ext.log"]


def test_it_is_remembered_where_that_is_asked_for(vigilog, log, tmp_path):
    asked = [*FORMAT, "-S", str(tmp_path / "state")]
    vigilog("ship", str(log), *asked)
    with log.open("a") as file:
        file.write(lines(5))
    assert numbers(vigilog("ship", str(log), *asked).stdout) == [5]
    assert numbers(vigilog("ship", str(log), *asked, "--from-start").stdout) == list(range(6))
    assert numbers(vigilog("ship", str(log), *asked).stdout) == []


def test_a_second_call_ships_what_is_new_and_what_was_rotated_meanwhile(vigilog, log, tmp_path):
    out = tmp_path / "out.jsonl"
    asked = [*FORMAT, "--to", f"file:{out}", "-S", str(tmp_path / "state")]
    assert vigilog("ship", str(log), *asked).stderr == f"vigilog ship: 5 lines read, 5 records written to file:{out}\n"
    with log.open("a") as file:
        file.write(lines(5, 6))
    with gzip.open(tmp_path / "ext.log.1.gz", "wt") as file:
        file.write(log.read_text())
    log.unlink()
    log.write_text(lines(7))
    assert vigilog("ship", str(log), *asked).stderr == f"vigilog ship: 3 lines read, 3 records written to file:{out}\n"
    assert numbers(out.read_text()) == list(range(8))
    assert out.stat().st_mode & 0o777 == 0o600


def test_another_target_has_a_memory_of_its_own(vigilog, log, tmp_path):
    for name in ("one", "two"):
        vigilog("ship", str(log), *FORMAT, "--to", f"file:{tmp_path / name}", "-S", str(tmp_path / "state"))
        assert numbers((tmp_path / name).read_text()) == list(range(5))


def test_several_logs_packed_and_not_are_shipped_in_the_order_named(vigilog, log, tmp_path):
    with gzip.open(tmp_path / "ext.log.2.gz", "wt") as file:
        file.write(lines(20, 21))
    (tmp_path / "other.log").write_text(lines(10))
    done = vigilog("ship", "other.log", "ext.log.2.gz", str(log), *FORMAT)
    assert numbers(done.stdout) == [10, 20, 21, *range(5)]


@pytest.mark.parametrize("jobs", ["2", "3"])
def test_several_processes_keep_the_order(vigilog, tmp_path, jobs):
    (tmp_path / "long.log").write_text(lines(*range(30_000)))
    assert numbers(vigilog("ship", "long.log", *FORMAT, "--jobs", jobs).stdout) == list(range(30_000))


def test_standard_input_is_a_source_like_others(vigilog, log):
    done = vigilog("ship", str(log), "-", *FORMAT, input=lines(7, 8).rstrip("\n"))
    assert numbers(done.stdout) == [*range(5), 7, 8]


def test_well_known_formats_have_names(vigilog, tmp_path):
    (tmp_path / "x").write_text("Fri Nov 20 08:18:42 2026 0 127.0.0.9 150 /srv/a.txt a _ i r anna ftp 0 * c\n")
    assert json.loads(vigilog("ship", "x", "--format", "xferlog").stdout)["direction"] == "incoming"


def test_a_line_that_is_not_of_the_format_is_shipped_whole_and_counted(vigilog, log):
    log.write_text(lines(1) + "what is this\n" + lines(2))
    done = vigilog("ship", str(log), *FORMAT, "--schema", "ecs")
    records = [json.loads(record) for record in done.stdout.splitlines()]
    assert [record.get("message") for record in records] == [None, "what is this", None]
    assert done.stderr == (
        "vigilog ship: 3 lines read, 1 of them not of the format (shipped whole), 3 records written to stdout\n"
    )


def test_or_kept_as_a_dead_letter(vigilog, log, tmp_path):
    log.write_bytes(lines(1).encode() + b"what \xe9\n")
    done = vigilog("ship", str(log), *FORMAT, "--dead-letters", "dead")
    assert numbers(done.stdout) == [1]
    assert "1 of them not of the format (in " in done.stderr
    letter = json.loads((tmp_path / "dead").read_text())
    assert (base64.b64decode(letter["value_base64"]), letter["error"]) == (b"what \xe9", "NOT_OF_FORMAT")
    assert (tmp_path / "dead").stat().st_mode & 0o777 == 0o600


def test_a_wrong_format_ships_nothing(vigilog, log):
    log.write_text(lines(*range(200)))
    done = vigilog("ship", str(log), "--format", "common", "--key", "user")
    assert numbers(done.stdout) == list(range(200))  # the same lines
    done = vigilog("ship", str(log), "--format", "combined")
    assert (done.stdout, done.returncode) == ("", 78)
    assert "none of the first 200 lines of file:" in done.stderr


def test_a_last_line_without_its_newline_waits_where_there_is_a_next_call(vigilog, log, tmp_path):
    with log.open("a") as file:
        file.write(lines(5).rstrip("\n"))
    asked = [*FORMAT, "-S", str(tmp_path / "state")]
    done = vigilog("ship", str(log), *asked)
    assert numbers(done.stdout) == list(range(5))
    assert f"{log}: its last line has no newline yet; it is shipped once it has" in done.stderr
    with log.open("a") as file:
        file.write("\n")
    assert numbers(vigilog("ship", str(log), *asked).stdout) == [5]


def test_it_is_shipped_where_there_is_none(vigilog, log):
    with log.open("a") as file:
        file.write(lines(5).rstrip("\n"))
    assert numbers(vigilog("ship", str(log), *FORMAT).stdout) == list(range(6))


def test_a_log_that_is_not_there_is_said_and_the_others_are_shipped(vigilog, log):
    done = vigilog("ship", "/none.log", str(log), *FORMAT)
    assert numbers(done.stdout) == list(range(5))
    assert "/none.log" in done.stderr
    assert done.returncode == 66


def test_who_has_seen_enough_ends_it_quietly(tmp_path):
    (tmp_path / "long.log").write_text(lines(*range(50_000)))
    program = f'{sys.executable} -c "from vigilog.cli.main import run; run()" ship long.log --format extendedlog'
    done = subprocess.run(
        ["bash", "-c", f"{program} | head -1; echo ${{PIPESTATUS[0]}}"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert (done.stdout.splitlines()[1], done.stderr) == ("141", "")


def test_the_configuration_says_where_it_goes(vigilog, log, tmp_path):
    (tmp_path / "v.toml").write_text(f"[ship]\nto = 'file:{tmp_path}/configured'\n[state]\ndirectory = '{tmp_path}/state'\n")
    assert vigilog("ship", str(log), *FORMAT, "--config", "v.toml").returncode == 0
    assert numbers((tmp_path / "configured").read_text()) == list(range(5))


def test_what_a_log_lost_is_said_while_it_is_followed(shipping, log, tmp_path):
    out = tmp_path / "out"
    following = shipping(log, *FORMAT, "--to", f"file:{out}", "-S", tmp_path / "state", "--follow")
    wait_until(lambda: out.exists() and len(numbers(out.read_text())) == 5)
    log.write_text(lines(9))  # cut, and shorter than it was
    assert str(log) in following.process.stderr.readline()
    wait_until(lambda: numbers(out.read_text())[5:] == [9])
    assert following.end() == 0


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--broker", "x"], 78, "Kafka, and no topic; expected --topic NAME"),
        (["--broker", "x", "--topic", "a b"], 78, "a topic 'a b'"),
        (["--broker", "x", "--topic", ".."], 78, "a topic '..'"),
        (
            ["--broker", "x", "--topic", "t", "--property", "linger.ms"],
            78,
            "--property linger.ms; expected --property NAME=VALUE",
        ),
        (["--broker", "x", "--topic", "t", "--property", "foo=1", "--no-state"], 78, 'No such configuration property: "foo"'),
        (["--broker", "x:y:z", "--topic", "t", "--no-state"], 78, "--broker"),
        (["--to", "syslog"], 78, "--to syslog; expected kafka, stdout, or file:PATH"),
        (["--to", "file:/none/x", "--no-state"], 75, "/none/x"),
        (["--key", "nobody"], 78, "the format has no field nobody; expected one of remote_dns"),
        (["--format", "%h%u"], 78, "nothing says where the one ends"),
        (["--jobs", "0"], 2, "'0' is not a whole number from 1"),
        (["--wait", "soon"], 2, "'soon' is not a number of seconds"),
    ],
)
def test_mistakes_are_one_line_each(vigilog, log, arguments, status, said):
    done = vigilog("ship", str(log), *FORMAT, *arguments)
    assert done.returncode == status
    assert said in done.stderr.splitlines()[-1]
    assert done.stdout == ""


def test_a_key_needs_a_format(vigilog, log):
    assert vigilog("ship", str(log), "--key", "user").stderr == (
        "vigilog ship: --key without a format; expected --format LOGFORMAT\n"
    )


def test_without_the_library_for_kafka_it_is_said_what_to_install(vigilog, log, tmp_path):
    absent = tmp_path / "absent"
    absent.mkdir()
    (absent / "confluent_kafka.py").write_text("raise ModuleNotFoundError(name='confluent_kafka')\n")
    environment = {"PYTHONPATH": f"{absent}:{SOURCE}"}
    done = vigilog("ship", str(log), *FORMAT, "--broker", "x", "--topic", "t", "--no-state", environment=environment)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (69, "", 1)
    assert "pip install 'vigilog[kafka]'" in done.stderr


class Shipping:
    """`vigilog ship` as a process that goes on."""

    def __init__(self, directory, *arguments):
        program = [sys.executable, "-c", "from vigilog.cli.main import run; run()", "ship", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(SOURCE), "HOME": str(directory)}
        self.process = subprocess.Popen(
            program, cwd=directory, env=environment, text=True, stdin=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.said = self.process.communicate(timeout=PATIENCE)[1]
        return self.process.returncode


@pytest.fixture
def shipping(tmp_path):
    started = []

    def start(*arguments):
        started.append(Shipping(tmp_path, *map(str, arguments)))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.communicate()


def wait_until(true):
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, "it does not happen"
        time.sleep(0.02)


def test_it_follows_a_log_through_a_rotation_and_goes_on_where_it_was(vigilog, shipping, log, tmp_path):
    out = tmp_path / "out"
    asked = [log, *FORMAT, "--to", f"file:{out}", "-S", tmp_path / "state"]
    following = shipping(*asked, "--follow")
    wait_until(lambda: out.exists() and len(numbers(out.read_text())) == 5)
    log.rename(tmp_path / "ext.log.1")
    log.write_text(lines(5))
    with (tmp_path / "ext.log.1").open("a") as late:
        late.write(lines(100))
    wait_until(lambda: len(numbers(out.read_text())) == 7)
    assert following.end() == 0
    assert following.said.endswith(f"7 lines read, 7 records written to file:{out}\n")
    with log.open("a") as file:
        file.write(lines(6))
    vigilog("ship", *map(str, asked))
    assert sorted(numbers(out.read_text())) == [*range(7), 100]


def test_only_one_at_a_time_ships_to_a_target(vigilog, shipping, log, tmp_path):
    out = tmp_path / "out"
    asked = [log, *FORMAT, "--to", f"file:{out}", "-S", tmp_path / "state"]
    shipping(*asked, "--follow")
    wait_until(lambda: out.exists() and len(numbers(out.read_text())) == 5)
    done = vigilog("ship", *map(str, asked))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "is still running" in done.stderr


def test_a_signal_ends_it_and_what_was_shipped_is_remembered(vigilog, shipping, log, tmp_path):
    out = tmp_path / "out"
    asked = [log, *FORMAT, "--to", f"file:{out}", "-S", tmp_path / "state"]
    waiting = shipping("-", *asked)
    waiting.process.stdin.write(lines(10))
    waiting.process.stdin.flush()
    wait_until(lambda: out.exists() and len(numbers(out.read_text())) == 6)
    assert waiting.end() == 128 + signal.SIGTERM
    assert waiting.said.endswith(f"6 lines read, 6 records written to file:{out}\n")
    assert "0 lines read" in vigilog("ship", *map(str, asked)).stderr


def test_an_interrupt_at_the_terminal_ends_all_processes_in_good_order(tmp_path):
    (tmp_path / "long.log").write_text(lines(*range(100_000)))
    program = [sys.executable, "-c", "from vigilog.cli.main import run; run()", "ship", "long.log", *FORMAT, "--jobs", "3"]
    process = subprocess.Popen(
        program, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(SOURCE)}, start_new_session=True,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    first = os.read(process.stdout.fileno(), 1).decode()  # the pipe is full soon, and it waits
    os.killpg(process.pid, signal.SIGINT)
    shipped, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    found = numbers(first + shipped)
    assert found == list(range(len(found)))
    assert len(found) < 100_000
    assert said == f"vigilog ship: {len(found):,} lines read, {len(found):,} records written to stdout\n"


@pytest.mark.peer
class TestKafka:
    """With a real broker."""

    def test_records_arrive_keyed_and_in_order(self, vigilog, kafka, tmp_path):
        topic = kafka.topic(partitions=3)
        hosts = [f"10.0.0.{number % 7}" for number in range(3000)]
        (tmp_path / "log").write_text("".join(line(number, host) for number, host in enumerate(hosts)))
        to = ["--broker", kafka.bootstrap, "--topic", topic, "--key", "remote_dns", "-S", str(tmp_path / "state")]
        done = vigilog("ship", "log", *FORMAT, *to, "--jobs", "2", "--property", "compression.type=lz4")
        assert done.stderr == "vigilog ship: 3,000 lines read, 3,000 records acknowledged by kafka\n"
        found = [(record.key.decode(), json.loads(record.value)) for record in kafka.records(topic)]
        assert all(key == fields["remote_dns"] for key, fields in found)
        for host in set(hosts):
            expected = [number for number, each in enumerate(hosts) if each == host]
            assert [fields["bytes_sent"] for key, fields in found if key == host] == expected
        with (tmp_path / "log").open("a") as file:
            file.write(line(3000))
        assert "1 line read, 1 record acknowledged" in vigilog("ship", "log", *FORMAT, *to).stderr
        assert len(kafka.records(topic)) == 3001

    def test_without_a_key_of_the_line_the_log_is_the_key(self, vigilog, kafka, log):
        topic = kafka.topic()
        assert vigilog("ship", str(log), *FORMAT, "--broker", kafka.bootstrap, "--topic", topic, "--no-state").returncode == 0
        assert {record.key.decode() for record in kafka.records(topic)} == {f"file:{log}"}

    def test_what_no_broker_takes_waits_for_the_next_call(self, vigilog, kafka, log, tmp_path):
        topic = kafka.topic()
        to = ["--topic", topic, "-S", str(tmp_path / "state")]
        done = vigilog("ship", str(log), *FORMAT, "--broker", "127.0.0.1:1", *to, "--wait", "0.5")
        assert done.returncode == 75
        assert f"0 records acknowledged by kafka, 5 wait in {tmp_path}/state/ship/{topic}" in done.stderr
        with log.open("a") as file:
            file.write(lines(5))
        done = vigilog("ship", str(log), *FORMAT, "--broker", kafka.bootstrap, *to)
        assert done.returncode == 0
        assert "1 line read, 6 records acknowledged by kafka" in done.stderr
        assert [json.loads(record.value)["bytes_sent"] for record in kafka.records(topic)] == list(range(6))

    def test_with_no_state_that_is_a_failure_and_nothing_is_left_behind(self, vigilog, log, tmp_path):
        to = ["--broker", "127.0.0.1:1", "--topic", "t", "--no-state", "--wait", "0.5"]
        done = vigilog("ship", str(log), *FORMAT, *to, environment={"TMPDIR": str(tmp_path)})
        assert done.returncode == 75
        assert "5 NOT DELIVERED" in done.stderr
        assert [path.name for path in tmp_path.iterdir()] == ["ext.log"]

    def test_lines_are_on_the_topic_while_it_follows(self, shipping, kafka, log, tmp_path):
        topic = kafka.topic()
        to = ["--broker", kafka.bootstrap, "--topic", topic, "-S", tmp_path / "state"]
        following = shipping(log, *FORMAT, *to, "--follow")
        wait_until(lambda: len(kafka.records(topic)) == 5)
        with log.open("a") as file:
            file.write(lines(5))
        wait_until(lambda: len(kafka.records(topic)) == 6)
        assert following.end() == 0
        assert following.said == "vigilog ship: 6 lines read, 6 records acknowledged by kafka\n"

    def test_a_private_authority_vouches_for_the_broker(self, vigilog, kafka, log, tmp_path):
        if not kafka.tls:
            pytest.skip("somebody's own Kafka, without TLS")
        topic = kafka.topic()
        to = ["--broker", f"ssl://{kafka.tls}", "--topic", topic, "-S", str(tmp_path / "state")]
        done = vigilog("ship", str(log), *FORMAT, *to, "--property", f"ssl.ca.location={kafka.certificates}/authority.pem")
        assert done.stderr == "vigilog ship: 5 lines read, 5 records acknowledged by kafka\n"
        with log.open("a") as file:
            file.write(lines(5))
        strange = f"ssl.ca.location={kafka.certificates}/stranger.pem"
        done = vigilog("ship", str(log), *FORMAT, *to, "--property", strange, "--wait", "3")
        assert done.returncode == 75
        why, what = done.stderr.splitlines()
        assert "certificate verify failed" in why
        assert "1 wait in" in what
        assert len(kafka.records(topic)) == 5

    def test_a_topic_is_a_source_too(self, vigilog, kafka, tmp_path):
        topic, state = kafka.topic(), str(tmp_path / "state")
        (tmp_path / "raw").write_text(lines(*range(5)))
        vigilog("ship", "raw", *FORMAT, "--broker", kafka.bootstrap, "--topic", topic, "-S", state)
        (tmp_path / "v.toml").write_text(f"[ship]\nbrokers = ['{kafka.bootstrap}']\n")
        asked = [f"kafka:{topic}", "--config", "v.toml", "-S", state, "--to", f"file:{tmp_path}/copy"]
        done = vigilog("ship", *asked)
        assert (done.returncode, "5 lines read" in done.stderr) == (0, True), done.stderr
        bodies = [json.loads(record)["Body"] for record in (tmp_path / "copy").read_text().splitlines()]
        assert numbers("\n".join(bodies)) == list(range(5))
        assert "0 lines read" in vigilog("ship", *asked).stderr

    def test_a_record_that_is_refused_for_good_is_a_dead_letter(self, vigilog, kafka, tmp_path):
        topic = kafka.topic(max_message_bytes=2000)
        to = ["--broker", kafka.bootstrap, "--topic", topic, "-S", str(tmp_path / "state"), "--dead-letters", "dead"]
        (tmp_path / "log").write_text(lines(1) + lines(2).replace("RETR /2", "RETR " + os.urandom(4000).hex()) + lines(3))
        done = vigilog("ship", "log", *FORMAT, *to, "--property", "batch.num.messages=1")
        assert done.returncode == 1, done.stderr
        # what lies behind a record that was refused comes once more: had another try of it been taken, it would have to
        assert [json.loads(record.value)["bytes_sent"] for record in kafka.records(topic)] in ([1, 3], [1, 3, 3])
        assert "1 refused for good, kept as dead letters" in done.stderr
        assert (tmp_path / "dead").read_text().count("\n") == 1
