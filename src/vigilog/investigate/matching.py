"""What is looked for: bytes or expressions that every line about a subject has, and the exact answer for a line."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from vigilog.core.nouns import Place, Rule
from vigilog.investigate import spelling
from vigilog.investigate.spelling import IsAbout
from vigilog.investigate.subject import Network, Subject

_PLACE = Place("the subject")
_LEAST = 16
"""Bits of a network that must be whole numbers for its beginning to be worth looking for as it stands."""


class Matcher(NamedTuple):
    """`literal` stands in every line that is about the subject; where it is None the expression `rule` matches each (`caseless`
    or not). `stamped` stands in lines of logs with TAI64N stamps in its place (dnscache). `is_about` decides."""

    literal: bytes | None
    rule: Rule | None
    caseless: bool
    is_about: IsAbout
    stamped: bytes = b""


def matcher(subject: Subject) -> Matcher:
    """What to look for. Raises RuleError for a pattern that cannot be used."""
    network = subject.network
    if network is not None:
        return _of_network(network)
    if subject.kind == "pattern":
        return Matcher(None, _rule(subject.pattern), False, _always)
    return Matcher(subject.pattern, None, False, _word(subject.pattern, whole_address=subject.kind == "session"))


def any_of(words: list[bytes]) -> Matcher:
    """Lines in which any of some words stands, whatever is around it."""
    return Matcher(None, _rule(b"|".join(re.escape(word) for word in words)), False, _always)


def _of_network(network: Network) -> Matcher:
    if isinstance(network, IPv4Network):
        first = network.network_address
        if network.prefixlen == 32:
            return Matcher(str(first).encode(), None, False, spelling.of_four_numbers(first), b"%08x" % int(first))
        if network.prefixlen >= _LEAST:
            return Matcher(_beginning(network), None, False, spelling.in_network(network), _hexadecimal(network))
    return Matcher(None, _rule(spelling.expression(network)), True, spelling.in_network(network))


def _beginning(network: IPv4Network) -> bytes:
    """The numbers that all addresses of a network begin with."""
    whole = network.prefixlen // 8
    return ".".join(str(network.network_address).split(".")[:whole]).encode() + b"."


def _hexadecimal(network: IPv4Network) -> bytes:
    return (b"%08x" % int(IPv4Address(network.network_address)))[: network.prefixlen // 4]


def _word(text: bytes, *, whole_address: bool) -> IsAbout:
    """Whether `text` stands in a line as a name of its own. A user's may be followed by `@` and a host."""
    behind = rb"(?![\w@-])" if whole_address else rb"(?![\w-])(?!\.\w)"
    before = rb"(?<![\w@-])" if whole_address else rb"(?<![\w@.-])"
    exact = re.compile(before + re.escape(text) + behind)
    return lambda line: exact.search(line) is not None


def _rule(expression: bytes) -> Rule:
    return Rule("subject", "subject", "regex", expression, _PLACE)


def _always(line: bytes) -> bool:
    del line
    return True
