"""From the settings to actions: what each `[action.NAME]` is made of, and which of them go on over a reload."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from vigilog.act.append import Append
from vigilog.act.null import Null, nothing
from vigilog.config.run_settings import Action as Wanted
from vigilog.config.settings import Mail, Settings
from vigilog.core.clock import Clock, local
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Order
from vigilog.core.seams import Action

BAN = "ban"


class Telling(Protocol):
    """An action that can say what it would do."""

    def would(self, order: Order) -> str:
        """What it would do about an order, in a few words."""


@dataclass(frozen=True, slots=True)
class World:
    """What actions need besides their own table: names of the triggers' fields, logtrigger's patterns by trigger, how mails
    go, where the control socket is, this host's name, and where a line for the log goes."""

    fields: frozenset[str]
    patterns: Mapping[str, str]
    mail: Mail
    control: str
    host: str
    clock: Clock
    say: Callable[[str], None]


def script(wanted: Wanted, world: World) -> Action:
    """Runs a program."""
    from vigilog.act.environment import CONTROL  # noqa: PLC0415 - loaded by those who use it
    from vigilog.act.script import Script  # noqa: PLC0415

    return Script(
        wanted.script,
        base={**os.environ, CONTROL: world.control},
        more=wanted.environment,
        patterns=world.patterns,
        time_limit=wanted.time_limit,
        parallel=wanted.parallel,
        queue=wanted.queue,
        log=world.say,
    )


def append(wanted: Wanted, world: World) -> Action:
    """Writes lines to a file."""
    return Append(wanted.file, text=wanted.template, fields=world.fields)


def mail(wanted: Wanted, world: World) -> Action:
    """Mails alerts."""
    from msgspec.structs import replace  # noqa: PLC0415 - the mail libraries are loaded by those who mail

    from vigilog.act.mail import Mail as Mailing  # noqa: PLC0415

    settings = replace(world.mail, to=wanted.to or world.mail.to)

    def send(subject: str, body: bytes) -> None:
        from vigilog.check.mailing import delivery  # noqa: PLC0415
        from vigilog.report.mail import deliver  # noqa: PLC0415

        deliver(lambda write: write(body), subject, delivery(settings), local(world.clock()))

    return Mailing(send, host=world.host, digest=wanted.digest, subject=wanted.template, fields=world.fields)


def webhook(wanted: Wanted, world: World) -> Action:
    """Posts alerts."""
    from vigilog.act.webhook import Webhook  # noqa: PLC0415 - loads http.client

    return Webhook(
        wanted.url,
        host=world.host,
        headers=wanted.headers,
        time_limit=wanted.time_limit,
        retries=wanted.retries,
        chance=random.Random(),  # noqa: S311 - spreads retries, hides nothing
    )


def null(wanted: Wanted, world: World) -> Action:
    """Does nothing."""
    del wanted, world
    return Null(nothing)


MAKERS: dict[str, Callable[[Wanted, World], Action]] = {
    "script": script,
    "append": append,
    "mail": mail,
    "webhook": webhook,
    "null": null,
}
"""What makes an action of each type, but for bans, of which there is one for all."""


class Actions:
    """The actions in force. `ban` is the one that shuts addresses out. In a `trial` nothing is done: each says what it would.

    Raises ConfigurationError for what only the action itself can judge.
    """

    def __init__(
        self, settings: Settings, ban: Action | None, *, trial: bool, host: str, clock: Clock, say: Callable[[str], None]
    ) -> None:
        self._ban, self._trial, self._host, self._clock, self._say = ban, trial, host, clock, say
        self._made: dict[str, tuple[Wanted, World, Action]] = {}
        self._tellers: dict[str, Callable[[Order], str]] = {}
        self.all: Mapping[str, Action] = {}
        self.replace(settings)

    def replace(self, settings: Settings) -> Mapping[str, Action]:
        """The actions of new settings, by their names. Those whose table and surroundings are the same are the same objects."""
        world = World(
            frozenset(name for trigger in settings.triggers for name in (*trigger.fields, *trigger.key)) | named(settings),
            {
                trigger.name: trigger.pattern[0]
                for trigger in settings.triggers
                if trigger.language == "scanf" and trigger.pattern
            },
            settings.mail,
            settings.run.control,
            self._host,
            self._clock,
            self._say,
        )
        made = {}
        used = {name for trigger in settings.triggers for name in trigger.actions}
        for name, wanted in settings.actions.items():
            if name not in used:
                continue
            before = self._made.get(name)
            same = before is not None and before[:2] == (wanted, world)
            made[name] = before if before and same else (wanted, world, self._new(name, wanted, world))
        self._made = made
        self.all = {name: action for name, (_, _, action) in made.items()}
        return self.all

    def would(self, order: Order) -> str:
        """What an action would do about an order."""
        teller = self._tellers.get(order.action)
        return teller(order) if teller else nothing(order)

    def told(self, order: Order, level: int) -> list[str]:
        """What logtrigger prints of an order at a debug level (`-D`)."""
        action = self.all.get(order.action)
        call, describe = getattr(action, "call", None), getattr(action, "describe", None)
        lines = [call() if call else self.would(order)]
        return [*lines, *describe(order)] if level >= 2 and describe else lines

    def reopen(self) -> None:
        """Files are opened again before the next line."""
        for action in self.all.values():
            if isinstance(action, Append):
                action.reopen()

    def _new(self, name: str, wanted: Wanted, world: World) -> Action:
        action = self._shutting_out(name) if wanted.type == BAN else MAKERS[wanted.type](wanted, world)
        teller: Callable[[Order], str] = getattr(action, "would", nothing)
        self._tellers[name] = teller
        return Null(teller) if self._trial else action

    def _shutting_out(self, name: str) -> Action:
        if self._ban is None:
            raise ConfigurationError(
                f"the action {name} bans, and this process was started without the rights for it", remedy="restart vigilog run"
            )
        return self._ban


def named(settings: Settings) -> frozenset[str]:
    """The names that the triggers' patterns give to their captures themselves."""
    from vigilog.patterns.languages import LANGUAGES  # noqa: PLC0415 - with the patterns
    from vigilog.patterns.syntax import Group, walk  # noqa: PLC0415

    trees = (
        LANGUAGES[trigger.language].parse(text.encode("utf-8", "surrogateescape"), None)
        for trigger in settings.triggers
        if LANGUAGES[trigger.language].names
        for text in trigger.pattern
    )
    return frozenset(node.name for tree in trees for node in walk(tree) if isinstance(node, Group) and node.name)
