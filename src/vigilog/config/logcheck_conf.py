"""Debian's logcheck.conf (logcheck 1.4.2): shell source to logcheck, only read here and never executed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vigilog.config.checked import checked, shown
from vigilog.config.layer import Key, Layer, Value
from vigilog.config.shell import Assignment, Mistake, assignments
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

DEFAULT = "/etc/logcheck/logcheck.conf"
HARMLESS_ENVIRONMENT = ("HOME", "HOSTNAME", "LANG", "LOGNAME", "MAILTO", "PATH", "SHELL", "TMPDIR", "TZ", "USER")
LISTS = ("LOGFILES_LIST", "LOGFILES_LIST_D")
REMEDY = "logcheck.conf is read, never executed: write the value itself"
BEFORE = {
    "RULEDIR": "/etc/logcheck",
    "STATEDIR": "/var/lib/logcheck",
    "LOGFILES_LIST": "/etc/logcheck/logcheck.logfiles",
    "LOGFILES_LIST_D": "/etc/logcheck/logcheck.logfiles.d",
    "ATTACKSUBJECT": "Security Alerts",
    "SECURITYSUBJECT": "Security Events",
    "EVENTSSUBJECT": "System Events",
    "REPORTLEVEL": "server",
    "SENDMAILTO": "root",
}
"""What is set when logcheck reads the file."""


def switch(text: str) -> object:
    """1, 0, yes and no as true and false; anything else as it stands, for the check to refuse."""
    return {"1": True, "yes": True, "0": False, "no": False, "": False}.get(text.lower(), text)


def introduction(text: str) -> object:
    """INTRO: as a switch, but an empty one is on."""
    return True if not text else switch(text)


def tag(text: str) -> object:
    """ADDTAG: on with yes and with nothing else."""
    return text == "yes"


def attachment(text: str) -> object:
    """MAILASATTACH in our words."""
    return {"": "no", "0": "no", "1": "text", "2": "gzip"}.get(text, text)


def addresses(text: str) -> object:
    """One or more addresses, as a mail header has them."""
    return text.replace(",", " ").split()


def order(text: str) -> object:
    """SORTUNIQ in our words."""
    unique = switch(text)
    return {True: "unique", False: "stamp"}[unique] if isinstance(unique, bool) else text


def encoding(text: str) -> object:
    """An encoding of mime-construct; binary is sent as 8bit, which every server takes."""
    return {"binary": "8bit"}.get(text.lower(), text.lower())


def plain(text: str) -> object:
    """The text as it stands."""
    return text


MEANING: dict[str, tuple[Key, Callable[[str], object], str]] = {
    "DATE": (("check", "date_format"), plain, "a text or $(date +FORMAT)"),
    "INTRO": (("check", "introduction"), introduction, "1 or 0"),
    "REPORTLEVEL": (("check", "level"), plain, "workstation, server or paranoid"),
    "SENDMAILTO": (("mail", "to"), addresses, "a mail address"),
    "MAILASATTACH": (("mail", "attach"), attachment, "0, 1 or 2"),
    "FQDN": (("check", "fully_qualified"), switch, "1 or 0"),
    "SORTUNIQ": (("check", "order"), order, "1 or 0"),
    "SUPPORT_CRACKING_IGNORE": (("check", "cracking_ignore"), switch, "1 or 0"),
    "RULEDIR": (("check", "rule_directory"), plain, "a directory"),
    "SYSLOGSUMMARY": (("check", "summarize"), switch, "1 or 0"),
    "ATTACKSUBJECT": (("check", "attack_subject"), plain, "a text"),
    "SECURITYSUBJECT": (("check", "violation_subject"), plain, "a text"),
    "EVENTSSUBJECT": (("check", "unusual_subject"), plain, "a text"),
    "ADDTAG": (("mail", "tag"), tag, "yes or no"),
    "MIMEENCODING": (("mail", "encoding"), encoding, "7bit, 8bit, base64, quoted-printable, or nothing"),
    "TMP": (("check", "temporary_directory"), plain, "a directory"),
    "STATEDIR": (("state", "takeover"), lambda text: [text], "a directory"),
}
"""For each name: the key of ours, how its text becomes a value, and what may stand there."""


@dataclass(frozen=True, slots=True)
class LogcheckConf:
    """What a logcheck.conf says: settings of ours, and where its lists of logs are if it says so."""

    layer: Layer
    list_file: str | None = None
    list_directory: str | None = None


def read(path: str, environment: Mapping[str, str] | None = None) -> LogcheckConf:
    """Reads the logcheck.conf at `path`; `environment` (this process's by default) gives harmless names such as HOME."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        found = f"cannot be read: {error.strerror}"
        return LogcheckConf(Layer(errors=(ConfigurationError(found, place=Place(path), expected="a logcheck.conf"),)))
    return read_text(decoded(data), path, os.environ if environment is None else environment)


def decoded(data: bytes) -> str:
    """The text of a file of unknown encoding, with plain line ends: UTF-8 if it is that, else Latin-1."""
    try:
        return data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        return data.decode("latin-1").replace("\r\n", "\n")


def read_text(text: str, file: str, environment: Mapping[str, str]) -> LogcheckConf:
    """The settings in a text; `file` is the name its places have. Never raises: mistakes are in the layer."""
    variables = {name: environment[name] for name in HARMLESS_ENVIRONMENT if name in environment} | BEFORE
    lists: dict[str, str] = {}
    values: dict[Key, Value] = {}
    places: dict[Key, Place] = {}
    errors: list[ConfigurationError] = []
    remarks: list[ConfigurationError] = []
    for item in assignments(text, variables):
        place = Place(file, item.line)
        if isinstance(item, Mistake):
            errors.append(ConfigurationError(item.found, place=place, expected=item.expected, remedy=REMEDY))
        elif item.word.dated and item.name != "DATE":
            errors.append(
                ConfigurationError(f"a date in {item.name}", place=place, expected="a date in DATE only", remedy=REMEDY)
            )
        elif item.name in LISTS:
            lists[item.name] = item.word.text
        elif item.name in MEANING:
            key, held = setting(item, place)
            if isinstance(held, ConfigurationError):
                errors.append(held)
            else:
                values[key] = held
                places[key] = place
        else:
            remarks.append(
                ConfigurationError(f"{item.name} is not a setting that Vigilog knows", place=place, remedy="it has no effect")
            )
    layer = Layer(values, places, tuple(errors), tuple(remarks))
    return LogcheckConf(layer, lists.get("LOGFILES_LIST"), lists.get("LOGFILES_LIST_D"))


def setting(item: Assignment, place: Place) -> tuple[Key, Value | ConfigurationError]:
    """The key of ours that an assignment sets, and its value or the mistake in it."""
    key, meaning, expected = MEANING[item.name]
    held = checked(*key, meaning(item.word.format if item.name == "DATE" else item.word.text), place)
    if isinstance(held, ConfigurationError):
        held = ConfigurationError(f"{item.name} is {shown(item.word.text)}", place=place, expected=expected)
    return key, held
