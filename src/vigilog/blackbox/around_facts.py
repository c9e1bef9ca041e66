"""Fields that patterns took out of lines, put into the facts of a session."""

from __future__ import annotations

from collections.abc import Mapping

from vigilog.blackbox.facts import COUNTERS, Facts

LONGEST = 1024
"""Bytes of a value that are kept."""
MAPPED = "::ffff:"
TEXTS = ("protocol", "user", "attempted_user", "unique_id")
NUMBERS = ("uid", "gid", *COUNTERS)
INTERNAL = ("session", "process")
NAMES = ("client_address", "server_address", "server_port", *TEXTS, *NUMBERS)
"""The fields that have a place of their own in the header. Others follow under their names: `method` as `Method`."""


def learn(facts: Facts, fields: Mapping[str, bytes]) -> None:
    """Puts `fields` into `facts`; what cannot be what its name says is left out."""
    for name, value in fields.items():
        if name in INTERNAL or name == "server_port":
            continue
        text = value[:LONGEST].decode("utf-8", "surrogateescape")
        if name == "client_address":
            facts.client_address = plain(text)
        elif name == "server_address":
            port = fields.get("server_port", b"")
            facts.server_address = f"{text}:{port.decode()}" if port.isdigit() else text
        elif name in TEXTS:
            setattr(facts, name, text)
        elif name in NUMBERS:
            if text.isdecimal() and text.isascii():
                setattr(facts, name, int(text[:18]))
        else:
            facts.extra[heading(name)] = text


def plain(address: str) -> str:
    """An address without the mark that an IPv4 client has on an IPv6 socket."""
    return address[len(MAPPED) :] if address.lower().startswith(MAPPED) and "." in address else address


def heading(name: str) -> str:
    """A field's name as a header has it."""
    return "-".join(word.capitalize() for word in name.split("_"))
