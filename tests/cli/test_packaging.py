"""packaging: units that systemd accepts, scripts that the shell accepts, and a Makefile that explains itself."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PACKAGING = CHECKOUT / "packaging"
SCRIPTS = ["packaging/install", "packaging/uninstall", "packaging/make-venv", "packaging/test-packages", ".ci/run"]


@pytest.fixture
def units(tmp_path):
    """The systemd units as they are installed, with a program that is there."""
    program = tmp_path / "prefix" / "bin" / "vigilog"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    paths = []
    for unit in (PACKAGING / "systemd").iterdir():
        path = tmp_path / unit.name
        path.write_text(unit.read_text().replace("@PREFIX@", str(tmp_path / "prefix")).replace("User=vigilog\n", "User=root\n"))
        paths.append(str(path))
    return paths


@pytest.mark.peer
def test_systemd_has_nothing_against_the_units(units, need):
    need("systemd-analyze")
    process = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    ours = [line for line in process.stderr.splitlines() if "vigilog" in line]
    assert (process.returncode, ours) == (0, [])


@pytest.mark.peer
def test_the_timer_runs_two_minutes_past_every_hour(need):
    """As Debian's cron does for logcheck (sheet, part 4)."""
    need("systemd-analyze")
    calendar = re.search(r"OnCalendar=(.*)", (PACKAGING / "systemd" / "vigilog-check.timer").read_text())
    assert calendar
    command = ["systemd-analyze", "calendar", "--iterations=2", "--base-time=2026-11-20 08:02:00 UTC", calendar[1]]
    text = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "TZ": "UTC"}).stdout
    assert "2026-11-20 09:02:00" in text
    assert "2026-11-20 10:02:00" in text


def test_at_boot_the_subject_says_so():
    assert "vigilog check --reboot" in (PACKAGING / "systemd" / "vigilog-check-boot.service").read_text()


def test_no_unit_forbids_new_privileges_for_the_mailer_needs_them():
    """What implies NoNewPrivileges for a user without rights: systemd.exec(5) of systemd 252."""
    forbidding = (
        "NoNewPrivileges SystemCallFilter SystemCallLog SystemCallArchitectures RestrictAddressFamilies RestrictNamespaces"
        " PrivateDevices ProtectKernelTunables ProtectKernelModules ProtectKernelLogs ProtectClock MemoryDenyWriteExecute"
        " RestrictRealtime RestrictSUIDSGID DynamicUser LockPersonality ProtectHostname"
    )
    for unit in (PACKAGING / "systemd").iterdir():
        keys = set(re.findall(r"^(\w+)=", unit.read_text(), re.MULTILINE))
        assert not keys & set(forbidding.split()), unit.name


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_script_is_correct_shell_and_can_be_run(script):
    path = CHECKOUT / script
    assert os.access(path, os.X_OK)
    subprocess.run(["sh", "-n", path], check=True)


def test_make_alone_lists_every_target_with_a_word_about_it():
    makefile = (CHECKOUT / "Makefile").read_text()
    [phony] = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    text = subprocess.run(["make", "-s"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    for target in phony.split():
        assert re.search(rf"^  {target} +\S", text, re.MULTILINE), target


def test_continuous_integration_runs_make_test():
    assert "make test" in (CHECKOUT / ".ci" / "run").read_text()


@pytest.mark.peer
def test_logrotate_accepts_the_configuration(tmp_path, need):
    need("logrotate")
    text = (
        (PACKAGING / "logrotate")
        .read_text()
        .replace("su vigilog vigilog", "su root root")
        .replace("vigilog vigilog", "root root")
    )
    path = tmp_path / "vigilog"
    path.write_text(text)
    path.chmod(0o644)
    process = subprocess.run(["logrotate", "--debug", path], capture_output=True, text=True, check=True)
    assert "error" not in process.stderr


def test_sample_logs_are_a_few_hundred_lines_with_addresses_for_documentation_only():
    lines = [line for path in sorted((PACKAGING / "samples").glob("*.log")) for line in path.read_text().splitlines()]
    assert 200 < len(lines) < 2000
    addresses = {address for line in lines for address in re.findall(r"\b\d+\.\d+\.\d+\.\d+\b", line)}
    assert addresses
    assert all(address.startswith(("192.0.2.", "198.51.100.", "203.0.113.", "8.2302.0")) for address in addresses)
