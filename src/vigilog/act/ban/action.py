"""The action `ban`: orders in, bans in the firewall and rows for the store out; and what else is asked of bans.

What is in force is decided here: first in memory, then in the firewall, last in the store, also if the firewall fails.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from vigilog.act.ban.answer import Answer, Asked, Past, answer
from vigilog.act.ban.decide import Decision, Moment, decide, intended
from vigilog.act.ban.entering import entering, judge_of, spared_lines
from vigilog.act.ban.firewall import Firewall
from vigilog.act.ban.garbage import collecting_nothing
from vigilog.act.ban.judge import Policy, Wanted, of_alert, of_text, why
from vigilog.act.ban.lifting import lifting
from vigilog.act.ban.lifts import Lifts
from vigilog.act.ban.register import Register, element, entry
from vigilog.act.ban.target import target
from vigilog.act.ban.upkeep import Later, Upkeep, later
from vigilog.core.clock import Clock
from vigilog.core.errors import StoreError
from vigilog.core.nouns import Alert, Order, Outcome
from vigilog.store.bans import EVERYTHING, Banned, Lifted

__all__ = ["Answer", "Ban"]


class Ban:
    """All bans of this host. May be used by several threads, and by several actions that are of type ban.

    `say` is told what happened to the firewall that nobody asked for; it is called in any thread.
    """

    def __init__(
        self, firewall: Firewall, policy: Policy, past: Past, *, clock: Clock, say: Callable[[str], None], later: Later = later
    ) -> None:
        self.policy = policy
        """May be replaced by another at any time; `spare` then lets in whom it spares."""
        self._past, self._clock, self._say = past, clock, say
        self._lock = threading.RLock()
        self._register = Register()
        self._upkeep = Upkeep(firewall, self._register, self._lock, clock, say, later)
        self._lifts = Lifts()
        self._last = float("-inf")

    def perform(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Bans whoever the orders are about, all in one step; the outcomes are given when that is done, or failed."""
        with self._lock:
            now = self._now()
            wanted = [self._wanted(order.alert) for order in orders]
            decided, error = self._carried_out(wanted, [(order.alert.rule, why(order.alert)) for order in orders], now)
        for order, decision in zip(orders, decided, strict=True):
            if isinstance(decision, str):
                yield Outcome(order, done=False, reason=decision)
            else:
                changes = decision.new + decision.prolonged
                failed = f"; {error}" if error and changes else ""
                yield Outcome(order, not failed, decision.told + failed, changes)

    def would(self, order: Order) -> str:
        """What `perform` would do about an order, in a few words."""
        with self._lock:
            now = self._now()
            wanted = self._wanted(order.alert)
            times = self._times([wanted], now)
            decision = wanted if isinstance(wanted, str) else self._decided(wanted, order.alert.rule, "", times, now)
        return intended(decision)

    def close(self) -> None:
        """Nothing is under way between two calls. Whoever is banned stays banned."""

    def ban(self, texts: Iterable[str], seconds: float | None = None, ports: Sequence[str] = ()) -> Answer:
        """Bans addresses and networks (first address and length) for exactly so long, or (None) as the settings have it."""
        return self.ban_each([Asked(text, seconds, tuple(ports)) for text in texts])

    def ban_each(self, asked: Sequence[Asked]) -> Answer:
        """Bans what was asked for, unless it was let in after that: all in one step, with a line for each."""
        with self._lock:
            now = self._now()
            wanted = [self._asked(each) for each in asked]
            decided, error = self._carried_out(wanted, [(each.rule, each.reason) for each in asked], now)
        made = [decision for decision in decided if isinstance(decision, Decision)]
        changes = tuple(change for decision in made for change in decision.new + decision.prolonged)
        lines = [decision if isinstance(decision, str) else decision.told for decision in decided]
        return answer(lines, error if changes else "", changes, done=len(made) == len(decided))

    def unban(self, texts: Iterable[str], made: float | None = None) -> Answer:
        """Lets in addresses and networks, with every ban that has an address in common with one of them. `made`: when that was
        asked for, if it may be long ago; what happened after it may lead to a ban again."""
        with self._lock:
            now = self._now()
            ending = lifting(texts, self._register, self.policy.ipv6_prefix, now.clock)
            self._lifts.note(ending.targets, now.since if made is None else min(made, now.since))
            self._register.drop(map(element, ending.over))
            error = self._upkeep.removed([element(ban) for ban in ending.over])
        changes = (Lifted(ending.targets, now.since),) if ending.targets else ()
        return answer(ending.lines, error, changes, done=ending.understood)

    def unban_all(self) -> Answer:
        """Lets in everybody; also whoever was to be banned for something that happened before this moment."""
        with self._lock:
            now = self._now()
            count = len(self._register.all(now.clock))
            self._register.clear()
            self._lifts.note([EVERYTHING], now.since)
            error = self._upkeep.restored()
        return answer([f"let in: all {count}" if count else "nobody was banned"], error, (Lifted(None, now.since),))

    def in_force(self) -> list[Banned]:
        """The bans that hold, in no order. Waits for nothing."""
        return self._register.all(self._clock())

    def restore(self, bans: Iterable[Banned], lifts: Mapping[str, float]) -> Answer:
        """To be called at start, with what the store has (`in_force`, and the `lifts` of the last day): puts all of it in the
        firewall in the place of whatever is there, but for those who are never banned, by now."""
        reasons: dict[str, str] = {}
        with self._lock, collecting_nothing():
            self.know((), lifts)
            error = self._upkeep.restored(
                entering(bans, self._register, judge_of(self.policy.never, self._say), reasons, self._clock())
            )
            changes, lines = self._let_in(reasons)
        return answer(lines, error, changes)

    def know(self, bans: Iterable[Banned], lifts: Mapping[str, float]) -> None:
        """The same for somebody who only comes by, and leaves the firewall as it is."""
        with self._lock:
            self._lifts.replace(lifts)
            self._register.clear()
            for ban in bans:
                self._register.hold(ban)

    def spare(self) -> Answer:
        """To be called after `policy` was replaced: lets in those who are never banned, by now."""
        with self._lock:
            bans = self._register.all(self._clock())
            reasons = judge_of(self.policy.never, self._say)([ban.target for ban in bans])
            self._register.drop(element(ban) for ban in bans if ban.target in reasons)
            changes, lines = self._let_in(reasons)
            error = self._upkeep.restored() if changes else ""
        return answer(lines, error, changes)

    def repair(self) -> None:
        """Compares the firewall with what is in force, and puts right what differs."""
        self._upkeep.repair()

    def tend(self, sign: Callable[[], bytes]) -> None:
        """Takes care of the firewall until `sign` (`Helper.sign`) says that it is closed: to be run in a thread of its own."""
        self._upkeep.tend(sign)

    def _let_in(self, reasons: Mapping[str, str]) -> tuple[tuple[object, ...], list[str]]:
        """Notes that targets are let in because they are never banned; gives rows for the store, and lines."""
        now = self._now()
        self._lifts.note(reasons, now.since)
        changes = (Lifted(tuple(reasons), now.since),) if reasons else ()
        return changes, spared_lines(reasons)

    def _wanted(self, alert: Alert) -> Wanted | str:
        """What an alert wants banned, unless that was let in after it."""
        wanted = of_alert(alert, self.policy)
        if isinstance(wanted, Wanted) and self._lifts.undone_by(alert, what := target(wanted.network)):
            return f"not banned: {what} was let in again after this"
        return wanted

    def _asked(self, asked: Asked) -> Wanted | str:
        """What is wanted by those who asked, unless it was let in after that."""
        wanted = of_text(asked.text, asked.ports, asked.seconds, self.policy, by_hand=True)
        if asked.made is None or not isinstance(wanted, Wanted):
            return wanted
        what = target(wanted.network)
        return f"not banned: {what} was let in again after this" if self._lifts.since(asked.made, what) else wanted

    def _carried_out(
        self, wanted: Sequence[Wanted | str], whys: Sequence[tuple[str, str]], now: Moment
    ) -> tuple[list[Decision | str], str]:
        """Decides, and tells the firewall; gives its error, if it has one."""
        self._register.sweep(now.clock)
        times = self._times(wanted, now)
        decided: list[Decision | str] = []
        for each, (rule, reason) in zip(wanted, whys, strict=True):
            decision = each if isinstance(each, str) else self._decided(each, rule, reason, times, now)
            decided.append(decision)
            if isinstance(decision, Decision):
                for ban in decision.new + decision.prolonged:
                    self._register.hold(ban)
        made = [decision for decision in decided if isinstance(decision, Decision)]
        return decided, self._upkeep.added(
            [entry(ban, now.clock) for decision in made for ban in decision.new],
            [entry(ban, now.clock) for decision in made for ban in decision.prolonged],
        )

    def _decided(self, wanted: Wanted, rule: str, reason: str, times: Mapping[str, int], now: Moment) -> Decision:
        return decide(wanted, rule, reason, times, self.policy.lengths, self._register, now)

    def _times(self, wanted: Sequence[Wanted | str], now: Moment) -> Mapping[str, int]:
        targets = list(dict.fromkeys(target(each.network) for each in wanted if not isinstance(each, str)))
        try:
            return self._past(targets, now.clock - self.policy.lengths.memory) if targets else {}
        except StoreError as error:
            self._say(f"bans do not grow at the moment, the past is not known: {error}")
            return {}

    def _now(self) -> Moment:
        clock = self._clock()
        self._last = max(clock, self._last + 1e-6)
        return Moment(clock, self._last)
