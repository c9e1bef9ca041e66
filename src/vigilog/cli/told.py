"""Asking for bans or for their end, of the daemon or without one, and printing what came of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import Any

from vigilog.cli import control_arguments
from vigilog.cli.visible import visible
from vigilog.control_client import NotRunning, Refused, ask
from vigilog.core.errors import ConfigurationError


def asked(options: argparse.Namespace, command: str, **arguments: Any) -> int:
    """Has a command about bans carried out; 0 if all of it was done, else 1. Raises NotAllowed, and what the daemon or the
    store cannot do at all."""
    try:
        lines, done = ask(socket(options), command, **arguments)["lines"], True
    except Refused as refused:
        if "lines" not in refused.answer:
            raise
        lines, done = refused.answer["lines"], False
    except NotRunning:
        from vigilog.cli.without_daemon import carried_out  # noqa: PLC0415 - only then

        print(f"vigilog {command}: no daemon is running; it is done without one", file=sys.stderr)
        lines, done = carried_out(options, command, arguments)
    return printed(command, lines, done=done)


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
