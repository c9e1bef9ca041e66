"""A script is started without a shell, told by its environment, heard, limited, and ended with all that it started."""

import gc
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.act.samples import HOSTILE, alert, event, order
from vigilog.act import script as scripts
from vigilog.act.script import Script
from vigilog.core.errors import ConfigurationError

BASE = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


@pytest.fixture
def write(tmp_path):
    def make(text, name="act.sh", mode=0o755):
        path = tmp_path / name
        path.write_text(text if text.startswith("#!") else f"#!/bin/sh\n{text}")
        path.chmod(mode)
        return str(path)

    return make


def script(path, **options):
    return Script(path, base=BASE, **options)


def done(action, *orders):
    found = list(action.perform(orders))
    while action.due() is not None:
        found += action.tick()
    return found


def only(action, *orders):
    [found] = done(action, *orders)
    return found


def gone(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    # Killed, but collected by whoever took the orphans in.
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def eventually(condition, seconds=10):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


def children():
    return Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()


def test_a_script_finds_the_event_in_its_environment_and_nothing_on_its_command_line(write, tmp_path):
    path = write(f'cat > {tmp_path}/input; printf "%s|" "$#" "$LT_name" "$LT_ip" "$LT_message" "$PWD" > {tmp_path}/told')
    found = only(script(path), order(3))
    assert (found.done, found.reason, found.order.number) == (True, "ended with status 0", 3)
    assert (tmp_path / "told").read_text() == f"0|sshd|203.0.113.5|{event().line.decode()}|/|"
    assert (tmp_path / "input").read_bytes() == b""


def test_what_an_attacker_wrote_is_run_by_nobody(write, tmp_path):
    path = write(f'printf %s "$LT_message" > {tmp_path}/told; printf %s "$LT_user" > {tmp_path}/user')
    hostile = f"$(touch {tmp_path}/run)`touch {tmp_path}/run`; touch {tmp_path}/run"
    assert only(script(path), order(about=alert(event(line=HOSTILE, fields={"user": hostile})))).done
    assert (tmp_path / "told").read_bytes() == HOSTILE.replace(b"\0", b"#000")
    assert (tmp_path / "user").read_text() == hostile
    assert not (tmp_path / "run").exists()


def test_a_line_of_ten_megabytes_is_handed_over_in_part_and_the_outcome_says_so(write, tmp_path):
    found = only(
        script(write(f'printf %s "$LT_message" | wc -c > {tmp_path}/size')), order(about=alert(event(line=b"x" * 10_000_000)))
    )
    assert found.done
    assert "LT_message was cut to 1310" in found.reason
    assert 131_000 < int((tmp_path / "size").read_text()) < 131_072


def test_the_status_and_the_last_words_are_in_the_outcome_and_all_words_in_the_log(write):
    said: list[str] = []
    path = write("echo first >&2; echo unseen; printf 'red \\033[31m\\nlast\\n' >&2; exit 3")
    found = only(script(path, log=said.append), order())
    assert (found.done, found.reason) == (False, "ended with status 3; it said: last")
    assert said == [f"{path}: first", f"{path}: red \\x1b[31m", f"{path}: last"]


def test_of_endless_words_the_first_4_kib_are_heard_and_the_script_is_not_held_up(write):
    said: list[str] = []
    found = only(script(write("yes word | head -c 3000000 >&2"), log=said.append), order())
    assert found.done
    assert sum([len(line.rpartition(": ")[2]) + 1 for line in said]) == 4096 + 1


def test_a_script_killed_by_a_signal_is_not_done(write):
    found = only(script(write("kill -9 $$")), order())
    assert (found.done, found.reason) == (False, "killed by SIGKILL")


def test_a_script_that_takes_too_long_is_asked_to_end_with_all_it_started(write, tmp_path):
    path = write(f"sleep 1000 & echo $! > {tmp_path}/child; wait")
    found = only(script(path, time_limit=0.3), order())
    assert (found.done, found.reason) == (False, "killed by SIGTERM, because it ran longer than 0.3 seconds")
    assert eventually(lambda: gone(int((tmp_path / "child").read_text())))
    assert children() == []


def test_a_script_that_will_not_hear_of_it_is_killed(write, tmp_path):
    path = write(f"trap '' TERM; echo $$ > {tmp_path}/it; while :; do sleep 0.1; done")
    begun = time.monotonic()
    found = only(script(path, time_limit=0.3, grace=0.3), order())
    assert (found.done, found.reason) == (False, "killed by SIGKILL, because it ran longer than 0.3 seconds")
    assert 0.5 < time.monotonic() - begun < 5
    assert gone(int((tmp_path / "it").read_text()))


def test_a_script_that_cleans_up_when_it_is_asked_to_end_is_not_done_all_the_same(write):
    found = only(script(write("trap 'echo cleaned >&2; exit 0' TERM; sleep 1000 & wait"), time_limit=0.3), order())
    assert (found.done, found.reason) == (
        False,
        "ended with status 0, because it ran longer than 0.3 seconds; it said: cleaned",
    )


def test_what_a_script_left_running_ends_with_it(write, tmp_path):
    path = write(f"trap '' HUP; sleep 1000 & echo $! > {tmp_path}/child")
    begun = time.monotonic()
    assert only(script(path), order()).done
    assert time.monotonic() - begun < 5
    assert eventually(lambda: gone(int((tmp_path / "child").read_text())))


def test_what_a_script_put_into_a_session_of_its_own_stays_and_holds_nobody_up(write, tmp_path):
    path = write(
        f"setsid sh -c 'echo $$ > {tmp_path}/child; exec sleep 1000' & while [ ! -s {tmp_path}/child ]; do sleep 0.05; done"
    )
    assert only(script(path), order()).done
    child = int((tmp_path / "child").read_text())
    assert not gone(child)
    os.kill(child, signal.SIGKILL)


def test_so_many_run_at_the_same_time_and_no_more_and_outcomes_come_as_they_end(write, tmp_path):
    path = write(f"echo b >> {tmp_path}/events; [ $VIGILOG_ORDER = 1 ] && sleep 1.2 || sleep 0.2; echo e >> {tmp_path}/events")
    numbers = [found.order.number for found in done(script(path, parallel=3), *map(order, range(1, 8)))]
    assert sorted(numbers) == list(range(1, 8))
    assert numbers.index(1) > 2
    running = most = 0
    for line in (tmp_path / "events").read_text().split():
        running += 1 if line == "b" else -1
        most = max(most, running)
    assert most == 3


def test_what_finds_no_room_in_the_queue_is_refused_and_said(write):
    found = done(script(write("exit 0"), parallel=1, queue=2), *map(order, range(1, 6)))
    assert {one.order.number: one.done for one in found} == {1: True, 2: True, 3: True, 4: False, 5: False}
    assert [one.reason for one in found if not one.done] == ["queue full: 2 are waiting"] * 2


def test_a_script_that_hangs_keeps_one_place_and_new_orders_find_the_others(write, monkeypatch):
    action = script(write("[ $VIGILOG_ORDER != 1 ] || sleep 1000"), parallel=2)
    assert list(action.perform([order(1)])) == []
    assert action.due() == 0
    begun = time.monotonic()
    found = list(action.perform([order(2), order(3)]))
    while len(found) < 2:
        found += action.tick()
    assert time.monotonic() - begun < 2
    assert [one.order.number for one in found] == [2, 3]
    monkeypatch.setattr(scripts, "PATIENCE", 0.1)
    action.close()
    assert [one.order.number for one in action.tick()] == [1]


def test_the_queue_is_bounded_over_many_calls(write):
    action = script(write("sleep 1"), parallel=1, queue=1)
    assert list(action.perform([order(1)])) == []
    assert list(action.perform([order(2)])) == []
    assert [one.reason for one in action.perform([order(3)])] == ["queue full: 1 are waiting"]
    assert [one.order.number for one in done(action)] == [1, 2]


def test_closing_lets_what_runs_end_and_leaves_what_waits_for_the_next_start(write, tmp_path):
    action = script(write(f"echo x >> {tmp_path}/begun; sleep 0.5"), parallel=2)
    assert list(action.perform([order(number) for number in range(1, 6)])) == []
    action.close()
    assert sorted((one.order.number, one.done) for one in action.tick()) == [(1, True), (2, True)]
    assert action.due() is None
    assert (tmp_path / "begun").read_text() == "x\n" * 2


def test_closing_ends_what_does_not_end_by_itself_in_a_few_seconds(write, tmp_path):
    action = script(write(f"trap '' TERM; echo $$ > {tmp_path}/it; while :; do sleep 0.1; done"), grace=0.5)
    assert list(action.perform([order()])) == []
    assert eventually(lambda: (tmp_path / "it").exists() and (tmp_path / "it").read_text())
    begun = time.monotonic()
    action.close()
    assert 3 < time.monotonic() - begun < 6
    assert [one.reason for one in action.tick()] == ["killed by SIGKILL, because Vigilog is stopping"]
    assert gone(int((tmp_path / "it").read_text()))
    assert children() == []


def test_closing_once_more_from_another_thread_leaves_no_more_time(write, tmp_path):
    action = script(write(f"touch {tmp_path}/begun; sleep 1000 & wait"))
    assert list(action.perform([order()])) == []
    assert eventually((tmp_path / "begun").exists)
    begun = time.monotonic()
    thread = threading.Thread(target=action.close)
    thread.start()
    time.sleep(0.2)
    action.close()
    thread.join(10)
    assert time.monotonic() - begun < 2
    assert [one.reason for one in action.tick()] == ["killed by SIGTERM, because Vigilog is stopping"]


def test_a_closed_action_leaves_no_descriptor_and_may_be_closed_again(write):
    gc.collect()
    before = os.listdir("/proc/self/fd")
    action = script(write("exit 0"))
    assert only(action, order()).done
    for _ in range(3):
        action.close()
        assert list(action.tick()) == []
    assert os.listdir("/proc/self/fd") == before


def test_nothing_is_begun_after_closing(write, tmp_path):
    action = script(write(f"touch {tmp_path}/run"))
    action.close()
    assert done(action, order()) == []
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.chmod(0o644), "it may not be executed (-rw-r--r--); run: chmod +x"),
        (lambda path: path.chmod(0o757), "others may write to"),
        (lambda path: path.chmod(0o775), "others may write to"),
        (lambda path: path.unlink(), "No such file or directory"),
        (lambda path: (path.unlink(), path.mkdir()), "it is not a file"),
        (lambda path: path.write_text("echo no first line\n"), "it has no `#!` line"),
        (lambda path: path.write_text("#!/no/such/shell\n"), "the interpreter that its `#!` line names is not there"),
        (lambda path: path.parent.chmod(0o777), "others may write to"),
    ],
)
def test_a_script_that_is_not_fit_to_be_run_is_not_run_and_why_is_said(write, tmp_path, make, said):
    directory = tmp_path / "scripts"
    directory.mkdir(mode=0o755)
    path = Path(write("exit 0", name="scripts/act.sh"))
    make(path)
    found = only(script(str(path)), order())
    assert not found.done
    assert found.reason.startswith(f"{path} was not run: ")
    assert said in found.reason


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_script_that_somebody_else_could_change_is_not_run(write):
    path = write("exit 0")
    os.chown(path, 65534, 65534)
    assert "belongs to user 65534, who could change it" in only(script(path), order()).reason


