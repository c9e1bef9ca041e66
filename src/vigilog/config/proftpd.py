"""proftpd.conf: ProFTPD 1.3.8's own configuration → settings for Vigilog's FTP server.

Read as the real program reads it; docs/ftpd.md lists each directive, and where this reader is saner.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from vigilog.config import proftpd_kafka, proftpd_meaning
from vigilog.config.proftpd_reader import Reading
from vigilog.config.proftpd_rules import one_class
from vigilog.config.proftpd_settings import Configuration
from vigilog.config.proftpd_tree import Section
from vigilog.config.proftpd_view import View, of_server
from vigilog.core.errors import ConfigurationError

UNCLOSED = "unclosed configuration section"


def read(path: str, defines: Iterable[str] = (), environment: Mapping[str, str] | None = None) -> Configuration:
    """What the file at `path` says. `defines` are the names that <IfDefine> finds (-D NAME), `environment` what `%{env:NAME}`
    finds (default: this process's own). Never raises: mistakes are in `errors`, all of them."""
    reading = Reading(path, defines, os.environ if environment is None else environment)
    reading.whole(path)
    main = reading.root
    servers = [main, *(each for each in main.of_kind("VirtualHost") if not each.lost)]
    globals_ = tuple(each for server in servers for each in server.of_kind("Global") if not each.lost)
    view = of_server(main, globals_)
    formats = dict(view.all("LogFormat"))
    return Configuration(
        servers=tuple(proftpd_meaning.server(each, globals_, formats, main) for each in servers),
        ipv6=view.first("UseIPv6", default=True),
        max_instances=view.first("MaxInstances", 0),
        pid_file=view.first("PidFile"),
        system_log=view.first("SystemLog"),
        trace_log=view.first("TraceLog"),
        trace={channel: level for traced in view.all("Trace") if not traced.session for channel, level in traced.levels},
        syslog_facility=view.first("SyslogFacility", "daemon"),
        syslog_level=view.first("SyslogLevel", "notice"),
        tcp_backlog=view.first("TCPBackLog", 128),
        formats=formats,
        classes=tuple(one_class(each) for each in classes(servers)),
        without_effect=tuple(reading.without_effect),
        remarks=(*reading.remarks, *by_itself(view)),
        errors=(*reading.errors, *proftpd_kafka.mistakes(servers, formats)),
    )


def by_itself(view: View) -> Iterator[ConfigurationError]:
    """What is said of `ServerType inetd`, which Vigilog's server does not know."""
    found = view.one("ServerType")
    if found is not None and found.value == "inetd":
        yield ConfigurationError(
            "ServerType inetd", place=found.directive.place, remedy="the server runs standalone all the same"
        )


def classes(servers: list[Section]) -> list[Section]:
    """Every <Class> that counts."""
    return [section for server in servers for section in server.of_kind("Class") if not section.lost]


def told(error: ConfigurationError, path: str) -> str:
    """A mistake in the words in which ProFTPD ends its start; `path` is the configuration that was asked for."""
    if error.found == UNCLOSED:
        return f"fatal: error processing configuration file '{path}': {UNCLOSED}"
    if error.place is None or error.place.line is None:
        return f"fatal: {error.found}"
    remedy = f"; {error.remedy}" if error.remedy.startswith("did you mean") else ""
    return f"fatal: {error.found} on line {error.place.line} of '{error.place.file}'{remedy}"
