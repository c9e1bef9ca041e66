"""Per-session memory of messages, written out when something went wrong: inside a program and around one.

    box = BlackBox("/var/log/service/forensic.log", directory="/run/service", service="service")
    session = box.begin(Facts(client_address="192.0.2.7", protocol="http"))
    session.keep("SystemLog", 7, b"text")
    session.end("UNTIMELY DEATH")       # or without a name: nothing is written

What may enter: keeping messages, deciding when they are written, and the writing. No engine, no store, no web.
"""

from vigilog.blackbox.box import BlackBox
from vigilog.blackbox.criteria import Criterion, FailedLogin, ModuleConfig, UntimelyDeath
from vigilog.blackbox.current import CURRENT
from vigilog.blackbox.facts import Facts
from vigilog.blackbox.session import Session
from vigilog.parse.forensics import LOG_TYPES, Block, Message

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
    "Session",
    "UntimelyDeath",
]
