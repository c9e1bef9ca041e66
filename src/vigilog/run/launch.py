"""Everything that must be there before `vigilog run` can begin: rights, the lock, the store, sources, actions."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress

from vigilog import replay
from vigilog.check import rights
from vigilog.config.host import look
from vigilog.config.kafka_sources import kafka
from vigilog.config.settings import Settings
from vigilog.core.clock import Clock
from vigilog.core.errors import VigilogError
from vigilog.run.actions import Actions
from vigilog.run.capabilities import NET_BIND_SERVICE, give_up_all_but
from vigilog.run.daemon import Daemon
from vigilog.run.plan import Plan, compiled, planned
from vigilog.run.shutting import needed, shutting
from vigilog.ship.seam import Target
from vigilog.shipping import targets
from vigilog.shipping.outgoing import Outgoing
from vigilog.store.database import open_store
from vigilog.store.lock import RUN, alone
from vigilog.watch.live import Live
from vigilog.watch.live_kinds import name_of
from vigilog.watch.options import Options


def launch(
    settings: Settings,
    again: Callable[[], Settings],
    *,
    clock: Clock,
    say: Callable[[str], None],
    debug: int = 0,
    dry_run: bool = False,
) -> None:
    """Runs the daemon with checked settings until it is told to end; `again` gives them anew, for a reload.

    A dry run keeps what it counts in a store that is thrown away. Raises what makes a start impossible, and what `again` and
    `Daemon` raise.
    """
    options = Options(clock, first="none", kafka=kafka(settings, trial=dry_run))
    host = look()

    def plan(of: Settings) -> Plan:
        return planned(of, host, lambda spec: name_of(spec, options))

    def target(of: Settings, committed: int | None) -> Target:
        return targets.opened(of, committed, say=say, clock=clock)

    first = plan(settings)
    with ExitStack() as opened:
        bans = None
        if dry_run or needed(settings):
            bans = opened.enter_context(shutting(settings, clock=clock, say=say, trial=dry_run))
        live = opened.enter_context(closing(Live(first.sources, options)))
        rights.lower(settings.state.directory)
        give_up_all_but([NET_BIND_SERVICE])
        if dry_run:
            store = opened.enter_context(replay.thrown_away())
        else:
            opened.enter_context(alone(settings.state.directory, "vigilog run", name=RUN))
            store = opened.enter_context(closing(open_store(settings.state.directory)))
        compile_apart(first, settings)
        if bans and not dry_run:
            bans.open(store, settings.state.directory)
        ban = bans.action if bans else None
        actions = Actions(settings, ban, trial=dry_run, host=os.uname().nodename, clock=clock, say=say)
        outgoing = Outgoing(settings, store, target, lambda spec: name_of(spec, options), clock, trial=dry_run)
        opened.callback(outgoing.close)
        daemon = Daemon(
            settings,
            first,
            lambda: with_plan(again(), plan),
            store=store,
            live=live,
            actions=actions,
            shutting=bans,
            outgoing=outgoing,
            clock=clock,
            steady=time.monotonic,
            say=say,
            debug=debug,
            dry_run=dry_run,
        )
        daemon.run()


def compile_apart(plan: Plan, settings: Settings) -> None:
    """Has the triggers compiled by another process, which leaves them in the cache: what compiling takes of memory, a daemon
    would keep for good. To be called before there are threads. What goes wrong there is found out here, a moment later."""
    process = os.fork()
    if process:
        os.waitpid(process, 0)
        return
    try:
        with suppress(VigilogError):
            compiled(plan, settings, plan.names)
    finally:
        os._exit(0)


def with_plan(settings: Settings, plan: Callable[[Settings], Plan]) -> tuple[Settings, Plan]:
    """Settings, and the plan of them."""
    return settings, plan(settings)
