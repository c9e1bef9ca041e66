"""Secrets are taken out of what is kept, by a function of the program's own."""

from __future__ import annotations

from collections.abc import Callable

from vigilog.blackbox.encoding import encoded
from vigilog.blackbox.header import Identity
from vigilog.blackbox.not_again import NotAgain

Redact = Callable[[bytes], bytes]


def trusted(redact: Redact) -> Redact:
    """`redact` as the black box can call it: where it raises, or gives no bytes, that is said instead of the text."""
    asked = NotAgain()

    def redacted(text: bytes) -> bytes:
        try:
            made = asked.call(lambda: redact(text), b"(logged by what redacts)")
        except Exception as error:  # noqa: BLE001 - the program's own code; the text may be a secret, the rest is still wanted
            return f"(could not be redacted: {type(error).__name__})".encode()
        return made if isinstance(made, bytes) else f"(could not be redacted: {type(made).__name__})".encode()

    return redacted


def of_identity(who: Identity, redact: Redact) -> Identity:
    """`who`, the names and further fields redacted: a password is easily typed as a name, a token is often part of a path."""

    def text(value: str) -> str:
        return redact(encoded(value)).decode("utf-8", "surrogateescape")

    return who._replace(
        user=None if who.user is None else text(who.user),
        attempted_user=None if who.attempted_user is None else text(who.attempted_user),
        extra=tuple((key, text(value)) for key, value in who.extra),
    )
