"""Readers for who may come in and what he may do: tables of addresses (mod_wrap2, mod_wrap), the rules of <Limit> and
<Class>."""

from __future__ import annotations

import os
from typing import Literal, NamedTuple

from vigilog.config.proftpd_access import Source
from vigilog.config.proftpd_regex import matcher
from vigilog.config.proftpd_sources import source
from vigilog.config.proftpd_words import Around, Bad, Parameters, Reader, content, every, expression, log, text, truth

WRAP_OPTIONS = {"CheckOnConnect", "CheckAllNames"}
WRAP_SOURCES = {"file", "builtin"}


class Words(NamedTuple):
    """`AllowUser [and|or|regex] WORDS` and its like."""

    how: Literal["and", "or", "regex", "caseless regex"]
    words: tuple[str, ...]


def wrap_engine(parameters: Parameters, _around: Around) -> bool:
    """`WrapEngine on|off`."""
    return truth(parameters[0], "expecting Boolean parameter")


def wrap_tables(first: int) -> Reader:
    """A reader of two tables, `SOURCE:PATH`, that stand behind `first` other parameters."""

    def read(parameters: Parameters, _around: Around) -> Parameters:
        for word in parameters[first : first + 2]:
            kind, colon, _ = word.partition(":")
            if not colon:
                raise Bad(f"bad table parameter: '{word}'")
            if kind not in WRAP_SOURCES:
                raise Bad(f"unsupported table source type: '{kind}'")
        return parameters

    return read


def access_files(first: int) -> Reader:
    """A reader of the paths of two tables behind `first` other parameters. They must be there, but for those in homes."""

    def read(parameters: Parameters, _around: Around) -> Parameters:
        for path in parameters[first : first + 2]:
            if not path.startswith(("/", "~")):
                raise Bad(f'\'{path}\' must start with "/" or "~"')
            if not path.startswith("~/") and isinstance(content(os.path.expanduser(path)), str):
                raise Bad(f"'{path}' must be a usable file")
        return parameters

    return read


def wrap_options(parameters: Parameters, _around: Around) -> Parameters:
    """`WrapOptions OPTIONS`."""
    for word in parameters:
        if word not in WRAP_OPTIONS:
            raise Bad(f": unknown WrapOption '{word}'")
    return parameters


def sources(name: str) -> Reader:
    """A reader for Allow and Deny: `[from] all|none|ENTRY[,ENTRY]...`."""

    def read(parameters: Parameters, _around: Around) -> tuple[Source, ...]:
        words = list(parameters)
        while words and words[0].lower() == "from":
            words.pop(0)
        if words and words[0].lower() in {"!all", "!none"}:
            raise Bad("the ! negation operator cannot be used with ALL/NONE")
        entries = words[:1] if words and words[0].lower() in {"all", "none"} else expression(tuple(words))
        found = tuple(entry(word) for word in entries)
        if not found or (len(found) > 1 and any(each.kind in {"all", "none"} for each in found)):
            raise Bad(f"syntax: {name} [from] [all|none]|host|network[,...]")
        return found

    return read


def members(parameters: Parameters, _around: Around) -> tuple[Source, ...]:
    """`From ENTRY[,ENTRY]...` of a <Class>."""
    return tuple(entry(word) for word in expression(parameters))


def entry(word: str) -> Source:
    """One entry of those."""
    found = source(word)
    if found is None:
        raise Bad(f"bad ACL definition '{word}': Invalid argument")
    return found


def names(otherwise: Literal["and", "or"]) -> Reader:
    """A reader of `[and|or|regex] WORDS`."""

    def read(parameters: Parameters, _around: Around) -> Words:
        match parameters[0].lower() if len(parameters) > 1 else "":
            case "regex":
                if len(parameters) != 2:
                    raise Bad("wrong number of parameters")
                matcher(parameters[1])
                return Words("regex", parameters[1:])
            case "and":
                return Words("and", expression(parameters[1:]))
            case "or":
                return Words("or", expression(parameters[1:]))
            case _:
                return Words(otherwise, expression(parameters))

    return read


def command_filter(parameters: Parameters, _around: Around) -> Words:
    """`AllowFilter REGEX [[NC]]`."""
    flags = parameters[1] if len(parameters) > 1 else ""
    if flags and not (flags.startswith("[") and flags.endswith("]")):
        raise Bad(f"badly formatted flags parameter: '{flags}'")
    if flags and flags.upper() not in {"[NC]", "[NOCASE]"}:
        raise Bad(f"unknown filter flags '{flags}'")
    matcher(parameters[0], caseless=bool(flags))
    return Words("caseless regex" if flags else "regex", parameters[:1])


def order(parameters: Parameters, _around: Around) -> bool:
    """`Order allow,deny` (True) or `Order deny,allow`, also in two words."""
    word = "".join(parameters)
    if word.lower() not in {"allow,deny", "deny,allow"}:
        raise Bad(f"'{word}': invalid argument")
    return word.lower() == "allow,deny"


def satisfy(parameters: Parameters, _around: Around) -> bool:
    """`Satisfy any|all` of a <Class>; True for all."""
    if parameters[0].lower() not in {"any", "all"}:
        raise Bad(f"invalid parameter: '{parameters[0]}'")
    return parameters[0].lower() == "all"


READERS: dict[str, Reader] = {
    "Allow": sources("Allow"),
    "AllowAll": every,
    "AllowClass": names("or"),
    "AllowFilter": command_filter,
    "AllowGroup": names("and"),
    "AllowUser": names("or"),
    "Deny": sources("Deny"),
    "DenyAll": every,
    "DenyClass": names("or"),
    "DenyFilter": command_filter,
    "DenyGroup": names("and"),
    "DenyUser": names("or"),
    "From": members,
    "Order": order,
    "Satisfy": satisfy,
    "TCPAccessFiles": access_files(0),
    "TCPGroupAccessFiles": access_files(1),
    "TCPServiceName": text,
    "TCPUserAccessFiles": access_files(1),
    "WrapAllowMsg": text,
    "WrapDenyMsg": text,
    "WrapEngine": wrap_engine,
    "WrapGroupTables": wrap_tables(1),
    "WrapLog": log,
    "WrapOptions": wrap_options,
    "WrapServiceName": text,
    "WrapTables": wrap_tables(0),
    "WrapUserTables": wrap_tables(1),
}
