"""The words of a command line as logwatch takes them -> as this house's parser does: dashes that a web page changed, options
with one dash, shortened ones, and values that begin with a dash."""

from __future__ import annotations

import re
from collections.abc import Collection

_OTHER_DASHES = re.compile("^[\u2012-\u2015\u2212]+")
_ONE_DASH = re.compile(r"-[A-Za-z_]{2,}(?:=|$)")


def prepared(words: list[str], valued: Collection[str], plain: Collection[str]) -> list[str]:
    """`words` with each option written out and its value, if it takes one, joined to it. `valued`: the options that take a
    value, without dashes; `plain`: those that take none."""
    known = [*valued, *plain]
    found: list[str] = []
    rest = iter(words)
    for word in rest:
        option = _OTHER_DASHES.sub("--", word)
        if _ONE_DASH.match(option):
            option = f"-{option}"
        if not option.startswith("-") or option in {"-", "--"}:
            found.append(word)
            continue
        name, equals, value = option.lstrip("-").partition("=")
        dashes = "--" if option.startswith("--") else "-"
        if dashes == "--":
            name = _whole(name.lower().replace("_", "-"), known)
        if not equals and name in valued:
            following = next(rest, None)
            if following is None:
                found.append(f"{dashes}{name}")
                continue
            equals, value = "=", following
        if dashes == "-":
            found.append(f"-{name}{value}" if equals and value else f"-{name}")
            found += [""] if equals and not value else []
        else:
            found.append(f"--{name}{equals}{value}")
    return found


def _whole(name: str, known: Collection[str]) -> str:
    """The option that a shortened one means."""
    matching = [each for each in known if len(each) > 1 and each.startswith(name)]
    return matching[0] if len(matching) == 1 and name not in known else name
