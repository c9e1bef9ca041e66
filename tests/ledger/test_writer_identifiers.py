"""The names of requests."""

from __future__ import annotations

import base64
import os
import re
import threading

import pytest

from vigilog.core.errors import ConfigurationError
from vigilog.ledger import ApacheIdentifiers, TrustedHeader, UniqueIdentifiers


def test_apaches_form_is_process_second_and_a_counter_in_hex() -> None:
    now = [0x6B000167 + 0.9]
    identifiers = ApacheIdentifiers(lambda: now[0])
    names = [identifiers.of(()) for _ in range(17)]
    assert names[0] == f"{os.getpid()}:6b000167:0"
    assert names[10].endswith(":a")
    assert names[16].endswith(":10")
    now[0] += 1
    assert identifiers.of(()) == f"{os.getpid()}:6b000168:11"


def test_mod_unique_ids_form_has_27_characters_and_says_the_second() -> None:
    identifiers = UniqueIdentifiers(lambda: 0x6B00019C)
    names = [identifiers.of(()) for _ in range(70)]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{27}", name) for name in names)
    unpacked = [base64.urlsafe_b64decode(name + "=") for name in names]
    assert {bytes(each[:4]) for each in unpacked} == {bytes.fromhex("6b00019c")}
    assert len({bytes(each[4:14]) for each in unpacked}) == 1
    assert len(set(names)) == 70
    assert base64.urlsafe_b64decode("awABnArzSrOKle9yzxm7sgAAAAM=")[:4] == bytes.fromhex("6b00019c")


@pytest.mark.parametrize("kind", [ApacheIdentifiers, UniqueIdentifiers])
def test_a_forked_process_gives_names_of_its_own(kind) -> None:
    identifiers = kind(lambda: 1000)
    before = [identifiers.of(()) for _ in range(3)]
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.write(writing, "\n".join(identifiers.of(()) for _ in range(3)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    theirs = os.read(reading, 65536).decode().split("\n")
    os.close(reading)
    assert not set(theirs) & {*before, *(identifiers.of(()) for _ in range(3))}
    if kind is ApacheIdentifiers:
        assert theirs == [f"{child}:3e8:{number}" for number in range(3)]


@pytest.mark.parametrize("kind", [ApacheIdentifiers, UniqueIdentifiers])
def test_threads_never_get_the_same_name(kind) -> None:
    identifiers = kind()
    found: list[list[str]] = [[] for _ in range(8)]
    threads = [
        threading.Thread(target=lambda into=into: into.extend(identifiers.of(()) for _ in range(2000))) for into in found
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = [name for into in found for name in into]
    assert len(set(names)) == 16000


def test_nothing_is_kept_alive_by_being_told_of_forks() -> None:
    import gc
    import weakref

    identifiers = ApacheIdentifiers()
    known = weakref.ref(identifiers)
    del identifiers
    gc.collect()
    assert known() is None


@pytest.mark.parametrize("value", [b"abc", b"7f9c-1", b"Root=1-67891233-abcdef", b"a" * 128, b"A/b:c@d.e_f"])
def test_a_name_is_taken_from_the_header_that_is_trusted(value: bytes) -> None:
    assert TrustedHeader("X-Request-ID").of([(b"host", b"h"), (b"x-request-id", value)]) == value.decode()
    assert TrustedHeader("x-request-id").of([(b"X-Request-Id", value)]) == value.decode()


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"x-request-id", b"")],
        [(b"x-request-id", b"a|b")],
        [(b"x-request-id", b"a b")],
        [(b"x-request-id", b"a\n-b")],
        [(b"x-request-id", b"a'b")],
        [(b"x-request-id", b"(a)*")],
        [(b"x-request-id", b"\xe9")],
        [(b"x-request-id", b"a" * 129)],
        [(b"x-request-id", b"a"), (b"x-request-id", b"b")],
    ],
)
def test_another_name_is_made_where_the_header_cannot_be_one(headers) -> None:
    made = TrustedHeader("X-Request-Id", ApacheIdentifiers(lambda: 16)).of(headers)
    assert made == f"{os.getpid()}:10:0"


@pytest.mark.parametrize("name", ["", "X Y", "X:", "Ünique", "a\nb"])
def test_a_header_that_cannot_exist_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="expected the name of a header"):
        TrustedHeader(name)
