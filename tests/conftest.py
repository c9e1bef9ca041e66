"""What tests of every room may ask for: the sample data, and a loud word where something they need is absent."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["tests.kafka_broker"]

# How long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def absent(reason: str) -> None:
    """Skip the running test with `reason`; fail it instead where CI=true, so that nothing is left out unseen."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The folder of sample data: $VIGILOG_DATA, or shared/data beside the checkout."""
    checkout = Path(__file__).resolve().parent.parent
    folder = Path(os.environ.get("VIGILOG_DATA", checkout.parent / "shared" / "data"))
    if not (folder / "MANIFEST.tsv").is_file():
        absent(f"no sample data in {folder}: set VIGILOG_DATA")
    return folder


@pytest.fixture(scope="session")
def seeds(sample_data: Path) -> Path:
    """The folder of seed pages, beside the sample data."""
    folder = sample_data.parent / "seeds"
    if not folder.is_dir():
        absent(f"no seeds in {folder}")
    return folder


@pytest.fixture
def need():
    """A function that skips (or fails, where CI=true) unless every program named is installed."""

    def check(*programs: str) -> None:
        missing = [program for program in programs if not shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")]
        if missing:
            absent(f"not installed: {', '.join(missing)}")

    return check
