"""The dashboard over a store that was filled, without a server and with one."""

from __future__ import annotations

import time

import pytest
from starlette.testclient import TestClient

from tests.web import stored
from vigilog.config.run_settings import Run, Trigger
from vigilog.config.settings import Settings, State
from vigilog.config.web_settings import Web
from vigilog.glance.follower import Follower
from vigilog.run import control_client
from vigilog.web import passwords
from vigilog.web.application import application
from vigilog.web.entrance import Entrance
from vigilog.web.sessions import Sessions
from vigilog.web.site import Site

NAMES = frozenset({"testserver", "127.0.0.1"})
PASSWORD = "correct horse battery"


class Clock:
    """A clock that can be set forward."""

    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        return time.time() + self.ahead


class Daemon:
    """What is asked of the daemon, and what it says."""

    def __init__(self):
        self.asked = []
        self.answer = {"ok": True, "lines": ["192.0.2.7 is banned <b>until</b> tomorrow"]}

    def __call__(self, command, **arguments):
        self.asked.append((command, arguments))
        if self.answer["ok"]:
            return self.answer
        raise control_client.Refused(str(self.answer["error"]), answer=self.answer)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def site_of(tmp_path, clock, monkeypatch):
    """A function that makes a site, and a client for it; a follower is started and stopped."""
    followers = []

    def make(entrance, *, web=None, fill=True, base="http://testserver", run=None, peer=("127.0.0.1", 50000)):
        if fill:
            stored.fill(tmp_path / "state", clock())
        lines = [
            f"Nov 20 10:00:00 host sshd[7]: Failed password for root from 203.0.113.1 port 22 {number}".encode()
            for number in range(3)
        ]
        (tmp_path / "auth.log").write_bytes(
            b"\n".join([*lines, *(b"203.0.113.1 " + text.replace(b"\0", b"") for text in stored.HOSTILE), b""])
        )
        trigger = Trigger(name="sshd", description="Guesses <i>at</i> the door", key=("address",), count=5, within=600.0)
        settings = Settings(
            state=State(directory=str(tmp_path / "state")),
            run=run or Run(control=str(tmp_path / "control"), sources=(str(tmp_path / "auth.log"),)),
            triggers=(trigger,),
            web=web or Web(),
        )
        follower = Follower(settings.state.directory, settings.run.control, clock)
        monkeypatch.setattr(follower, "ask", Daemon())
        follower.start()
        followers.append(follower)
        assert follower.caught_up.wait(20)
        site = Site(settings, follower, entrance, Sessions(settings.web.session_time, clock), clock)
        client = TestClient(application(site), base_url=base, follow_redirects=False, client=peer)
        return site, client

    yield make
    for follower in followers:
        follower.stop()


@pytest.fixture
def open_site(site_of):
    """A site that asks nobody for a password."""
    return site_of(Entrance("none", NAMES, tls=False))


@pytest.fixture(scope="session")
def hashed():
    return passwords.hashed(PASSWORD)


@pytest.fixture
def guarded_site(site_of, hashed):
    """A site with a password, behind TLS."""
    return site_of(Entrance("password", NAMES, tls=True, password=hashed), base="https://testserver")
