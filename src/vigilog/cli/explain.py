"""`vigilog explain`: why a line is reported and counted, or is not."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from vigilog.cli import check_arguments
from vigilog.cli.commands import Parser
from vigilog.cli.visible import visible
from vigilog.core.errors import SourceError
from vigilog.core.nouns import Place

if TYPE_CHECKING:
    from vigilog.explain import Explanation, Match
    from vigilog.explain_triggers import Explainer
    from vigilog.patterns.closest import Nearness

HELP = "say which rules match a line, which decides, and which comes closest"
WORDS = {"attack": "an attack", "violation": "a violation", "unusual": "an unusual event"}


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog explain` takes."""
    parser.description = (
        "For each line: whether `vigilog check` reports it and as what, which rules match it (file and line), which layer\n"
        "decided, and the fields in it. If no rule matches: the closest one, and where it stops. And which triggers of\n"
        "`vigilog run` count it, under which key. Reads no log, moves nothing."
    )
    parser.add_argument("lines", metavar="LINE", nargs="*", help="a log line, quoted as one word")
    parser.add_argument(
        "-f", "--file", metavar="FILE", action="append", default=[], help="lines from a file, - for standard input"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="the form of the answer")
    check_arguments.rule_arguments(parser)
    parser.add_argument("--logtrigger", metavar="FILE", help="triggers from logtrigger's configuration, too")


def run(options: argparse.Namespace) -> int:
    """Prints the explanations. 0 if every line would be ignored, 1 if one would be reported."""
    from vigilog.explain import explained  # noqa: PLC0415 - loads the pattern engines

    if not options.lines and not options.file:
        options.file = ["-"]
    choice = check_arguments.chosen(options)
    if choice.errors:
        raise ExceptionGroup("mistakes in the configuration", list(choice.errors))
    reported = False
    explainer = by_triggers(options)
    for answer in explained(choice.settings, given(options)):
        reported = reported or bool(answer.headings)
        print(
            as_json(answer, explainer)
            if options.format == "json"
            else "\n".join([*told(answer), *counted(answer, explainer), ""])
        )
    return 1 if reported else 0


def by_triggers(options: argparse.Namespace) -> Explainer | None:
    """What explains by the configured triggers; None if there are none."""
    from vigilog.config.choose import Wishes  # noqa: PLC0415 - with what it needs
    from vigilog.config.choose_run import choose_run  # noqa: PLC0415
    from vigilog.config.host import look  # noqa: PLC0415

    host = look()
    choice = choose_run(Wishes(config=options.config, logtrigger=options.logtrigger), host)
    if choice.errors:
        raise ExceptionGroup("mistakes in the configuration", list(choice.errors))
    if not choice.settings.triggers:
        return None
    from vigilog.explain_triggers import Explainer  # noqa: PLC0415
    from vigilog.run.plan import planned  # noqa: PLC0415

    return Explainer(planned(choice.settings, host, str).triggers, os.path.join(choice.settings.state.directory, "cache"))


def counted(answer: Explanation, explainer: Explainer | None) -> Iterator[str]:
    """What the triggers make of the line, as text."""
    if explainer is None:
        return
    found = explainer.counts(answer.line)
    for each in found:
        which = f", pattern {each.pattern}" if len(each.trigger.patterns) > 1 else ""
        key = visible(", ".join(each.key)) or "nothing: all its events are counted together"
        if each.clears:
            yield f"  clears   trigger {each.trigger.name}: the count of {key}"
            continue
        within = f" within {each.trigger.within:g} s" if each.trigger.within else ""
        yield f"  counted  trigger {each.trigger.name}{which}, under {key}; {each.trigger.count} of them{within} raise an alert"
        if each.fields:
            yield f"           {'  '.join(f'{name}={visible(value)}' for name, value in each.fields.items())}"
    if found:
        return
    yield "  no trigger counts it"
    nearest = explainer.nearest(answer.line)
    if nearest:
        reached = nearest.nearness.reached
        yield f"  closest  trigger {nearest.trigger.name}, which agrees with the first {reached} bytes"
        yield f"           {shown(answer.line)}"
        yield f"           {'~' * len(shown(answer.line[:reached]))}^ the line goes on here"


