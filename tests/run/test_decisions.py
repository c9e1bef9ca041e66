"""Decisions of the fleet, without Kafka: which of them hold, which end with which, and what a host makes of them."""

from __future__ import annotations

import argparse
import sys
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.act.ban.action import Ban
from vigilog.act.ban.answer import Asked
from vigilog.act.ban.judge import Policy
from vigilog.act.ban.never import Never
from vigilog.cli.main import main
from vigilog.config.settings import Settings
from vigilog.core.clock import wall
from vigilog.core.errors import ConfigurationError
from vigilog.fleet.messages import Decision, decision, encoded, key_of_decision, sighted
from vigilog.run.decisions import bans, ends, take, told, touches
from vigilog.run.following import Following, asked, is_open, latest
from vigilog.run.shutting import Nowhere

NOW = 1_795_176_000.0
ADDRESSES = st.sampled_from(
    ["198.51.100.1", "198.51.100.2", "198.51.100.0/24", "198.51.100.0/31", "2001:db8::1", "2001:db8::/64"]
)
PORTS = st.sampled_from([(), ("tcp/22",)])
DECISIONS = st.builds(
    Decision,
    st.sampled_from(["ban", "unban"]),
    ADDRESSES,
    st.sampled_from([None, NOW - 5, NOW + 60]),
    st.text(max_size=5),
    st.just(""),
    st.just(()),
    st.just("worker"),
    st.just(NOW),
    PORTS,
)


def overlap(one, other):
    there, here = ip_network(one), ip_network(other)
    return there.version == here.version and there.overlaps(here)


@given(st.lists(DECISIONS))
def test_a_ban_holds_until_a_later_decision_is_about_the_same_or_lets_somebody_of_it_in(decisions):
    found: dict[bytes, Decision] = {}
    for each in decisions:
        take(each, found)
    expected = [
        each
        for place, each in enumerate(decisions)
        if each.decision == "ban"
        and not any(
            (later.target, later.ports) == (each.target, each.ports)
            if later.decision == "ban"
            else overlap(later.target, each.target)
            for later in decisions[place + 1 :]
        )
    ]
    assert list(found.values()) == expected


@given(st.lists(DECISIONS))
def test_of_several_about_the_same_the_last_counts_in_its_place(decisions):
    found = latest(decisions)
    keys = [key_of_decision(each.target, each.ports) for each in decisions]
    assert found == [each for place, each in enumerate(decisions) if keys[place] not in keys[place + 1 :]]


@given(ADDRESSES, ADDRESSES)
def test_decisions_touch_where_they_have_an_address_in_common(one, other):
    made = Decision("ban", one, None, "", "", (), "", NOW)
    assert touches(made, ip_network(other)) == overlap(one, other)
    assert not touches(Decision("ban", "nobody", None, "", "", (), "", NOW), ip_network(other))


@given(DECISIONS)
def test_a_decision_is_carried_out_for_what_is_left_of_its_time(each):
    assert decision(encoded(each)) == each
    assert is_open(each, NOW) == (each.until is None or each.until > NOW)
    wanted = asked(each, NOW)
    assert (wanted.text, wanted.ports, wanted.made) == (each.target, each.ports, NOW)
    assert wanted.seconds == (None if each.until is None else each.until - NOW)


def test_by_hand_a_decision_says_who_decided_and_what_is_no_address_is_refused():
    settings = Settings()
    (made,) = bans(settings, ["198.51.100.7"], seconds=None, ports=["tcp/22"], reason="", now=NOW)
    assert (made.until, made.ports, made.reason) == (NOW + settings.ban.time, ("tcp/22",), "asked for")
    assert "@" in made.by
    for texts, ports in ((["198.51.100.7/24"], []), (["host.example"], []), (["198.51.100.7"], ["22"])):
        with pytest.raises(ConfigurationError):
            bans(settings, texts, seconds=60, ports=ports, reason="", now=NOW)


def test_who_is_let_in_by_hand_ends_every_decision_about_him():
    def ban(target, *ports):
        return Decision("ban", target, None, "", "", (), "", NOW, ports)

    found = [ban("198.51.100.0/24"), ban("198.51.100.7", "tcp/22"), ban("198.51.100.8"), ban("2001:db8::/64")]
    made = ends(Settings(), ["198.51.100.7"], found, now=NOW)
    assert [(each.decision, each.target, each.ports) for each in made] == [
        ("unban", "198.51.100.0/24", ()),
        ("unban", "198.51.100.7", ("tcp/22",)),
        ("unban", "198.51.100.7", ()),
    ]
    assert len(ends(Settings(), None, found, now=NOW)) == 4
    assert ends(Settings(), None, [], now=NOW) == []


