"""Decides about one line what the scan could only suspect, and takes the fields out of a line.

RE2 decides wherever it can say the pattern: its time is linear whatever the line. Back-references and look-arounds need
Python's `re`, which a hostile line can keep busy for hours: it works on lines up to 4 KiB only, in a process of its own
that ends after a quarter of a second of processor time. A pattern that was killed three times is not asked again in this run.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import pickle
import re
import signal
from contextlib import suppress
from typing import Any, Literal

from vigilog.core.nouns import Rule
from vigilog.patterns import emit, syntax
from vigilog.patterns.database import Confirm
from vigilog.patterns.languages import LANGUAGES
from vigilog.patterns.syntax import Node

LONGEST_LINE = 4096
SECONDS_PER_LINE = 0.25
MOST_SECONDS_PER_LINE = 5.0
"""By the clock on the wall, where the machine is too busy to give a quarter of a second of processor time."""
MOST_KILLS = 3


def tree_of(rule: Rule, *, caseless: bool) -> Node:
    """The rule's tree. Raises RuleError with the rule's place."""
    tree = LANGUAGES[rule.language].parse(rule.text, rule.place)
    return syntax.caseless(tree) if caseless else tree


def python_expression(rule: Rule, tree: Node) -> bytes:
    """The rule as an expression of Python's `re` for one line."""
    return rule.text if LANGUAGES[rule.language].python else emit.expression(tree, "re").encode("ascii")


def linear(rule: Rule, *, caseless: bool = False) -> Any | None:
    """The rule compiled by RE2 (`search(line)` gives its matches), None where RE2 cannot hold it."""
    tree = tree_of(rule, caseless=caseless)
    if any(isinstance(node, syntax.Foreign) for node in syntax.walk(tree)):
        return None
    import re2  # noqa: PLC0415 - the library is loaded by the first pattern that needs it

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = 64 << 20
    try:
        return re2.compile(emit.expression(tree, "re2").encode("ascii"), options)
    except (ValueError, re2.error):
        return None


def confirmation(rule: Rule, *, caseless: bool = False) -> Confirm:
    """The function that decides whether a line matches `rule`."""
    compiled = linear(rule, caseless=caseless)
    if compiled is not None:
        return lambda line: compiled.search(line) is not None
    tree = tree_of(rule, caseless=caseless)
    return KillableSearch(python_expression(rule, tree), re.IGNORECASE if caseless else 0).search


def needs_killable_search(rule: Rule) -> bool:
    """Whether only a backtracking engine can decide the rule, so that long lines stay undecided."""
    return linear(rule) is None


Captures = tuple[bytes | None, ...]
"""What each capture of a match holds, None where it took no part."""


class KillableSearch:
    """`re.search` in a process that can be killed."""

    def __init__(self, expression: bytes, flags: int = 0) -> None:
        self.expression = expression
        self.flags = flags
        self.kills = 0
        self.worker: tuple[multiprocessing.process.BaseProcess, multiprocessing.connection.Connection] | None = None
        self.owner = os.getpid()

    def search(self, line: bytes) -> bool | None:
        """Whether the line matches; None for a line over 4 KiB or one that took too long."""
        answer = self.ask(line)
        return answer if answer is None else answer is not False

    def captures(self, line: bytes) -> Captures | None:
        """What the captures hold; None if the line does not match, or that could not be decided."""
        answer = self.ask(line)
        return answer if isinstance(answer, tuple) else None

    def ask(self, line: bytes) -> Captures | Literal[False] | None:
        """The captures of the match, False if there is none, None where that could not be decided."""
        if len(line) > LONGEST_LINE or self.kills >= MOST_KILLS:
            return None
        if self.owner != os.getpid():  # a fork: the process behind the pipe answers whoever it was started by
            self.owner, self.worker = os.getpid(), None
        try:
            process, connection = self.worker or self.start()
        except OSError:  # the system gives no more processes, or descriptors
            self.kills += 1
            return None
        with suppress(EOFError, ConnectionError):
            connection.send_bytes(line)
            if connection.poll(MOST_SECONDS_PER_LINE):
                answer: Captures | Literal[False] = pickle.loads(connection.recv_bytes())  # noqa: S301 - from our own child
                return answer
        process.kill()
        process.join()
        connection.close()
        self.worker = None
        self.kills += 1
        return None

    def start(self) -> tuple[multiprocessing.process.BaseProcess, multiprocessing.connection.Connection]:
        context = multiprocessing.get_context("fork")
        here, there = context.Pipe()
        with there:
            process = context.Process(target=_serve, args=(self.expression, self.flags, there, here), daemon=True)
            try:
                process.start()
            except OSError:
                here.close()
                raise
        self.worker = (process, here)
        return self.worker


def _serve(
    expression: bytes,
    flags: int,
    connection: multiprocessing.connection.Connection,
    parents_end: multiprocessing.connection.Connection,
) -> None:
    """Answers until the pipe ends. The limit is set here, on processor time: a busy machine makes no line undecided, and no
    search outlives the process that asked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    parents_end.close()
    search = re.compile(expression, flags).search
    while True:
        try:
            line = connection.recv_bytes()
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS_PER_LINE)
        found = search(line)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        with suppress(BrokenPipeError):  # then the pipe has ended
            connection.send_bytes(pickle.dumps(found.groups() if found else False))
