"""`vigilog fleet run`: counts over all hosts what they saw, and decides for all of them."""

from __future__ import annotations

import argparse

from vigilog.cli.commands import Parser
from vigilog.cli.run import say
from vigilog.cli.watch_arguments import settings
from vigilog.core.clock import wall
from vigilog.core.errors import MissingExtra

HELP = "count over all hosts what they saw, by Kafka, and decide whom all of them ban"


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog fleet run` takes."""
    parser.description = (
        'Counts the events of triggers with scope = "fleet" that all hosts ship, raises alerts over all of them, and decides\n'
        "whom each of them bans. Start it as often as there are partitions, on one host or on several: each is a worker, and\n"
        "when one dies the others go on with what it did. SIGTERM: end."
    )
    parser.add_argument("--config", metavar="FILE", help="Vigilog's own configuration (default: /etc/vigilog/vigilog.toml)")


def run(options: argparse.Namespace) -> int:
    """Works until it is told to end; gives 0."""
    options.logtrigger = None
    load_state()
    wanted = settings(options)
    from vigilog.fleet.serving import serve  # noqa: PLC0415 - a mistake in the configuration needs nothing of this

    serve(wanted, clock=wall, say=say)
    return 0


def load_state() -> None:
    """Loads RocksDB before the configuration is read, which may load Hyperscan. The other way round the wheel of hyperscan
    0.7.21 brings parts of its own libstdc++ with it, RocksDB takes those for the system's, and dies as it opens what is there
    already. Raises MissingExtra."""
    try:
        import rocksdict  # noqa: F401, PLC0415 - as told
    except ModuleNotFoundError as error:
        raise MissingExtra("the fleet needs quixstreams", remedy="pip install 'vigilog[fleet]'") from error
