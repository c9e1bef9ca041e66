"""`vigilog verify`: whether evidence is what it was, and whether the logs that it was taken from still say the same."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

from vigilog.cli.commands import Parser
from vigilog.cli.visible import visible
from vigilog.core.errors import ConfigurationError
from vigilog.investigate.verify import Original, Verdict, as_values, verify

HELP = "check evidence of `vigilog investigate`, and the logs that it is from"
CHANGED = 1
_HASH = 64


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog verify` takes."""
    parser.description = (
        "Checks every hash of an archive of evidence and its form, then looks whether the logs that its lines were taken from\n"
        "still have them at their places, also where they were rotated or packed since."
    )
    parser.add_argument("evidence", metavar="FILE", help="the archive")
    parser.add_argument("--manifest", metavar="HASH", help="the SHA-256 of its manifest, as it was told when it was written")
    parser.add_argument("--archive-only", action="store_true", help="look at no log")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="the form of the answer")


def run(options: argparse.Namespace) -> int:
    """Checks, tells, and gives the status. Raises SourceError and ConfigurationError."""
    wanted = options.manifest
    if wanted is not None and (len(wanted) != _HASH or not set(wanted.lower()) <= set("0123456789abcdef")):
        raise ConfigurationError(f"--manifest {wanted}", expected="the 64 hexadecimal digits of a SHA-256")
    verdict = verify(options.evidence, wanted, originals=not options.archive_only)
    if options.format == "json":
        print(json.dumps(as_values(verdict), indent=1))
    else:
        for line in told(verdict, known=wanted is not None):
            print(visible(line))
    return CHANGED if verdict.problems or any(each.state == "changed" for each in verdict.originals) else 0


def told(verdict: Verdict, *, known: bool) -> Iterator[str]:
    """The verdict in sentences. `known`: the manifest's hash was given, and not only computed."""
    for problem in verdict.problems:
        yield f"NOT WHOLE: {problem}"
    manifest = verdict.manifest
    if manifest is None or verdict.problems:
        return
    count = sum(len(each.entries) for each in manifest.files)
    subject = manifest.subject.get("text", "?")
    yield f"The archive is whole: {count:,} lines about {subject}, taken on {manifest.host} at {manifest.made}."
    if not known:
        yield f"The SHA-256 of its manifest is {verdict.digest}: is it the one that was noted when it was written?"
    for original in verdict.originals:
        yield said(original)


def said(original: Original) -> str:
    """What became of one log."""
    lines = f"{original.lines:,} {'line' if original.lines == 1 else 'lines'}"
    match original.state:
        case "same":
            return f"{original.path}: {lines} as they were."
        case "moved":
            return f"{original.path}: {lines} as they were, in {original.now} by now."
        case "changed":
            return f"CHANGED: {original.now}: {original.differing:,} of {lines} differ, the first at offset {original.first}."
        case "unreadable":
            return f"{original.path}: cannot be looked at: {original.reason}"
        case _:
            return f"{original.path}: it is not there any more, or its lines are not."
