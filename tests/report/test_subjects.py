"""Subjects are those of logcheck 1.4.2 and 1.1."""

import pytest

from tests.report.samples import CREATED
from vigilog.report.subjects import debian, failure, psionic


@pytest.mark.parametrize(
    ("options", "subject"),
    [
        ({}, "web1 2026-11-20 08:30 +0100 System Events"),
        ({"tag": True}, "[logcheck] web1 2026-11-20 08:30 +0100 System Events"),
        ({"reboot": True}, "Reboot: web1 2026-11-20 08:30 +0100 System Events"),
        ({"tag": True, "reboot": True}, "[logcheck] Reboot: web1 2026-11-20 08:30 +0100 System Events"),
        ({"date": "%d.%m."}, "web1 20.11. System Events"),
    ],
)
def test_debians_subject(options, subject):
    assert debian("web1", CREATED, "System Events", **options) == subject


@pytest.mark.parametrize(
    ("options", "subject"),
    [
        ({"attack": True}, "web1 11/20/26:08.30 ACTIVE SYSTEM ATTACK!"),
        ({"attack": True, "stock": True}, "web1 11/20/26:08.30 ACTIVE SYSTEM ATTACK!"),
        ({"attack": False}, "Systems Check: web1 11/20/26:08.30"),
        ({"attack": False, "stock": True}, "web1 11/20/26:08.30 system check"),
    ],
)
def test_psionics_subjects(options, subject):
    assert psionic("web1", CREATED, **options) == subject


def test_the_subject_of_a_failure():
    assert failure("web1", CREATED) == "Logcheck: web1 2026-11-20 08:30 +0100 exiting due to errors"
