"""Ranges of numbers as expressions for their hexadecimal digits, so that a block of lines is compared at once."""

from __future__ import annotations

_DIGITS = "0123456789abcdef"


def between(first: int, last: int, width: int) -> str:
    """An expression for the numbers from `first` to `last`, both included, written with `width` lower-case hex digits. They
    must fit them and be in order."""
    return "|".join(_parts(f"{first:0{width}x}", f"{last:0{width}x}"))


def _parts(low: str, high: str) -> list[str]:
    """The alternatives for what lies between two texts of equal length, in order."""
    if not low:
        return [""]
    rest = len(low) - 1
    if low[0] == high[0]:
        return [low[0] + _either(_parts(low[1:], high[1:]))]
    begin, end = _DIGITS.index(low[0]), _DIGITS.index(high[0])
    lower: list[str] = []
    upper: list[str] = []
    if low[1:] != "0" * rest:
        lower.append(low[0] + _either(_parts(low[1:], "f" * rest)))
        begin += 1
    if high[1:] != "f" * rest:
        upper.append(high[0] + _either(_parts("0" * rest, high[1:])))
        end -= 1
    whole = [f"[{_DIGITS[begin : end + 1]}]" + (f"[0-9a-f]{{{rest}}}" if rest else "")] if begin <= end else []
    return lower + whole + upper


def _either(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"
