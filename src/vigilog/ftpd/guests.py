"""Coming in: what USER, PASS and HOST do to a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigilog.config.proftpd_access import Visitor, may_connect
from vigilog.ftpd.accounts import Account, Entry
from vigilog.ftpd.login import INCORRECT, Refused, decide, greeting, hash_to_fit, home_missing, real_name
from vigilog.ftpd.patience import go_on, hold
from vigilog.ftpd.record import FAILED_LOGIN, MODULE_CONFIG
from vigilog.ftpd.wrap import lets_in
from vigilog.ftpd.wrap_tables import Client

if TYPE_CHECKING:
    from vigilog.ftpd.connection import Connection

ANONYMOUS_GRANTED = "Anonymous access granted, restrictions apply"
WRAP = "mod_wrap2/2.0.7"
ACCESS_DENIED = "Access denied"
AFTER_BAD_TABLES = (MODULE_CONFIG, FAILED_LOGIN)
"""Kinds of the one block that a refusal by mod_wrap2's tables is worth, the first that is wanted; ProFTPD writes only the
first."""
AFTER_POLICY = (FAILED_LOGIN, MODULE_CONFIG)
"""The same for MaxClients and its like; ProFTPD writes only the first."""


def may_enter(connection: Connection) -> bool:
    """Whether the connection may be greeted: <Limit LOGIN>, and tables that are looked at at connect."""
    settings = connection.host.settings
    visitor = connection.visitor()
    anonymous = [each.inside.limits for each in settings.anonymous]
    if not may_connect(settings.limits, anonymous, visitor):
        connection.record.log.say(5, f"Connection from {connection.client} [{connection.client}] denied")
        return False
    if settings.wrap.engine and settings.wrap.on_connect and not by_tables(connection, "", older=False):
        connection.record.log.say(5, f"refused connection from {connection.client}")
        return False
    return True


def by_tables(connection: Connection, user: str, *, older: bool) -> bool:
    """Whether the allow and deny tables let the connection in: mod_wrap's (`older`), or mod_wrap2's, if its engine is on."""
    wrap, rights, log = connection.host.settings.wrap, connection.host.rights, connection.record.log
    tables = [each for each in wrap.tables if each.directive.startswith("TCP") == older]
    if not tables or not (older or wrap.engine):
        return True
    entry = connection.host.accounts.find(user) if user else None
    groups = connection.host.accounts.groups(entry)[1] if entry else ()
    client = Client(connection.client, "", user)
    if older:
        return lets_in(tables, wrap.tcp_service, client, groups, rights, lambda text: log.debug(1, f"mod_wrap: {text}"))
    return lets_in(tables, wrap.service, client, groups, rights, lambda text: log.module(log.logs.wrap, WRAP, text))


def user(connection: Connection, name: str) -> None:
    """USER."""
    if connection.account is not None:
        connection.reply(501, "Reauthentication not supported")
        return
    connection.username = name
    connection.record.facts.attempted_user = name
    connection.reply(331, greeting(connection.host.settings, name))


def password(connection: Connection, secret: str) -> None:
    """PASS."""
    if connection.account is not None:
        connection.reply(503, "You are already logged in")
        return
    tried = connection.username
    if not tried:
        connection.record.facts.attempted_user = None
        connection.reply(503, "Login with USER first")
        return
    host, wrap = connection.host, connection.host.settings.wrap
    name = real_name(host.settings, tried)
    if not by_tables(connection, name, older=True):
        # The session goes on, as it does there.
        connection.record.log.say(4, f"mod_wrap/1.2.4: refused connection from {connection.client}")
        connection.reply(530, ACCESS_DENIED)
        return
    if not by_tables(connection, name, older=False):
        connection.ended_by("Module-specific policy", AFTER_BAD_TABLES)
        connection.reply(530, wrap.deny_message.replace("%u", tried) or ACCESS_DENIED)
        connection.close_when_done()
        return
    entry = host.accounts.find(name)
    hashed = hash_to_fit(host.settings, tried, entry)
    if hashed is None:
        proved(connection, entry, secret, fits=True)
        return
    hold(connection, "password")
    connection.server.comparisons.ask(secret, hashed, lambda fits: later(connection, entry, secret, fits=fits))


def later(connection: Connection, entry: Entry | None, secret: str, *, fits: bool) -> None:
    """A password was compared; whoever sent it may be gone."""
    if connection.finished or connection._closing:  # noqa: SLF001 - pyftpdlib's
        return
    connection.call_later(0, answered, connection, entry, secret, fits)


def answered(connection: Connection, entry: Entry | None, secret: str, fits: bool) -> None:
    """The client hears whether it is in, and may go on."""
    proved(connection, entry, secret, fits=fits)
    go_on(connection)


def proved(connection: Connection, entry: Entry | None, secret: str, *, fits: bool) -> None:
    """What becomes of a login whose password is known to fit, or not."""
    host, tried, ends = connection.host, connection.username, connection.record.ends
    route = f"{connection.client} [{connection.client}] to {connection.local}:{ends.local_port}"
    present = host.present(connection)
    verdict = decide(host.settings, host.accounts, tried, entry, connection.visitor(), route, present, fits=fits)
    log = connection.record.log
    if isinstance(verdict, Refused):
        log.trace("auth", 3, f"login of '{tried}' refused: {verdict.logged}")
        refused(connection, verdict)
        return
    log.trace("auth", 5, f"'{tried}' is user '{verdict.name}', UID {verdict.identity.uid}, of {verdict.module}")
    log.trace("auth", 8, f"root '{verdict.root}', start '{verdict.start}', groups {', '.join(verdict.groups)}")
    with host.rights.acting_as(verdict.identity):
        missing = home_missing(verdict)
    if missing is not None:
        log.say(4, f"notice: unable to use DefaultRoot '{verdict.root}': {missing}")
        refused(connection, Refused(INCORRECT, "error: unable to set DefaultRoot directory", 3, policy=True))
        return
    accepted(connection, verdict, secret)


def accepted(connection: Connection, account: Account, secret: str) -> None:
    """A good login."""
    tried, log = connection.username, connection.record.log
    log.debug(2, f"user '{account.name}' authenticated by {account.module}")
    connection.enter(account, secret)
    if account.anonymous is None:
        log.say(6, f"USER {tried}: Login successful.")
        connection.reply(230, f"User {tried} logged in")
        return
    log.say(6, f"ANON {tried}: Login successful.")
    connection.reply(230, ANONYMOUS_GRANTED)


def refused(connection: Connection, verdict: Refused) -> None:
    """A bad one. MaxLoginAttempts of them end the session."""
    log, settings = connection.record.log, connection.host.settings
    log.say(verdict.level, verdict.logged)
    if verdict.account is not None:
        connection.record.logged_in(verdict.account)
    if verdict.policy:
        connection.ended_by(f"Configured policy: {verdict.logged}", AFTER_POLICY)
        connection.reply(530, verdict.said)
        connection.close_when_done()
        return
    connection.attempted_logins += 1
    maximum = settings.max_login_attempts
    last = bool(maximum) and connection.attempted_logins >= maximum
    if last:
        log.say(5, f"Maximum login attempts ({maximum}) exceeded, connection refused")
        connection.ended_by("Configured policy: Denied by MaxLoginAttempts", (FAILED_LOGIN,))
    connection.reply(530, verdict.said)
    connection.username = ""
    if last:
        connection.close_when_done()


def another_host(connection: Connection, name: str) -> None:
    """HOST (RFC 7151): another server of the same address and port."""
    if connection.account is not None:
        connection.reply(503, "Bad sequence of commands")
        return
    found = connection.server.called(name, connection.host)
    if found is None:
        connection.reply(504, f"{name}: Unknown hostname provided")
        return
    if found is not connection.host:
        connection.move_to(found)
    connection.reply(220, connection.words_of_welcome())


def words_of_welcome(connection: Connection) -> str:
    """What a client is greeted with, by ServerIdent."""
    settings, address = connection.host.settings, connection.local
    if not settings.ident:
        return f"{address} FTP server ready"
    if settings.ident_text is None:
        return f"Vigilog FTP Server ({settings.name}) [{address}]"
    return settings.ident_text.replace("%L", address).replace("%V", address).replace("%v", settings.name)


def visitor_of(connection: Connection) -> Visitor:
    """The client, as access rules are asked about it."""
    account = connection.account
    return Visitor(
        connection.client,
        connection.client,
        account.name if account else None,
        account.groups if account else None,
        connection.host.class_of(connection.client),
    )
