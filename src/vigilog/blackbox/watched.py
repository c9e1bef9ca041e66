"""Messages that set off a block by themselves: the user's criteria that have a test."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vigilog.blackbox.criteria import Criterion
from vigilog.blackbox.not_again import NotAgain
from vigilog.parse.forensics import Message

Keep = Callable[[str, int, bytes, float | None, int | None], None]


def watching(keep: Keep, criteria: Sequence[Criterion], dump: Callable[[str], object]) -> Callable[..., None]:
    """`keep`, and then the first of `criteria` whose test says yes to the message has its block written. A test that raises
    says no, and it is not asked about what it logs itself."""
    asked = NotAgain()

    def watched(log_type: str, level: int, text: bytes, moment: float | None = None, pid: int | None = None) -> None:
        keep(log_type, level, text, moment, pid)
        message = Message(log_type, level, text, pid)
        kind = asked.call(lambda: _kind(criteria, message), None)
        if kind is not None:
            dump(kind)

    return watched


def _kind(criteria: Sequence[Criterion], message: Message) -> str | None:
    return next((each.kind for each in criteria if each.test is not None and _says_yes(each.test, message)), None)


def _says_yes(test: Callable[[Message], bool], message: Message) -> bool:
    try:
        return bool(test(message))
    except Exception:  # noqa: BLE001 - the program's own code; its log calls have to go on
        return False
