"""The daemon is killed while other processes help it look at lines: they go with it, and every line is counted once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.watchman.running import running

TRIGGERS = r"""
[[trigger]]
name = "failed"
pattern = 'Failed password for \S+ from (?P<address>[\d.]+)'
count = 5
after = "count-anew"
actions = ["null"]
"""
ADDRESSES, TIMES = 20_000, 40


def helpers(daemon) -> set[int]:
    """The processes that it has started."""
    tasks = Path(f"/proc/{daemon.process.pid}/task").glob("*/children")
    return {int(child) for path in tasks for child in path.read_text().split()}


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one processor: nobody helps")
def test_those_who_help_go_with_the_daemon_and_every_line_is_counted_once(tmp_path):
    line = "Nov 20 08:30:00 host sshd[7]: Failed password for root from 10.0.%d.%d port 22 ssh2\n"
    once = "".join(line % divmod(number, 250) for number in range(ADDRESSES)).encode()
    with running(tmp_path, TRIGGERS) as daemon:
        with open(tmp_path / "log", "ab") as log:
            log.writelines(once for _ in range(TIMES))
        there: set[int] = set()

        def called() -> bool:
            there.update(helpers(daemon))
            return bool(there)

        daemon.until(called, 20.0)
        daemon.kill()
        daemon.start()
        daemon.until(lambda: not any(map(is_alive, there)))
        expected = ADDRESSES * (TIMES // 5)
        daemon.until(lambda: daemon.rows("SELECT count(*) FROM alerts")[0][0] >= expected, 60.0)
        assert daemon.rows("SELECT count(*), count(DISTINCT key) FROM alerts") == [(expected, ADDRESSES)]
