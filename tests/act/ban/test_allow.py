"""The list of those who are never banned: read whole, every mistake with its place, names looked up at once."""

import time
from ipaddress import ip_network

import pytest

from vigilog.act.ban import allow
from vigilog.act.ban.never import Never
from vigilog.act.ban.target import address, network
from vigilog.core.nouns import Place

HERE = Place("vigilog.toml", 3)


def read(*entries, names=None):
    def resolve(name):
        if name not in (names or {}):
            raise OSError("no such name")
        return names[name]

    return allow.read(entries, HERE, resolve, seconds=1)


def never(*entries, own=(), peers=(), steady=lambda: 0.0):
    found = read(*entries)
    assert not found.errors
    return Never(found.entries, lambda: map(address, own), lambda: map(address, peers), steady)


def test_addresses_networks_names_and_files_are_read(tmp_path):
    file = tmp_path / "allow"
    file.write_text("# the office\n192.0.2.1\n\n  2001:db8::/32   # and its network\nmail.example.org\n")
    found = read(
        "10.0.0.0/8",
        str(file),
        "www.example.org",
        names={"www.example.org": ["192.0.2.8", "2001:db9::8"], "mail.example.org": ["192.0.2.9"]},
    )
    assert (found.errors, found.remarks) == ((), ())
    assert [str(entry.network) for entry in found.entries] == [
        "10.0.0.0/8",
        "192.0.2.1/32",
        "2001:db8::/32",
        "192.0.2.9/32",
        "192.0.2.8/32",
        "2001:db9::8/128",
    ]
    assert found.entries[1].origin == f"192.0.2.1, {file}:2"
    assert found.entries[3].origin == f"mail.example.org, {file}:5"


@pytest.mark.parametrize(
    "entry", ["192.0.2.1/24", "192.0.2.999", "1.2.3", "10.0.0.0/33", "two words", "-x", "a..b", "2001:db8::g", "host:22", ""]
)
def test_what_is_none_of_these_is_a_mistake_with_its_place(entry, tmp_path):
    (error,) = read(entry).errors
    assert str(error).startswith("vigilog.toml:3: ")
    assert "expected an address, a network or a host name" in str(error)
    if entry:
        file = tmp_path / "allow"
        file.write_text(f"192.0.2.1\n{entry}\n")
        found = read(str(file))
        assert str(found.errors[0]).startswith(f"{file}:2: ")
        assert len(found.entries) == 1


def test_a_file_that_is_not_there_is_a_mistake():
    (error,) = read("/no/such/file").errors
    assert str(error).startswith("/no/such/file: cannot be read: No such file")


def test_a_name_that_does_not_resolve_is_said_and_no_mistake():
    found = read("gone.example.org", "192.0.2.1")
    assert (len(found.entries), found.errors) == (1, ())
    assert found.remarks == (
        "vigilog.toml:3: the name gone.example.org does not resolve: its addresses are not kept from bans",
    )


def test_a_resolver_that_hangs_holds_up_nobody():
    def hang(name):
        time.sleep(3 if name == "slow.example.org" else 0)
        return ["192.0.2.1"]

    begun = time.monotonic()
    found = allow.read(["slow.example.org", "fast.example.org"], HERE, hang, seconds=0.3)
    assert time.monotonic() - begun < 2
    assert len(found.entries) == 1
    assert "slow.example.org" in found.remarks[0]


def test_an_answer_of_the_resolver_that_is_no_address_is_not_believed():
    found = read("odd.example.org", names={"odd.example.org": ["192.0.2.1 ; accept"]})
    assert found.entries == ()
    assert len(found.remarks) == 1


@pytest.mark.parametrize(
    ("what", "word"),
    [
        ("127.0.0.1", "loopback"),
        ("127.9.9.9", "loopback"),
        ("::1", "loopback"),
        ("0.0.0.0", "no host"),
        ("::", "no host"),
        ("169.254.1.1", "link-local"),
        ("fe80::1", "link-local"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("0.0.0.0/0", "is in it"),
        ("::/0", "is in it"),
        ("192.0.2.7", "allow list (192.0.2.0/28, vigilog.toml:3)"),
        ("192.0.2.0/24", "192.0.2.0/28 is in it, and it is on the allow list"),
        ("2001:db8:1::/64", "2001:db8:1::5 is in it, and it is on the allow list"),
        ("198.51.100.1", "this host"),
        ("203.0.113.9", "logged in"),
        ("2001:db8:9::9", "logged in"),
    ],
)
def test_who_is_never_banned_and_why(what, word):
    judge = never("192.0.2.0/28", "2001:db8:1::5", own=["198.51.100.1"], peers=["203.0.113.9", "2001:db8:9::9"])
    assert word in judge.reason(network(what))
    assert list(judge.judge()([what])) == [what]


@pytest.mark.parametrize(
    "what",
    ["192.0.2.16", "192.0.2.128/25", "2001:db8:2::/64", "198.51.100.2", "10.0.0.1", "126.255.255.255", "128.0.0.0", "fec0::1"],
)
def test_their_neighbours_may_be_banned(what):
    judge = never("192.0.2.0/28", "2001:db8:1::5", own=["198.51.100.1"])
    assert judge.reason(network(what)) == ""
    assert judge.judge()([what]) == {}


def test_a_large_network_on_the_list_is_not_hidden_by_small_ones_behind_it():
    judge = never("10.0.0.0/8", "10.0.0.1", "10.200.0.0/16", "11.0.0.0/30")
    assert "10.0.0.0/8" in judge.reason(network("10.250.0.1"))
    assert judge.reason(network("11.0.0.4")) == ""


def test_every_answer_agrees_with_a_plain_search_through_the_list():
    entries = [
        f"10.{a}.{b}.0/{length}"
        for a, b, length in [(0, 0, 16), (1, 0, 24), (1, 2, 23), (3, 128, 17), (3, 129, 24), (9, 8, 21)]
    ]
    judge = never(*entries)
    networks = [ip_network(entry) for entry in entries]
    for a in range(12):
        for b in range(0, 256, 3):
            for length in (22, 24, 32):
                what = ip_network((f"10.{a}.{b}.7", length), strict=False)
                assert bool(judge.reason(what)) == any(what.overlaps(each) for each in networks)


def test_who_is_logged_in_and_which_addresses_are_ours_is_asked_again_after_a_second():
    asked, now = [], [0.0]

    def peers():
        asked.append(now[0])
        return [address("203.0.113.9")] if now[0] < 5 else []

    judge = Never((), list, peers, lambda: now[0])
    for moment in (0.0, 0.5, 0.9, 5.0, 5.5):
        now[0] = moment
        assert bool(judge.reason(network("203.0.113.9"))) == (moment < 5)
    assert asked == [0.0, 5.0]


def test_if_this_host_does_not_tell_its_addresses_nobody_is_banned():
    def fail():
        raise OSError(1, "Operation not permitted")

    assert "Operation not permitted" in Never((), fail, list, lambda: 0.0).reason(network("203.0.113.9"))
