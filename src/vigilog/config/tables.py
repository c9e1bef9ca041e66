"""The tables of `vigilog.toml`: how their heads are written, their keys, and what type stands under each."""

from __future__ import annotations

from functools import cache
from typing import Any, get_type_hints

from vigilog.config.fleet_settings import Fleet
from vigilog.config.run_settings import Action, Ban, Run, Sample, Trigger
from vigilog.config.settings import Check, Mail, Psionic, State
from vigilog.config.ship_settings import Ship, ShipKafka, Stream
from vigilog.config.table import Table
from vigilog.config.watch_settings import Watch
from vigilog.config.web_settings import Web

TABLES: dict[str, type[Table]] = {
    "check": Check,
    "psionic": Psionic,
    "mail": Mail,
    "state": State,
    "run": Run,
    "ban": Ban,
    "watch": Watch,
    "fleet": Fleet,
    "ship": Ship,
    "kafka": ShipKafka,
    "web": Web,
    "stream": Stream,
    "trigger": Trigger,
    "sample": Sample,
    "action": Action,
}
"""Every table by the word it is called in a `Key`; `action.NAME` there is the table `action` of that name, `kafka` what stands
in [ship.kafka]."""

PLAIN = ("check", "psionic", "mail", "state", "run", "ban", "watch", "fleet", "ship", "kafka", "web")
"""The tables of which there is one each."""

HEADS = {
    "trigger": "[[trigger]]",
    "sample": "[[trigger.sample]]",
    "action": "[action.NAME]",
    "kafka": "[ship.kafka]",
    "stream": "[[ship.stream]]",
}


def kind(table: str) -> str:
    """The word in TABLES for a table as a `Key` has it."""
    return table.partition(".")[0]


def head(table: str) -> str:
    """How the head of a table is written in TOML."""
    return HEADS.get(table, f"[{table}]")


def keys_of(table: str) -> tuple[str, ...]:
    """The keys of a table, in their order."""
    return TABLES[kind(table)].__struct_fields__


@cache
def hints(word: str) -> dict[str, Any]:
    """The type under each key of a table of TABLES, with its limits."""
    return get_type_hints(TABLES[word], include_extras=True)
