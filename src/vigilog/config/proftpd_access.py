"""Who may do what: the rules of a <Limit>, the members of a <Class>, and what they come to for a client, as in ProFTPD 1.3.8.

Three things are sane here that are not there. `AND` in front of names is the word that it is documented to be (there it is
taken for a name, and the last name is lost). An address with `!` in front holds for every other address, as its manual says
(there it holds for none). Names of hosts are compared without regard to case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal, NamedTuple

from vigilog.config.proftpd_regex import matcher
from vigilog.core.nouns import Place

NO_ALL = {"EPRT", "EPSV", "PASV", "PORT", "PROT", "OPTS"}
"""The commands that `<Limit ALL>` leaves alone."""

GROUPS = {
    "DIRS": ("PWD", "XPWD", "CWD", "XCWD", "CDUP", "XCUP", "MDTM", "MLSD", "MLST", "NLST", "LIST", "STAT"),
    "READ": ("RETR", "SIZE"),
    "WRITE": (
        *("MKD", "XMKD", "RMD", "XRMD", "DELE", "RNFR", "RNTO", "MFF", "MFMT", "STOR", "STOU", "APPE"),
        *("SITE_MKDIR", "SITE_RMDIR", "SITE_CHMOD", "SITE_CHGRP", "SITE_UTIME", "SITE_SYMLINK"),
    ),
}
"""The words of a <Limit> that stand for several commands."""


class Visitor(NamedTuple):
    """Whom a rule is asked about: the client's address and name ('' if it has none), the class it is in; the user and groups,
    None as long as nobody is logged in."""

    address: str
    name: str = ""
    user: str | None = None
    groups: tuple[str, ...] | None = None
    class_name: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One address, network or name of an Allow, a Deny or a From. `kind` is how `text` is compared: 'all', 'none', 'network',
    'address glob', 'name', 'name glob'."""

    kind: Literal["all", "none", "network", "address glob", "name", "name glob"]
    text: str
    negated: bool = False
    network: IPv4Network | IPv6Network | None = None

    def holds(self, visitor: Visitor) -> bool:
        """Whether the visitor comes from there, without regard to `negated`."""
        match self.kind:
            case "all":
                return True
            case "none":
                return False
            case "network":
                address = numeric(visitor.address)
                return self.network is not None and address is not None and address in self.network
            case "address glob":
                return fnmatchcase(str(numeric(visitor.address) or visitor.address).lower(), self.text.lower())
            case "name":
                return self.text.lower() in {visitor.name.lower(), visitor.address.lower()}
            case "name glob":
                return fnmatchcase(visitor.name.lower(), self.text.lower())


class Rule(NamedTuple):
    """One Allow, Deny, AllowUser ... of a <Limit>: its sources, or its words and how they are put together (of a filter and of
    `regex` the one word is a regular expression)."""

    name: str
    how: Literal["and", "or", "regex", "caseless regex", ""]
    words: tuple[str, ...]
    sources: tuple[Source, ...]
    place: Place

    def holds(self, visitor: Visitor, argument: str | None = None) -> bool:
        """Whether the rule is about this visitor; `argument` is what stands behind the command, for filters."""
        match self.name.removeprefix("Allow").removeprefix("Deny"):
            case "":
                negated = [source for source in self.sources if source.negated]
                plain = [source for source in self.sources if not source.negated]
                if any(source.holds(visitor) for source in negated):
                    return False
                return any(source.holds(visitor) for source in plain) if plain else bool(negated)
            case "User":
                return visitor.user is not None and self.among((visitor.user,))
            case "Group":
                return visitor.groups is not None and self.among(visitor.groups)
            case "Class":
                return visitor.class_name is not None and self.among((visitor.class_name,))
            case "Filter":
                return argument is not None and self.among((argument,))
            case _:
                return True  # AllowAll, DenyAll

    def among(self, names: tuple[str, ...]) -> bool:
        if self.how in {"regex", "caseless regex"}:
            found = matcher(self.words[0], caseless=self.how == "caseless regex")
            return any(found(name) for name in names)
        verdicts = ((word.removeprefix("!") in names) != word.startswith("!") for word in self.words)
        return all(verdicts) if self.how == "and" else any(verdicts)


