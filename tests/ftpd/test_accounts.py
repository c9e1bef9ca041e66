"""Users: their passwords, where they are found, and where they are put."""

from __future__ import annotations

import os
import pwd

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passlib.hash import apr_md5_crypt, bcrypt, des_crypt, md5_crypt, sha256_crypt, sha512_crypt

from vigilog.config.proftpd_settings import ForGroups, ServerSettings
from vigilog.core.nouns import Place
from vigilog.ftpd import accounts
from vigilog.ftpd.accounts import Accounts, below, chosen
from vigilog.ftpd.passwords import CRYPT, crypt, same
from vigilog.ftpd.rights import Rights

PLACE = Place("proftpd.conf", 1)
KINDS = [sha512_crypt.using(rounds=1000), sha256_crypt.using(rounds=1000), md5_crypt, apr_md5_crypt, des_crypt]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_of_hash(kind):
    made = kind.hash("secret")
    assert same("secret", made)
    assert not same("Secret", made)
    assert not same("", made)


def test_what_the_hosts_library_knows_alone():
    """A yescrypt hash, as Debian 12 makes them, of the password `secret`."""
    if CRYPT is None:
        pytest.skip("no libcrypt here")
    salt = b"$y$j9T$abcdefghijklmnop$"
    made = crypt(b"secret", salt)
    if made is None or made.startswith(b"*"):
        pytest.skip("libcrypt knows no yescrypt")
    assert same("secret", made.decode())
    assert not same("other", made.decode())


def test_bcrypt_as_the_host_has_it():
    if CRYPT is None:
        pytest.skip("no libcrypt here")
    assert bcrypt.identify("$2b$04$abcdefghijklmnopqrstuu5m1lzqvbbOWKx0oSDGwnqHQFnsBQYZu")
    made = crypt(b"secret", b"$2b$04$abcdefghijklmnopqrstuu")
    if made is None or made.startswith(b"*"):
        pytest.skip("libcrypt knows no bcrypt")
    assert same("secret", made.decode())


@pytest.mark.parametrize(
    "hashed", ["", "!", "*", "!!", "x", "secret", "$6$", "$6$salt$", "$9$a$b", "!" + sha512_crypt.hash("secret")]
)
def test_what_is_no_hash_fits_nothing(hashed):
    assert not same("secret", hashed)
    assert not same("", hashed)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_no_password_and_no_hash_is_too_much(password, hashed):
    assert same(password, hashed) in {True, False}


def found(tmp_path, **more):
    return Accounts(ServerSettings(PLACE, **more), Rights(None))


def test_the_file_comes_first_and_then_the_host(tmp_path, monkeypatch):
    users = tmp_path / "passwd"
    users.write_text("# people\n\nanna:x1:1001:1002::/home/anna:/bin/sh\nshort:x\nbad:x:a:b::/:/bin/sh\n")
    shadow = tmp_path / "shadow"
    shadow.write_text("bob:x2:1:\n")
    monkeypatch.setattr(accounts, "SHADOW", str(shadow))
    entry = pwd.struct_passwd(("bob", "x", 7, 8, "", "/home/bob", "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwnam", lambda name: {"bob": entry, "anna": entry}[name])
    both = found(tmp_path, auth_user_file=str(users))
    assert both.find("anna") == ("anna", "x1", 1001, 1002, "/home/anna", "/bin/sh", "mod_auth_file.c")
    assert both.find("bob") == ("bob", "x2", 7, 8, "/home/bob", "/bin/sh", "mod_auth_unix.c")
    assert both.find("short") is both.find("bad") is both.find("nobody-there") is None
    assert found(tmp_path, auth_user_file=str(users), auth_order=("mod_auth_file.c",)).find("bob") is None
    assert found(tmp_path, auth_user_file=str(users), auth_order=("mod_auth_pam.c*",)).find("anna") is not None


def test_a_user_whom_the_hosts_shadow_does_not_know_has_no_password(tmp_path, monkeypatch):
    monkeypatch.setattr(accounts, "SHADOW", str(tmp_path / "none"))
    entry = pwd.struct_passwd(("bob", "x", 7, 8, "", "/home/bob", "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwnam", lambda _: entry)
    assert not same("x", found(tmp_path).find("bob").password)


def test_restrictions_of_the_file(tmp_path):
    users = tmp_path / "passwd"
    users.write_text("anna:x:1001:1::/home/anna:/bin/sh\nlow:x:5:1::/home/low:/bin/sh\nfar:x:1001:1::/srv/far:/bin/sh\n")
    limited = found(
        tmp_path,
        auth_user_file=str(users),
        auth_order=("mod_auth_file.c",),
        auth_user_restrictions=("id", "1000-2000", "home", "^/home/"),
    )
    assert limited.find("anna") is not None
    assert limited.find("low") is limited.find("far") is None


def test_groups_of_a_file(tmp_path):
    users, groups = tmp_path / "passwd", tmp_path / "group"
    users.write_text("anna:x:1001:1002::/home/anna:/bin/sh\n")
    groups.write_text("people:x:1002:\nothers:x:1003:bob,anna\nnot:x:1004:bob\nbad:x:y:anna\n")
    known = found(tmp_path, auth_user_file=str(users), auth_group_file=str(groups))
    entry = known.find("anna")
    assert entry is not None
    assert known.groups(entry) == ("people", ("people", "others"), (1002, 1003))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), None),
        ((ForGroups("~"),), "/home/anna"),
        ((ForGroups("~/www"),), "/home/anna/www"),
        ((ForGroups("/srv", ("staff",)), ForGroups("~")), "/home/anna"),
        ((ForGroups("/srv", ("people",)), ForGroups("~")), "/srv"),
        ((ForGroups("/srv", ("people", "!others")), ForGroups("~")), "/home/anna"),
        ((ForGroups("/srv", ("!staff",)),), "/srv"),
    ],
)
def test_roots_for_groups(options, expected):
    assert chosen(options, ("people", "others"), "/home/anna") == expected


@pytest.mark.parametrize(
    ("root", "path", "seen"),
    [
        ("/", "/home/anna", "/home/anna"),
        ("/home/anna", "/home/anna", "/"),
        ("/home", "/home/anna", "/anna"),
        ("/home/an", "/home/anna", "/"),
    ],
)
def test_where_somebody_begins(root, path, seen):
    assert below(root, path) == seen


def test_rights_are_as_they_were_afterwards():
    rights = Rights(None)
    before = (os.geteuid(), os.getegid(), os.getgroups())
    with rights.root(), rights.acting_as(rights.server):
        pass
    assert (os.geteuid(), os.getegid(), os.getgroups()) == before
