"""Words as a shell reads them: quotes, backslashes and variables, but never a command. Format: POSIX sh, 2.2 and 2.6.

The one command that is understood is `date` with a format, because logcheck's DATE is written so; it is not run, its
format is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")
ASSIGNMENT = re.compile(rf"({NAME.pattern})=")
EXPORTED = re.compile(rf"(?:export|readonly)(?:(?=[ \t]+{NAME.pattern}=)|[ \t]+{NAME.pattern}(?=[ \t]*(?:\n|;|#|\Z)))")
SPACE = re.compile(r"(?:[ \t]|\\\n)*")
REST = re.compile(r"(?:\\\n|[^\n])*")
NOISE = re.compile(r"(?:[ \t\n;]|\\\n|#[^\n]*)*")
SPECIAL = re.compile(r"\$(?:[-!@#*?$0-9]|\\\n)|\$[A-Za-z_][A-Za-z0-9_]*(?:\\\n)+[A-Za-z0-9_]")
"""What only a running shell has (its arguments, its status, its number), and names cut in two by a continued line."""

BARE_END = " \t\n;&|<>()"
DATE_COMMAND = re.compile(r"(?:/usr)?(?:/bin/)?date\Z")
PLAIN_DATE = "%a %b %e %H:%M:%S %Z %Y"
CONVERSION = re.compile(r"%[-_0^#]*(.[a-zA-Z]?)")
GNU_ONLY = {"N": "nanoseconds", "q": "the quarter", ":": "a zone with a colon"}


class Refused(Exception):
    """The text asks for more than reading. Its first argument says what was found, the second what is expected."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word: its `text`, or where a date is put in (`dated`), only its `format` for strftime(3); and where it ends."""

    text: str
    format: str
    dated: bool
    end: int


def word(text: str, at: int, variables: Mapping[str, str]) -> Word:
    """The shell word that begins at `at`, with `variables` put in. Raises Refused for what only running could tell."""
    plain: list[str] = []
    format_: list[str] = []
    dated = False

    def add(part: str) -> None:
        plain.append(part)
        format_.append(part.replace("%", "%%"))

    quote = ""
    while at < len(text):
        character = text[at]
        if not quote and character in BARE_END:
            break
        if character == "'" and not quote:
            end = text.find("'", at + 1)
            if end < 0:
                raise Refused("a quote is not closed", "a closing '")
            add(text[at + 1 : end])
            at = end + 1
        elif character == '"':
            quote = "" if quote else '"'
            at += 1
        elif character == "\\":
            following = text[at + 1 : at + 2]
            if following != "\n":
                add(following if not quote or following in '$`"\\' else character + following)
            at += 2
        elif character == "`" or text.startswith("$(", at):
            command, at = enclosed(text, at, quote)
            format_.append(command_format(command))
            dated = True
        elif found := SPECIAL.match(text, at):
            raise Refused(f"{found[0]!r} is known to a running shell only", "$NAME or ${NAME}")
        elif found := VARIABLE.match(text, at):
            name = found[1] or found[2]
            if name not in variables:
                raise Refused(f"${name} is not set here", "a name set above in this file")
            add(variables[name])
            at = found.end()
        elif text.startswith("${", at):
            raise Refused(f"{text[at : at + 20].split(maxsplit=1)[0]} is more than the value of a name", "$NAME or ${NAME}")
        else:
            add(character)
            at += 1
    if quote:
        raise Refused("a quote is not closed", 'a closing "')
    return Word("".join(plain), "".join(format_), dated, at)


def enclosed(text: str, at: int, quote: str) -> tuple[str, int]:
    """The command between back-quotes or `$(` and `)` inside `quote`, and where what follows it begins."""
    if text.startswith("$((", at):
        raise Refused("arithmetic", "a plain value")
    if text[at] == "`":
        found = re.compile(r"`((?:\\.|[^`\\])*)`", re.DOTALL).match(text, at)
        if not found:
            raise Refused("a back-quote is not closed", "a closing `")
        return re.sub(rf"\\([`$\\{quote}])", r"\1", found[1]), found.end()
    found = re.compile(r"""\$\(((?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^'"\\()])*)\)""", re.DOTALL).match(text, at)
    if not found:
        raise Refused("a command substitution", "a plain value, or a date format")
    return found[1], found.end()


def command_format(command: str) -> str:
    """The strftime(3) format of a `date` command. Raises Refused for any other command, option, and what only date knows."""
    from shlex import split  # noqa: PLC0415 - only where a command stands

    try:
        words = split(command)
    except ValueError as error:
        raise Refused(f"the command `{command}`", "$(date +FORMAT)") from error
    if not words or not DATE_COMMAND.match(words[0]):
        raise Refused(f"the command `{command}`, which is not run", "a plain value, or $(date +FORMAT)")
    if len(words) == 1:
        return PLAIN_DATE
    if len(words) > 2 or not words[1].startswith("+") or "$" in command or "`" in command:
        raise Refused(f"the command `{command}`", "$(date +FORMAT)")
    for conversion in CONVERSION.findall(words[1]):
        if conversion[0] in GNU_ONLY:
            raise Refused(f"%{conversion[0]}, {GNU_ONLY[conversion[0]]}, in a date format", "a conversion of strftime(3)")
    return words[1][1:]


@dataclass(frozen=True, slots=True)
class Assignment:
    """`NAME=word`, and the line (from 1) in which it begins."""

    name: str
    word: Word
    line: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something that is not an assignment of a plain value: what was found in which line, and what is expected."""

    line: int
    found: str
    expected: str


def assignments(text: str, variables: Mapping[str, str]) -> Iterator[Assignment | Mistake]:
    """Every assignment in `text`, in order, each seeing the ones before it and `variables`; all else as mistakes."""
    known = dict(variables)
    at = past(NOISE, text, 0)
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        if found := EXPORTED.match(text, at):
            at = past(NOISE, text, found.end())
            continue
        try:
            name, value = assignment(text, at, known)
        except Refused as refusal:
            yield Mistake(line, *refusal.args)
            at = past(REST, text, at)
        else:
            known.pop(name, None)
            if not value.dated:
                known[name] = value.text
            yield Assignment(name, value, line)
            at = past(SPACE, text, value.end)
        at = past(NOISE, text, at)


def assignment(text: str, at: int, known: Mapping[str, str]) -> tuple[str, Word]:
    """The assignment at `at`. Raises Refused if there is something else, or a command after it."""
    rest = text[at : past(REST, text, at)].strip()
    found = ASSIGNMENT.match(text, at)
    if not found:
        raise Refused(f"{rest[:60]!r} is a command", "NAME=value")
    value = word(text, found.end(), known)
    following = past(SPACE, text, value.end)
    if text[following : following + 1] not in {"", "\n", ";", "#"} and not ASSIGNMENT.match(text, following):
        raise Refused(f"{rest[:60]!r} is a command", "NAME=value")
    return found[1], value


def past(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where `pattern`, which may be empty, ends when it begins at `at`."""
    found = pattern.match(text, at)
    return found.end() if found else at
