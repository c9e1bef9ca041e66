"""A file is opened where its path says, and nowhere that somebody else chose."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from vigilog.core.opening import opened


def refused(path: Path | str, **options: bool) -> int | None:
    """The number of the error."""
    with pytest.raises(OSError) as caught:  # noqa: PT011 - its number is what counts
        opened(str(path), 0o600, **options)
    return caught.value.errno


def test_a_new_file_has_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        os.close(opened(str(tmp_path / "log"), 0o640))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o640


def test_the_last_link_is_followed_only_if_it_may_be_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("log")
    assert refused(tmp_path / "link", last_link=False) == errno.ELOOP
    assert not (tmp_path / "log").exists()
    os.close(opened(str(tmp_path / "link"), 0o600))
    assert (tmp_path / "log").exists()


@pytest.mark.parametrize("last_link", [True, False])
def test_links_where_others_may_write_lead_nowhere(tmp_path: Path, last_link: bool) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "goal").mkdir()
    (tmp_path / "open" / "link").symlink_to(tmp_path / "goal")
    assert refused(tmp_path / "open" / "link" / "log", last_link=last_link) == errno.ELOOP
    assert list((tmp_path / "goal").iterdir()) == []


def test_links_that_lead_in_a_circle_are_given_up(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert refused(tmp_path / "a") == errno.ELOOP


def test_a_device_only_where_it_may_be_one() -> None:
    assert refused("/dev/null") == errno.EPERM
    os.close(opened("/dev/null", 0o600, devices=True))


@pytest.mark.parametrize("path", ["/", "/.", "/etc", "/etc/", "/etc/vigilog-is-not-here/", "/etc/.."])
def test_a_directory_is_no_file(path: str) -> None:
    assert refused(path) == errno.EISDIR
    assert refused(path, last_link=False) == errno.EISDIR