def given(options: argparse.Namespace) -> Iterator[bytes]:
    """The lines to explain, without their newlines."""
    for text in options.lines:
        yield from os.fsencode(text).removesuffix(b"\n").split(b"\n")
    for name in options.file:
        if name == "-":
            yield from without_newlines(sys.stdin.buffer)
            continue
        try:
            with open(name, "rb") as file:
                yield from without_newlines(file)
        except OSError as error:
            raise SourceError(str(error.strerror), place=Place(name), expected="a file with log lines") from error


def without_newlines(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Each line without its newline."""
    for line in lines:
        yield line.removesuffix(b"\n")


def told(answer: Explanation) -> Iterator[str]:
    """The explanation as text."""
    yield shown(answer.line)
    if answer.headings:
        names = ", and as ".join(
            f"{WORDS[heading.kind]}{f' ({heading.name})' if heading.name else ''}"
            f"{', as long as no attack is reported' if heading.unless_attack else ''}"
            for heading in answer.headings
        )
        yield f"  reported as {names}"
    else:
        yield f"  not reported: {answer.decided or 'no section is there for it'}"
    for match in answer.matches:
        mark = "decides" if match.layer == answer.decided else "matches"
        yield f"  {mark}  {match.layer}  {match.rule.place}"
        yield f"           {shown(match.rule.text)}"
        if match.fields:
            yield f"           {pairs(match.fields)}"
    if answer.headings and not answer.matches:
        yield "  no rule matches it"
    if answer.nearest:
        yield from near(answer.nearest, answer.line)
    if answer.fields:
        yield f"  fields   {pairs(answer.fields)}"


def near(nearest: Nearness, line: bytes) -> Iterator[str]:
    """The closest rule, with a mark where it and the line part."""
    taken = shown(nearest.rule.text[: nearest.taken])
    yield f"  closest  {nearest.rule.place}, which agrees with the first {nearest.reached} bytes"
    yield f"           {shown(nearest.rule.text)}"
    yield f"           {'~' * len(taken)}^ the rule stops here"
    agreed = shown(line[: nearest.reached])
    yield f"           {shown(line)}"
    yield f"           {'~' * len(agreed)}^ the line goes on here"


def pairs(fields: dict[str, bytes]) -> str:
    """Fields on one line."""
    return "  ".join(f"{name}={shown(value)}" for name, value in fields.items())


def shown(text: bytes) -> str:
    """Bytes from a log or a rule, harmless for a terminal."""
    return visible(os.fsdecode(text))


def as_json(answer: Explanation, explainer: Explainer | None) -> str:
    """The explanation as one JSON object on a line."""
    import json  # noqa: PLC0415 - for those who ask for it

    def rule(match: Match) -> dict[str, object]:
        place = match.rule.place
        return {
            "layer": match.layer,
            "file": place.file,
            "line": place.line,
            "pattern": shown(match.rule.text),
            "fields": {name: shown(value) for name, value in match.fields.items()},
        }

    nearest = answer.nearest
    return json.dumps(
        {
            "line": shown(answer.line),
            "reported": [heading._asdict() for heading in answer.headings],
            "decided": answer.decided,
            "matches": [rule(match) for match in answer.matches],
            "fields": {name: shown(value) for name, value in answer.fields.items()},
            "triggers": [
                {"trigger": each.trigger.name, "clears": each.clears, "key": each.key, "fields": each.fields}
                for each in (explainer.counts(answer.line) if explainer else ())
            ],
            "closest": nearest
            and {
                "file": nearest.rule.place.file,
                "line": nearest.rule.place.line,
                "pattern": shown(nearest.rule.text),
                "pattern_agrees": nearest.taken,
                "line_agrees": nearest.reached,
            },
        }
    )
