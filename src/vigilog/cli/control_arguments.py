"""The arguments of the commands that ask a running `vigilog run`, and where its control socket is."""

from __future__ import annotations

import argparse
import os

from vigilog.cli.commands import Parser


def arguments(parser: Parser) -> None:
    """Tells `parser` how the daemon can be found."""
    parser.add_argument("--control", metavar="PATH", help="the daemon's control socket (default: as the configuration says)")
    parser.add_argument("--config", metavar="FILE", help="Vigilog's own configuration (default: /etc/vigilog/vigilog.toml)")


def path(options: argparse.Namespace) -> str:
    """The control socket that the options name, the daemon whose script calls this, the configuration, or nobody (then the
    default).

    A mistake in the configuration does not matter here: the daemon goes on with its old one, and can still be asked. Raises
    ConfigurationError if a file that was named cannot be read.
    """
    if options.control:
        return str(options.control)
    if not options.config and os.environ.get("VIGILOG_CONTROL"):
        return os.environ["VIGILOG_CONTROL"]
    from vigilog.config import toml  # noqa: PLC0415 - only if the socket is not named
    from vigilog.config.run_settings import Run  # noqa: PLC0415 - as above

    layer = toml.read(options.config or toml.DEFAULT, required=options.config is not None)
    value = layer.values.get(("run", "control"))
    if value is None and options.config and layer.errors:
        raise layer.errors[0]
    return str(value or Run().control)
