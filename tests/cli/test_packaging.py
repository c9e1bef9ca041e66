"""packaging: units that systemd accepts, scripts that the shell accepts, and a Makefile that explains itself."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from vigilog.cli.main import STATUS
from vigilog.config.run_settings import Run

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PACKAGING = CHECKOUT / "packaging"
SCRIPTS = [
    "packaging/install", "packaging/uninstall", "packaging/make-venv", "packaging/test-packages", "packaging/syslog-ng",
    "packaging/kafka/authority", ".ci/run",
]  # fmt: skip


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


FORBIDDING = {
    "NoNewPrivileges",
    "SystemCallFilter",
    "SystemCallLog",
    "SystemCallArchitectures",
    "RestrictAddressFamilies",
    "RestrictNamespaces",
    "PrivateDevices",
    "ProtectKernelTunables",
    "ProtectKernelModules",
    "ProtectKernelLogs",
    "ProtectClock",
    "MemoryDenyWriteExecute",
    "RestrictRealtime",
    "RestrictSUIDSGID",
    "DynamicUser",
    "LockPersonality",
    "ProtectHostname",
}
"""What implies NoNewPrivileges for a user without rights: systemd.exec(5) of systemd 252."""


def test_no_unit_of_check_forbids_new_privileges_for_the_mailer_needs_them():
    for unit in (PACKAGING / "systemd").glob("vigilog-check*"):
        keys = set(re.findall(r"^(\w+)=", unit.read_text(), re.MULTILINE))
        assert not keys & FORBIDDING, unit.name


def test_the_documentation_gives_back_all_that_keeps_a_script_from_gaining_rights():
    unit = (PACKAGING / "systemd" / "vigilog.service").read_text()
    forbidding = {name for name in FORBIDDING if re.search(rf"^{name}=", unit, re.MULTILINE)} | {"CapabilityBoundingSet"}
    [block] = re.findall(r"\n    \[Service\]\n((?:    .*\n)+)", (CHECKOUT / "docs" / "run.md").read_text())
    assert {line.strip().split("=")[0] for line in block.splitlines()} == forbidding


def key(name):
    """The values of a key in the unit of `vigilog run`."""
    return re.findall(rf"^{name}=(.*)$", (PACKAGING / "systemd" / "vigilog.service").read_text(), re.MULTILINE)


@pytest.mark.peer
def test_systemd_finds_the_watchman_well_protected(tmp_path, need):
    """Without a word against it, 10 is the worst and 0 the best; what Debian's own daemons have is between 5 and 9.6."""
    need("systemd-analyze")
    unit = tmp_path / "vigilog.service"
    unit.write_text((PACKAGING / "systemd" / "vigilog.service").read_text().replace("@PREFIX@", "/opt/vigilog"))
    command = ["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=25", unit]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout
    assert "Overall exposure level" in process.stdout


def test_the_watchman_says_when_it_is_ready_and_is_started_again_unless_its_configuration_is_wrong():
    assert key("Type") == ["notify"]
    assert key("Restart") == ["on-failure"]
    assert key("RestartPreventExitStatus") == [str(STATUS["ConfigurationError"])]
    assert int(key("WatchdogSec")[0]) > 0


def test_the_end_of_the_watchman_is_not_the_end_of_its_scripts():
    """With the default of systemd, scripts and the helper that bans would be told to end at the same moment."""
    assert key("KillMode") == ["mixed"]


def test_the_watchman_and_check_are_the_same_user_and_remember_in_the_same_place():
    check = (PACKAGING / "systemd" / "vigilog-check.service").read_text()
    for name in ("User", "StateDirectory", "StateDirectoryMode", "LogsDirectory", "UMask"):
        assert re.findall(rf"^{name}=(.*)$", check, re.MULTILINE) == key(name)
    assert Run().control.startswith(f"/run/{key('RuntimeDirectory')[0]}/")


def test_the_helper_can_talk_to_the_firewall_and_nothing_else_can():
    assert key("AmbientCapabilities") == key("CapabilityBoundingSet") == ["CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE"]
    assert "AF_NETLINK" in key("RestrictAddressFamilies")[0]


def test_every_unit_that_is_installed_is_removed():
    removed = (CHECKOUT / "packaging" / "uninstall").read_text()
    for unit in (PACKAGING / "systemd").iterdir():
        assert f"/{unit.name}" in removed, unit.name


def test_the_watchman_starts_by_itself_only_where_there_are_triggers(tmp_path):
    """The expression of packaging/install, on what can stand there."""
    found = re.search(r"grep -Eqs '([^']+)'", (CHECKOUT / "packaging" / "install").read_text())
    assert found
    for text, expected in [
        ("[[trigger]]\n", 0),
        ("  [[trigger]] # x\n", 0),
        ("# [[trigger]]\n", 1),
        ("[[trigger.sample]]\n", 1),
        ("", 1),
    ]:
        (tmp_path / "f.toml").write_text(text)
        assert subprocess.run(["grep", "-Eqs", found[1], tmp_path / "f.toml"], check=False).returncode == expected, text


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
