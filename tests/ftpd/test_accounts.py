"""Users of an AuthUserFile: only those that its directive means are found."""

from __future__ import annotations

import pytest

from vigilog.config.proftpd_settings import ServerSettings
from vigilog.core.nouns import Place
from vigilog.ftpd.accounts import Accounts
from vigilog.ftpd.rights import Rights


@pytest.fixture
def accounts(tmp_path):
    """A function that gives the accounts of two files, restricted as the directives' further words say."""
    (tmp_path / "passwd").write_text(
        "low:x:5:5::/home/low:/bin/sh\nanna:x:1001:1001::/home/anna:/bin/sh\nanna:x:1002:1002::/srv:/bin/sh\n"
    )
    (tmp_path / "group").write_text("first:x:1001:\nsecond:x:50:anna\nthird:x:60:anna\n")

    def with_restrictions(users=(), groups=()):
        settings = ServerSettings(
            place=Place("proftpd.conf"),
            auth_order=("mod_auth_file.c",),
            auth_user_file=str(tmp_path / "passwd"),
            auth_user_restrictions=users,
            auth_group_file=str(tmp_path / "group"),
            auth_group_restrictions=groups,
        )
        return Accounts(settings, Rights(None))

    return with_restrictions


def test_without_restrictions_everybody_is_found(accounts):
    found = accounts().find("anna")
    assert (found.uid, accounts().find("low").uid, accounts().find("nobody-there")) == (1001, 5, None)
    assert accounts().groups(found)[1] == ("first", "second", "third")


def test_who_is_not_meant_is_not_there(accounts):
    assert accounts(users=("id", "1000-2000")).find("low") is None
    assert accounts(users=("name", "!^a")).find("anna") is None


def test_of_two_lines_the_one_that_is_meant(accounts):
    assert accounts(users=("home", "^/srv")).find("anna").uid == 1002


def test_groups_that_are_not_meant_are_not_his(accounts):
    restricted = accounts(groups=("id", "55-2000"))
    assert restricted.groups(restricted.find("anna"))[1] == ("first", "third")
