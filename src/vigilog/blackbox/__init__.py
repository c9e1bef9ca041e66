"""Per-session memory of messages, written out when something went wrong: inside a program and around one.

    box = BlackBox("/var/log/service/forensic.log", directory="/run/service", service="service")
    session = box.begin(Facts(client_address="192.0.2.7", protocol="http"))
    session.keep("SystemLog", 7, b"text")
    session.end("UNTIMELY DEATH")       # or without a name: nothing is written

What may enter: keeping messages, deciding when they are written, and the writing. No engine, no store, no web.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from vigilog.blackbox.box import BlackBox
from vigilog.blackbox.criteria import Criterion, FailedLogin, ModuleConfig, UntimelyDeath
from vigilog.blackbox.current import CURRENT
from vigilog.blackbox.facts import Facts
from vigilog.blackbox.session import Session
from vigilog.parse.forensics import LOG_TYPES, Block, Message

if TYPE_CHECKING:
    from vigilog.blackbox.death_log import ProcessRecord
    from vigilog.blackbox.recorder import Recorder
    from vigilog.blackbox.recovery import Recovered, processes, recover
    from vigilog.blackbox.triggers import Trigger

__all__ = [
    "CURRENT",
    "LOG_TYPES",
    "BlackBox",
    "Block",
    "Criterion",
    "Facts",
    "FailedLogin",
    "Message",
    "ModuleConfig",
    "ProcessRecord",
    "Recorder",
    "Recovered",
    "Session",
    "Trigger",
    "UntimelyDeath",
    "processes",
    "recover",
]

_WHEN_ASKED_FOR = {
    "ProcessRecord": "death_log",
    "Recorder": "recorder",
    "Recovered": "recovery",
    "Trigger": "triggers",
    "processes": "recovery",
    "recover": "recovery",
}
"""What not every program needs is imported when it is asked for."""


def __getattr__(name: str) -> Any:
    module = _WHEN_ASKED_FOR.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)
