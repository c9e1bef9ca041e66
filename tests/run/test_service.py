"""service: what systemd is told, seen at a real datagram socket."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.watch.nobody import only_root
from vigilog.run.service import Service, gains_no_rights

SOURCE = Path(__file__).resolve().parents[2] / "src"


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture(params=["path", "abstract"])
def systemd(request, tmp_path):
    """A socket that listens as systemd does, and its name as systemd says it."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@vigilog-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name.replace("@", "\0"))
        listener.setblocking(False)
        yield listener, name


def heard(listener):
    try:
        return listener.recv(10_000).decode().split("\n")
    except BlockingIOError:
        return None


def test_the_life_of_a_service_is_told(systemd):
    listener, name = systemd
    service = Service({"NOTIFY_SOCKET": name}, Clock())
    service.ready("3 sources")
    assert heard(listener) == ["READY=1", "STATUS=3 sources"]
    service.status("reading")
    assert heard(listener) == ["STATUS=reading"]
    service.reloading()
    assert heard(listener) == ["RELOADING=1", "MONOTONIC_USEC=1000000000"]
    service.ready()
    assert heard(listener) == ["READY=1"]
    service.more_time(90)
    assert heard(listener) == ["EXTEND_TIMEOUT_USEC=90000000"]
    service.stopping("waiting for 2 scripts")
    assert heard(listener) == ["STOPPING=1", "STATUS=waiting for 2 scripts"]


def test_a_text_with_newlines_is_one_line_and_forges_nothing(systemd):
    listener, name = systemd
    Service({"NOTIFY_SOCKET": name}).status("a\nMAINPID=1\r\n b")
    assert heard(listener) == ["STATUS=a MAINPID=1 b"]


def test_the_watchdog_hears_something_at_half_of_its_time(systemd):
    listener, name = systemd
    clock = Clock()
    service = Service({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, clock)
    assert service.timeout() == 0
    service.alive()
    assert heard(listener) == ["WATCHDOG=1"]
    assert service.timeout() == 15
    clock.now += 14
    service.alive()
    assert (heard(listener), service.timeout()) == (None, 1)
    clock.now += 1
    service.alive()
    assert heard(listener) == ["WATCHDOG=1"]


@pytest.mark.parametrize(
    "environment",
    [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "9", "WATCHDOG_PID": "1"}],
    ids=str,
)
def test_without_a_watchdog_of_its_own_there_is_nothing_to_wait_for(systemd, environment):
    listener, name = systemd
    service = Service({"NOTIFY_SOCKET": name, **environment})
    service.alive()
    assert (service.timeout(), heard(listener)) == (None, None)


@pytest.mark.parametrize("name", ["", "none/such", "/none/such", "@", "vsock:2:1"])
def test_without_systemd_nothing_is_sent_and_nothing_fails(name):
    service = Service({"NOTIFY_SOCKET": name})
    service.ready("x")
    service.alive()
    service.stopping()
    service.close()


def test_a_systemd_that_does_not_listen_never_holds_it_up(systemd):
    listener, name = systemd
    service = Service({"NOTIFY_SOCKET": name})
    for number in range(10_000):
        service.status(f"number {number}")
    assert heard(listener) == ["STATUS=number 0"]


def test_children_do_not_take_themselves_for_the_service(tmp_path):
    code = (
        "import os; from vigilog.run.service import Service; Service()\n"
        "print([name for name in os.environ if name.startswith(('NOTIFY', 'WATCHDOG'))])"
    )
    environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "s"), "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"}
    assert (
        subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True, text=True).stdout
        == "[]\n"
    )


@pytest.mark.peer
@pytest.mark.parametrize(("option", "told"), [([], "False\n"), (["--no-new-privs"], "True\n")])
def test_whether_programs_can_gain_rights_is_known(need, option, told):
    need("setpriv")
    if gains_no_rights():
        pytest.skip("this process itself can gain none")
    code = "from vigilog.run.service import gains_no_rights; print(gains_no_rights())"
    done = subprocess.run(["setpriv", *option, sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == told


# --- giving up what the unit gives

AMBIENT = ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+net_admin,+net_bind_service",
           "--ambient-caps=-all,+net_admin,+net_bind_service", "--no-new-privs"]  # fmt: skip


@only_root
@pytest.mark.peer
def test_after_the_helper_is_there_the_daemon_keeps_its_ports_and_its_scripts_have_nothing(need):
    """Started as the unit starts it: another user, with ambient capabilities."""
    need("setpriv")
    code = (
        "import subprocess, sys, threading; sys.path.insert(0, sys.argv[1])\n"
        "from vigilog.run.capabilities import NET_ADMIN, NET_BIND_SERVICE, give_up_all_but, held\n"
        "def child(): return subprocess.run(['grep', 'CapEff', '/proc/self/status'], capture_output=True).stdout.split()[1]\n"
        "both = 1 << NET_ADMIN | 1 << NET_BIND_SERVICE\n"
        "assert (held('CapEff'), held('CapAmb'), int(child(), 16)) == (both, both, both)\n"
        "give_up_all_but([NET_BIND_SERVICE])\n"
        "assert (held('CapEff'), held('CapPrm'), held('CapAmb')) == (1 << NET_BIND_SERVICE, 1 << NET_BIND_SERVICE, 0)\n"
        "assert int(child(), 16) == 0\n"
        "seen = []; thread = threading.Thread(target=lambda: seen.append(held())); thread.start(); thread.join()\n"
        "assert seen == [1 << NET_BIND_SERVICE]\n"
        "give_up_all_but()\n"
        "assert held() == 0\n"
    )
    library = tempfile.mkdtemp()
    try:
        os.chmod(library, 0o755)
        shutil.copytree(SOURCE / "vigilog", f"{library}/vigilog", ignore=shutil.ignore_patterns("__pycache__", "rules"))
        done = subprocess.run(
            ["setpriv", *AMBIENT, "/usr/bin/python3", "-c", code, library], capture_output=True, text=True, check=False
        )
    finally:
        shutil.rmtree(library)
    assert (done.stderr, done.returncode) == ("", 0)


def test_who_has_nothing_can_give_up_nothing_more():
    code = "from vigilog.run.capabilities import give_up_all_but, held; give_up_all_but([10]); give_up_all_but([10]); print(held() & ~(1 << 10))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
