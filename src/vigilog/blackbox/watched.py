"""Messages that set off a block by themselves: the user's criteria that have a test."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vigilog.blackbox.criteria import Criterion
from vigilog.parse.forensics import Message

Keep = Callable[[str, int, bytes, float | None, int | None], None]


def watching(keep: Keep, criteria: Sequence[Criterion], dump: Callable[[str], object]) -> Callable[..., None]:
    """`keep`, and then the first of `criteria` whose test says yes to the message has its block written. A test that raises
    says no."""

    def watched(log_type: str, level: int, text: bytes, moment: float | None = None, pid: int | None = None) -> None:
        keep(log_type, level, text, moment, pid)
        message = Message(log_type, level, text, pid)
        for criterion in criteria:
            if criterion.test is not None and _says_yes(criterion.test, message):
                dump(criterion.kind)
                return

    return watched


def _says_yes(test: Callable[[Message], bool], message: Message) -> bool:
    try:
        return bool(test(message))
    except Exception:  # noqa: BLE001 - the program's own code; its log calls have to go on
        return False
