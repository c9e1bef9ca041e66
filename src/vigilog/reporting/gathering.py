"""Log file groups as scripts get them: read, filtered, and put into a file each, as logwatch does."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO

from vigilog.config.logwatch import Group
from vigilog.reporting.asked import Asked
from vigilog.reporting.date_filters import Step
from vigilog.reporting.filters import Script, filter_of
from vigilog.reporting.line_filters import containing, one_host, only_host
from vigilog.reporting.log_files import Say, files, to_read
from vigilog.reporting.scripts import filtered, whole_lines

_NAME = re.compile(r"[-\w]+")
Opened = Callable[[list[str], Say], Iterator[bytes]]


def steps_of(group: Group, asked: Asked) -> list[Step | Script]:
    """The filters of a group, in their order: its own, the hosts', then the scripts that lie in its directory."""
    steps = [filter_of(line, asked.conf, asked.known) for line in group.filters]
    if asked.hosts and group.options.get("nohostfilter", "") in {"", "0"}:
        steps.append(only_host(asked.hosts))
    seen: set[str] = set()
    for root in (asked.conf.etc, asked.conf.base):
        directory = os.path.join(root, "scripts", "logfiles", group.name)
        names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
        for name in names:
            path = os.path.join(directory, name)
            if os.path.isfile(path) and name not in seen:
                seen.add(name)
                steps.append(Script(path, ""))
    return steps


def gather(group: Group, asked: Asked, directory: str, variables: Mapping[str, str], read: Opened, say: Say) -> None:
    """Makes the file of the group in `directory`, if there is a log to read at all. Raises what `filter_of` does."""
    if not _NAME.fullmatch(group.name):
        say(f"Unexpected filename: [[{group.name}]]. Not used")
        return
    paths = to_read(files(group, asked.directories, archives=asked.archives), asked.wanted.begin)
    if not paths:
        return
    own = {**variables, **group.environment}
    with open(os.path.join(directory, group.name), "wb") as file:
        file.writelines(filtered(_recoded(read(paths, say), asked), steps_of(group, asked), own, directory, None))


def _recoded(lines: Iterable[bytes], asked: Asked) -> Iterator[bytes]:
    """As UTF-8, where logwatch.conf says what else the logs are written in (`CharEncoding`)."""
    encoding = asked.conf.options.get("charencoding")
    if encoding is None:
        yield from lines
        return
    for block in lines:
        yield block.decode(encoding or sys.getfilesystemencoding(), "ignore").encode("utf-8", "ignore")


def given(
    name: str, asked: Asked, directory: str, variables: Mapping[str, str], said: IO[bytes], host: str
) -> IO[bytes] | None:
    """What the script of the service `name` gets on standard input, None if there is nothing. What filters say goes to `said`.

    `host`: the one that this part of the report is about, '' if it is about all."""
    service = asked.conf.services[name]
    paths = [path for path in (os.path.join(directory, group) for group in service.groups) if _size(path)]
    if not paths:
        return None
    steps: list[Step | Script] = []
    if ignored := service.options.get("pre_ignore", ""):
        steps.append(containing(ignored, service.place, caseless=False, keep=False))
    if host:
        steps.append(one_host(host))
    steps += [filter_of(line, asked.conf, asked.known) for line in service.filters]
    if not steps and len(paths) == 1:
        return open(paths[0], "rb")
    file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 - the caller closes it
    file.writelines(filtered(_whole(paths), steps, variables, directory, said))
    file.seek(0)
    return file


def _size(path: str) -> int:
    return os.path.getsize(path) if os.path.isfile(path) else 0


def _whole(paths: list[str]) -> Iterator[bytes]:
    for path in paths:
        with open(path, "rb") as file:
            yield from whole_lines(file)
