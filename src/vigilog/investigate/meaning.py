"""What lines mean: the shipped rules tell a failed login from a good one, and who it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from vigilog.config.trigger_files import shipped
from vigilog.detect.sessions import process
from vigilog.detect.triggers import Trigger, TriggerSet
from vigilog.investigate.item import Item, Meaning
from vigilog.parse import syslog
from vigilog.patterns.block import BLANKS
from vigilog.run.plan import made

_KINDS: Mapping[str, Meaning] = {"attack": "failed", "violation": "failed", "login": "login"}
_OTHERS: Mapping[str, Meaning] = {"sshd-probe": "probe", "ledger-unfinished": "unfinished", "ledger-request": ""}
_LOOKED_AT = frozenset({"attack", "violation", "login", "unusual"})
"""Leases, port mappings and dynamic names are nobody's attempts."""
_COUNTED = re.compile(rb"message repeated (?P<times>\d{1,6}) times: \[|auth failed, (?P<attempts>\d{1,6}) attempts")
_SSH_TRIED = re.compile(rb": (?:message repeated \d+ times: \[ )?(?:error: )?Failed (?!none )")
_PAM = re.compile(rb"pam_\w+\((?P<service>[\w.-]+):auth\)")
_TOLD_BY_ITSELF = {"dovecot": ("dovecot", "postfix"), "smtp": ("postfix",), "vsftpd": ("vsftpd",), "proftpd": ("proftpd",)}
"""Services by PAM's name for them, whose own lines tell of the attempts that PAM tells of, too."""


class Meanings:
    """The shipped rules, ready for lines."""

    def __init__(self, cache_directory: str | None) -> None:
        self._rules = [each.trigger for each in shipped().values() if each.trigger.kind in _LOOKED_AT]
        self._cache = cache_directory

    def understood(self, items: Sequence[Item]) -> list[Item]:
        """The entries, the lines among them with what they mean, all with how many attempts they tell of."""
        lines = [item.text for item in items if item.kind == "line"]
        found = self.found(lines) if lines else {}
        return counted([_told(item, found.get(item.text.rstrip(BLANKS))) if item.kind == "line" else item for item in items])

    def found(self, lines: Iterable[bytes]) -> dict[bytes, tuple[Trigger, dict[str, str]]]:
        """What the rules find in lines: the first rule of each line and its fields."""
        once = list(dict.fromkeys(lines))
        programs = {syslog.fields(line).get("program", b"").decode("utf-8", "replace") for line in once}
        # rules that name no program are about lines that name none either: logs of a program's own
        chosen = [made(rule, (), str) for rule in self._rules if programs.intersection(rule.program or ("",))]
        triggers = TriggerSet(chosen, cache_directory=self._cache)
        found: dict[bytes, tuple[Trigger, dict[str, str]]] = {}
        for number, _, _, _, line, rule in triggers.occurrences("", b"".join(each + b"\n" for each in once), _no_time):
            if line not in found and rule not in chosen[number].follows:
                found[line] = chosen[number], triggers.fields(number, rule, triggers.captures(rule, line))
        return found


def _told(item: Item, found: tuple[Trigger, dict[str, str]] | None) -> Item:
    if found is None:
        return item
    rule, fields = found
    meaning = _OTHERS.get(rule.name, _KINDS.get(rule.kind, ""))
    return item._replace(meaning=meaning, rule=rule.name, fields={**item.fields, **fields})


def counted(items: Sequence[Item]) -> list[Item]:
    """Entries in their order, each failed one with how many attempts it tells of: those that several lines tell of are one.

    sshd tells of an attempt with "Failed", and says more about it in other lines of the same process; where there is no such
    line at all, the process tried once. PAM, Dovecot's auth service and black boxes repeat what the services say themselves.
    """
    rules = {item.rule for item in items}
    tried = {process(item.text) for item in items if item.rule == "sshd" and _SSH_TRIED.search(item.text)}
    known: set[bytes] = set()
    done: list[Item] = []
    for item in items:
        attempts = 0
        if item.meaning == "failed" and not item.again:
            name = process(item.text) if item.rule == "sshd" else b""
            attempts = _number(item, rules, name, tried, known)
            known.add(name)
        done.append(item._replace(attempts=attempts))
    return done


def _number(item: Item, rules: set[str], name: bytes, tried: set[bytes], known: set[bytes]) -> int:
    if item.rule == "sshd" and not _SSH_TRIED.search(item.text) and (name in tried or (name and name in known)):
        return 0
    if item.rule == "dovecot-auth" and rules & {"dovecot", "postfix"}:
        return 0
    if item.kind == "block" and any(rule.startswith("proftpd") for rule in rules):
        return 0
    if item.rule == "pam-remote":
        service = _PAM.search(item.text)
        by_itself = _TOLD_BY_ITSELF.get(service["service"].decode(), ()) if service else ()
        return 0 if any(rule.startswith(by_itself) for rule in rules if by_itself) else 1
    several = _COUNTED.search(item.text)
    return int(several["times"] or several["attempts"]) if several else 1


def _no_time(line: bytes) -> float:
    del line
    return 0.0