@dataclass(frozen=True, slots=True)
class Access:
    """A <Limit>: the commands it is about, in capitals (GROUPS, ALL and LOGIN are such words too), and its rules."""

    commands: tuple[str, ...]
    place: Place
    allow_first: bool = True  # Order allow,deny
    rules: tuple[Rule, ...] = ()

    def verdict(self, visitor: Visitor, argument: str | None = None) -> bool | None:
        """True: allowed by a rule. False: denied, by a rule or because no rule allows. None: nothing is said."""
        allowed, denied = self.allowed(visitor, argument), self.denied(visitor, argument)
        if self.allow_first:
            return True if allowed else False if denied else None
        return allowed and not denied

    def allowed(self, visitor: Visitor, argument: str | None) -> bool:
        """An AllowUser or AllowGroup counts as fulfilled as long as nobody is logged in: it is asked again then."""
        before_login = {"AllowUser"} if visitor.user is None else set()
        before_login |= {"AllowGroup"} if visitor.groups is None else set()
        return any(
            each.name in before_login or each.holds(visitor, argument) for each in self.rules if each.name.startswith("Allow")
        )

    def denied(self, visitor: Visitor, argument: str | None) -> bool:
        return any(each.holds(visitor, argument) for each in self.rules if each.name.startswith("Deny"))


def may_connect(server: Iterable[Access], anonymous: Iterable[Iterable[Access]], visitor: Visitor) -> bool:
    """Whether anybody could log in from there: asked at connect, before the greeting. `anonymous` are the rules of each
    <Anonymous>. Refused only if a <Limit LOGIN> says so, and none of the server or of any <Anonymous> allows."""
    said = [verdict for each in server if "LOGIN" in each.commands and (verdict := each.verdict(visitor)) is not None]
    if not said or True in said:
        return True
    return any(
        True in [each.verdict(visitor) for each in limits if "LOGIN" in each.commands] for limits in map(tuple, anonymous)
    )


def may_log_in(limits: Iterable[Access], visitor: Visitor, server: Iterable[Access] = ()) -> bool:
    """Whether a user may log in, by the <Limit LOGIN> sections of the server or, for an anonymous login, of its
    <Anonymous>. Then `server` are those of the server, which count if the <Anonymous> says nothing."""
    own, outer = ([each.verdict(visitor) for each in section if "LOGIN" in each.commands] for section in (limits, server))
    return False not in (own if set(own) - {None} else outer)


def may_do(sections: Iterable[Iterable[Access]], command: str, visitor: Visitor, argument: str = "") -> bool:
    """Whether a command is allowed. `sections` are the rules of each section in force, the innermost first and the server last.

    `command` is in capitals, a SITE command as `SITE_CHMOD`. A rule for the command itself comes before one for its group, that
    before one for ALL; the first section that says anything decides."""
    inside_out = [tuple(limits) for limits in sections]
    words = [command, *(group for group, commands in GROUPS.items() if command in commands)]
    for word in words if command in NO_ALL else [*words, "ALL"]:
        for limits in inside_out:
            for each in limits:
                verdict = each.verdict(visitor, argument) if word in each.commands else None
                if verdict is not None:
                    return verdict
    return True


def forbidding(filters: Iterable[Rule], argument: str) -> str | None:
    """The name of the AllowFilter or DenyFilter of a server that forbids what stands behind a command."""
    return next((each.name for each in filters if each.among((argument,)) != (each.name == "AllowFilter")), None)


def numeric(text: str) -> IPv4Address | IPv6Address | None:
    """An address, an IPv4 one written as IPv6 as what it is; None for what is no address."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
