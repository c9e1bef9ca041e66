"""One order is one line at the end of one file, written whole or not at all, and in no file that somebody else put there."""

import os
import resource
import stat
import subprocess
import sys
import textwrap
import threading

import pytest

from tests.act.samples import HOSTILE, alert, event, order, outcome
from vigilog.act.append import Append
from vigilog.core.errors import ConfigurationError

SEEDS_LINE = "Nov 20 12:00:00 web1 sshd[7]: Failed password for root from 203.0.113.5\n"


def only(action, given):
    [found] = action.perform([given])
    return found


@pytest.fixture
def log(tmp_path):
    return tmp_path / "logins.log"


def test_an_alert_is_by_default_the_line_itself_as_the_seeds_logins_log_has_it(log):
    found = only(Append(str(log)), order())
    assert (found.done, found.reason) == (True, f"written to {log}")
    assert log.read_text() == SEEDS_LINE


def test_an_outcome_is_by_default_a_line_for_the_seeds_blockedips_log(tmp_path):
    path = tmp_path / "blockedIPs.log"
    assert only(Append(str(path)), order(of=outcome())).done
    assert path.read_text().endswith(" sshd: ban 203.0.113.5: done: banned for 600 s\n")


def test_a_new_file_is_its_owners_alone_and_may_be_others_if_that_is_asked_for(tmp_path):
    before = os.umask(0o077)
    try:
        only(Append(str(tmp_path / "own")), order())
        only(Append(str(tmp_path / "shared"), mode=0o644), order())
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o644


def test_what_is_there_stays_and_so_does_its_mode(log):
    log.write_text("before\n")
    log.chmod(0o640)
    only(Append(str(log)), order())
    assert log.read_text() == "before\n" + SEEDS_LINE
    assert stat.S_IMODE(log.stat().st_mode) == 0o640


def test_a_hostile_line_is_one_line(log):
    only(Append(str(log)), order(about=alert(event(line=HOSTILE + b"\nNov 20 forged"))))
    assert log.read_bytes().count(b"\n") == 1
    assert b"\x1b" not in log.read_bytes()


def test_a_line_of_ten_megabytes_is_one_line(log):
    assert only(Append(str(log)), order(about=alert(event(line=b"x" * 10_000_000)))).done
    assert log.stat().st_size == 10_000_001


def test_after_a_rotation_the_new_file_is_used(log, tmp_path):
    action = Append(str(log))
    only(action, order())
    log.rename(tmp_path / "logins.log.1")
    only(action, order())
    assert log.read_text() == (tmp_path / "logins.log.1").read_text() == SEEDS_LINE


def test_a_file_is_opened_again_when_that_is_asked_for(log):
    action = Append(str(log))
    only(action, order())
    before = os.listdir("/proc/self/fd")
    action.reopen()
    only(action, order())
    assert os.listdir("/proc/self/fd") == before
    assert log.read_text() == SEEDS_LINE * 2


def test_a_closed_action_leaves_no_descriptor(log):
    before = os.listdir("/proc/self/fd")
    action = Append(str(log))
    list(action.perform([order(), order()]))
    action.close()
    assert os.listdir("/proc/self/fd") == before


def test_a_directory_that_is_not_there_is_an_outcome_and_the_next_order_finds_it(tmp_path):
    action = Append(str(tmp_path / "logs" / "a.log"))
    found = only(action, order())
    assert (found.done, found.reason) == (False, f"not written to {tmp_path}/logs/a.log: No such file or directory")
    (tmp_path / "logs").mkdir()
    assert only(action, order()).done


