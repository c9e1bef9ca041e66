"""`vigilog blackbox show`: lists blocks of forensic files, Vigilog's and ProFTPD's, and shows single ones."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from vigilog.cli.blackbox_facts import Facts, Network, network
from vigilog.cli.commands import Parser
from vigilog.cli.moments import EXPECTED, moment
from vigilog.core.clock import wall
from vigilog.core.errors import ConfigurationError

HELP = "list and show the blocks of forensic files, Vigilog's and ProFTPD's"
NO_SUCH_BLOCK = 1


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog blackbox show` takes."""
    parser.description = (
        "Lists the blocks in forensic files, those of Vigilog's black box and those of ProFTPD's mod_log_forensic: number,\n"
        "times of the first and the last message, kind, client, user (in parentheses: a name that was tried), number of\n"
        "messages. With --block one is shown whole; the numbers are those of the list without filters."
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="a forensic file, packed or not; - is standard input")
    parser.add_argument(
        "--user", metavar="NAME", action="append", default=[], help="blocks of this user, or for which the name was tried"
    )
    parser.add_argument(
        "--address",
        metavar="ADDRESS",
        action="append",
        default=[],
        help="blocks of clients with this address, or in this network",
    )
    parser.add_argument("--kind", metavar="KIND", action="append", default=[], help="blocks of this kind, such as failed-login")
    parser.add_argument("--since", metavar="TIME", help=f"blocks with messages since then: {EXPECTED}".replace("%", "%%"))
    parser.add_argument("--until", metavar="TIME", help="blocks with messages before then")
    parser.add_argument("--block", metavar="NUMBER", help="show this block whole; all: each that the filters leave")
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="json: one object to a line for each block, with --block its messages, too",
    )
    parser.epilog = "Options that are given several times: any of their values will do. Different options: all must hold."


def run(options: argparse.Namespace) -> int:
    """Prints what is wanted; 0, or 1 if there is no block of that number. Raises what is wrong with files and options."""
    from vigilog.cli import blackbox_text  # noqa: PLC0415 - wrong options need nothing of this

    wanted = number(options.block)
    chosen = selected(options)
    if options.format == "json":
        count = blackbox_text.in_json(chosen, messages=options.block is not None)
    elif options.block is None:
        count = blackbox_text.listed(chosen)
    else:
        count = blackbox_text.shown(chosen, colour=colour())
    if count == 0 and wanted is not None:
        print(f"vigilog blackbox show: there is no block {wanted}", file=sys.stderr)
        return NO_SUCH_BLOCK
    return 0


def number(text: str | None) -> int | None:
    """The number that `--block` names; None for all, or without it. Raises ConfigurationError."""
    if text is None or text == "all":
        return None
    if not (text.isdecimal() and text.isascii() and int(text)):
        raise ConfigurationError(f"--block {text}", expected="the number of a block, from 1, or all")
    return int(text)


def selected(options: argparse.Namespace) -> Iterator[Facts]:
    """The blocks that the options leave. Raises ConfigurationError."""
    from vigilog.cli.blackbox_files import found  # noqa: PLC0415 - as above

    now = wall()
    wanted = number(options.block)
    networks = [net(text) for text in options.address]
    kinds = {plain(kind) for kind in options.kind}
    since, until = (time(getattr(options, name), name, now) for name in ("since", "until"))
    for each in found(options.files, now):
        facts = Facts(each)
        if (
            (wanted is None or each.number == wanted)
            and (not kinds or plain(each.block.kind) in kinds)
            and (not options.user or facts.user in options.user or facts.tried in options.user)
            and (not networks or facts.is_from(networks))
            and (since is None or (facts.last is not None and facts.last >= since))
            and (until is None or (facts.first is not None and facts.first < until))
        ):
            yield facts
        if each.number == wanted:
            return


def plain(kind: str) -> str:
    """A kind of block without what people write differently: `FAILED LOGIN`, `failed-login`, `FailedLogin`."""
    return "".join(filter(str.isalnum, kind)).lower()


def net(text: str) -> Network:
    """A network that was named. Raises ConfigurationError."""
    try:
        return network(text)
    except ValueError as error:
        raise ConfigurationError(f"--address {text}", expected="an address or a network, such as 192.0.2.0/24") from error


def time(text: str | None, name: str, now: float) -> float | None:
    """A time that was named. Raises ConfigurationError."""
    if text is None:
        return None
    found = moment(text, now)
    if found is None:
        raise ConfigurationError(f"--{name} {text}", expected=EXPECTED)
    return found


def colour() -> bool:
    """Whether standard output takes colours."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
