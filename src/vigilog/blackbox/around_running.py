"""The loop around a program that runs: takes and routes its output, hands on signals, notices deaths, and sees to the end."""

from __future__ import annotations

import os
import select
import traceback
from collections.abc import Callable, Collection
from functools import partial

from vigilog.blackbox.around_burials import PATIENCE, SOON, Burials
from vigilog.blackbox.around_drained import Drained, Record
from vigilog.blackbox.around_lines import Block, Lines
from vigilog.blackbox.around_outlet import Outlet
from vigilog.blackbox.around_processes import Processes
from vigilog.blackbox.around_router import Router
from vigilog.blackbox.around_rules import Known, Matchers
from vigilog.blackbox.around_sessions import DIED, Sessions
from vigilog.blackbox.around_signals import STOPS, Signals
from vigilog.blackbox.box import BlackBox
from vigilog.core.clock import Clock

TICK = 1.0


class Running:
    """A program at work. `process` is its number, `drained` its output, `outputs` where what is passed on goes to."""

    def __init__(
        self,
        process: int,
        drained: Drained,
        signals: Signals,
        known: Known,
        matchers: Matchers,
        box: BlackBox,
        *,
        outputs: tuple[int, int],
        most: int,
        notices: list[str],
        look: Callable[[], None],
        clock: Clock,
        steady: Clock,
    ) -> None:
        self._process, self._drained, self._signals = process, drained, signals
        self._known, self._matchers, self._box = known, matchers, box
        self._clock, self._steady, self._notices = clock, steady, notices
        self._look_at_log = look
        self._processes = Processes(process, drained.parents)
        tells_end = any(said.what == "end" for said in matchers.says)
        self._sessions = Sessions(box, self._processes, steady, protocol=known.protocol, tells_end=tells_end, most=most)
        self._lines = Lines()
        by_process = known.by == "process"
        self._router = Router(self._sessions, matchers, steady, by_process=by_process, stamped=known.stamped)
        self._outlets = [Outlet(descriptor) for descriptor in outputs[: len(drained.channels)]]
        self._burials = Burials(self._processes, self._sessions, self._last_line, steady)
        self._told_lost = 0
        self._fault: str | None = None

    def loop(self) -> int:
        """Returns when the program has ended and what it wrote is routed, with its status."""
        ended = os.pidfd_open(self._process)
        poll = select.poll()
        for descriptor in (self._drained.descriptor, self._signals.descriptor, self._processes.fileno(), ended):
            poll.register(descriptor, select.POLLIN)
        due = self._steady() + TICK
        over = False
        while not over:
            wait = 0.0 if self._drained.more else SOON if self._burials.pending else max(0.0, due - self._steady())
            ready = {descriptor for descriptor, _ in poll.poll(wait * 1000)}
            self._hand_on()
            tick = self._steady() >= due
            due = self._steady() + TICK if tick else due
            self._safely(partial(self._look, ready, tick=tick))
            over = ended in ready
        os.close(ended)
        self._read_rest()  # before it is waited for: until then its number is nobody else's, and signals may go to it
        status = os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])
        self._safely(partial(self._see_off, status))
        self._safely(self._account)
        for outlet in self._outlets:
            outlet.close(PATIENCE)
        return status

    def _safely(self, work: Callable[[], None]) -> None:
        """Does what is about sessions. A fault of ours must not take its parent from the program: from then on its output is
        only passed on, all of it."""
        try:
            if self._fault is None:
                work()
        except Exception:  # noqa: BLE001 - it is said, and told again at the end
            self._fault = traceback.format_exc()
            self._say(f"a fault of Vigilog's own; no more blocks are written:\n{self._fault}")
        if self._fault is not None:
            self._pass_as_it_is(self._drained.take())

    def _look(self, ready: Collection[int], *, tick: bool) -> None:
        self._turn()
        if self._processes.fileno() in ready or self._burials.pending:
            self._burials.look(self._drained.quiet)
        if tick:
            self._tick()

    def _hand_on(self) -> bool:
        """Hands signals on to the program; whether one of them was to stop it."""
        stop = self._signals.hand_on(self._process)
        self._sessions.stopping = self._sessions.stopping or stop
        return stop

    def _turn(self) -> None:
        """Takes and routes what there is, or the beginning of it."""
        records = self._drained.take()
        if records:
            if self._matchers.passes is None:
                self._pass_as_it_is(records)
            self._route(list(self._lines.blocks(records)))

    def _route(self, blocks: list[Block]) -> None:
        passes = self._matchers.passes
        if passes is not None:
            for number, outlet in enumerate(self._outlets):
                lines = b"".join([block.lines for block in blocks if block.stream == number])
                wanted = passes(lines) if lines else b""
                if wanted:
                    outlet.write(wanted)
        self._router.route(blocks, self._clock())

    def _last_line(self, process: int) -> None:
        """A process is gone: the line that it did not end is its last one."""
        self._route(list(self._lines.left_by(process)))

    def _pass_as_it_is(self, records: list[Record]) -> None:
        for number, outlet in enumerate(self._outlets):
            data = b"".join([record.data for record in records if record.stream == number])
            if data:
                outlet.write(data)

    def _tick(self) -> None:
        self._look_at_log()
        if self._drained.watch():
            self._say("the process that reads the output had to be replaced; some of the output may be lost")
        self._sessions.silent(self._known.idle)
        if self._router.lost_bytes > self._told_lost:
            self._say(f"{self._router.lost_bytes - self._told_lost} bytes of output could not be looked at in time")
            self._told_lost = self._router.lost_bytes
        self._pass_notices()

    def _read_rest(self) -> None:
        """Reads what the program has left. Others may write on: for them there is a limit."""
        limit = self._steady() + PATIENCE
        while self._steady() < limit and not self._drained.quiet() and not self._hand_on():
            self._safely(self._turn)
            if not self._drained.more:
                select.select([self._drained.descriptor], [], [], SOON)
        while self._drained.more:
            self._safely(self._turn)

    def _see_off(self, status: int) -> None:
        """The program has ended, and all that it wrote is routed: writes what there is to write."""
        self._route(list(self._lines.rest()))
        self._burials.look(self._drained.quiet, at_once=True)
        died = status != 0 and not (self._sessions.stopping and (status > 0 or -status in STOPS))
        self._last_words(status if died else None)
        self._box.close()
        self._processes.close()
        self._pass_notices()

    def _last_words(self, status: int | None) -> None:
        """With a `status` the program died: writes its own block, and those of the sessions that died with it."""
        for live in self._sessions.all():
            with_it = live is self._sessions.main or live.process in (0, self._process)
            if status is not None and with_it:
                name, number = ("Signal", -status) if status < 0 else ("Exit-Status", status)
                live.session.facts.extra[name] = str(number)
                self._sessions.end(live, DIED)
            else:
                self._sessions.end(live)

    def _account(self) -> None:
        """Says what was not done."""
        told = [
            (self._router.lost_bytes, "bytes of output were not looked at: Vigilog was not fast enough"),
            (self._lines.cut, "lines were too long and were cut"),
            (self._sessions.removed, "sessions had to make room for others"),
            (self._box.rate.withheld, "blocks were withheld: too many in a minute"),
            (self._box.failed, "blocks could not be written"),
            (sum(outlet.dropped for outlet in self._outlets), "bytes were not passed on: nobody took them"),
        ]
        for count, text in told:
            if count:
                self._say(f"{count} {text}")

    def _pass_notices(self) -> None:
        while self._notices:
            self._say(self._notices.pop(0))

    def _say(self, text: str) -> None:
        self._outlets[-1].write(f"vigilog blackbox run: {text}\n".encode())
