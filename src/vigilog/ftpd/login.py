"""What becomes of a USER and a PASS: in ProFTPD's order, with its words."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from vigilog.config.proftpd_access import Visitor, may_log_in
from vigilog.config.proftpd_settings import AnonymousSettings, Maximum, ServerSettings
from vigilog.ftpd.accounts import FTPUSERS, SHELLS, Account, Accounts, Entry, listed
from vigilog.ftpd.passwords import NOBODYS

INCORRECT = "Login incorrect."


class Refused(NamedTuple):
    """Why a login was refused: `said` to the client, `logged` in the server log with a severity. A `policy` ends the session:
    MaxClients and its like (`account` is whoever had proved to be somebody)."""

    said: str
    logged: str
    level: int = 5
    policy: bool = False
    account: Account | None = None


class Present(NamedTuple):
    """Somebody who is logged in to the same server: for MaxClients and its like."""

    address: str
    user: str
    anonymous: AnonymousSettings | None


def anonymous_for(settings: ServerSettings, name: str) -> AnonymousSettings | None:
    """The <Anonymous> that a name logs in to."""
    return next((each for each in settings.anonymous if each.user and (name == each.user or name in each.aliases)), None)


def real_name(settings: ServerSettings, name: str) -> str:
    """The user that a name stands for, by UserAlias."""
    section = anonymous_for(settings, name)
    if section is not None:
        return section.aliases.get(name, name)
    return settings.user_aliases.get(name, name)


def hash_to_fit(settings: ServerSettings, tried: str, entry: Entry | None) -> str | None:
    """The hash that a password is to be compared with; None if any will do. For somebody who does not exist it is one that
    fits nothing and takes as long as others: the time tells nothing."""
    section = anonymous_for(settings, tried)
    if section is not None and entry is not None and not section.require_password:
        return None
    return entry.password if entry else NOBODYS


def greeting(settings: ServerSettings, name: str) -> str:
    """What USER is answered with: the same for everybody, whether he exists or not."""
    section = anonymous_for(settings, name)
    if section is not None and not section.require_password:
        return "Anonymous login ok, send your complete email address as your password"
    return f"Password required for {name}"


def decide(
    settings: ServerSettings,
    accounts: Accounts,
    tried: str,
    entry: Entry | None,
    visitor: Visitor,
    route: str,
    present: Iterable[Present],
    *,
    fits: bool,
) -> Account | Refused:
    """The account that `tried` logs in to, who is `entry`, or why not. `fits`: the password is his. `route` is how the server
    log tells where the client comes from and goes to."""
    section = anonymous_for(settings, tried)
    name = real_name(settings, tried)
    if entry is None:
        return Refused(INCORRECT, f"USER {name}: no such user found from {route}")
    account = accounts.anonymous(section, entry) if section else accounts.account(entry)
    refused = barred(settings, section, tried, entry)
    visitor = visitor._replace(user=name, groups=account.groups)
    limits = (section.inside.limits, visitor, settings.limits) if section else (settings.limits, visitor)
    if refused is None and not may_log_in(*limits):
        refused = Refused(INCORRECT, f"USER {tried} (Login failed): Limit access denies login")
    if refused is None and not fits:
        refused = Refused(INCORRECT, f"USER {tried} (Login failed): Incorrect password")
    return refused or full(settings, account, visitor.address, list(present)) or account


def barred(settings: ServerSettings, section: AnonymousSettings | None, tried: str, entry: Entry) -> Refused | None:
    """Why somebody is not let in whatever his password is, if that is so."""
    if entry.uid == 0 and not settings.root_login:
        return Refused(INCORRECT, "SECURITY VIOLATION: Root login attempted")
    if settings.use_ftp_users and listed(FTPUSERS, entry.name):
        return Refused(INCORRECT, f"USER {tried} (Login failed): User in {FTPUSERS}")
    wanted = section.require_valid_shell if section else settings.require_valid_shell
    if wanted and not listed(SHELLS, entry.shell):
        return Refused(INCORRECT, f"USER {tried} (Login failed): Invalid shell: '{entry.shell}'")
    return None


def full(settings: ServerSettings, account: Account, address: str, present: list[Present]) -> Refused | None:
    """Why there is no room for one more, if there is none. `present` are the others who are logged in."""
    section = account.anonymous
    here = [each for each in present if section is None or each.anonymous is section]
    from_there = [each for each in here if each.address == address]
    same_user = [each for each in here if each.user == account.name]
    counted = (
        ("MaxClients", section.max_clients if section else settings.max_clients, here),
        ("MaxClientsPerHost", section.max_clients_per_host if section else settings.max_clients_per_host, from_there),
        ("MaxClientsPerUser", settings.max_clients_per_user, same_user),
    )
    for name, maximum, others in counted:
        if maximum.count is not None and len(others) >= maximum.count:
            return Refused(
                said_of(name, maximum), f"Connection refused ({name} {maximum.count})", 5, policy=True, account=account
            )
    return None


DEFAULT_WORDS = {
    "MaxClients": "Sorry, the maximum number of allowed clients (%m) are already connected.",
    "MaxClientsPerHost": "Sorry, the maximum number of clients (%m) from your host are already connected.",
    "MaxClientsPerUser": "Sorry, the maximum number of clients (%m) for this user are already connected.",
}


def said_of(name: str, maximum: Maximum) -> str:
    """What a client is told when there are too many."""
    return (maximum.message or DEFAULT_WORDS[name]).replace("%m", str(maximum.count))


def home_missing(account: Account) -> str | None:
    """Why somebody cannot be put where he belongs, if that is so; asked with his rights."""
    try:
        if not os.path.isdir(account.root):
            raise NotADirectoryError(2, os.strerror(2))
        os.stat(os.path.join(account.root, "."))
    except OSError as error:
        return error.strerror or str(error)
    return None