def test_the_workers_are_told_of_the_keys_of_those_who_are_let_in():
    settings = Settings()
    network = Decision("ban", "2001:db8::/64", None, "", "", (), "", NOW, key=("2001:db8::7",))
    made = ends(settings, ["2001:db8::8", "198.51.100.7"], [network], now=NOW)
    messages = told(settings, [*made, Decision("ban", "198.51.100.9", None, "", "", (), "", NOW)])
    assert [key for topic, key, _ in messages if topic == settings.fleet.decisions] == [
        b"2001:db8::/64", b"2001:db8::8", b"198.51.100.7", b"198.51.100.9",
    ]  # fmt: skip
    found = [(key, sighted(value)) for topic, key, value in messages if topic == settings.fleet.events]
    assert [key for key, _ in found] == [b"2001:db8::7", b"2001:db8::8", b"198.51.100.7"]
    assert {(each.trigger, each.clears) for _, each in found} == {("", True)}
    assert [each.key[0].encode() for _, each in found] == [key for key, _ in found]


def action(clock):
    return Ban(Nowhere(), Policy(Never((), tuple, frozenset, wall)), lambda *_: {}, clock=clock, say=lambda _: None)


def test_who_was_let_in_after_a_decision_stays_in_and_who_was_let_in_before_it_does_not():
    ours = action(lambda: NOW)
    ours.unban(["198.51.100.7"])
    answer = ours.ban_each([Asked("198.51.100.7", 60, made=NOW - 1)])
    assert answer.lines == ("not banned: 198.51.100.7 was let in again after this",)
    assert ours.ban_each([Asked("198.51.100.7", 60, made=NOW + 1)]).done
    other = action(lambda: NOW)
    other.unban(["198.51.100.7"], made=NOW - 100)  # decided long ago, and only now heard of
    assert other.ban_each([Asked("198.51.100.7", 60, made=NOW - 50)]).done


class Waiting:
    """A flow that has nothing yet."""

    more, due = False, None

    def __init__(self, descriptor):
        self.fileno = lambda: descriptor


def test_while_decisions_are_carried_out_no_others_are_asked_for(tmp_path):
    with open("/dev/zero", "rb") as always:
        following = Following(Waiting(always.fileno()), None, argparse.Namespace(), clock=wall, say=print)  # type: ignore[arg-type]
        assert following.doors()
        assert following.is_due()
        assert not following.is_due()
        assert not following.doors()
        assert following.timeout() is None


@pytest.mark.parametrize("arguments", [("ban", "198.51.100.7"), ("unban", "198.51.100.7"), ("bans",)])
def test_without_the_extra_one_line_says_what_to_install(monkeypatch, tmp_path, capsys, arguments):
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    (tmp_path / "v.toml").write_text("")
    assert main([*arguments, "--fleet", "--config", f"{tmp_path}/v.toml"]) == 69
    (said,) = capsys.readouterr().err.splitlines()
    assert "pip install 'vigilog[kafka]'" in said


@pytest.mark.parametrize(
    ("arguments", "status"), [(("run", "--dry-run"), 69), (("replay",), 69), (("check", "-o", "kafka:t"), 1)]
)
def test_without_the_extra_a_source_in_kafka_says_so_too(monkeypatch, tmp_path, capfd, arguments, status):
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    (tmp_path / "v.toml").write_text(
        f'[state]\ndirectory = "{tmp_path}/state"\n[run]\nsources = ["kafka:t"]\n'
        '[[trigger]]\nname = "x"\npattern = "x"\nactions = ["null"]\n'
    )
    assert main([*arguments, "--config", f"{tmp_path}/v.toml"]) == status
    said = capfd.readouterr().err.splitlines()
    assert len(said) == (2 if arguments[0] == "check" else 1)  # a report's errors have their remedy below
    assert "pip install 'vigilog[kafka]'" in said[-1]


def test_without_the_extra_validate_says_that_it_could_not_look(monkeypatch, tmp_path, capsys):
    (tmp_path / "v.toml").write_text('[check]\nrules = "builtin"\n[fleet]\nfollow = true\n[ship]\nbrokers = ["kafka1"]\n')
    asked = ["validate", "--config", f"{tmp_path}/v.toml"]
    assert main(asked) == 0
    assert "Kafka" not in capsys.readouterr().out
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    assert main(asked) == 0
    assert "note: properties of Kafka are not looked at: " in (said := capsys.readouterr().out)
    assert "pip install 'vigilog[kafka]'" in said
