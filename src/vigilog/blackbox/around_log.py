"""The ordinary log as a file, which goes on in a new one after a rotation."""

from __future__ import annotations

import os
from collections.abc import Callable

from vigilog.core.opening import opened

_MODE = 0o600


class OrdinaryLog:
    """The file at `path`, opened for appending as `descriptor`, which keeps its number. Raises OSError.

    A `look` now and then follows logrotate: to the file that is at the path by then (`create`), or, if there was none at two
    looks, to one that is made (`nocreate`). Where that fails the old one is used, and `notice` is called with a sentence.
    """

    def __init__(self, path: str, notice: Callable[[str], None]) -> None:
        self._path, self._notice = os.path.abspath(path), notice
        self.descriptor = _opened(self._path)
        self._was_gone = self._was_refused = False

    def look(self) -> None:
        """To be called now and then; half a second apart or more, so that logrotate can make the new file."""
        try:
            found = os.stat(self._path, follow_symlinks=False)
        except OSError:
            if not self._was_gone:
                self._was_gone = True
                return
        else:
            self._was_gone = False
            if os.path.samestat(found, os.fstat(self.descriptor)):
                return
        self._change()

    def _change(self) -> None:
        try:
            file = _opened(self._path)
        except OSError as error:
            if not self._was_refused:
                self._notice(f"{self._path} cannot be opened again: {error.strerror}; the file that was opened first is used")
            self._was_refused = True
            return
        # The number stays: another thread may be about to write to it.
        os.dup2(file, self.descriptor, inheritable=False)
        os.close(file)
        self._was_gone = self._was_refused = False


def _opened(path: str) -> int:
    return opened(path, _MODE, last_link=False, devices=True)
