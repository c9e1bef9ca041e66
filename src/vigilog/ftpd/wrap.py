"""Whether the allow and deny tables of a server let somebody in; every step of it is told to its WrapLog, as mod_wrap2 tells
it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from vigilog.config.proftpd_settings import Tables
from vigilog.ftpd.rights import Rights
from vigilog.ftpd.wrap_tables import Client, allowed

Tell = Callable[[str], None]


def lets_in(
    tables: Sequence[Tables], service: str, client: Client, groups: tuple[str, ...], rights: Rights, tell: Tell
) -> bool:
    """Whether the tables let the client in. Those for his user come first, then those for one of his groups, then those for
    all."""
    chosen = meant(tables, client.user, groups)
    if chosen is None:
        tell("no tables configured, allowing connection")
        return True
    tell(f"using '{chosen.allow}' for allow table")
    tell(f"using '{chosen.deny}' for deny table")
    tell(f"looking under service name '{service}'")
    allow, deny = (text(path, client.user, rights) for path in (chosen.allow, chosen.deny))
    fits = allowed(allow, deny, service, client)
    tell(f"{'allowed' if fits else 'refused'} connection from {client.user or 'UNKNOWN'}@{client.address}")
    return fits


def meant(tables: Sequence[Tables], user: str, groups: tuple[str, ...]) -> Tables | None:
    """The tables for a user."""
    for kind, names in (("user", (user,)), ("group", groups)):
        for each in tables:
            if each.kind == kind and all((word.removeprefix("!") in names) != word.startswith("!") for word in each.who):
                return each
    return next((each for each in tables if each.kind == "all"), None)


def text(path: str, user: str, rights: Rights) -> str:
    """What a table says; `%U` in its path is the user. A table that cannot be read says nothing."""
    with suppress(OSError), rights.root(), open(path.replace("%U", user), encoding="utf-8", errors="surrogateescape") as file:
        return file.read()
    return ""
