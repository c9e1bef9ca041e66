"""Two halves of a work at the same time: one here, the other in a child of this process."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

First = TypeVar("First")
Second = TypeVar("Second")


def side_by_side(first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
    """What both give. `second` runs in a child that this process forks, and gives something that can be pickled. If the child
    fails, or cannot be had, `second` is done here: so its errors are raised here, as those of `first` are."""
    reader, writer = os.pipe()
    try:
        child = os.fork()
    except OSError:
        os.close(reader)
        os.close(writer)
        return first(), second()
    if not child:
        _answer(writer, second)
    os.close(writer)
    import pickle  # noqa: PLC0415 - only for large ledgers

    try:
        with open(reader, "rb") as answers:
            mine = first()
            answer = answers.read()
    finally:
        _, status = os.waitpid(child, 0)
    # what is unpickled was pickled by this very process's child, over a pipe that nobody else has
    return mine, pickle.loads(answer) if status == 0 else second()  # noqa: S301


def _answer(writer: int, work: Callable[[], object]) -> None:
    """The child's whole life: whatever happens, none of the parent's own code goes on in it."""
    import pickle  # noqa: PLC0415 - as above

    status = 1
    try:
        with open(writer, "wb") as answers:
            pickle.dump(work(), answers, protocol=pickle.HIGHEST_PROTOCOL)
        status = 0
    finally:
        os._exit(status)
