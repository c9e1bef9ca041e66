"""A daemon that writes and a logrotate that rotates, while the watchman reads live: processes of their own, no simulation."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time

import pytest

from tests.watch.test_rotation_for_real import CONFIGURATIONS, DAEMON, WHOLE, rotate
from tests.watch.watching import Watching

MOST = 20_000


@pytest.mark.peer
@pytest.mark.parametrize("kept", [100, 1])
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_nothing_is_lost_or_doubled_under_the_real_logrotate(tmp_path, need, name, kept):
    """Also where only one rotated file is kept, packed at once, and the daemon hears late of it."""
    need("logrotate")
    log = tmp_path / "daemon.log"
    pause = 0.03 if name == "dated" else 0.01  # its stamps tell seconds apart
    configuration = tmp_path / "logrotate.conf"
    command = [sys.executable, "-c", DAEMON, str(log), str(MOST), str(pause)]
    with Watching(str(log)) as seen, subprocess.Popen(command, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout
        daemon.stdout.readline()
        configuration.write_text(
            f"{log} {{\nrotate {kept}\nsize 1\nmissingok\n{CONFIGURATIONS[name]}"
            f"postrotate\nkill -HUP {daemon.pid} 2>/dev/null || :\nendscript\n}}\n"
        )
        configuration.chmod(0o644)
        rotations = 0
        rotated = 0.0
        while daemon.poll() is None:
            seen.turn(0.02)
            if rotations < (3 if name == "dated" else 12) and time.monotonic() > rotated + (1.0 if name == "dated" else 0.02):
                rotations += 1
                rotate(configuration, tmp_path)
                rotated = time.monotonic()
        rotate(configuration, tmp_path)
        seen.until(lambda: len(seen.records) >= MOST)
        seen.settle()
        assert rotations > 2
        assert [int(record.split()[1]) for record in seen.records] == list(range(MOST))
        assert set(seen.kinds()) <= {"missing"}


@pytest.mark.peer
@pytest.mark.parametrize("more", ["", "compress\n"], ids=["plain", "packed"])
def test_under_the_real_copytruncate_what_it_leaves_is_read_once(tmp_path, need, more):
    """copytruncate loses what is written between copying and cutting. All that is in the files afterwards was read, none twice."""
    need("logrotate")
    log = tmp_path / "daemon.log"
    configuration = tmp_path / "logrotate.conf"
    configuration.write_text(f"{log} {{\nrotate 100\nsize 5k\ncopytruncate\n{more}}}\n")
    configuration.chmod(0o644)
    command = [sys.executable, "-c", DAEMON, str(log), str(MOST), "0.01"]
    with Watching(str(log)) as seen, subprocess.Popen(command, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout
        daemon.stdout.readline()
        while daemon.poll() is None:
            with subprocess.Popen(["/usr/sbin/logrotate", "--state", str(tmp_path / "state"), str(configuration)]) as rotation:
                while rotation.poll() is None:
                    seen.turn(0.01)
        seen.settle()
        left = b"".join(
            gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            for path in tmp_path.glob("daemon.log*")
        )
        whole = {line for line in left.split(b"\n") if WHOLE.fullmatch(line)}
        found = [record for record in seen.records if WHOLE.fullmatch(record)]
        assert len(list(tmp_path.glob("daemon.log.*"))) > 2, "it was rotated"
        assert len(found) == len(set(found))
        assert whole <= set(found)
