"""Where lines go. A target is a file, a program, or whatever else has these methods."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

from vigilog.core.errors import ConfigurationError
from vigilog.ledger.failure import Abort, Count, Failure

Write = Callable[[bytes], None]
"""Takes one whole line with its newline."""


class Target(Protocol):
    """Takes lines. Any thread may write at any time, in forked processes, too."""

    def write(self, line: bytes) -> None:
        """Takes one whole line with its newline."""

    def reopen(self) -> None:
        """After a rotation: the next line goes to the new file."""

    def close(self) -> None:
        """There will be no more lines."""


Where = str | os.PathLike[str] | Target | None
"""What a user can name as a target: a file or a program, an object, or nowhere."""


def nowhere(line: bytes) -> None:
    """Where the lines go of what has no ledger."""


def target(text: str, *, root: str = "", user: str = "", strict: bool = True) -> Target:
    """The target that `text` names, as Apache's ForensicLog does: a file, or `|` and a program with its arguments.

    Both are relative to the directory `root` unless they begin with `/`. `user` is whose a program shall be (`NAME` or
    `NAME:GROUP`). If a line cannot be written, the process ends at once (`strict`), or it is counted. The file is opened and
    the program started now. Raises ConfigurationError.
    """
    failure: Failure = Abort() if strict else Count()
    if "\0" in text:
        raise ConfigurationError(f"the ledger {text!r}", expected="a path without zero bytes")
    if root and not os.path.isabs(root):
        raise ConfigurationError(f"the root {root!r} of a ledger", expected="a path that begins with /")
    if text.startswith("|"):
        from vigilog.ledger.program import program  # noqa: PLC0415 - most ledgers are files
        from vigilog.ledger.target_program import ProgramTarget  # noqa: PLC0415

        return ProgramTarget(program(text[1:], root, user), failure)
    path = os.path.join(root, text)
    if not text or not os.path.isabs(path):
        raise ConfigurationError(
            f"the ledger {text!r}", expected="a path that begins with /", remedy="or give the root that it is relative to"
        )
    from vigilog.ledger.target_file import FileTarget  # noqa: PLC0415

    return FileTarget(path, failure)
