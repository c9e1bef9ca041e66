"""Service scripts and shared scripts in any language, run as logwatch runs them: their environment, the log on standard input,
and what they print, on standard error too, is the section."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import IO

from vigilog.config.logwatch import Service
from vigilog.core.errors import VigilogError
from vigilog.reporting.asked import Asked
from vigilog.reporting.date_filters import Step
from vigilog.reporting.filters import Script, ScriptMissing
from vigilog.reporting.log_files import SIZE

_UMASK = 0o177


def environment(asked: Asked, directory: str) -> dict[str, str]:
    """What every script finds in its environment. `directory`: the temporary files' one."""
    ours = dict(os.environ)
    for name in ("LANG", "LC_ALL"):
        if ours.get(name):
            ours[f"REAL_{name}"] = ours[name]
    library = os.path.join(asked.conf.base, "lib")
    ours |= {
        "LC_ALL": "C",
        "LOGWATCH_DATE_RANGE": asked.wanted.text,
        "LOGWATCH_GLOBAL_DETAIL": asked.detail,
        "LOGWATCH_OUTPUT_TYPE": asked.output,
        "LOGWATCH_FORMAT_TYPE": asked.format,
        "LOGWATCH_DEBUG": asked.debug,
        "LOGWATCH_TEMP_DIR": directory + "/",
        "LOGWATCH_NUMERIC": "1" if asked.numeric else "0",
        "HOSTNAME": asked.host,
        "OSname": os.uname().sysname,
        "PERL5LIB": f"{ours['PERL5LIB']}:{library}" if ours.get("PERL5LIB") else library,
    }
    if asked.hosts:
        ours["LOGWATCH_ONLY_HOSTNAME"] = asked.hosts
    return ours


def _perl() -> str:
    program = shutil.which("perl")
    if program is None:
        raise VigilogError("a script of logwatch's needs perl, which is not installed", remedy="install it, or use --builtin")
    return program


def command(service: Service, asked: Asked) -> list[str]:
    """How a service's script is started: by perl whatever its mode, or by its `shell`. Raises ScriptMissing."""
    path = asked.conf.found("services", service.name)
    if path is None:
        expected = os.path.join(asked.conf.base, "scripts", "services", service.name)
        raise ScriptMissing(f"Can't open: {expected}", place=service.place)
    shell = service.options.get("shell", "")
    if shell in {"", "0"}:
        return [_perl(), path]
    words = shlex.split(shell)
    if not words or not os.path.exists(words[0]):
        raise ScriptMissing(f"Can't use {shell} for {path}", place=service.place)
    return [*words, path]


def filtered(
    blocks: Iterable[bytes],
    steps: Iterable[Step | Script],
    variables: Mapping[str, str],
    directory: str,
    errors: IO[bytes] | None,
) -> Iterator[bytes]:
    """Blocks of whole lines through filters, one after the other. What a script says on standard error goes to `errors`."""
    for step in steps:
        blocks = _through(blocks, step, variables, directory, errors) if isinstance(step, Script) else map(step, blocks)
    return (block for block in blocks if block)


def _through(
    blocks: Iterable[bytes], script: Script, variables: Mapping[str, str], directory: str, errors: IO[bytes] | None
) -> Iterator[bytes]:
    with tempfile.TemporaryFile(dir=directory) as given, tempfile.TemporaryFile(dir=directory) as taken:
        given.writelines(blocks)
        given.seek(0)
        call = [_perl(), script.path, script.argument]
        subprocess.run(call, stdin=given, stdout=taken, stderr=errors, env=dict(variables), umask=_UMASK, check=False)
        taken.seek(0)
        yield from whole_lines(taken)


def whole_lines(file: IO[bytes]) -> Iterator[bytes]:
    """What is left of a file, in blocks of whole lines."""
    while data := file.read(SIZE):
        yield data if data.endswith(b"\n") else data + file.readline()


def output(call: list[str], given: IO[bytes] | None, said: IO[bytes], variables: Mapping[str, str]) -> None:
    """Runs a service's script: what it prints goes to `said`. Its exit status counts for nothing. Raises VigilogError if it
    cannot be started."""
    try:
        subprocess.run(
            call,
            stdin=given if given is not None else subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=dict(variables),
            umask=_UMASK,
            check=False,
        )
    except OSError as error:
        raise VigilogError(f"{call[0]} cannot be started: {error.strerror}") from error
