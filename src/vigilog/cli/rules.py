"""`vigilog rules`: the rules there are for triggers, whether their samples hold, and whether they can be fooled."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from vigilog.cli.commands import Parser
from vigilog.cli.visible import visible

if TYPE_CHECKING:
    from vigilog.config.run_settings import Trigger
    from vigilog.config.triggers import Loaded
    from vigilog.rules import Failure

HELP = "list the shipped rules for triggers; test and audit rules"
LONGEST = 400
"""So many characters of a line are shown."""


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog rules` takes."""
    parser.description = (
        "list: the rules that a [[trigger]] can name as its `rule`.\n"
        "test: whether the samples in rule files hold; names each that does not, with its file and line.\n"
        "audit: whether text that an attacker chooses (a user name, a URL, a whole forged message) can make a rule take\n"
        "somebody else's address for the attacker's; shows the line that does."
    )
    parser.add_argument("what", choices=("list", "test", "audit"), help="what to do")
    rules = parser.add_argument(
        "rules", metavar="NAME|FILE", nargs="+", default=[], help="shipped rules, files of your own; without: all shipped ones"
    )
    rules.required = False  # "*" would be filled, with nothing, by the first option that stands before a name
    parser.usage = (
        "vigilog rules [-h] [--config FILE] [--logtrigger FILE] [--format {text,json}] {list,test,audit} [NAME|FILE ...]"
    )
    parser.add_argument("--config", metavar="FILE", help="the triggers of this vigilog.toml")
    parser.add_argument("--logtrigger", metavar="FILE", help="the rules of logtrigger's configuration")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: one object to a line")
    parser.epilog = "Exit status 1 if a sample does not hold or a rule can be fooled, 78 for a mistake in a rule file."


def run(options: argparse.Namespace) -> int:
    """Does it, and gives 0; 1 if a test or an audit fails."""
    from vigilog.rules import chosen  # noqa: PLC0415 - wrong options need no rules

    rules = chosen(options.rules, options.config, options.logtrigger)
    as_json = options.format == "json"
    if options.what == "list":
        listing(rules, as_json)
        return 0
    return test(rules, as_json) if options.what == "test" else audit(rules, as_json)


def listing(rules: tuple[Loaded, ...], as_json: bool) -> None:
    """Prints what there is to know of each rule."""
    width = max((len(rule.trigger.name) for rule in rules), default=0)
    broad = max((len(counting(rule.trigger)) for rule in rules), default=0)
    for rule in rules:
        trigger = rule.trigger
        if as_json:
            print(in_json(**described(trigger)))
            continue
        programs = (
            f" [{', '.join(trigger.program[:3])}{', ...' if len(trigger.program) > 3 else ''}]" if trigger.program else ""
        )
        print(visible(f"{trigger.name:<{width}}  {counting(trigger):<{broad}}  {trigger.description}{programs}"))


def described(trigger: Trigger) -> dict[str, object]:
    """A rule as JSON has it."""
    return {
        "name": trigger.name,
        "description": trigger.description,
        "kind": trigger.kind,
        "program": trigger.program,
        "key": trigger.key,
        "count": trigger.count,
        "within": trigger.within,
    }


def counting(trigger: Trigger) -> str:
    """How a rule counts, in words."""
    times = "each" if trigger.count == 1 else f"{trigger.count} times"
    within = f" in {trigger.within / 60:g} min" if trigger.within and trigger.count > 1 else ""
    return f"{times}{within}, by {'+'.join(trigger.key) or 'all fields'}"


def test(rules: tuple[Loaded, ...], as_json: bool) -> int:
    """Runs the samples."""
    from vigilog.rules import tested  # noqa: PLC0415 - loads the pattern engines

    failures: list[Failure] = []
    for rule in rules:
        mine = tested(rule)
        failures += mine
        if as_json:
            told = [
                {"place": str(each.place), "line": each.line, "expected": each.expected, "found": each.found} for each in mine
            ]
            print(in_json(name=rule.trigger.name, samples=len(rule.samples), failures=told))
        else:
            if not rule.samples:
                print(visible(f"note: {rule.place}: {rule.trigger.name} has no samples"))
            for line in [text for each in mine for text in failed(each)]:
                print(visible(line))
    if not as_json:
        samples = sum(len(rule.samples) for rule in rules)
        print(f"{number(len(rules), 'rule')}, {number(samples, 'sample')}, {number(len(failures), 'failure')}")
    return 1 if failures else 0


def number(count: int, word: str) -> str:
    """A number of things, in words."""
    return f"{count or 'no'} {word}{'' if count == 1 else 's'}"


def failed(failure: Failure) -> Iterator[str]:
    """A sample that does not hold, as lines of text."""
    yield f"{failure.place}: expected {failure.expected}; found {failure.found}"
    yield f"  {failure.line[:LONGEST]}"


def audit(rules: tuple[Loaded, ...], as_json: bool) -> int:
    """Tries to fool the rules."""
    from vigilog.rules import fooled  # noqa: PLC0415 - as above

    caught = 0
    for rule in rules:
        found = fooled(rule)
        caught += bool(found.forgeries)
        ways = [{"how": each.how, "line": text(each.line), "taken": text(each.taken)} for each in found.forgeries]
        unread = len(found.unread)
        if as_json:
            print(in_json(name=rule.trigger.name, fields=found.names, tried=found.tried, fooled=ways, unread=unread))
            continue
        note = f"; {unread} of its patterns could not be tried: give them samples" if unread else ""
        if not found.names:
            print(visible(f"{rule.trigger.name}: takes nobody's address or name out of a line"))
        elif not ways:
            print(visible(f"{rule.trigger.name}: not fooled by {found.tried} lines{note}"))
        else:
            print(visible(f"{rule.place}: {rule.trigger.name} can be fooled{note}"))
        for way in ways:
            print(visible(f"  {way['how']}: takes {way['taken']} out of"))
            print(visible(f"    {way['line'][:LONGEST]}"))
    if not as_json:
        print(f"{number(len(rules), 'rule')}, {caught or 'none of them'} can be fooled")
    return 1 if caught else 0


def text(data: bytes) -> str:
    """Bytes of a line as text."""
    return data.decode("utf-8", "backslashreplace")


def in_json(**values: object) -> str:
    """One object on a line."""
    import json  # noqa: PLC0415 - for those who ask for it

    return json.dumps(values, ensure_ascii=True)
