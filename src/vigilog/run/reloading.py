"""A reload: the slow part (reading, compiling, looking names up) in the errands' thread, the change itself in the loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from vigilog.act.ban.judge import Policy
from vigilog.config.kafka_sources import kafka
from vigilog.config.settings import Settings
from vigilog.core.errors import VigilogError
from vigilog.detect.triggers import TriggerSet
from vigilog.run.errands import Done
from vigilog.run.plan import Plan, compiled
from vigilog.run.status import ReloadStatus
from vigilog.run.watchman import resume

if TYPE_CHECKING:
    from vigilog.run.daemon import Daemon

Result = TypeVar("Result")


class Prepared(NamedTuple):
    """Another configuration, ready to be gone on with. `triggers` and `policy` are None where they stay as they are."""

    settings: Settings
    plan: Plan
    triggers: TriggerSet | None
    policy: Policy | None


def errand(daemon: Daemon) -> Done:
    """Prepares a reload; what is left to do is done in the loop, and gives the answer to who asked for it."""
    finish = attempt(daemon)

    def then() -> dict[str, object]:
        done = finish()
        return {"ok": not done.errors, "errors": list(done.errors)}

    return Done({"ok": False, "error": "vigilog run is ending"}, then=then)


def attempt(daemon: Daemon) -> Callable[[], ReloadStatus]:
    """Reads the configuration anew; gives what to do in the loop: to go on with it, or to say why not."""
    now = daemon.clock()
    prepared = checked(lambda: prepare(daemon))

    def finish() -> ReloadStatus:
        taken = prepared if isinstance(prepared, list) else checked(lambda: take_over(daemon, prepared))
        if isinstance(taken, list):
            daemon.accounts.reload = refused(daemon, now, taken)
        else:
            daemon.accounts.reloads += 1
            daemon.accounts.reload = ReloadStatus(now)
            daemon.say("the configuration was read anew")
        daemon.service.ready()
        return daemon.accounts.reload

    return finish


def prepare(daemon: Daemon) -> Prepared:
    """Everything that takes its time. Raises VigilogError, or an ExceptionGroup of them."""
    settings, plan = daemon.again()
    triggers = policy = None
    if plan.triggers != daemon.plan.triggers or settings.run != daemon.settings.run:
        triggers = compiled(plan, settings, plan.names)
    if daemon.shutting and (settings.ban, settings.triggers) != (daemon.settings.ban, daemon.settings.triggers):
        policy = daemon.shutting.policy(settings)
    return Prepared(settings, plan, triggers, policy)


def take_over(daemon: Daemon, prepared: Prepared) -> None:
    """Goes on with another configuration. What is the same is not disturbed. Raises VigilogError; then nothing has changed."""
    settings, plan, triggers, policy = prepared
    if daemon.watchman.batch or daemon.reading.uncommitted:
        daemon.commit()
    watchman = daemon.watchman
    if triggers is not None:
        watchman = resume(daemon.store, triggers, settings.run.keys)
        watchman.inherit(daemon.watchman)
    daemon.outgoing.replace(settings)
    former = daemon.actions.all
    actions = daemon.actions.replace(settings)
    try:
        daemon.live.replace(plan.sources, kafka(settings, trial=daemon.dry_run))
    except VigilogError:
        daemon.actions.replace(daemon.settings)
        daemon.outgoing.replace(daemon.settings)
        raise
    daemon.reading.keep(daemon.live.names)
    for name in ("control", "metrics_listen"):
        if getattr(settings.run, name) != getattr(daemon.settings.run, name):
            daemon.notice("configuration", f"run.{name} stays as it was until vigilog run is started again")
    if settings.fleet != daemon.settings.fleet and (settings.fleet.follow or daemon.settings.fleet.follow):
        daemon.notice("configuration", "what [fleet] says about decisions counts when vigilog run is started again")
    if settings.watch != daemon.settings.watch and any(name.startswith("kafka:") for name in daemon.live.names):
        daemon.notice("configuration", "what [watch] says counts for sources that are new, and for all after a restart")
    if settings.ban.backend != daemon.settings.ban.backend:
        daemon.notice("configuration", "ban.backend stays as it was until vigilog run is started again")
    if settings.run.recover != daemon.settings.run.recover and not daemon.dry_run:
        daemon.recovering.replace(settings.run.recover)
    daemon.settings, daemon.plan, daemon.watchman = settings, plan, watchman
    watchman.tap = daemon.outgoing.tap(watchman.triggers)
    if daemon.shutting and policy:
        daemon.errands.add(daemon.shutting.replace(policy))
    if actions != former:
        daemon.storing(lambda: daemon.desk.replace(actions))


def refused(daemon: Daemon, now: float, errors: Iterable[BaseException]) -> ReloadStatus:
    """Keeps to the old configuration and says why."""
    texts = tuple(map(str, errors))
    for text in texts:
        daemon.notice("configuration", f"the old configuration stays: {text}")
    return ReloadStatus(now, texts)


def checked(work: Callable[[], Result]) -> Result | list[BaseException]:
    """What `work` gives, or the VigilogErrors that it raised."""
    try:
        return work()
    except VigilogError as error:
        return [error]
    except ExceptionGroup as group:
        mistakes, others = group.split(VigilogError)
        if others is not None or mistakes is None:
            raise
        return list(mistakes.exceptions)
