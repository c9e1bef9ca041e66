"""Sections of rules → the rules themselves: <Limit> and <Class>."""

from __future__ import annotations

from vigilog.config.proftpd_access import Access, Rule
from vigilog.config.proftpd_sources import Class
from vigilog.config.proftpd_tree import Entry, Section
from vigilog.config.proftpd_view import View, of_section

RULES = ("Allow", "Deny")
TWINS = {"CDUP": "XCUP", "MKD": "XMKD", "PWD": "XPWD", "RMD": "XRMD"}
"""Commands that have two names: a rule for one is a rule for both."""


def limits(view: View) -> tuple[Access, ...]:
    """The rules of a section: its own AllowAll or DenyAll, which hold for everything in it, and its <Limit> sections."""
    bare = tuple(rule(entry) for entry in view.entries if entry.directive.name in {"AllowAll", "DenyAll"})
    everything = (Access(("READ", "WRITE", "DIRS", "ALL"), bare[0].place, rules=bare),) if bare else ()
    return (*everything, *(limit(section) for section in view.of_kind("Limit") if section.entries))


def filters(view: View) -> tuple[Rule, ...]:
    """The AllowFilter and the DenyFilter of a server; of each the first counts."""
    found = (next(iter(view.each(name)), None) for name in ("AllowFilter", "DenyFilter"))
    return tuple(rule(entry) for entry in found if entry is not None)


def limit(section: Section) -> Access:
    """One <Limit>."""
    named = [word.upper() for parameter in section.parameters for word in parameter.split(",") if word]
    both = TWINS | {second: first for first, second in TWINS.items()}
    named += [both[word] for word in named if word in both]
    view = of_section(section)
    rules = tuple(rule(entry) for entry in section.entries if entry.directive.name.startswith(RULES))
    return Access(tuple(dict.fromkeys(named)), section.place, view.first("Order", default=True), rules)


def rule(entry: Entry) -> Rule:
    """One Allow, Deny, AllowUser ..."""
    name, place = entry.directive.name, entry.directive.place
    if name in {"AllowAll", "DenyAll"}:
        return Rule(name, "", (), (), place)
    if name in RULES:
        return Rule(name, "", (), entry.value, place)
    return Rule(name, entry.value.how, entry.value.words, (), place)


def one_class(section: Section) -> Class:
    """One <Class>."""
    view = of_section(section)
    sources = tuple(each for found in view.all("From") for each in found)
    return Class(section.parameters[0], section.place, sources, view.first("Satisfy", default=False))
