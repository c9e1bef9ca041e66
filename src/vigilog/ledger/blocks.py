r"""A ledger as blocks of whole lines, each line with the newline *in front* of it: so a line's begin is one fixed byte away."""

from __future__ import annotations

from collections.abc import Callable, Iterator

SIZE = 64 * 1024
"""So many bytes are read at a time. What is made of a block should still be in the processor's cache when it is looked at."""
LONGEST = 16 * 1024 * 1024
"""A line longer than this goes on in the next block, which then begins without a newline."""


def blocks(read: Callable[[int], bytes], size: int = SIZE) -> Iterator[bytes]:
    r"""The lines of a file. `read` gives up to so many bytes as it is asked for, and none at the end.

    Together the blocks are `\n` and the file: the last one is `\n` alone if the file ends with a newline, and otherwise its
    unfinished last line. Each is cut before a newline, but for those of a line longer than LONGEST.
    """
    held = [b"\n"]
    length = 1
    while data := read(size):
        edge = data.rfind(b"\n")
        if edge >= 0:
            yield b"".join([*held, memoryview(data)[:edge]])
            held, length = [data[edge:]], len(data) - edge
            continue
        held.append(data)
        length += len(data)
        if length > LONGEST:
            yield b"".join(held)
            held, length = [], 0
    if held:
        yield b"".join(held)
