"""Which bans follow from what is wanted, where some hold already. Touches nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from vigilog.act.ban.firewall import LONGEST
from vigilog.act.ban.judge import Wanted
from vigilog.act.ban.length import Lengths, length
from vigilog.act.ban.register import Register, until
from vigilog.act.ban.target import Port, target
from vigilog.store.bans import Banned


class Moment(NamedTuple):
    """Now, in seconds since the epoch (`clock`), and as the beginning of new bans (`since`): a little later than anything
    that was noted before, also where the clock was set back."""

    clock: float
    since: float


class Decision(NamedTuple):
    """Bans that begin, bans that end later than they would have, and the same in words."""

    new: tuple[Banned, ...]
    prolonged: tuple[Banned, ...]
    told: str


def decide(
    wanted: Wanted, rule: str, reason: str, times: Mapping[str, int], lengths: Lengths, register: Register, now: Moment
) -> Decision:
    """What is to be done. `times`: how often targets were banned so far.

    A ban that holds is prolonged only if the wanted one is longer as a whole: whoever is noticed again while the ban is new
    (lines that were on their way) is banned already.
    """
    what = target(wanted.network)
    holding = {port: register.covering(wanted.network, port, now.clock) for port in wanted.ports}
    if all(holding.values()):
        bans = tuple(ban for ban in holding.values() if ban is not None)
        longer = tuple(
            ban._replace(until=now.clock + seconds, rule=rule, reason=reason)
            for ban in bans
            if ban.target == what
            and (seconds := _seconds(wanted, ban.times, lengths)) > ban.until - ban.since + 1
            and now.clock + seconds > ban.until + 1
        )
        if longer:
            return Decision((), longer, f"the ban of {what} is longer now:{until(longer[0], now.clock)}{wanted.note}")
        first = min(bans, key=lambda ban: ban.until)
        by = "" if first.target == what else f" with {first.target}"
        return Decision((), (), f"{what} is banned already{by}{until(first, now.clock)}")
    count = times.get(what, 0) + 1
    end = now.clock + _seconds(wanted, count, lengths)
    missing = [port for port, ban in holding.items() if ban is None]
    new = tuple(Banned(what, port, rule, now.since, end, count, reason) for port in missing)
    often = f" (the {ordinal(count)} time)" if count > 1 else ""
    return Decision(new, (), f"banned {what}{_from(missing)}{until(new[0]._replace(port=''), now.clock)}{often}{wanted.note}")


def intended(decision: Decision | str) -> str:
    """A decision, or why there is none, as something that would be done."""
    if isinstance(decision, str):
        return f"ban nobody: {decision.removeprefix('not banned: ')}"
    if decision.new:
        return f"ban {decision.told.removeprefix('banned ')}"
    if decision.prolonged:
        return f"prolong {decision.told.replace(' is longer now:', '', 1)}"
    return f"do nothing: {decision.told}"


def _seconds(wanted: Wanted, times: int, lengths: Lengths) -> float:
    """How long: exactly as wanted, where that was said by hand."""
    if wanted.exactly and wanted.first is not None:
        return min(max(wanted.first, 1.0), LONGEST)
    return length(lengths, times, wanted.first)


def _from(ports: list[Port]) -> str:
    named = [port for port in ports if port]
    return f" from {', '.join(named)}" if named else ""


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
