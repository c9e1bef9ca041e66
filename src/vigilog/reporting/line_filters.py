"""logwatch's filters for lines of a service or a host (logwatch 7.7: onlyservice, multiservice, removeservice, onlyhost,
removeheaders, expandrepeats, onlycontains, remove, eventlog...). Names in their arguments are expressions, as they are there.

Each takes the argument and gives a function from a block of lines to what is left of them. They raise re.error for an argument
that Python cannot read as an expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from vigilog.core.nouns import Place, Rule
from vigilog.reporting.date_filters import Step, lines_of

_STAMP = b"... .. ..:..:.."
_FOLDED = re.IGNORECASE
_REPEATED = re.compile(rb"last message repeated \d+ times?$")
_HEADER = rb"^... .. ..:..:.. [^ ]* [^\[:]*(?:\[\d*\])?: (?:\[\d+\.\d+\] )?"
_OTHER_HEADERS = (
    re.compile(rb"^\[ID \d+( \w+\.\w+)?] "),
    re.compile(rb"^... .. ..:..:.. [^ ]* "),
    re.compile(rb"^\w{3} \w{3} .. \d{2}:\d{2}:\d{2} \d{4}\s?:\s?"),
)
_SHELL_ESCAPE = re.compile(r'\\([$`"\\\n])')


def only_service(argument: str) -> Step:
    """Lines of the program `argument`, in syslog's form; Solaris's message IDs count, too."""
    name = argument.encode("utf-8", "surrogateescape")
    own = re.compile(_STAMP + rb"[ ]*[^ ]* " + name + rb"(\[[0123456789]*\])?:? ", _FOLDED).match
    numbered = re.compile(_STAMP + rb" [^ ]* [^ ]*(\[[0123456789]*\])?: \[ID [0-9]+ " + name, _FOLDED).match
    return lambda block: b"".join(line for line in lines_of(block) if own(line) or numbered(line))


def multi_service(argument: str) -> Step:
    """Lines of the programs named, with commas between them. A line comes once for each name that it matches."""
    names = [name.encode("utf-8", "surrogateescape") for name in argument.split(",")]
    number = rb"\[[0123456789]*\]:"
    solaris = _STAMP + rb" [^ ]* [^ ]*(?:" + number + rb"|:) \[ID [0-9]+ " + names[0]
    tests = [re.compile(_STAMP + rb" [^ ]* " + name + rb"(?:" + number + rb"|:)|" + solaris, _FOLDED).match for name in names]
    return lambda block: b"".join(line for line in lines_of(block) for test in tests if test(line))


def remove_service(argument: str) -> Step:
    """All lines but those of the programs named, with commas between them."""
    names = b"(?:" + argument.replace(",", "|").encode("utf-8", "surrogateescape") + b")"
    form = _STAMP + rb" [^ ]* (?:" + names + rb"\[[0123456789]*\]: |(?::\s*)?" + names + rb"\s*: )"
    theirs = re.compile(form, _FOLDED).match
    return lambda block: b"".join(line for line in lines_of(block) if not theirs(line))


def only_host(hosts: str) -> Step:
    """Lines of these hosts, with commas between them; all lines if none is named."""
    if not hosts:
        return lambda block: block
    name = hosts.encode("utf-8", "surrogateescape")
    name = b"(" + name.replace(b",", b"|") + b")" if b"," in name else name
    theirs = re.compile(_STAMP + b" " + name + rb"\s", _FOLDED).match
    return lambda block: b"".join(line for line in lines_of(block) if theirs(line))


def one_host(host: str) -> Step:
    """Lines of just this host, whatever its name looks like: it may come out of a log."""
    begin = b" " + host.encode("utf-8", "surrogateescape").lower()
    end = 15 + len(begin)
    return lambda block: b"".join(
        line for line in lines_of(block) if line[15:end].lower() == begin and line[end : end + 1].isspace()
    )


def expand_repeats(argument: str) -> Step:  # noqa: ARG001 - a filter's form
    """Without `last message repeated N times`. (logwatch 7.7 drops them, and repeats nothing.)"""

    def left(block: bytes) -> bytes:
        if b"last message repeated " not in block:
            return block
        return b"".join(line for line in lines_of(block) if not _REPEATED.search(line))

    return left


def remove_headers(argument: str) -> Step:
    """Lines without time, host and program in front. `argument`: another expression for those."""
    first = argument.encode("utf-8", "surrogateescape") if argument not in {"", "0"} else _HEADER
    removed = (re.compile(first), *_OTHER_HEADERS)

    def bare(line: bytes) -> bytes:
        for expression in removed:
            line = expression.sub(b"", line, count=1)
        return line

    return lambda block: b"".join(map(bare, lines_of(block)))


def in_double_quotes(text: str) -> str:
    """What a shell makes of `text` between double quotes, but that nothing is run and no variable put in."""
    return _SHELL_ESCAPE.sub(r"\1", text)


def containing(argument: str, place: Place, *, caseless: bool, keep: bool) -> Step:
    """Lines that match a POSIX extended expression, as grep has them, or all others. Raises RuleError with `place`."""
    from vigilog.patterns.confirm import confirmation  # noqa: PLC0415 - few reports filter so, and it takes long to load

    text = in_double_quotes(argument).encode("utf-8", "surrogateescape")
    matches = confirmation(Rule("", "filter", "ere", text, place), caseless=caseless)
    return lambda block: b"".join(line for line in lines_of(block) if matches(line.removesuffix(b"\n")) is keep)


def event_log(keep: bool) -> Callable[[str], Step]:
    """Lines of a source in Windows' event log, as Snare sends it, or all others."""

    def made(argument: str) -> Step:
        name = argument.encode("utf-8", "surrogateescape")
        theirs = re.compile(_STAMP + rb" .* MSWinEventLog(?:\t\d+\t|\[\d+\]:)" + name + rb"\t", _FOLDED).match
        return lambda block: b"".join(line for line in lines_of(block) if bool(theirs(line)) is keep)

    return made
