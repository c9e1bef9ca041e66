"""Unpacking .zst with the program `zstd`. Loaded only when such a file is read and the package `zstandard` is not there."""

from __future__ import annotations

import os
import shutil
import subprocess

from vigilog.watch.streams import DamagedError


def find() -> str | None:
    """The path of the program `zstd`, or None."""
    return shutil.which("zstd")


class Program:
    """`zstd -dc` over an open descriptor."""

    def __init__(self, program: str, descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        self._process = subprocess.Popen(
            [program, "--decompress", "--stdout", "--quiet"],
            stdin=descriptor,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )

    def read(self, size: int, /) -> bytes:
        """Up to `size` unpacked bytes, none at the end. Raises DamagedError."""
        assert self._process.stdout
        data: bytes = self._process.stdout.read(size) or b""
        if not data and self._process.wait() != 0:
            raise DamagedError(f"zstd ended with status {self._process.returncode}")
        return data

    def close(self) -> None:
        """Ends the program if it still runs."""
        assert self._process.stdout
        self._process.stdout.close()
        self._process.kill()
        self._process.wait()
