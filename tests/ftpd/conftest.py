"""Fixtures of the FTP server's tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.conftest import absent
from tests.ftpd.world import Server, World, free_port, made, vigilog


@pytest.fixture
def world() -> Iterator[World]:
    with made() as found:
        yield found


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        absent("needs root: users are changed")


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., Server]]:
    """Starts Vigilog's server with further lines of configuration."""
    with ExitStack() as stack:

        def start(*more: str, options: tuple[str, ...] = (), port: int | None = None, descriptors: int = 4096) -> Server:
            chosen = port or free_port()
            text = world.configuration(chosen, *more)
            return stack.enter_context(vigilog(world, text, chosen, *options, descriptors=descriptors))

        yield start


@pytest.fixture
def certified(world, need):
    need("openssl")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem"
    subprocess.run(command.split(), cwd=world.root, check=True, capture_output=True)
    return (
        "TLSEngine on",
        f"TLSRSACertificateFile {world.root}/cert.pem",
        f"TLSRSACertificateKeyFile {world.root}/key.pem",
        f"TLSLog {world.logs}/tls",
        "TLSOptions NoSessionReuseRequired",
    )
