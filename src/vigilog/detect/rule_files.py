"""Rule and pattern files: which files of a directory count, and which of their lines are rules."""

from __future__ import annotations

import os
import re

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Place, Rule

COUNTED_NAME = re.compile(r"[A-Za-z0-9_-]+")
"""The names that run-parts (debianutils 5.7) accepts: `x.conf`, `x~`, `.x` and `x.dpkg-old` do not count."""

WHITE_SPACE = b" \t\r\v\f"


def rules_of_directory(directory: str, kind: str) -> tuple[Rule, ...]:
    """All rules of the files that count in `directory`, by file name and line; none if the directory does not exist.

    Files are regular files or links to them; the names are as logcheck 1.4.2 takes them through run-parts.
    Raises RuleError for a file that cannot be read, whether its name counts or not (hidden ones, as an editor leaves them,
    do not), and for a `directory` that is a file.
    """
    try:
        names = sorted(os.listdir(os.fsencode(directory)))
    except FileNotFoundError:
        return ()
    except NotADirectoryError as error:
        raise RuleError("a file", place=Place(directory), expected="a directory of rule files") from error
    except PermissionError as error:
        raise unreadable(directory) from error
    rules: list[Rule] = []
    for name in map(os.fsdecode, names):
        path = os.path.join(directory, name)
        if not name.startswith(".") and os.path.isfile(path) and not os.access(path, os.R_OK, effective_ids=True):
            raise unreadable(path)
        if COUNTED_NAME.fullmatch(name) and os.path.isfile(path):
            rules.extend(rules_of_file(path, name, kind))
    return tuple(rules)


def rules_of_file(path: str, name: str, kind: str) -> list[Rule]:
    """The rules of one file in Debian's form: a line that is blank or begins with `#` is none, everything else is taken as
    it stands, trailing blanks and carriage returns included."""
    return [
        Rule(name, kind, "ere", line, Place(path, number))
        for number, line in enumerate(read(path).split(b"\n"), 1)
        if line.strip(WHITE_SPACE) and not line.startswith(b"#")
    ]


def read(path: str) -> bytes:
    """The content of a rule file. Raises RuleError if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise unreadable(path) from error


def unreadable(path: str) -> RuleError:
    """The error of logcheck 1.4.2 for a rule file it may not read."""
    return RuleError(
        f"Could not read {path}", expected="a readable rule file", remedy="let the user who runs the check read it"
    )
