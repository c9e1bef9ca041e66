"""`vigilog tail`: logtail and logtail2 (Debian's logtail 1.4.2), with their arguments, messages, statuses and offset files.

An offset file tells an inode and an offset, no more, and nothing else is kept, so that the three can take turns on one file.
Where logtail2 looks at one name for the rotated file, this looks at all that rotation gives: see `watch.rotation`.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from vigilog.cli.commands import Parser
from vigilog.parse import offsets
from vigilog.parse.offsets import Offset
from vigilog.watch.generation import Generation
from vigilog.watch.rotation import History, look

HELP = "print what was appended to a log since last time, as logtail does"
STAT_FAILED, LOG_UNREADABLE, OFFSET_UNWRITABLE = 65, 66, 73
OUTPUT_FAILED = 74
"""Not one of logtail's: that ends with 1 then, and has moved the offset all the same."""
_BLOCK = 1024 * 1024


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog tail` takes: what logtail2 takes."""
    parser.description = (
        "Prints what was appended to LOG since last time, of rotated files too, and remembers how far it came. A last line\n"
        "without its newline is printed as it is. Takes the place of logtail and logtail2: same arguments, same offset files."
    )
    parser.add_argument("names", nargs="*", metavar="LOG [OFFSETFILE]", help="the log, and the file that remembers how far")
    parser.add_argument("-f", "--log", metavar="LOG", default="", help="the log, if it does not stand alone")
    parser.add_argument("-o", "--offset-file", metavar="OFFSETFILE", default="", help="the offset file (default: LOG.offset)")
    parser.add_argument("-t", "--test", action="store_true", help="print, but remember nothing")


def run(options: argparse.Namespace) -> int:
    """Prints the new lines on standard output and gives the exit status. The offset is written when all of them are out.

    Raises BrokenPipeError if nobody reads on, and MissingExtra if a rotated file cannot be unpacked: nothing is remembered.
    """
    names: list[str] = options.names
    if len(names) > 2 or not (names or options.log):
        return _fail(LOG_UNREADABLE, "No logfile to read. Use -f [LOGFILE].")
    log = names[0] if names else options.log
    if not log:
        return _fail(LOG_UNREADABLE, f"File {log} cannot be read: {os.strerror(errno.ENOENT)}")
    offset_file = names[1] if len(names) == 2 else options.offset_file or log + ".offset"
    with ExitStack() as opened:
        history = look(log, "", opened)
        if history.current is None:
            reason = history.reason.strerror if isinstance(history.reason, OSError) else ""
            return _fail(LOG_UNREADABLE, f"File {log} cannot be read: {reason}")
        left = offsets.read(offset_file) or Offset(0, 0)
        try:
            warning, parts = _unread(log, history, left)
        except OSError as error:
            return _fail(STAT_FAILED, f"Cannot get {log} file size: {error.strerror}")
        try:
            end = _print(warning, parts)
        except _OutputFailedError as error:
            return _fail(OUTPUT_FAILED, f"Unable to flush stdout: {error}")
        except BrokenPipeError:
            raise
        except OSError as error:
            return _fail(LOG_UNREADABLE, f"File {log} cannot be read: {error.strerror}")
        inode = history.current.inode
    if options.test or left == (inode, end):
        return 0
    try:
        offsets.write(offset_file, inode, end)
    except OSError as error:
        return _fail(OFFSET_UNWRITABLE, f"File {offset_file} cannot be created. Check your permissions: {error.strerror}")
    return 0


class _OutputFailedError(Exception):
    pass


def _unread(log: str, history: History, left: Offset) -> tuple[bytes, Sequence[tuple[Generation, int]]]:
    """What to say first, and which files to print from where; the last is the log itself. Raises OSError."""
    current = history.current
    assert current
    start = offsets.start(left.offset)
    if current.inode == left.inode:
        size = current.length()
        if left.offset > size:
            return _tampering(log), [(current, 0)]
        return b"", [(current, start)]
    files = history.generations
    for index, generation in enumerate(files):
        if generation.inode == left.inode and not generation.is_packed:
            return b"", [(generation, start), *((newer, 0) for newer in files[index + 1 :])]
    return b"", [(current, 0)]


def _tampering(log: str) -> bytes:
    return (
        b"***************\n"
        b"*** WARNING ***: Log file " + os.fsencode(log) + b" is smaller than last time checked!\n"
        b"*************** This could indicate tampering.\n"
    )


def _print(warning: bytes, parts: Sequence[tuple[Generation, int]]) -> int:
    """Writes it all to standard output, block by block, and gives the offset that was reached in the last file."""
    output = sys.stdout.fileno()
    sys.stdout.flush()
    _write(output, warning)
    offset = 0
    for generation, start in parts:
        offset = start
        end = generation.length()
        while block := generation.read_at(offset, min(_BLOCK, max(0, end - offset))):
            _write(output, block)
            offset += len(block)
    return offset


def _write(output: int, data: bytes) -> None:
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(output, view) :]
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _OutputFailedError(error.strerror) from error


def _fail(status: int, message: str) -> int:
    print(message, file=sys.stderr)
    return status
