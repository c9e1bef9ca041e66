"""proftpd.conf: which entries of a file of users are used."""

from __future__ import annotations

import pytest

from vigilog.config.proftpd_users import admits


@pytest.mark.parametrize(
    ("restrictions", "used"),
    [
        ((), True),
        (("id", "1000-2000"), True),
        (("id", "1000-1000"), True),
        (("ID", "1001-2000"), False),
        (("id", "0-999"), False),
        (("id", "-1000"), True),
        (("name", "^jo"), True),
        (("name", "!^jo"), False),
        (("name", "^J"), False),
        (("home", "^/home/"), True),
        (("home", "!^/root"), True),
        (("home", "^/srv"), False),
        (("id", "1000-2000", "name", "^x"), False),
        (("id", "1000-2000", "name", "^j", "home", "e$"), True),
    ],
)
def test_joe_with_number_1000_and_a_home(restrictions, used):
    assert admits(restrictions, "joe", 1000, "/home/joe") is used
