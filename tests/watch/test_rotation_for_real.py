"""A daemon that writes and a logrotate that rotates, at the same time as the reader: processes of their own, no simulation."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import time

import pytest

from tests.watch.reader import Reader, noon
from vigilog.watch.options import Options
from vigilog.watch.sources import open_source

DAEMON = """
import os, signal, sys, time
path, count, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
reopen = False
def told(*_):
    global reopen
    reopen = True
signal.signal(signal.SIGHUP, told)
log = open(path, "ab", buffering=0)
print("ready", flush=True)
for number in range(count):
    if reopen:
        reopen = False
        log = open(path, "ab", buffering=0)
    line = b"record %06d " % number + b"x" * (number % 300) + b"\\n"
    cut = number % len(line)
    log.write(line[:cut])
    log.write(line[cut:])
    if number % 200 == 0:
        time.sleep(pause)
"""

WHOLE = re.compile(rb"record (\d{6}) x*")

CONFIGURATIONS = {
    "numbered and packed": "compress\ndelaycompress\ncreate\n",
    "dated": "dateext\ndateformat -%Y%m%d-%s\ncreate\n",
    "without create": "nocreate\ncompress\ndelaycompress\n",
}


@pytest.mark.peer
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_nothing_is_lost_or_doubled_under_the_real_logrotate(tmp_path, need, name):
    need("logrotate")
    log = tmp_path / "daemon.log"
    most = 20_000
    pause = 0.03 if name == "dated" else 0.01  # its stamps tell seconds apart
    with subprocess.Popen([sys.executable, "-c", DAEMON, str(log), str(most), str(pause)], stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout
        daemon.stdout.readline()
        configuration = tmp_path / "logrotate.conf"
        configuration.write_text(
            f"{log} {{\nrotate 100\nsize 1\nmissingok\n{CONFIGURATIONS[name]}postrotate\nkill -HUP {daemon.pid} 2>/dev/null || :\nendscript\n}}\n"
        )
        configuration.chmod(0o644)
        reader = Reader(open_source(str(log), Options(clock=noon)))
        rotations = 0
        while daemon.poll() is None:
            reader.read(most=7)
            if rotations < (3 if name == "dated" else 12):
                rotations += 1
                rotate(configuration, tmp_path)
                time.sleep(1.0 if name == "dated" else 0.02)
    rotate(configuration, tmp_path)
    reader.read()
    reader.read()
    numbers = [int(record.split()[1]) for record in reader.records]
    assert len(list(tmp_path.glob("daemon*log*"))) > 2, "it was rotated"
    assert numbers == list(range(most))
    assert set(reader.kinds()) <= {"missing"}


def rotate(configuration, directory):
    state = directory / "state"
    done = subprocess.run(["/usr/sbin/logrotate", "--state", str(state), str(configuration)], check=False, capture_output=True)
    assert done.returncode == 0 or b"already exists" in done.stderr, done.stderr


@pytest.mark.peer
@pytest.mark.parametrize("more", ["", "compress\n"], ids=["plain", "packed"])
def test_under_the_real_copytruncate_what_it_leaves_is_read_once(tmp_path, need, more):
    """copytruncate loses what is written between copying and cutting. All that is in the files afterwards was read, none twice."""
    need("logrotate")
    log = tmp_path / "daemon.log"
    with subprocess.Popen([sys.executable, "-c", DAEMON, str(log), "20000", "0.01"], stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout
        daemon.stdout.readline()
        configuration = tmp_path / "logrotate.conf"
        configuration.write_text(f"{log} {{\nrotate 100\nsize 5k\ncopytruncate\n{more}}}\n")
        configuration.chmod(0o644)
        reader = Reader(open_source(str(log), Options(clock=noon)))
        command = ["/usr/sbin/logrotate", "--state", str(tmp_path / "state"), str(configuration)]
        while daemon.poll() is None:
            with subprocess.Popen(command) as rotation:
                while rotation.poll() is None:
                    reader.read(most=7)
    reader.read()
    reader.read()
    left = b"".join(
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in tmp_path.glob("daemon.log*")
    )
    whole = {line for line in left.split(b"\n") if WHOLE.fullmatch(line)}
    found = [record for record in reader.records if WHOLE.fullmatch(record)]
    assert len(list(tmp_path.glob("daemon.log.*"))) > 2, "it was rotated"
    assert len(found) == len(set(found))
    assert whole <= set(found)
