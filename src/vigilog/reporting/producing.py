"""One report: what every service says, in order, in its frame."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator

from vigilog.config.logwatch import Group, Service, number
from vigilog.core.clock import Clock
from vigilog.core.visible import visible
from vigilog.report.section import Section
from vigilog.report.section_text import section_text
from vigilog.report.services import SERVICES, vigilog
from vigilog.reporting import log_files, scripts
from vigilog.reporting.asked import Asked
from vigilog.reporting.counted import counted
from vigilog.reporting.frame import Frame, Output, Report
from vigilog.reporting.gathering import Opened, gather, given
from vigilog.reporting.groups import group
from vigilog.reporting.log_files import Say
from vigilog.reporting.own import of_store, usual_directory

NO_LOG = "none"
"""The group of a service that reads no log."""


def produce(asked: Asked, frame: Callable[[Asked], Frame], clock: Clock, read: Opened, say: Say) -> list[tuple[Asked, Report]]:
    """The report, or one for each host if it is to be split; those without anything to say are left out.

    `read`: how files become blocks of lines. `say`: takes lines about files. Raises core.errors.
    """
    with tempfile.TemporaryDirectory(prefix="vigilog-report-") as directory:
        variables = scripts.environment(asked, directory)
        for name in _groups_of_scripts(asked):
            own = asked.conf.groups.get(name)
            if own is None or not own.patterns:
                say(f"*** Error: There is no logfile defined. Do you have a {asked.conf.etc}/conf/logfiles/{name}.conf file ?")
            else:
                gather(own, asked, directory, variables, read, say)
        parts = [(asked, "")]
        if asked.host_format != "none":
            parts = [(asked.about(host), host) for host in _hosts(directory)]
        return [
            (part, made)
            for part, host in parts
            if (made := _one(part, host, frame(part), variables, directory, clock, read, say)).body
        ]


def _one(
    asked: Asked, host: str, frame: Frame, variables: dict[str, str], directory: str, clock: Clock, read: Opened, say: Say
) -> Report:
    for name in asked.services:
        if name in asked.built_in:
            frame.add(_counted(name, asked, clock, read, say))
            continue
        service = asked.conf.services[name]
        own = {
            **variables,
            **service.environment,
            **_lists(service, asked),
            "PRINTING": "y" if frame.begun else "",
            "LOGWATCH_DETAIL_LEVEL": asked.detail_of(name),
        }
        if host:
            own["LOGWATCH_ONLY_HOSTNAME"] = host
        call = scripts.command(service, asked)
        if not service.groups:
            frame.warn(f"\n Warning: LogFile of service {service.title} is not defined.\n")
            continue
        frame.add(Output(name, service.title, _said(name, service, call, asked, directory, own, host)))
    return frame.finish()


def _said(
    name: str, service: Service, call: list[str], asked: Asked, directory: str, variables: dict[str, str], host: str
) -> list[bytes]:
    """What a service's script prints, as lines."""
    with tempfile.TemporaryFile(dir=directory) as said:
        if service.groups[0] == NO_LOG:
            scripts.output(call, None, said, variables)
        else:
            file = given(name, asked, directory, variables, said, host)
            if file is None:
                return []
            with file:
                scripts.output(call, file, said, variables)
        said.seek(0)
        lines = said.readlines()
    return [visible(line) for line in lines] if asked.harmless else lines


def _counted(name: str, asked: Asked, clock: Clock, read: Opened, say: Say) -> Output:
    """What a service that is built in says."""
    service = asked.conf.services.get(name)
    known = of_store(asked.wanted, usual_directory()) if name == vigilog.NAME and not asked.hosts else None
    section = known or _read(name, service, asked, clock, read, say)
    if service and service.title:
        section = section._replace(title=service.title)
    return Output(name, section.title, lines_of_section(section, asked), section)


def _read(name: str, service: Service | None, asked: Asked, clock: Clock, read: Opened, say: Say) -> Section:
    """What its log files have of the service."""
    names = service.groups if service and service.groups else SERVICES[name].GROUPS
    found = [log_files.files(group(asked.conf, each), asked.directories, archives=asked.archives) for each in names]
    paths = [path for each in found for path in log_files.to_read(each, asked.wanted.begin)]
    return counted(name, asked, read(log_files.once(paths), say), clock())


def lines_of_section(section: Section, asked: Asked) -> list[bytes]:
    """A section as lines of text; none if no line of the log was the service's."""
    if not section.lines:
        return []
    text = section_text(section, int(number(asked.detail_of(section.service))))
    return text.encode("utf-8", "backslashreplace").splitlines(keepends=True)


def _groups_of_scripts(asked: Asked) -> list[str]:
    names = [
        each
        for name in asked.services
        if name not in asked.built_in
        for each in asked.conf.services[name].groups
        if each != NO_LOG
    ]
    return list(dict.fromkeys(names))


def _lists(service: Service, asked: Asked) -> dict[str, str]:
    """The files of a service's groups, as scripts are told of them."""
    logs, archives = "", ""
    for each in service.groups:
        own: Group | None = asked.conf.groups.get(each)
        if own:
            found = log_files.files(own, asked.directories, archives=asked.archives)
            logs += "".join(f"{path} " for path in found.logs)
            archives += "".join(f"{path} " for path in found.archives)
    return {"LOGWATCH_LOGFILE_LIST": logs, "LOGWATCH_ARCHIVE_LIST": archives}


def _hosts(directory: str) -> list[str]:
    """The hosts that the groups' files tell of, those that end in a number by that number."""
    return sorted({host for path in _files(directory) for host in _named_in(path)}, key=_by_number)


def _files(directory: str) -> Iterator[str]:
    for entry in os.scandir(directory):
        if entry.is_file():
            yield entry.path


def _named_in(path: str) -> Iterator[str]:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            if line[3:4] == " " and line[6:7] == " " and line[9:10] == ":" and line[15:16] == " ":
                host = line[16:].partition(" ")[0].strip()
                if host and "\0" not in host:  # no environment can hold that
                    yield host


def _by_number(host: str) -> tuple[str, int]:
    name = host.rstrip("0123456789")
    return name, int(host[len(name) :] or 0)
