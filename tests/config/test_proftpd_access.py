"""proftpd.conf: who may come in and what he may do, by <Limit> and <Class>."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.config.proftpd import read
from vigilog.config.proftpd_access import GROUPS, Visitor, may_connect, may_do, may_log_in
from vigilog.config.proftpd_sources import source

JOE = Visitor("192.0.2.7", "a.example.org", "joe", ("staff", "ftp"), "inside")
NOBODY = Visitor("192.0.2.7", "a.example.org")


@pytest.fixture
def limits(tmp_path):
    """A function that reads the body of a <Limit ALL>, or whole sections."""

    def reads(text):
        path = tmp_path / "proftpd.conf"
        path.write_text(text if "<" in text else f"<Limit ALL>\n{text}\n</Limit>\n")
        configuration = read(str(path))
        assert configuration.errors == ()
        return configuration.servers[0]

    return reads


def comes_from(text, visitor):
    found = source(text)
    assert found is not None
    return found.holds(visitor)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", True),
        ("ALL", True),
        ("none", False),
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("192.0.2.0/24", True),
        ("192.0.2.9/24", True),
        ("10.0.0.0/8", False),
        ("192.0.2.", True),
        ("192.0.", True),
        ("192.1.", False),
        ("192.0.2.*", True),
        ("192.0.2.[0-6]", False),
        (".example.org", True),
        ("example.org", False),
        ("a.example.org", True),
        ("A.Example.Org", True),
        ("*.example.org", True),
        ("::ffff:192.0.2.7", True),
        ("2001:db8::/32", False),
    ],
)
def test_where_somebody_comes_from(text, expected):
    assert comes_from(text, JOE) is expected


def test_an_ipv4_client_on_an_ipv6_socket_is_what_it_is():
    assert comes_from("192.0.2.0/24", Visitor("::ffff:192.0.2.7"))
    assert comes_from("192.0.2.", Visitor("::ffff:192.0.2.7"))


@pytest.mark.parametrize(
    "text", ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "a/8", "!", "", "2001:db8::/129", "a:b", "10.0.0.0/-1"]
)
def test_what_is_no_source(text):
    assert source(text) is None


@given(st.text(max_size=12))
def test_any_text_is_a_source_or_none(text):
    found = source(text)
    assert found is None or isinstance(found.holds(JOE), bool)


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        ("AllowAll", True),
        ("DenyAll", False),
        ("Allow from 192.0.2.7", True),
        ("Allow from 192.0.2.8", None),
        ("Allow from 192.0.2.8\nDenyAll", False),
        ("Allow from 192.0.2.7\nDenyAll", True),
        ("Order deny,allow\nAllow from 192.0.2.7\nDenyAll", False),
        ("Order deny,allow\nAllow from 192.0.2.7", True),
        ("Order deny,allow\nAllow from 192.0.2.8", False),
        ("Order deny,allow", False),
        ("Order allow,deny\nDeny from all", False),
        ("Deny from 192.0.2.7, 10.0.0.0/8", False),
        ("Allow from !192.0.2.8", True),
        ("Deny from !192.0.2.7", None),
        ("Allow from 192.0.2.0/24 !192.0.2.7\nDenyAll", False),
        ("Allow from none\nDenyAll", False),
        ("AllowUser joe\nDenyAll", True),
        ("AllowUser jane,joe\nDenyAll", True),
        ("AllowUser and jane joe\nDenyAll", False),
        ("AllowUser !jane\nDenyAll", True),
        ("AllowUser regex ^j\nDenyAll", True),
        ("DenyUser joe", False),
        ("AllowGroup staff,ftp\nDenyAll", True),
        ("AllowGroup staff,root\nDenyAll", False),
        ("AllowGroup or staff root\nDenyAll", True),
        ("AllowGroup AND staff root\nDenyAll", False),
        ("AllowGroup !root\nDenyAll", True),
        ("DenyGroup staff", False),
        ("AllowClass inside\nDenyAll", True),
        ("DenyClass outside", None),
    ],
)
def test_what_a_limit_says_of_joe(limits, rules, verdict):
    (limit,) = limits(rules).limits
    assert limit.verdict(JOE) is verdict


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        ("AllowUser jane\nDenyAll", True),
        ("AllowGroup x\nDenyAll", True),
        ("DenyUser joe", None),
        ("DenyGroup x", None),
        ("DenyAll", False),
    ],
)
def test_before_login_a_rule_for_a_user_is_not_yet_a_refusal(limits, rules, verdict):
    (limit,) = limits(rules).limits
    assert limit.verdict(NOBODY) is verdict


def test_a_filter_looks_at_what_stands_behind_the_command(limits):
    server = limits("<Limit STOR>\nAllowFilter \\.txt$ [NC]\nDenyAll\n</Limit>\n")
    assert may_do([server.limits], "STOR", JOE, "a.TXT")
    assert not may_do([server.limits], "STOR", JOE, "a.exe")


class TestLogin:
    def test_nobody_is_refused_without_a_rule(self, limits):
        server = limits("<Limit READ>\nDenyAll\n</Limit>\n")
        assert may_connect(server.limits, [], NOBODY)
        assert may_log_in(server.limits, JOE)

    def test_deny_all(self, limits):
        server = limits("<Limit LOGIN>\nDenyAll\n</Limit>\n")
        assert not may_connect(server.limits, [], NOBODY)
        assert not may_log_in(server.limits, JOE)

    def test_an_anonymous_that_allows_lets_the_client_in_to_try(self, limits):
        server = limits(
            "<Limit LOGIN>\nDenyAll\n</Limit>\n<Anonymous ~ftp>\nUser ftp\n<Limit LOGIN>\nAllowAll\n</Limit>\n</Anonymous>\n"
        )
        inside = [each.inside.limits for each in server.anonymous]
        assert may_connect(server.limits, inside, NOBODY)
        assert not may_log_in(server.limits, JOE)
        assert may_log_in(inside[0], JOE)

    def test_an_anonymous_that_says_nothing_has_what_its_server_says(self, limits):
        server = limits("<Limit LOGIN>\nDenyAll\n</Limit>\n<Anonymous ~ftp>\nUser ftp\nUmask 077\n</Anonymous>\n")
        assert not may_log_in(server.anonymous[0].inside.limits, JOE, server.limits)
        assert may_log_in(server.anonymous[0].inside.limits, JOE)

    def test_a_user_who_is_named(self, limits):
        server = limits("<Limit LOGIN>\nAllowUser joe\nDenyAll\n</Limit>\n")
        assert may_connect(server.limits, [], NOBODY)
        assert may_log_in(server.limits, JOE)
        assert not may_log_in(server.limits, JOE._replace(user="jane"))


class TestCommands:
    def test_the_command_before_its_group_before_all(self, limits):
        text = "<Limit ALL>\nDenyAll\n</Limit>\n<Limit READ>\nAllowAll\n</Limit>\n<Limit SIZE>\nDenyAll\n</Limit>\n"
        rules = [limits(text).limits]
        assert {command: may_do(rules, command, JOE) for command in ("RETR", "SIZE", "STOR", "PASV", "NOOP")} == {
            "RETR": True,
            "SIZE": False,
            "STOR": False,
            "PASV": True,
            "NOOP": False,
        }

    def test_the_innermost_section_that_says_anything(self, limits):
        text = (
            "<Limit WRITE>\nDenyAll\n</Limit>\n<Directory /a>\n<Limit STOR>\nAllowAll\n</Limit>\n</Directory>\n"
            "<Directory /b>\n<Limit STOR>\nAllow from 10.0.0.0/8\n</Limit>\n</Directory>\n"
        )
        server = limits(text)
        inside, silent = (each.limits for each in server.directories)
        assert may_do([inside, server.limits], "STOR", JOE)
        assert not may_do([silent, server.limits], "STOR", JOE)
        assert not may_do([inside, server.limits], "DELE", JOE)

    @pytest.mark.parametrize(("written", "other"), [("MKD", "XMKD"), ("XCUP", "CDUP"), ("pwd", "XPWD"), ("RMD", "XRMD")])
    def test_commands_with_two_names(self, limits, written, other):
        assert not may_do([limits(f"<Limit {written}>\nDenyAll\n</Limit>\n").limits], other, JOE)

    def test_deny_all_of_a_directory_itself(self, limits):
        (directory,) = limits("<Directory /a>\nDenyAll\n</Directory>\n").directories
        assert not any(may_do([directory.limits], command, JOE) for command in (*GROUPS["READ"], *GROUPS["WRITE"], "NOOP"))

    @pytest.mark.parametrize("group", GROUPS)
    def test_groups(self, limits, group):
        rules = [limits(f"<Limit {group}>\nDenyAll\n</Limit>\n").limits]
        everything = {command for commands in GROUPS.values() for command in commands}
        assert {command for command in everything if not may_do(rules, command, JOE)} == set(GROUPS[group])


class TestClasses:
    def classes(self, tmp_path, text):
        path = tmp_path / "proftpd.conf"
        path.write_text(text)
        return read(str(path)).classes

    def test_any_of_them(self, tmp_path):
        (found,) = self.classes(tmp_path, "<Class inside>\nFrom 10.0.0.0/8,192.0.2.0/24\nFrom .example.com\n</Class>\n")
        assert (found.name, found.holds(JOE), found.holds(Visitor("198.51.100.1"))) == ("inside", True, False)

    def test_all_of_them(self, tmp_path):
        (found,) = self.classes(tmp_path, "<Class inside>\nFrom 192.0.2.0/24 !192.0.2.8\nSatisfy all\n</Class>\n")
        assert (found.holds(JOE), found.holds(Visitor("192.0.2.8"))) == (True, False)