def test_two_that_write_to_one_file_at_the_same_time_do_not_mix_their_lines(log):
    orders = [order(about=alert(event(line=b"x" * 5000))) for _ in range(300)]
    threads = [threading.Thread(target=lambda: list(Append(str(log)).perform(orders))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.read_bytes() == (b"x" * 5000 + b"\n") * 600


def test_a_full_disk_is_an_outcome_and_no_half_line_is_left(log):
    assert resource.getrlimit(resource.RLIMIT_FSIZE)  # a limit on the size of files ends a write as a full disk does
    program = """
        import resource, sys
        from tests.act.samples import alert, event, order
        from vigilog.act.append import Append
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        given = [order(about=alert(event(line=b"x" * 299))) for _ in range(5)]
        for found in Append(sys.argv[1]).perform(given):
            print(found.done, found.reason)
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(log)],
        env=environment,
        cwd=os.getcwd(),
        capture_output=True,
        check=True,
    )
    said = run.stdout.decode().splitlines()
    assert [line.split()[0] for line in said] == ["True"] * 3 + ["False"] * 2
    assert said[3].endswith("only 100 of 300 bytes found room")
    assert log.read_bytes() == (b"x" * 299 + b"\n") * 3


def test_a_link_in_a_directory_where_others_may_write_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious\n")
    public = tmp_path / "public"
    public.mkdir()
    public.chmod(0o1777)
    (public / "a.log").symlink_to(victim)
    found = only(Append(str(public / "a.log")), order())
    assert not found.done
    assert "the link a.log lies where others may write" in found.reason
    assert victim.read_text() == "precious\n"


def test_a_directory_on_the_way_that_is_such_a_link_is_not_followed_either(tmp_path):
    (tmp_path / "victim").mkdir()
    public = tmp_path / "public"
    public.mkdir()
    public.chmod(0o777)
    (public / "logs").symlink_to(tmp_path / "victim")
    assert "the link logs lies" in only(Append(str(public / "logs" / "a.log")), order()).reason
    assert list((tmp_path / "victim").iterdir()) == []


def test_a_link_in_a_directory_of_ones_own_is_followed(tmp_path):
    real = tmp_path / "disk"
    real.mkdir()
    (tmp_path / "logs").symlink_to("disk")
    (real / "a.log").symlink_to(tmp_path / "elsewhere.log")
    assert only(Append(str(tmp_path / "logs" / "a.log")), order()).done
    assert (tmp_path / "elsewhere.log").read_text() == SEEDS_LINE


def test_links_that_go_round_in_a_circle_end(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert "Too many levels" in only(Append(str(tmp_path / "a")), order()).reason


def test_in_a_public_directory_a_file_of_ones_own_is_written(tmp_path):
    tmp_path.chmod(0o1777)
    assert only(Append(str(tmp_path / "a.log")), order()).done
    assert only(Append(str(tmp_path / "a.log")), order()).done


def test_in_a_public_directory_a_file_with_a_second_name_is_not(tmp_path):
    (tmp_path / "victim").write_text("precious\n")
    tmp_path.chmod(0o1777)
    os.link(tmp_path / "victim", tmp_path / "a.log")
    assert "one of them may have put it there" in only(Append(str(tmp_path / "a.log")), order()).reason


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_in_a_public_directory_a_file_of_somebody_else_is_not(tmp_path):
    (tmp_path / "a.log").write_text("")
    os.chown(tmp_path / "a.log", 65534, 65534)
    tmp_path.chmod(0o1777)
    assert "one of them may have put it there" in only(Append(str(tmp_path / "a.log")), order()).reason


def test_a_pipe_or_a_device_in_the_files_place_holds_nobody_up(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    threading.Timer(0, lambda: None).start()
    assert not only(Append(str(tmp_path / "pipe")), order()).done
    assert "it is not a file" in only(Append("/dev/null"), order()).reason
    assert not only(Append(str(tmp_path)), order()).done


@pytest.mark.parametrize("options", [{"path": "a.log"}, {"text": "{nobody}"}])
def test_what_cannot_work_is_refused_when_it_is_made(options):
    with pytest.raises(ConfigurationError):
        Append(**{"path": "/var/log/a.log", **options})


def test_what_it_would_do_is_said(log):
    assert Append(str(log), text="{ip}", fields=["ip"]).would(order()) == f"write to {log}: 203.0.113.5"
    assert not log.exists()
