"""`vigilog investigate`: everything that is known about an address, a user, a session, as one story and one timeline."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from vigilog.cli.commands import Parser
from vigilog.cli.moments import EXPECTED, moment
from vigilog.cli.visible import visible
from vigilog.core.clock import wall
from vigilog.core.errors import ConfigurationError, SourceError

if TYPE_CHECKING:
    from vigilog.config.settings import Settings
    from vigilog.investigate.investigation import Investigation, Question
    from vigilog.investigate.story import Story
    from vigilog.investigate.text import Line

HELP = "tell everything that is known about an address, a user or a session"
FORMATS = ("text", "html", "json", "csv", "timesketch")
KINDS = ("address", "network", "session", "user", "pattern")
LIMIT = 200


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog investigate` takes."""
    parser.description = (
        "Searches all logs, rotated and packed ones too, black boxes, ledgers, and what Vigilog raised, did and banned, for\n"
        "SUBJECT: an address, a network, a session (sshd[4711]) or the ID of a request, a user, else a regular expression."
    )
    # so that logs may also stand behind options, and not only behind the subject
    parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]
    parser.add_argument("subject", metavar="SUBJECT", help="whom to ask about; its form tells what it is")
    parser.add_argument(
        "logs",
        metavar="LOG",
        nargs="*",
        help="logs, globs or directories to search instead of the configured sources (without any: all of /var/log)",
    )
    parser.add_argument("--as", dest="kind", choices=KINDS, help="what SUBJECT is, whatever its form")
    parser.add_argument("--since", metavar="TIME", help=f"entries since then: {EXPECTED}".replace("%", "%%"))
    parser.add_argument("--until", metavar="TIME", help="entries before then")
    parser.add_argument(
        "--pivots",
        action="store_true",
        help="search also for others who tried the same users (or whom the same addresses tried)",
    )
    parser.add_argument("--context", metavar="N", type=int, default=0, help="so many lines around each line")
    parser.add_argument(
        "--limit",
        metavar="N",
        type=int,
        default=LIMIT,
        help=f"text, html: so many entries of the timeline, the first and the last (default: {LIMIT}, 0: all)",
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="timesketch: its JSON lines")
    parser.add_argument(
        "--export",
        metavar="FILE",
        help="write the evidence there: the bytes of every line, where they stood, and their hashes (.zip)",
    )
    parser.add_argument("--jobs", metavar="NUMBER", type=int, help="how many threads search at the same time")
    parser.add_argument("--config", metavar="FILE", help="Vigilog's own configuration (default: /etc/vigilog/vigilog.toml)")


def run(options: argparse.Namespace) -> int:
    """Searches, tells, and gives 0. Raises what is wrong with options and files."""
    for name in ("context", "limit"):
        if getattr(options, name) < 0:
            raise ConfigurationError(f"--{name} {getattr(options, name)}", expected="a number from 0")
    from vigilog.investigate.investigation import investigate  # noqa: PLC0415 - wrong options need nothing of this
    from vigilog.investigate.story import story  # noqa: PLC0415

    answer = investigate(question(options), wall)
    if options.logs and not answer.files and answer.left_out:
        raise SourceError(answer.left_out[0], expected="logs that can be searched")
    told = story(answer.items)
    written(answer, told, options)
    if options.export:
        exported(answer, options.export)
    return 0


def question(options: argparse.Namespace) -> Question:
    """What the command line asks. Raises ConfigurationError, or all mistakes in the configuration."""
    from vigilog.config.choose import Wishes  # noqa: PLC0415 - as above
    from vigilog.config.choose_run import choose_run  # noqa: PLC0415
    from vigilog.config.host import look  # noqa: PLC0415
    from vigilog.investigate.investigation import Question  # noqa: PLC0415
    from vigilog.investigate.logs import SYSTEM  # noqa: PLC0415
    from vigilog.investigate.subject import subject  # noqa: PLC0415

    now, host = wall(), look()
    choice = choose_run(Wishes(config=options.config), host)
    if choice.errors:
        raise ExceptionGroup("mistakes in the configuration", list(choice.errors))
    everything = (SYSTEM, "journal") if host.journal and not host.logs else (SYSTEM,)
    return Question(
        subject(options.subject, options.kind),
        tuple(options.logs) or configured(choice.settings) or everything,
        time(options.since, "since", now),
        time(options.until, "until", now),
        options.context,
        options.pivots,
        choice.settings.state.directory,
        options.jobs or len(os.sched_getaffinity(0)),
    )


def configured(settings: Settings) -> tuple[str, ...]:
    """The sources that a configuration names."""
    return tuple(dict.fromkeys((*settings.check.sources, *settings.run.sources)))


def time(text: str | None, name: str, now: float) -> float | None:
    """A time that was named. Raises ConfigurationError."""
    found = None if text is None else moment(text, now)
    if text is not None and found is None:
        raise ConfigurationError(f"--{name} {text}", expected=EXPECTED)
    return found


def written(answer: Investigation, told: Story, options: argparse.Namespace) -> None:
    """Prints the answer in the form that is wanted."""
    if options.format == "text":
        from vigilog.investigate.text import lines  # noqa: PLC0415 - one form is enough

        shown(lines(answer, told, options.limit))
        return
    if options.format == "html":
        from vigilog.investigate.html import in_html  # noqa: PLC0415

        pieces: Iterable[str] = in_html(answer, told, options.limit)
    else:
        from vigilog.investigate import records  # noqa: PLC0415

        others = {"csv": records.in_csv, "timesketch": records.in_timesketch}
        pieces = records.in_json(answer, told) if options.format == "json" else others[options.format](answer)
    for piece in pieces:
        print(piece)


def shown(lines: Iterable[Line]) -> None:
    """Prints lines, coloured where they go to a terminal that has colours."""
    if not (sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"):
        for line in lines:
            print(line.text)
        return
    from rich.console import Console  # noqa: PLC0415 - slow to load
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text(line.text, style=line.style))


def exported(answer: Investigation, path: str) -> None:
    """Writes the evidence, and says how it is known again."""
    from vigilog import __version__  # noqa: PLC0415 - only then
    from vigilog.investigate.evidence import export  # noqa: PLC0415

    digest = export(answer, path, os.uname().nodename, __version__, wall())
    print(f"{visible(path)}: the SHA-256 of its manifest is", digest, file=sys.stderr)
    print(f"Keep that number elsewhere: vigilog verify --manifest {digest} {visible(path)}", file=sys.stderr)
