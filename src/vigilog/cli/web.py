"""`vigilog web`: the dashboard."""

from __future__ import annotations

import argparse
import getpass
import sys
from contextlib import suppress

from vigilog.cli.commands import Parser
from vigilog.cli.visible import visible
from vigilog.cli.watch_arguments import settings
from vigilog.config.settings import Settings
from vigilog.core.clock import wall
from vigilog.core.errors import ConfigurationError, MissingExtra

HELP = "a dashboard: alerts, bans and everything else as pages in a browser"
EXTRA = frozenset({"starlette", "jinja2", "uvicorn", "cryptography", "markupsafe", "anyio"})
"""What the extra `web` brings."""


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog web` takes."""
    parser.description = (
        "Serves pages that show what `vigilog run` sees and does, and lets those who are logged in ban and unban. It is a\n"
        "process of its own, which only reads the store, and asks the daemon for bans. Without a password it prints an\n"
        "address with a key in it to open; elsewhere than on the loopback it starts only with TLS and a password. SIGTERM: end."
    )
    parser.add_argument("--config", metavar="FILE", help="Vigilog's own configuration (default: /etc/vigilog/vigilog.toml)")
    parser.add_argument("--listen", metavar="ADDRESS:PORT", help="where to listen, whatever the configuration says")
    parser.add_argument("--self-signed", action="store_true", help="TLS, by a certificate that is made here and kept")
    parser.add_argument(
        "--set-password", action="store_true", help="ask for the password, or read it from a pipe; write its hash"
    )


def run(options: argparse.Namespace) -> int:
    """Serves until it is told to end, or sets the password; gives 0."""
    wanted = with_options(options)
    if options.set_password:
        return set_password(wanted)
    try:
        from vigilog.web.server import serve  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA:
            raise
        raise MissingExtra(f"the dashboard needs {error.name}", remedy="pip install 'vigilog[web]'") from error
    serve(wanted, clock=wall, say=say)
    return 0


def with_options(options: argparse.Namespace) -> Settings:
    """The settings, with what the command line says. Raises an ExceptionGroup of all mistakes."""
    from msgspec.structs import replace  # noqa: PLC0415 - `--help` needs nothing of this

    from vigilog.config.layer import Layer  # noqa: PLC0415
    from vigilog.config.web_checks import address_and_port, crossed  # noqa: PLC0415
    from vigilog.core.nouns import Place  # noqa: PLC0415

    options.logtrigger = None
    found = settings(options)
    changed = {"listen": options.listen} if options.listen else {}
    if options.self_signed:
        changed |= {"self_signed": True, "certificate": "", "key": ""}
    if options.listen and not address_and_port(options.listen):
        text = f"{options.listen!r} is no place to listen at"
        raise ConfigurationError(text, place=Place("--listen"), expected="ADDRESS:PORT, such as 127.0.0.1:8470")
    found = replace(found, web=replace(found.web, **changed))
    errors = list(crossed(Layer(places={("web", "listen"): Place("--listen")} if options.listen else {}), found))
    if errors:
        raise ExceptionGroup("mistakes", errors)
    return found


def set_password(wanted: Settings) -> int:
    """Asks for the password twice, or takes one line from standard input. Raises ConfigurationError."""
    import os  # noqa: PLC0415 - few do this

    from vigilog.web.passwords import write  # noqa: PLC0415 - as above

    file = wanted.web.password_file or os.path.join(wanted.state.directory, "web", "password")
    if sys.stdin.isatty():
        password = getpass.getpass("The new password: ")
        if getpass.getpass("Once more: ") != password:
            raise ConfigurationError("the two are not the same")
    else:
        password = sys.stdin.readline().rstrip("\n")
    write(file, password)
    print(f"{visible(file)} is written; it counts from the next start of `vigilog web` on")
    return 0


def say(line: str) -> None:
    """A line for the administrator: standard error, which systemd keeps."""
    with suppress(OSError):
        print(f"vigilog web: {visible(line)}", file=sys.stderr, flush=True)