def test_a_link_to_a_script_is_run(write, tmp_path):
    (tmp_path / "link.sh").symlink_to(write("exit 0"))
    assert only(script(str(tmp_path / "link.sh")), order()).done


@pytest.mark.parametrize("options", [{"path": "act.sh"}, {"time_limit": 0}, {"more": {"LT_message": "x"}}])
def test_what_cannot_work_is_refused_when_it_is_made(options):
    with pytest.raises(ConfigurationError):
        script(**{"path": "/bin/true", **options})


def test_what_is_handed_over_can_be_printed_as_logtrigger_does(write):
    action = script("/etc/vigilog/scripts/logit.sh", patterns={"sshd": "for %s from %s"})
    assert action.call() == "Call action script: /etc/vigilog/scripts/logit.sh"
    lines = action.describe(order(about=alert(event(line=HOSTILE))))
    assert "                 LT_name: sshd" in lines
    assert "              LT_pattern: for %s from %s" in lines
    assert r"              LT_message: sshd[1]: user '$(reboot)' `id` \x1b[2J#000 \xff" in next(
        line for line in lines if "message" in line
    )
    assert not any(line.strip().startswith("PATH") for line in lines)


def test_what_it_would_do_is_said_in_a_few_words():
    assert script("/x/y.sh").would(order()) == "run /x/y.sh for 203.0.113.5"
    assert script("/x/y.sh").would(order(about=alert(key=()))) == "run /x/y.sh"


def test_two_hundred_scripts_leave_neither_a_descriptor_nor_a_child(write):
    action = script(write("exit 0"), parallel=8)
    assert only(action, order()).done
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    assert sum(found.done for found in done(action, *map(order, range(200)))) == 200
    assert len(os.listdir("/proc/self/fd")) == before
    assert children() == []


def test_a_waiting_script_costs_no_time(write):
    action = script(write("sleep 1"))
    before = time.thread_time()
    assert only(action, order()).done
    assert time.thread_time() - before < 0.1


def test_the_signal_that_ends_scripts_does_not_reach_this_process(write):
    assert subprocess.run(["/bin/true"], check=False).returncode == 0
    assert only(script(write("kill -TERM 0; sleep 5")), order()).reason == "killed by SIGTERM"
