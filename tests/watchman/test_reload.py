"""The daemon told to begin, to reload, to end; asked what it does and made to show it; and left in peace."""

import os
import signal
import subprocess
import time

import pytest

from tests.watchman.facts import alerts_of, lines, open_orders
from tests.watchman.running import Running, running

FAILED = "Nov 20 08:30:00 host sshd[7]: Failed password for {user} from {address} port 22 ssh2"
TRIGGER = """
[[trigger]]
name = "{name}"
pattern = 'Failed password for (?P<user>\\S+) from (?P<address>\\S+) port'
key = ["address"]
count = {count}
after = "count-anew"
actions = ["{action}"]
"""
OUT = """
[action.{name}]
type = "append"
file = "{directory}/{name}"
template = "{text}"
"""


def trigger(name="failed", count=3, action="out"):
    return TRIGGER.replace("{name}", name).replace("{count}", str(count)).replace("{action}", action)


def out(directory, name="out", text="{key}"):
    return OUT.replace("{name}", name).replace("{directory}", str(directory)).replace("{text}", text)


def failed(address, user="root"):
    return FAILED.format(address=address, user=user)


def settled(daemon, lines_of_log):
    """Waits until so many lines are read, and all that follows is done."""
    daemon.until(lambda: sum(source["lines"] for source in daemon.status()["sources"]) >= lines_of_log)
    daemon.until(lambda: not open_orders(daemon.directory))


def reload(daemon):
    """By a signal; gives what the status says of it then."""
    before = daemon.status()["reload"]
    daemon.signal(signal.SIGHUP)
    daemon.until(lambda: daemon.status()["reload"] not in (None, before))
    return daemon.status()["reload"]


# --- reload


def test_two_before_a_reload_and_one_after_it_are_three(tmp_path):
    with running(tmp_path, trigger() + out(tmp_path)) as daemon:
        daemon.log(failed("192.0.2.1"), failed("192.0.2.1"), failed("192.0.2.2"))
        settled(daemon, 3)
        daemon.configure(trigger() + trigger("more", 2, "null") + out(tmp_path))
        assert reload(daemon)["errors"] == []
        daemon.log(failed("192.0.2.1"))
        daemon.until(lambda: lines(tmp_path / "out") == ["192.0.2.1"])
        daemon.log(failed("192.0.2.2"))
        settled(daemon, 5)
        assert [(alert.rule, alert.key[0], len(alert.events)) for alert in alerts_of(tmp_path)] == [("failed", "192.0.2.1", 3)]
        names = [trigger["name"] for trigger in daemon.status()["triggers"]]
        assert names == ["failed", "more"]


def test_a_kill_between_two_and_one_makes_no_difference(tmp_path):
    with running(tmp_path, trigger() + out(tmp_path)) as daemon:
        daemon.log(failed("192.0.2.1"), failed("192.0.2.1"))
        settled(daemon, 2)
        daemon.kill()
        daemon.log(failed("192.0.2.1"))
        daemon.start()
        daemon.until(lambda: lines(tmp_path / "out") == ["192.0.2.1"])


def test_a_bad_configuration_changes_nothing_and_says_where_it_is_wrong(tmp_path):
    with running(tmp_path, trigger() + out(tmp_path)) as daemon:
        daemon.log(failed("192.0.2.1"), failed("192.0.2.1"))
        settled(daemon, 2)
        daemon.configure(trigger().replace("count = 3", 'count = "three"').replace("(?P<user>", "(?P<user") + out(tmp_path))
        text = daemon.configuration.read_text().split("\n")
        said = daemon.vigilog("reload", check=False)
        assert said.returncode == 78
        number = next(number for number, line in enumerate(text, 1) if line.startswith("count"))
        assert f"{daemon.configuration}:{number}" in said.stderr
        number = next(number for number, line in enumerate(text, 1) if line.startswith("pattern"))
        assert f"{daemon.configuration}:{number}" in said.stderr
        assert len(reload(daemon)["errors"]) == 2
        shown = daemon.vigilog("status").stdout
        assert "refused, the configuration before it is in use" in shown
        assert f"{daemon.configuration}:{number}" in shown
        assert daemon.said().count("the old configuration stays") == 4
        daemon.log(failed("192.0.2.1"))
        daemon.until(lambda: lines(tmp_path / "out") == ["192.0.2.1"])
        daemon.configure(trigger() + out(tmp_path))
        assert daemon.vigilog("reload").returncode == 0
        assert "taken" in daemon.vigilog("status").stdout


