"""The arguments of `vigilog check`: logcheck's own switches with their own meaning, long names beside them, and ours.

What is left for the command itself when `chosen` has taken its part: `test`, `reboot`, `debug`, `keep_temporary_files`
(booleans) and `format` ("text", "terminal", "json", or None: terminal on a terminal, else text).
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from vigilog import __version__
from vigilog.cli.commands import Parser
from vigilog.cli.wishes import wishes
from vigilog.config.choose import Chosen, choose
from vigilog.config.host import look
from vigilog.core.errors import ConfigurationError


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog check` takes. As with logcheck, a wrong option gives the usage and status 1."""
    parser.usage_status = 1
    parser.description = (
        "Reports what is new in the logs since the last run: attacks, violations and unusual events.\n"
        "Every short option is logcheck's, with logcheck's meaning."
    )
    parser.epilog = (
        "In a terminal the report is shown there, and mailed only with --mail-to. Otherwise it is mailed if the configuration\n"
        "names an address, and printed if not. Nothing to report means no output and no mail."
    )
    rule_arguments(parser)
    logs = parser.add_argument_group("which logs")
    logs.add_argument("-l", "--log", metavar="LOG", action="append", help="check this log instead of the configured ones")
    logs.add_argument(
        "logs", metavar="LOG", nargs="*", help="the same; a glob stands for its newest file, - for standard input"
    )
    logs.add_argument("--first", choices=("all", "today", "none"), help="what is read of a log that was never read before")
    logs.add_argument(
        "--partial-lines",
        action="store_true",
        default=None,
        help="read a last line without its newline at once, as logtail does",
    )
    logs.add_argument("-S", "--state-directory", metavar="DIRECTORY", help="where positions are kept")
    logs.add_argument("-t", "--test", action="store_true", help="testing mode: positions do not move")
    report = parser.add_argument_group("how the report looks and where it goes")
    report.add_argument("-o", "--standard-output", action="store_true", help="print the report, send no mail")
    report.add_argument("-m", "--mail-to", metavar="ADDRESS", action="append", help="mail the report to this address")
    report.add_argument("-H", "--host", metavar="NAME", help="the host's name in the subject")
    report.add_argument("-R", "--reboot", action="store_true", help='begin the subject with "Reboot:"')
    report.add_argument(
        "-u",
        "--summarize",
        action="store_true",
        default=None,
        help="fold lines that differ only in numbers, addresses and names",
    )
    report.add_argument("--format", choices=("text", "terminal", "json"), help="print the report in this form, send no mail")
    run = parser.add_argument_group("how it runs")
    run.add_argument("--jobs", metavar="NUMBER", type=count, help="how many processes match lines at the same time")
    run.add_argument("-d", "--debug", action="store_true", help="tell on standard error what is done")
    run.add_argument("-T", "--keep-temporary-files", action="store_true", help="do not remove temporary files")
    run.add_argument(
        "-v", "--version", action="version", version=f"vigilog check {__version__}", help="print the version and exit"
    )


def rule_arguments(parser: Parser) -> None:
    """Tells `parser` which files say what the rules are. `explain` and `validate` take these too."""
    files = parser.add_argument_group("which configuration and rules")
    files.add_argument("--config", metavar="FILE", help="Vigilog's own configuration (default: /etc/vigilog/vigilog.toml)")
    files.add_argument(
        "-c", "--logcheck-config", metavar="FILE", help="logcheck's configuration (default: /etc/logcheck/logcheck.conf)"
    )
    files.add_argument("-L", "--log-list", metavar="FILE", help="logcheck's list of logs")
    files.add_argument("-D", "--log-list-directory", metavar="DIRECTORY", help="logcheck's directory of lists of logs")
    rules = files.add_mutually_exclusive_group()
    rules.add_argument("-r", "--rule-directory", metavar="DIRECTORY", help="rules in Debian's layout (default: /etc/logcheck)")
    rules.add_argument("--builtin", action="store_true", help="use Vigilog's own rules")
    rules.add_argument(
        "--psionic",
        metavar="LOGCHECK_SH",
        nargs="?",
        const="",
        help="use pattern files of logcheck 1.1: those that the settings of this logcheck.sh name, or the following",
    )
    files.add_argument("--hacking", metavar="FILE", help="patterns of attacks")
    files.add_argument("--violations", metavar="FILE", help="patterns of violations")
    files.add_argument("--violations-ignore", metavar="FILE", help="patterns that are no violation after all")
    files.add_argument("--ignore", metavar="FILE", help="patterns of what is not unusual")
    files.add_argument(
        "--exact-grep",
        action="store_true",
        default=None,
        help="let blank lines and bad patterns do there what grep makes of them",
    )
    for letter, level, meaning in (
        ("p", "paranoid", "ignore the least"),
        ("s", "server", "ignore what servers do (the default)"),
        ("w", "workstation", "ignore the most"),
    ):
        files.add_argument(f"-{letter}", f"--{level}", dest="level", action="store_const", const=level, help=meaning)


def count(text: str) -> int:
    """A whole number from 1, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def chosen(options: argparse.Namespace, *, terminal: bool = False) -> Chosen:
    """What the command line, all files and this host come to; `options` may lack what a command does not take.

    `terminal`: reports are shown and not mailed. Raises nothing: mistakes are in the answer, and for a command that takes
    logs it is one of them if there is nothing to read.
    """
    choice = choose(wishes(options, terminal=terminal), look())
    return with_something_to_read(choice) if "logs" in options else choice


def with_something_to_read(choice: Chosen) -> Chosen:
    """`choice`, with a mistake more if it has no log, unless an empty list of logs says so."""
    if choice.settings.check.sources or choice.errors or ("check", "sources") in choice.places:
        return choice
    remedy = "name a log, or run as a user who may read /var/log (on Debian: in the group adm)"
    error = ConfigurationError("there is no log to read", expected="a readable log or journal", remedy=remedy)
    return replace(choice, errors=(error,))
