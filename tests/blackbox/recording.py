"""A box and its recorder for tests, and the blocks that they wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vigilog.blackbox import BlackBox, Session
from vigilog.blackbox.recorder import Recorder
from vigilog.parse.forensics import Block, blocks


def written(file: Path) -> list[Block]:
    """The blocks in `file`, which need not exist."""
    if not file.exists():
        return []
    with file.open("rb") as opened:
        return list(blocks(opened))


def texts(block: Block) -> list[str]:
    """Its messages without their time."""
    return [message.text.decode()[24:] for message in block.messages]


@contextmanager
def recorded(
    file: Path, *, directory: Path | None = None, box: dict[str, Any] | None = None, **options: Any
) -> Iterator[Recorder]:
    """A recorder at work; `box` are options of the box, `options` those of the recorder."""
    made = BlackBox(str(file), directory=str(directory) if directory else None, **(box or {}))
    try:
        with Recorder(made, **options) as recorder:
            yield recorder
    finally:
        made.close()


def kept(file: Path, session: Session) -> list[str]:
    """What `session` kept: the texts of a block that is written now."""
    kind = f"TEST {session.number}"
    assert session.dump(kind, on_demand=True)
    block = [each for each in written(file) if each.kind == kind][-1]
    assert block.complete
    return texts(block)
