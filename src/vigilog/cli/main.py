"""`vigilog`: finds the command, runs it, and is the one place where errors become a line on stderr and an exit status."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from vigilog import __version__
from vigilog.cli.commands import COMMANDS, command, first_words, found, group, parser
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
    "VigilogError": 1,
}
"""The exit status of each error, by the name of its class (sysexits.h, where it has one)."""

INTERRUPTED = 130
BROKEN_PIPE = 141


def run() -> NoReturn:
    """The entry point: runs the command line of this process and exits."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Runs one command line, given without the program's name, and gives the exit status."""
    match arguments:
        case [] | ["-h" | "--help" | "help"]:
            print(overview())
            return 0
        case ["--version"]:
            print(f"vigilog {__version__}")
            return 0
        case ["help", *words]:
            return main([*words, "--help"])
    if named := found(arguments):
        return guarded(*named)
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
    print(usage, file=sys.stdout if rest else sys.stderr)
    return 0 if rest else 2


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


def guarded(name: str, arguments: list[str]) -> int:
    """Runs the command `name` and gives its status, or that of the error that ended it."""
    from vigilog.core.errors import VigilogError  # noqa: PLC0415 - `vigilog --version` needs no errors

    try:
        status = command(name).run(parser(name).parse_args(arguments))
        sys.stdout.flush()
    except VigilogError as error:
        return told(name, [error])
    except BaseExceptionGroup as group:
        errors, others = group.split(VigilogError)
        if errors is None or others is not None:
            raise
        return told(name, [error for error in leaves(errors) if isinstance(error, VigilogError)])
    except BrokenPipeError:
        # What could not be written is dropped here, or the interpreter would complain about it while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    """The errors in a group, those in groups inside it too."""
    found: list[BaseException] = []
    for error in group.exceptions:
        found += leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


def told(name: str, errors: list[Exception]) -> int:
    """Prints one line for each error and gives the status of the first."""
    for error in errors:
        print(f"vigilog {name}: {visible(str(error))}", file=sys.stderr)
    return next(STATUS[cls.__name__] for cls in type(errors[0]).__mro__ if cls.__name__ in STATUS)
