"""Times as people give them on a command line."""

from __future__ import annotations

from datetime import datetime, timedelta

from vigilog.core.clock import local

EXPECTED = 'a time such as "2026-11-20 08:30", "08:30", "today", "yesterday", or how long ago: "90m"'


def moment(text: str, now: float) -> float | None:
    """The time that `text` says, in seconds since the epoch; local time where it names no zone. None if it says none."""
    word = text.strip()
    midnight = local(now).replace(hour=0, minute=0, second=0, microsecond=0)
    match word.lower():
        case "now":
            return now
        case "today":
            return midnight.timestamp()
        case "yesterday":
            return (midnight - timedelta(days=1)).timestamp()
    try:
        if word[2:3] == ":" and word[:2].isdigit():
            word = f"{midnight:%Y-%m-%d} {word}"
        return datetime.fromisoformat(word).timestamp()
    except ValueError:
        pass
    from vigilog.config.durations import seconds  # noqa: PLC0415 - most times are none of these

    ago = seconds(word)
    return None if ago is None else now - ago