def test_sources_come_and_go(tmp_path):
    def sources(*names):
        return "sources = [" + ", ".join(f'"{tmp_path}/{name}"' for name in names) + "]\n" + trigger(count=1) + out(tmp_path)

    with running(tmp_path, sources("log")) as daemon:
        daemon.log(failed("192.0.2.9"), to="other")  # before anybody watches it
        daemon.log(failed("192.0.2.1"))
        daemon.until(lambda: lines(tmp_path / "out") == ["192.0.2.1"])
        daemon.configure(sources("log", "other"))
        daemon.vigilog("reload")
        assert [source["name"] for source in daemon.status()["sources"]] == [f"file:{tmp_path}/log", f"file:{tmp_path}/other"]
        daemon.log(failed("192.0.2.2"), to="other")
        daemon.until(lambda: lines(tmp_path / "out") == ["192.0.2.1", "192.0.2.2"])
        daemon.configure(sources("other"))
        daemon.vigilog("reload")
        daemon.log(failed("192.0.2.3"))
        daemon.log(failed("192.0.2.4"), to="other")
        daemon.until(lambda: lines(tmp_path / "out") == ["192.0.2.1", "192.0.2.2", "192.0.2.4"])
        daemon.configure(sources("log", "other"))  # it is read on where it was left
        daemon.vigilog("reload")
        daemon.until(lambda: lines(tmp_path / "out") == ["192.0.2.1", "192.0.2.2", "192.0.2.4", "192.0.2.3"])


def test_actions_and_counts_are_changed(tmp_path):
    with running(tmp_path, trigger() + out(tmp_path)) as daemon:
        daemon.log(*[failed("192.0.2.1")] * 3)
        daemon.until(lambda: lines(tmp_path / "out") == ["192.0.2.1"])
        daemon.configure(trigger(action="new", count=2) + out(tmp_path, "new", "{key} {count}"))
        daemon.vigilog("reload")
        daemon.log(*[failed("192.0.2.1")] * 2)
        daemon.until(lambda: lines(tmp_path / "new") == ["192.0.2.1 2"])
        assert lines(tmp_path / "out") == ["192.0.2.1"]
        assert {action["name"] for action in daemon.status()["actions"]} >= {"new"}
        assert "out" not in {action["name"] for action in daemon.status()["actions"]}


# --- the end


SLOW = """
[ban]
backend = "command"
command = "/bin/true"
[action.slow]
type = "script"
script = "{directory}/slow"
parallel = 50
"""
"""Where there are scripts, the firewall is made ready, since they may ban: this host's is not."""


def test_told_to_end_it_reads_no_more_but_ends_what_is_under_way(tmp_path):
    (tmp_path / "slow").write_text(f"#!/bin/sh\ntouch {tmp_path}/begun\nsleep 1\necho $LT_address >> {tmp_path}/ended\n")
    (tmp_path / "slow").chmod(0o755)
    with running(tmp_path, trigger(count=1, action="slow") + SLOW.replace("{directory}", str(tmp_path))) as daemon:
        daemon.log(*(failed(f"192.0.2.{host}") for host in range(20)))
        daemon.until((tmp_path / "begun").exists)
        begun = time.monotonic()
        assert daemon.kill(signal.SIGTERM) == 0
        assert time.monotonic() - begun < 8
        assert sorted(lines(tmp_path / "ended")) == sorted(f"192.0.2.{host}" for host in range(20))
        assert open_orders(tmp_path) == 0
        assert not daemon.control.exists()


# --- the start


def test_the_second_daemon_says_so_and_ends_and_the_first_goes_on(tmp_path):
    with running(tmp_path, trigger(count=1) + out(tmp_path)) as daemon:
        second = daemon.vigilog("run", check=False)
        assert second.returncode == 1
        assert "vigilog run" in second.stderr
        assert str(daemon.status()["process"]) in second.stderr
        daemon.log(failed("192.0.2.1"))
        daemon.until(lambda: lines(tmp_path / "out") == ["192.0.2.1"])


def test_all_mistakes_are_printed_and_the_status_is_78(tmp_path):
    text = """
colour = "red"
[[trigger]]
name = "one"
pattern = '(unbalanced'
actions = ["nobody"]
[[trigger]]
name = "two"
language = "scanf"
pattern = 'x %q'
within = "a while"
actions = ["null"]
[[trigger]]
rule = "sshdd"
actions = ["null"]
"""
    daemon = Running(tmp_path, text)
    said = daemon.vigilog("run", check=False)
    assert said.returncode == 78
    numbered = dict(enumerate(daemon.configuration.read_text().split("\n"), 1))
    for words in ("colour", "pattern = '(", 'actions = ["nobody', "pattern = 'x %q", "within", 'rule = "sshdd'):
        (number,) = [number for number, line in numbered.items() if line.startswith(words)]
        assert f"{daemon.configuration}:{number}" in said.stderr, words
    assert not (tmp_path / "state").exists()
    assert not daemon.control.exists()


