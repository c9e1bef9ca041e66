"""Asking for bans or for their end, of the daemon or without one, and printing what came of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import Any

from vigilog.cli import control_arguments
from vigilog.cli.visible import visible
from vigilog.core.errors import ConfigurationError
from vigilog.run.control_client import NotRunning, Refused, ask


def asked(options: argparse.Namespace, command: str, **arguments: Any) -> int:
    """Has a command about bans carried out; 0 if all of it was done, else 1. Raises NotAllowed, and what the daemon or the
    store cannot do at all."""
    try:
        lines, done = ask(socket(options), command, **arguments)["lines"], True
    except Refused as refused:
        if refused.answer.get("bans") is False:
            lines, done = without(options, command, arguments, "the daemon has nothing to do with bans", alone=False)
        elif "lines" in refused.answer:
            lines, done = refused.answer["lines"], False
        else:
            raise
    except NotRunning:
        lines, done = without(options, command, arguments, "no daemon is running", alone=True)
    return printed(command, lines, done=done)


def without(
    options: argparse.Namespace, command: str, arguments: dict[str, Any], why: str, *, alone: bool
) -> tuple[list[str], bool]:
    """Has it carried out by this process; gives what to say and whether all was done."""
    from vigilog.cli.without_daemon import carried_out  # noqa: PLC0415 - only then

    print(f"vigilog {command}: {why}; it is done without one", file=sys.stderr)
    return carried_out(options, command, arguments, alone=alone)


def socket(options: argparse.Namespace) -> str:
    """The daemon's control socket; where the configuration cannot be read, the usual one."""
    try:
        return control_arguments.path(options)
    except ConfigurationError as error:
        from vigilog.config.run_settings import Run  # noqa: PLC0415 - only then

        print(visible(str(error)), file=sys.stderr)
        return Run().control


def printed(command: str, lines: Iterable[str], *, done: bool) -> int:
    """Prints the lines, on standard error if something was not done, and gives the status."""
    for line in lines:
        print(visible(line) if done else f"vigilog {command}: {visible(line)}", file=sys.stdout if done else sys.stderr)
    return 0 if done else 1
