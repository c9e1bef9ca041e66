"""Serves the dashboard: from the configuration to a socket that listens, by TLS where it is wanted."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from secrets import token_urlsafe

import uvicorn

from vigilog.config.settings import Settings
from vigilog.config.web_checks import address_and_port, is_loopback
from vigilog.core.clock import Clock
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place
from vigilog.glance.follower import Follower
from vigilog.web import certificates, passwords
from vigilog.web.application import application
from vigilog.web.entrance import Entrance
from vigilog.web.sessions import Sessions
from vigilog.web.site import Site

Say = Callable[[str], None]
CONNECTIONS = 300
LAST_SECONDS = 3


def directory(settings: Settings) -> str:
    """Where the dashboard keeps what is its own: a certificate, a password's hash."""
    return os.path.join(settings.state.directory, "web")


def password_file(settings: Settings) -> str:
    """Where the password's hash is."""
    return settings.web.password_file or os.path.join(directory(settings), "password")


def names(settings: Settings) -> list[str]:
    """Under which names and addresses it is reached: as configured, the address, this host's name."""
    web = settings.web
    found = address_and_port(web.listen)
    assert found is not None
    address = ip_address(found[0])
    local = ["localhost", "127.0.0.1", "::1"] if address.is_loopback or address.is_unspecified else []
    own = [] if address.is_unspecified else [str(address)]
    hosts = [socket.gethostname().lower(), socket.getfqdn().lower()]
    held = [*web.names, *own, *local, *(host for host in hosts if host.isascii() and len(host) < 64 and not is_address(host))]
    return list(dict.fromkeys(name.lower() for name in held))


def is_address(text: str) -> bool:
    """Whether a name is an address."""
    with suppress(ValueError):
        return bool(ip_address(text))
    return False


def entrance(settings: Settings) -> Entrance:
    """Who may come in. Raises ConfigurationError if nobody could, or too many."""
    web, known = settings.web, frozenset(names(settings))
    tls = bool(web.certificate or web.self_signed)
    if web.login == "none":
        return Entrance("none", known, tls)
    if web.login == "proxy":
        proxies = frozenset(str(ip_address(each)) for each in web.proxies)
        # the proxy answers for the name it is reached by
        return Entrance("proxy", frozenset(), tls, header=web.proxy_header, proxies=proxies)
    file = password_file(settings)
    password = passwords.read(file)
    if password is not None:
        return Entrance("password", known, tls, password=password)
    if web.login == "password" or not is_loopback(web.listen):
        raise ConfigurationError(
            f"there is no password, and {web.listen} is open to others"
            if not is_loopback(web.listen)
            else "there is no password",
            place=Place(file),
            remedy="set one with `vigilog web --set-password`",
        )
    return Entrance("key", known, tls, key=token_urlsafe(24))


def listening(listen: str) -> socket.socket:
    """A socket that listens there. Raises ConfigurationError."""
    found = address_and_port(listen)
    assert found is not None
    made = socket.socket(socket.AF_INET6 if ":" in found[0] else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(found)
        made.listen(128)
    except OSError as error:
        made.close()
        text = f"{listen} cannot be listened at: {error.strerror}"
        raise ConfigurationError(
            text, place=Place("[web] listen"), remedy="choose another, or end what listens there"
        ) from error
    return made


def checked_certificate(settings: Settings, clock: Clock, say: Say) -> tuple[str, str | None]:
    """The files for TLS, looked at; ('', None) without TLS. Raises ConfigurationError."""
    web = settings.web
    certificate, key = web.certificate, web.key or None
    if web.self_signed:
        certificate, key, said = certificates.kept(directory(settings), names(settings), clock())
        if said:
            say(said)
    if certificate:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
        except (OSError, ValueError) as error:
            found = f"no certificate with its key: {error.strerror if isinstance(error, OSError) and error.strerror else error}"
            place = Place(certificate)
            raise ConfigurationError(found, place=place, remedy="give both, in PEM, in one file or in two") from error
    return certificate, key


def serve(settings: Settings, clock: Clock, say: Say) -> None:
    """Serves until it is told to end. Raises ConfigurationError for what cannot be served."""
    certificate, key = checked_certificate(settings, clock, say)
    held = entrance(settings)
    follower = Follower(settings.state.directory, settings.run.control, clock)
    site = Site(settings, follower, held, Sessions(settings.web.session_time, clock), clock)
    with listening(settings.web.listen) as door:
        server: uvicorn.Server | None = None
        config = uvicorn.Config(
            application(site, lambda: server is None or server.should_exit),
            ssl_certfile=certificate or None,
            ssl_keyfile=key,
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            lifespan="on",
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=LAST_SECONDS,
            ws="none",
        )
        server = uvicorn.Server(config)
        follower.start()
        say(f"serving {address(settings, door.getsockname()[1], held)}")
        try:
            server.run(sockets=[door])
        finally:
            follower.stop()


def address(settings: Settings, port: int, held: Entrance) -> str:
    """Where the dashboard is, for whoever has just started it."""
    found = address_and_port(settings.web.listen)
    assert found is not None
    unspecified = ip_address(found[0]).is_unspecified
    host = settings.web.names[0] if settings.web.names and unspecified else socket.gethostname() if unspecified else found[0]
    host = f"[{host}]" if ":" in host else host
    way = f"login?key={held.key}" if held.login == "key" else ""
    return f"{'https' if held.tls else 'http'}://{host}:{port}/{way}"
