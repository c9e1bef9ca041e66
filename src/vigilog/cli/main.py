"""`vigilog`: finds the command, runs it, and is the one place where errors become a line on stderr and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from vigilog import __version__
from vigilog.cli import standard_output
from vigilog.cli.commands import COMMANDS, command, first_words, found, group, parser, words_of
from vigilog.cli.visible import visible

USAGE = "usage: vigilog COMMAND [OPTION]..."

STATUS = {
    "RuleError": 78,
    "ConfigurationError": 78,
    "SourceError": 66,
    "StoreError": 74,
    "DeliveryError": 75,
    "MissingExtra": 69,
    "AlreadyRunning": 1,
    "NotRunning": 69,
    "NotAllowed": 77,
    "Refused": 1,
    "RangeNotUnderstood": 2,
    "ScriptMissing": 2,
    "FileNotWritable": 2,
    "UnknownService": 255,
    "VigilogError": 1,
}
"""The exit status of each error, by the name of its class (sysexits.h, where it has one)."""

INTERRUPTED = 130
BROKEN_PIPE = 141


def run() -> NoReturn:
    """The entry point: runs the command line of this process and exits."""
    standard_output.take()
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Runs one command line, given without the program's name, and gives the exit status."""
    match arguments:
        case [] | ["-h" | "--help" | "help"]:
            return printed(overview())
        case ["--version"]:
            return printed(f"vigilog {__version__}")
        case ["help", *words]:
            return main([*words, "--help"])
    if named := found(arguments):
        name, rest = named
        return guarded(f"vigilog {name}", lambda: command(name).run(parser(name).parse_args(words_of(name, rest))))
    if members := group(arguments[0]):
        return introduced(arguments[0], members, arguments[1:])
    print(f"vigilog: {visible(arguments[0])} is not a command{nearest(arguments[0], first_words())}\n{USAGE}", file=sys.stderr)
    return 2


def introduced(word: str, members: list[str], rest: list[str]) -> int:
    """Answers a command line that begins with the group `word` and names none of its commands: with a list of them."""
    usage = f"usage: vigilog {word} COMMAND [OPTION]...\n\n{listing(members)}"
    if rest and rest[0] not in {"-h", "--help"}:
        near = nearest(f"{word} {rest[0]}", members)
        print(f"vigilog: {visible(word)} {visible(rest[0])} is not a command{near}\n{usage}", file=sys.stderr)
        return 2
    if rest:
        return printed(usage)
    print(usage, file=sys.stderr)
    return 2


def printed(text: str) -> int:
    """Prints what was asked for, and gives the status."""
    return guarded("vigilog", lambda: print(text) or 0)


def listing(names: list[str]) -> str:
    """Commands with what each is for, a line each."""
    width = max(map(len, names)) + 2
    return "\n".join(f"  {name:<{width}}{command(name).HELP}" for name in names)


def overview() -> str:
    """What there is, and the first command to try."""
    return f"""\
{USAGE}

Reads logs: reports what is unusual in them since last time, and watches them as they are written.

{listing(list(COMMANDS))}

  vigilog COMMAND --help   what a command takes
  vigilog --version        the version

Try these first; they print something and change nothing:

  vigilog check --standard-output --test         what is unusual in this host's logs
  vigilog replay --rule sshd /var/log/auth.log   who would have been banned, and when"""


def nearest(name: str, names: list[str]) -> str:
    """Names the one of `names` that may have been meant, as the end of a sentence; '' if none is near."""
    from difflib import get_close_matches  # noqa: PLC0415 - only after a slip of the fingers

    near = get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def guarded(label: str, work: Callable[[], int]) -> int:
    """Does a command's `work` and gives its status, or that of the error that ended it, which begins with `label`."""
    from vigilog.core.errors import VigilogError  # noqa: PLC0415 - `vigilog --version` needs few of them

    try:
        status = flushed(work)
    except VigilogError as error:
        return told(label, [error])
    except BaseExceptionGroup as group:
        errors, others = group.split(VigilogError)
        if errors is None or others is not None:
            raise
        return told(label, [error for error in leaves(errors) if isinstance(error, VigilogError)])
    except BrokenPipeError:
        # What could not be written is dropped here, or the interpreter would complain about it while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def flushed(work: Callable[[], int]) -> int:
    """The status of `work`, when all that it printed has gone out; also if it was a usage that argparse printed."""
    try:
        status = work()
    except SystemExit:
        sys.stdout.flush()
        raise
    sys.stdout.flush()
    return status


def leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    """The errors in a group, those in groups inside it too."""
    found: list[BaseException] = []
    for error in group.exceptions:
        found += leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


def told(label: str, errors: list[Exception]) -> int:
    """Prints one line for each error and gives the status of the first."""
    from vigilog.core.errors import DeliveryError  # noqa: PLC0415 - only then

    with suppress(DeliveryError, BrokenPipeError):  # what came before the error goes out before it, if it can
        sys.stdout.flush()
    for error in errors:
        print(f"{label}: {visible(str(error))}", file=sys.stderr)
    return next(STATUS[cls.__name__] for cls in type(errors[0]).__mro__ if cls.__name__ in STATUS)
