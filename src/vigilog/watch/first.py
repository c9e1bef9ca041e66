"""Where a first reading begins, when there is no position yet."""

from __future__ import annotations

import os
from collections.abc import Sequence

from vigilog.parse import offsets
from vigilog.watch.generation import Generation
from vigilog.watch.identity import UNKNOWN, Mark
from vigilog.watch.options import Options
from vigilog.watch.records import BLOCK
from vigilog.watch.steps import Step, step_at


def first_steps(files: Sequence[Generation], options: Options) -> tuple[Step, ...]:
    """What a first reading takes of `files` (oldest first, at least one), as `options.first` says.

    none begins behind the last complete record (behind everything with `partial_lines`), so that one which is just being
    written is read when it is complete. today begins with the first record stamped today or later; records without a stamp
    belong to the one before. Raises OSError and MissingExtra.
    """
    if options.first == "all":
        return tuple(Step(file, 0) for file in files)
    if options.first == "today":
        from vigilog.watch.today import first_since, midnight  # noqa: PLC0415  compiles the patterns of all stamps

        moment = midnight(options.clock)
        for index, file in enumerate(files):
            start = first_since(file, moment, options.clock())
            if start is not None:
                return (step_at(file, start), *(Step(later, 0) for later in files[index + 1 :]))
    end = files[-1].length() if options.partial_lines or files[-1].is_packed else _last_edge(files[-1])
    return (step_at(files[-1], end),)


def taken_over(path: str, directories: Sequence[str] | None) -> Mark | None:
    """How far logcheck or logtail read the log `path`, from the first offset file that is found; None if there is none, or if
    nobody wants to know (`directories` is None).

    logcheck 1.4 calls it `offset` and the path with `/` turned into `.`, in its state directory; logtail's own default is
    LOG.offset beside the log. One that names no inode counts for nothing, as with them.
    """
    if directories is None:
        return None
    names = [os.path.join(directory, "offset" + path.replace("/", ".")) for directory in directories]
    for name in (*names, path + ".offset"):
        left = offsets.read(name)
        if left and isinstance(left.inode, int) and left.inode > 0:
            return Mark(UNKNOWN, left.inode, offsets.start(left.offset))
    return None


def _last_edge(file: Generation) -> int:
    end = file.size() or 0
    while end > 0:
        start = max(0, end - BLOCK)
        edge = file.read_at(start, end - start).rfind(b"\n") + 1
        if edge:
            return start + edge
        end = start
    return 0