def test_a_log_that_is_not_there_yet_is_read_from_its_first_line(tmp_path):
    text = f'sources = ["{tmp_path}/later/log"]\n' + trigger(count=1) + out(tmp_path)
    with running(tmp_path, text) as daemon:
        assert daemon.status()["notices_total"] == 0 or "could not be read" in daemon.said()
        (tmp_path / "later").mkdir()
        time.sleep(0.1)
        daemon.log(failed("192.0.2.1"), failed("192.0.2.2"), to="later/log")
        daemon.until(lambda: lines(tmp_path / "out") == ["192.0.2.1", "192.0.2.2"])
        (tmp_path / "later" / "log").unlink()
        time.sleep(0.2)
        daemon.log(failed("192.0.2.3"), to="later/log")
        daemon.until(lambda: lines(tmp_path / "out")[2:] == ["192.0.2.3"])


# --- what it shows


def test_debug_level_2_shows_what_logtrigger_shows(tmp_path):
    (tmp_path / "act.sh").write_text("#!/bin/sh\n")
    (tmp_path / "act.sh").chmod(0o755)
    text = trigger(count=2, action="slow") + SLOW.replace("{directory}/slow", f"{tmp_path}/act.sh")
    with running(tmp_path, text, options=("-D", "2")) as daemon:
        daemon.log(failed("192.0.2.1"), failed("192.0.2.1", "anna"))
        settled(daemon, 2)
        said = daemon.said().split("\n")
        at = said.index(f"Call action script: {tmp_path}/act.sh")
        shown = dict(line.strip().split(": ", 1) for line in said[at + 1 : at + 20] if line.startswith(" "))
        assert shown["LT_message"] == failed("192.0.2.1", "anna")
        assert shown["LT_name"] == "failed"
        assert (shown["LT_user"], shown["LT_address"], shown["LT_count"]) == ("anna", "192.0.2.1", "2")
        assert f"{'LT_name':>24}: failed" in said


def test_a_dry_run_touches_nothing_and_says_what_it_would_do(tmp_path):
    (tmp_path / "act.sh").write_text(f"#!/bin/sh\ntouch {tmp_path}/harm\n")
    (tmp_path / "act.sh").chmod(0o755)
    text = f"""
[mail]
to = ["root@localhost"]
transport = "sendmail"
command = "{tmp_path}/act.sh"
[action.mail]
type = "mail"
""" + trigger(count=1).replace('["out"]', '["out", "slow", "mail", "ban"]') + out(tmp_path) + SLOW.replace("{directory}/slow", f"{tmp_path}/act.sh")  # fmt: skip
    with running(tmp_path, trigger() + out(tmp_path)) as real:
        real.kill()  # what it has left must stay as it is
        before = tables(), everything(tmp_path / "state")
        trial = Running(tmp_path, text, options=("--dry-run",))
        trial.begin()
        try:
            trial.until(lambda: "dry run: watching" in trial.said())
            trial.log(failed("192.0.2.1"), failed("$(reboot)\x1b[31m"))
            for action in ("out", "slow", "mail", "ban"):
                trial.until(lambda: trial.said().count(f"\n{action}: failed: dry run: ") == 2)  # noqa: B023
            said = trial.said()
            assert f"out: failed: dry run: would write to {tmp_path}/out: 192.0.2.1" in said
            assert f"slow: failed: dry run: would run {tmp_path}/act.sh for 192.0.2.1" in said
            assert "mail: failed: dry run: would mail: failed: 192.0.2.1" in said
            assert "ban: failed: dry run: would ban 192.0.2.1" in said
            assert "\x1b" not in said
            assert (tables(), everything(tmp_path / "state")) == before
            assert not (tmp_path / "harm").exists()
            assert not (tmp_path / "out").exists()
            assert trial.kill(signal.SIGTERM) == 0
        finally:
            trial.kill()


def everything(directory):
    """The files in a directory: what they hold, and when they were changed."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in directory.iterdir() if path.is_file()}


def tables():
    """The firewall, where there is one."""
    done = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=False) if os.geteuid() == 0 else None
    return done.stdout if done else ""


# --- in peace


def ticks(process):
    """Processor time that a process has used, user and system, in clock ticks."""
    with open(f"/proc/{process}/stat") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return int(words[11]) + int(words[12])


def test_with_nothing_to_do_it_takes_no_processor_time(tmp_path):
    text = f'sources = ["{tmp_path}/log", "{tmp_path}/*.log", "{tmp_path}/missing", "syslog:unix:{tmp_path}/devlog"]\n'
    with running(tmp_path, text + trigger() + out(tmp_path)) as daemon:
        daemon.log(*[failed("192.0.2.1")] * 3)
        settled(daemon, 3)
        process = daemon.status()["process"]
        time.sleep(0.5)
        before = ticks(process)
        time.sleep(5)
        used = ticks(process) - before
        print(f"\n{used} ticks in 5 s")
        assert used <= 1


@pytest.mark.parametrize("command", ["status", "reload"])
def test_without_a_daemon_the_commands_say_so(tmp_path, command):
    said = Running(tmp_path, trigger() + out(tmp_path)).vigilog(command, check=False)
    assert said.returncode == 69
    assert "`vigilog run` is not running" in said.stderr
