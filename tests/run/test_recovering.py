"""The directories of black boxes under watch: each death is heard of, and nobody is kept busy by what cannot be helped."""

from __future__ import annotations

import select
import time

import pytest

from tests.watchman.test_black_box import program
from vigilog.blackbox import BlackBox, Facts
from vigilog.run import recovering
from vigilog.run.recovering import Recovering
from vigilog.watch.inotify import Inotify


class Watched:
    """The directory `boxes`, and what is said of it."""

    def __init__(self, directory, wanted=None):
        self.said: list[str] = []
        self.recovering = Recovering(wanted or [f"{directory}/boxes"], self.said.append, time.monotonic)

    def woken(self, seconds=0.0):
        """Whether there is something to look at."""
        poll = select.poll()
        poll.register(self.recovering.fileno(), select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def works(self, seconds=0.0):
        """Works if that is due within so many seconds; gives whether it was."""
        deadline = time.monotonic() + seconds
        while not self.recovering.is_due():
            if time.monotonic() >= deadline:
                return False
            self.woken(min(deadline - time.monotonic(), self.recovering.timeout() or 0.02))
        self.recovering.work()
        return True


@pytest.fixture
def boxes(tmp_path):
    (tmp_path / "boxes").mkdir(mode=0o700)
    return tmp_path


def died(directory, name="shop"):
    """A process that was killed."""
    process = program(directory, name)
    process.kill()
    process.wait()
    return process


def test_looking_at_the_living_is_not_heard_of_as_a_death(boxes):
    box = BlackBox(f"{boxes}/forensic.log", directory=f"{boxes}/boxes", service="here")
    box.begin(Facts(client_address="203.0.113.7"))
    watched = Watched(boxes)
    assert watched.works()
    assert not watched.woken(), "or it would be looked at again, for ever"
    assert watched.recovering.timeout() is None
    box.close()


def test_a_death_is_heard_of_while_others_live(boxes):
    living = program(boxes, "living")
    watched = Watched(boxes)
    assert watched.works()
    process = died(boxes)
    assert watched.works(5.0)
    assert watched.said == [f"process {process.pid} of shop died; see the blocks of {boxes}/boxes"]
    assert "Service: shop" in (boxes / "forensic.log").read_text()
    living.kill()
    living.wait()


def test_what_cannot_be_written_is_said_once_tried_again_later_and_wakes_nobody(boxes):
    process = died(boxes)
    watched = Watched(boxes, [f"{boxes}/boxes:{boxes}/missing/forensic.log"])
    assert watched.works()
    assert len(watched.said) == 1
    watched.works()
    assert not watched.works(0.5)
    for _ in range(3):
        watched.recovering.watch()  # as each minute
        assert watched.works()
    assert len(watched.said) == 1
    (boxes / "missing").mkdir(mode=0o700)
    watched.recovering.watch()
    assert watched.works()
    assert watched.said[1:] == [f"process {process.pid} of shop died; see the blocks of {boxes}/boxes"]
    assert "Service: shop" in (boxes / "missing" / "forensic.log").read_text()


def test_a_directory_that_may_not_be_watched_ends_nothing(boxes, monkeypatch):
    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Inotify, "add", refused)
    watched = Watched(boxes)
    process = died(boxes)
    assert watched.works(), "it is looked at each minute"
    assert watched.said == [f"process {process.pid} of shop died; see the blocks of {boxes}/boxes"]


def test_a_directory_that_may_not_be_read_is_said_once(boxes, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(recovering, "recover", refused)
    watched = Watched(boxes)
    assert watched.works()
    watched.recovering.watch()
    assert watched.works()
    assert watched.said == [f"{boxes}/boxes: Permission denied"]


def test_a_directory_may_appear_later(boxes):
    (boxes / "boxes").rmdir()
    watched = Watched(boxes)
    assert watched.works()
    (boxes / "boxes").mkdir(mode=0o700)
    watched.recovering.watch()
    assert watched.works()
    process = died(boxes)
    assert watched.works(5.0)
    assert watched.said == [f"process {process.pid} of shop died; see the blocks of {boxes}/boxes"]


def test_what_is_not_wanted_any_more_is_not_listened_to(boxes):
    watched = Watched(boxes)
    assert watched.works()
    (boxes / "others").mkdir(mode=0o700)
    watched.recovering.replace([f"{boxes}/others"])
    assert watched.works()
    died(boxes)
    assert not watched.woken()
    watched.recovering.replace([])
    assert watched.recovering.timeout() is None


def test_one_looks_at_a_time(boxes):
    watched = Watched(boxes)
    assert watched.recovering.is_due()
    watched.recovering.watch()
    assert not watched.recovering.is_due()
    assert watched.recovering.timeout() is None, "nor does the loop turn in vain until it is done"
    watched.recovering.work()
    assert watched.recovering.is_due()
