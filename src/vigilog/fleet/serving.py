"""`vigilog fleet run`: a worker with all that is around it: topics, its place on the disk, the log, metrics, systemd."""

from __future__ import annotations

import gc
import logging
import os
import select
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict

import msgspec

from vigilog import __version__
from vigilog.act.ban import allow
from vigilog.act.ban.judge import Policy
from vigilog.act.ban.length import Lengths
from vigilog.act.ban.never import Never
from vigilog.config.settings import Settings
from vigilog.core import nouns
from vigilog.core.clock import Clock
from vigilog.core.errors import ConfigurationError
from vigilog.fleet import topics
from vigilog.fleet.connection import Unreachable, failures, properties
from vigilog.fleet.counter import Counter
from vigilog.fleet.figures import Figures, memory, on_disk, rendered
from vigilog.fleet.place import Place, root, taken
from vigilog.fleet.watched import left_out, watched
from vigilog.fleet.worker import Joined, application
from vigilog.run.metrics import Metrics
from vigilog.run.service import Service

REPORT = "worker.json"
"""The file in a worker's place that says how it does."""
MEASURED = 10.0
"""How often it is measured how much disk the state takes, in seconds."""

AGAIN, TEXTS = 60.0, 1000
"""After so many seconds a warning is said again; so many are remembered."""

Say = Callable[[str], None]


def serve(settings: Settings, *, clock: Clock, say: Say) -> None:
    """Works until SIGTERM or SIGINT. Raises ConfigurationError, Unreachable, StoreError, MissingExtra, and an ExceptionGroup of
    mistakes in the allow list."""
    triggers = watched(settings)
    if not triggers:
        remedy = 'write scope = "fleet" into a [[trigger]], here as on the hosts'
        raise ConfigurationError("no trigger is the fleet's", expected="at least one", remedy=remedy)
    for name, action in left_out(settings):
        say(f'trigger {name}: its action "{action}" is not carried out by the fleet: its alerts are on {settings.fleet.alerts}')
    name = settings.fleet.host or socket.gethostname()
    counter = Counter(triggers, policy(settings, say), name, clock=clock, say=say)
    reached = properties(settings)
    with ExitStack() as stack:
        place = stack.enter_context(taken(root(settings)))
        for topic in topics.make(settings, reached):
            say(f"made the topic {topic}")
        for remark in topics.remarks(settings, reached):
            say(remark)
        listening = stack.enter_context(metrics(settings.fleet.metrics_listen, place, counter.figures))
        service = Service()
        stack.callback(service.close)
        report = Reporting(place, counter.figures, name, service, clock, say, listening)
        with quiet_imports():
            made = application(settings, reached, place, counter, report)
        told_to(say)
        few_collections()
        try:
            made.run()
        except failures() as error:
            remedy = "start it again: it goes on where it was"
            raise Unreachable(f"the work for Kafka ended: {type(error).__name__}: {error}", remedy=remedy) from error
        service.stopping()
        say("ended")


class Reporting:
    """Is told once a second how the worker does, and passes it on: to systemd, to the log when it is ready, and to the file
    that `vigilog fleet status` reads."""

    def __init__(
        self, place: Place, figures: Figures, host: str, service: Service, clock: Clock, say: Say, listening: str
    ) -> None:
        self._place, self._figures, self._host, self._listening = place, figures, host, listening
        self._service, self._clock, self._say = service, clock, say
        self._ready = False
        self._measured = float("-inf")

    def __call__(self, joined: Joined) -> None:
        figures, now = self._figures, self._clock()
        figures.partitions, figures.lag = joined.partitions, joined.lag
        if not self._ready and joined.settled:
            self._ready = True
            self._say(f"ready: {self._place.directory}{self._listening}")
            self._service.ready(f"{len(figures.partitions)} partitions")
        self._service.alive()
        if now - self._measured >= MEASURED:
            self._measured = now
            figures.state_bytes = on_disk(self._place.directory)
        whole = {"version": __version__, "host": self._host, "process": os.getpid(), "now": now, "memory": memory()}
        written(os.path.join(self._place.directory, REPORT), msgspec.json.encode(whole | asdict(figures)))


def written(path: str, content: bytes) -> None:
    """Puts a file in the place of the one before, as a whole; a disk that is full holds nobody up."""
    try:
        with open(f"{path}.new", "wb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW, 0o600)) as file:
            file.write(content)
        os.replace(f"{path}.new", path)
    except OSError:
        return


def policy(settings: Settings, say: Say) -> Policy:
    """What `[ban]` says, for a fleet: whose addresses this host has and who is logged in here matters to this host alone, and
    it sees to that itself. Raises an ExceptionGroup of mistakes in the allow list."""
    wanted = settings.ban
    listed = allow.read(wanted.allow, nouns.Place("ban.allow"))
    if listed.errors:
        raise ExceptionGroup("mistakes in the allow list", list(listed.errors))
    for remark in listed.remarks:
        say(remark)
    never = Never(listed.entries, tuple, tuple, time.monotonic)
    lengths = Lengths(wanted.time, wanted.factor, wanted.max_time, wanted.memory)
    return Policy(never, lengths=lengths, ipv6_prefix=wanted.ipv6_prefix)


@contextmanager
def metrics(listen: str, place: Place, figures: Figures) -> Iterator[str]:
    """Serves the figures in a thread of its own, at the port of the settings for the first worker of a host, the next one for
    the second; gives it in words, '' if there is none. Raises ConfigurationError."""
    if not listen:
        yield ""
        return
    address, _, port = listen.rpartition(":")
    server = Metrics(f"{address}:{int(port) + place.number}")
    end, ended = os.pipe()

    def loop() -> None:
        while end not in select.select([server.fileno(), end], [], [], server.timeout())[0]:
            server.serve(lambda: rendered(figures))

    thread = threading.Thread(target=loop, name="metrics", daemon=True)
    thread.start()
    try:
        yield f", metrics at {address}:{server.port}"
    finally:
        os.write(ended, b".")
        thread.join()
        server.close()
        os.close(end)
        os.close(ended)


def told_to(say: Say, steady: Clock = time.monotonic) -> None:
    """What Quix Streams warns of goes to the log; what it says again and again, once a minute."""
    said: dict[str, float] = {}

    def tell(record: logging.LogRecord) -> None:
        text, now = record.getMessage(), steady()
        if now - said.get(text, float("-inf")) >= AGAIN:
            if len(said) >= TEXTS:
                said.clear()
            said[text] = now
            say(f"quixstreams: {text}")

    logger = logging.getLogger("quixstreams")
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    handler = logging.StreamHandler(sys.stderr)
    handler.emit = tell  # type: ignore[method-assign]
    logger.handlers[:] = [handler]


def few_collections() -> None:
    """What is loaded by now stays for good, and nothing in the state goes in circles: the collector looks rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@contextmanager
def quiet_imports() -> Iterator[None]:
    """What libraries of libraries say of each other while they are loaded is nothing for an administrator."""
    with warnings.catch_warnings(record=True):
        yield
