r"""Tables of who may come in, in the language of hosts_access(5), as mod_wrap2_file and mod_wrap read them: `DAEMONS: CLIENTS`.

A daemon is a service's name or ALL; a client is ALL, LOCAL, UNKNOWN, KNOWN, PARANOID, an address, a network (`192.0.2.`,
`192.0.2.0/24`, `192.0.2.0/255.255.255.0`, `[2001:db8::]/32`), a name or a domain (`.example.org`), each perhaps with `USER@`
in front; `EXCEPT` takes the rest of a list out again. Lines end with `\` to go on, `#` begins a comment, and what follows a
third colon is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from ipaddress import ip_network
from typing import NamedTuple

from vigilog.config.proftpd_access import numeric


class Client(NamedTuple):
    """Whom a table is asked about. `name` is '' if the address has none; `user` is the name that was tried."""

    address: str
    name: str = ""
    user: str = ""


def entries(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """The lists of daemons and of clients of each line that has both."""
    for line in text.replace("\\\n", "").splitlines():
        if line.lstrip().startswith("#"):
            continue
        parts = fields(line)
        if len(parts) >= 2:
            yield words(parts[0]), words(parts[1])


def fields(line: str) -> list[str]:
    """What stands between the colons, except those inside brackets."""
    parts, inside = [""], False
    for character in line:
        inside = character == "[" or (inside and character != "]")
        if character == ":" and not inside:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def words(text: str) -> list[str]:
    """The words of a list."""
    return text.replace(",", " ").split()


def found(text: str, service: str, client: Client) -> bool:
    """Whether a line of the table `text` is about this service and client."""
    return any(
        among(daemons, lambda word: word in {"ALL", service}) and among(clients, lambda word: matches(word, client))
        for daemons, clients in entries(text)
    )


def among(listed: list[str], holds: Callable[[str], bool]) -> bool:
    """Whether the list takes somebody in: one of its words does, and what stands behind EXCEPT does not."""
    if "EXCEPT" in listed:
        at = listed.index("EXCEPT")
        return among(listed[:at], holds) and not among(listed[at + 1 :], holds)
    return any(map(holds, listed))


def matches(word: str, client: Client) -> bool:
    """Whether one word of a list of clients is about this client."""
    user, at, place = word.rpartition("@")
    if at and user not in {"ALL", client.user}:
        return False
    match place:
        case "ALL":
            return True
        case "LOCAL":
            return bool(client.name) and "." not in client.name
        case "UNKNOWN" | "PARANOID":
            return place == "UNKNOWN" and not client.name
        case "KNOWN":
            return bool(client.name)
    name, address = client.name.lower(), numeric(client.address)
    if place.startswith("."):
        return name.endswith(place.lower())
    plain = place.replace("[", "").replace("]", "")
    if place.endswith("."):
        return str(address).startswith(place)
    if "/" in place:
        try:
            network = ip_network(plain, strict=False)
        except ValueError:
            return False
        return address is not None and address in network
    if "*" in place or "?" in place:
        return fnmatchcase(name, place.lower()) or fnmatchcase(str(address), place)
    wanted = numeric(plain)
    return address == wanted if wanted is not None else bool(name) and name == place.lower()


def allowed(allow: str, deny: str, service: str, client: Client) -> bool:
    """Whether the client may come in, by the texts of the two tables: who is in the first may, who is in the second may not,
    and everybody else may."""
    return found(allow, service, client) or not found(deny, service, client)
