"""`vigilog check`: what is new and unusual in the logs since the last run."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from vigilog.cli import check_arguments
from vigilog.cli.commands import Parser
from vigilog.cli.visible import visible
from vigilog.config.settings import Settings
from vigilog.core.clock import wall
from vigilog.core.errors import AlreadyRunning, DeliveryError, VigilogError

if TYPE_CHECKING:
    from vigilog.check.delivery import Form

HELP = "report what is new and unusual in the logs"
FAILED = 1


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog check` takes: logcheck's switches, and ours."""
    check_arguments.arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Checks, and gives logcheck's status: 0, or 1 with `Error: TEXT` on stderr."""
    from vigilog.check import rights  # noqa: PLC0415 - a wrong option needs nothing of this

    tell = debugging if options.debug else silence
    choice = check_arguments.chosen(options, terminal=sys.stdout.isatty())
    settings = choice.settings
    if choice.errors:
        failed(list(choice.errors), settings, host_of(settings))
        return FAILED
    lowered = rights.lower(settings.state.directory)
    tell(f"running as {lowered}" if lowered else f"running as user {os.geteuid()}")
    for notice in choice.notices:
        print(visible(notice.text), file=sys.stderr)
    host = host_of(settings)
    try:
        return checked(settings, options, host, tell)
    except VigilogError as error:
        failed([error], settings, host)
        return FAILED


def checked(settings: Settings, options: argparse.Namespace, host: str, tell: Callable[[str], None]) -> int:
    """One run: what is pending is delivered, what is new is read, committed and delivered."""
    from vigilog.check import delivery, pipeline, temporary_guard  # noqa: PLC0415 - loads the pattern engines
    from vigilog.report.document import silent  # noqa: PLC0415
    from vigilog.store.database import open_store  # noqa: PLC0415
    from vigilog.store.lock import alone  # noqa: PLC0415

    way = delivery.Way(
        form(options, settings), settings.mail, settings.check.summarize, sys.stdout.buffer.write, sys.stdout.buffer.flush
    )
    if settings.check.rules == "psionic" and not temporary_guard.passed(settings, host, way, wall):
        return FAILED
    with alone(settings.state.directory, "logcheck"):
        store = open_store(settings.state.directory)
        if not options.test:
            delivery.deliver_pending(store, way, wall)
        advance, finish = progress(settings)
        outcome = pipeline.check(settings, store, wall, host=host, reboot=options.reboot, tell=tell, advance=advance)
        finish()
        quiet = silent(outcome.report) and way.form != "terminal"
        if options.test:
            if not quiet:
                delivery.hand_over(outcome.report, way)
        else:
            number = pipeline.commit(store, outcome)
            if number is not None:
                delivery.deliver_number(store, number, way, wall)
            elif not quiet:
                delivery.hand_over(outcome.report, way)
            delivery.forget_old(store, settings.check.keep_days, wall)
        outcome.runs.close()
        store.close()
    return FAILED if outcome.unreadable else 0


def form(options: argparse.Namespace, settings: Settings) -> Form:
    """The form of the report: that which was asked for, colours on a terminal, else the text of the tool it replaces."""
    wanted = options.format or ("terminal" if sys.stdout.isatty() and not settings.mail.to else "text")
    if wanted == "text":
        return "psionic" if settings.check.rules == "psionic" else "debian"
    return cast("Form", wanted)


def progress(settings: Settings) -> tuple[Callable[[int, int], None], Callable[[], None]]:
    """What to call for each block and at the end, so that a long run shows on a terminal how far it is."""
    if not sys.stderr.isatty():
        return (lambda _bytes, _lines: None), (lambda: None)
    from vigilog.report.progress import Progress  # noqa: PLC0415 - on a terminal only

    total = sum(os.path.getsize(source) for source in settings.check.sources if os.path.isfile(source))
    shown = Progress(written_to_stderr, wall, total or None)
    return shown.advance, shown.finish


def written_to_stderr(data: bytes) -> None:
    """Writes at once."""
    sys.stderr.buffer.write(data)
    sys.stderr.buffer.flush()


def host_of(settings: Settings) -> str:
    """The host's name as it is set, or as `hostname --short` or `hostname --fqdn` gives it."""
    if settings.check.host:
        return settings.check.host
    name = os.uname().nodename
    if not settings.check.fully_qualified:
        return name.split(".", 1)[0]
    import socket  # noqa: PLC0415 - asking for the domain may ask the network

    try:
        return socket.getaddrinfo(name, None, flags=socket.AI_CANONNAME)[0][3] or name
    except OSError:
        return name


def failed(errors: list[VigilogError], settings: Settings, host: str) -> None:
    """Says why there is no report: on stderr, and where reports are mailed, by mail."""
    text = "\n".join(map(told, errors))
    print("\n".join(map(visible, text.split("\n"))), file=sys.stderr)
    if not settings.mail.to or any(isinstance(error, AlreadyRunning | DeliveryError) for error in errors):
        return
    from vigilog.check import delivery  # noqa: PLC0415 - only after a failure

    try:
        delivery.report_failure(text, settings.mail, host, settings.check.date_format, wall)
    except DeliveryError as second:
        print(visible(told(second)), file=sys.stderr)


def told(error: VigilogError) -> str:
    """The error as logcheck says it, `Error: TEXT`; what was expected and what to do are lines of their own."""
    what = f"Error: {error.found}" if error.place is None else f"Error: {error.place}: {error.found}"
    expected = f"  expected {error.expected}" if error.expected else ""
    remedy = f"  {error.remedy}" if error.remedy else ""
    return "\n".join(line for line in (what, expected, remedy) if line)


def debugging(text: str) -> None:
    """Prints what `-d` asks for."""
    print(visible(f"DEBUG: {text}"), file=sys.stderr)


def silence(text: str) -> None:
    """Prints nothing."""
    del text
