#!/usr/bin/env python3
"""Apache Kafka on this machine, for tests, benchmarks and `make fleet-demo`: brokers in KRaft mode, with small heaps.

    brokers.py fetch                        Maven copies Kafka into .cache/kafka, once (needs mvn and java; 50 MB)
    brokers.py start DIRECTORY --brokers 3  prints one line of JSON, says where they listen; DIRECTORY has their data and logs
    brokers.py start DIRECTORY --hold       the same, and stays: they end when standard input does, or by SIGTERM or SIGINT
    brokers.py kill DIRECTORY [NUMBER]      kill -9
    brokers.py restart DIRECTORY [NUMBER]   starts what was killed or stopped, at its port and with its data
    brokers.py stop DIRECTORY [NUMBER]      in good order; all of them if no NUMBER is given

With --tls there are two more listeners, TLS, and SASL (PLAIN) over TLS, with a private authority made on the spot.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from pathlib import Path

from cluster import prepare
from library import fetched
from processes import numbers, run, stop


def main() -> int:
    """One command; what it cannot do is said in a sentence, with status 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch")
    for name in ("start", "kill", "restart", "stop"):
        command = commands.add_parser(name)
        command.add_argument("directory", type=Path)
        if name != "start":
            command.add_argument("number", type=int, nargs="?", default=0, help="which broker, from 1; none: all")
    start = commands.choices["start"]
    start.add_argument("--brokers", type=int, default=1)
    start.add_argument("--address", default="127.0.0.1", help="where they listen (default: %(default)s)")
    start.add_argument("--tls", action="store_true")
    start.add_argument("--heap", default="256m", help="of each broker (default: %(default)s)")
    start.add_argument("--property", action="append", default=[], metavar="NAME=VALUE", help="of every broker")
    start.add_argument("--thorough", action="store_true", help="compile for speed, not for a quick start: for benchmarks")
    start.add_argument("--hold", action="store_true")
    arguments = parser.parse_args()
    if arguments.command == "fetch":
        fetched()
        return 0
    directory = arguments.directory.resolve()
    if arguments.command == "start":
        prepare(directory, arguments, fetched())
        try:
            run(directory, numbers(directory))
            print((directory / "cluster.json").read_text(), flush=True)
            if arguments.hold:
                hold()
        finally:
            if arguments.hold or sys.exc_info()[0]:
                stop(directory, numbers(directory), signal.SIGKILL)  # nobody wants their data
        return 0
    chosen = [arguments.number] if arguments.number else numbers(directory)
    if arguments.command == "restart":
        run(directory, chosen)
    else:
        stop(directory, chosen, signal.SIGKILL if arguments.command == "kill" else signal.SIGTERM)
    return 0


def hold() -> None:
    """Returns when standard input ends (whoever started this is gone), or by a signal."""

    def leave(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, leave)
    with contextlib.suppress(KeyboardInterrupt):
        while os.read(0, 4096):
            pass


if __name__ == "__main__":
    sys.exit(main())
