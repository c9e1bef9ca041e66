"""What is wrong with `[web]` that its single values do not show."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from vigilog.config.checked import shown
from vigilog.config.layer import Layer
from vigilog.config.settings import Settings
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place


def address_and_port(listen: str) -> tuple[str, int] | None:
    """The address and the port of `ADDRESS:PORT`; None if it is none."""
    address, colon, port = listen.rpartition(":")
    bracketed = address.startswith("[") and address.endswith("]")
    try:
        found = ip_address(address[1:-1] if bracketed else address)
    except ValueError:
        return None
    right = (found.version == 6) == bracketed
    return (str(found), int(port)) if colon and right and port.isascii() and port.isdigit() and int(port) < 1 << 16 else None


def is_loopback(listen: str) -> bool:
    """Whether only this host can reach it."""
    found = address_and_port(listen)
    return found is not None and ip_address(found[0]).is_loopback


def crossed(layer: Layer, settings: Settings) -> Iterator[ConfigurationError]:
    """A door that is open to the network without TLS or a login, and certificates that do not go together."""
    web = settings.web

    def mistake(key: str, found: str, expected: str, remedy: str = "") -> ConfigurationError:
        place = layer.places.get(("web", key)) or layer.places.get(("web", "listen")) or Place(f"web.{key}")
        return ConfigurationError(found, place=place, expected=expected, remedy=remedy)

    if web.key and not web.certificate:
        yield mistake("key", "a key without a certificate", "the key certificate, too")
    if web.self_signed and web.certificate:
        yield mistake("self_signed", "a certificate, and self_signed", "one of the two")
    if is_loopback(web.listen):
        return
    if web.login == "none":
        yield mistake("login", f"{shown(web.listen)} is open to others, without a login", 'login = "password" or "proxy"')
    if not (web.certificate or web.self_signed or web.login == "proxy"):
        remedy = "give certificate = FILE, or self_signed = true"
        yield mistake("listen", f"{shown(web.listen)} is open to others, without TLS", "an address of the loopback", remedy)
