"""What tests of the configuration may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import hypothesis
import pytest

hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")
"""A loaded machine is no slow program."""

NOBODY = 65534


@pytest.fixture
def without_rights(tmp_path):
    """A context in which this process is an ordinary user, who can reach `tmp_path` but owns nothing in it if it was root."""

    @contextmanager
    def context() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        folder = str(tmp_path)
        while folder != "/":
            os.chmod(folder, os.stat(folder).st_mode | 0o011)
            folder = os.path.dirname(folder)
        groups = os.getgroups()
        os.setgroups([])
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)
            os.setgroups(groups)

    return context
