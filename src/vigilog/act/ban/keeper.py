"""The process that keeps the helper alive. It loads nothing and does nothing but wait."""

from __future__ import annotations

import os
import signal
import time

_SOON = 1.0


def keep(arguments: list[str]) -> None:
    """Runs the helper in a process of its own, and again whenever that dies; ends with the first one that ends well.

    `arguments`: the descriptors of its two sockets, and what to choose (see `backends.Choice`) as JSON.
    """
    anew = False
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        begun = time.monotonic()
        child = os.fork()
        if not child:
            work(arguments, anew=anew)
            return
        _, status = os.waitpid(child, 0)
        if status == 0:
            return
        anew = True
        if time.monotonic() - begun < _SOON:
            time.sleep(_SOON)


def work(arguments: list[str], *, anew: bool) -> None:
    """Is the helper."""
    import json  # noqa: PLC0415 - only the worker loads anything

    from vigilog.act.ban.backends import Choice  # noqa: PLC0415
    from vigilog.act.ban.worker import serve  # noqa: PLC0415

    requests, signs, choice = arguments
    serve(int(requests), int(signs), Choice(**json.loads(choice)), anew=anew)
