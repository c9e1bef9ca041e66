"""SIGTERM is no death: it is how a service is stopped."""

from __future__ import annotations

import os
import signal
from functools import partial
from types import FrameType

from vigilog.blackbox.box import BlackBox
from vigilog.blackbox.hooks import Hooks

STOPS = (signal.SIGTERM, signal.SIGHUP)


def close_at_stop(box: BlackBox, hooks: Hooks) -> None:
    """A signal of STOPS that would end this program at once closes `box` before. Where the program has a handler of its own, or
    ignores the signal, that stays. Does nothing outside of the main thread."""

    def stop(number: int, _: FrameType | None) -> None:
        box.close()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def give_back(number: signal.Signals) -> None:
        if signal.getsignal(number) is stop:
            signal.signal(number, signal.SIG_DFL)

    for number in STOPS:
        if signal.getsignal(number) is signal.SIG_DFL:
            try:
                signal.signal(number, stop)
            except ValueError:
                return
            hooks.then(partial(give_back, number))
