"""From the options of the command line and logwatch.conf to what is asked for."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence

from vigilog.config.logwatch import Logwatch, number
from vigilog.config.logwatch_lines import value_of
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place
from vigilog.reporting import choosing
from vigilog.reporting.asked import Asked
from vigilog.reporting.ranges import understood

_AS_THEY_ARE = {"hostname", "filename", "mailto", "hostlimit", "mailer", "subject", "mailfrom"}
"""Options whose values keep their letters. (logwatch 7.7 lowers those of the last two.)"""
_DEFAULTS = {"detail": "0", "range": "yesterday", "output": "stdout", "format": "text", "encode": "none", "archives": "1"}
_DEFAULTS |= {"hostformat": "none", "html_wrap": "80", "mailfrom": "logwatch", "mailer": "/usr/sbin/sendmail -t"}
_CHOICES = {
    "format": ("text", "html", "json"),
    "encode": ("none", "base64", "7bit", "8bit"),
    "hostformat": ("none", "split", "splitmail"),
}


def asked(
    conf: Logwatch,
    options: Mapping[str, str],
    now: float,
    *,
    services: Sequence[str] = (),
    groups: Sequence[str] = (),
    directories: Sequence[str] = (),
    built_in: Collection[str] = (),
    prefer_built_in: bool = False,
    compat_tai: bool = False,
    jobs: int = 1,
    terminal: bool = False,
) -> Asked:
    """What is asked for. `options`: by logwatch.conf's names, those of the command line only. `now`: seconds since the epoch.
    `terminal`: whether standard output is one.

    Raises ConfigurationError, UnknownService, RangeNotUnderstood, MissingExtra.
    """
    values = {
        **_DEFAULTS,
        "hostname": os.uname().nodename,
        "mailto": os.environ.get("MAILTO") or "root",
        **conf.options,
        **options,
    }
    values = {name: value if name in _AS_THEY_ARE else value_of(value) for name, value in values.items()}
    for name, choices in _CHOICES.items():
        if values[name] not in choices:
            found = f"{name} = {values[name]}"
            raise ConfigurationError(found, place=Place("logwatch.conf"), expected=f"one of {', '.join(choices)}")
    output = values["output"]
    if "mailto" in options or values["hostformat"] == "splitmail":
        output = "mail"
    if "filename" in options:
        output = "file"
    if output == "mail" and not values["mailto"]:
        output = "stdout"
    names = choosing.chosen(conf, services, groups, built_in)
    return Asked(
        conf=conf,
        wanted=understood(values["range"], now),
        services=choosing.ordered(conf, names),
        built_in=choosing.counted_here(conf, names, built_in, preferred=prefer_built_in),
        directories=choosing.directories(conf, directories),
        detail=values["detail"],
        output=output if output in {"stdout", "file"} else "mail",
        format=values["format"],
        encode=values["encode"],
        host=values["hostname"],
        hosts=values.get("hostlimit", ""),
        host_format=values["hostformat"],
        mail_to=values["mailto"],
        mail_from=values["mailfrom"],
        mailer=values["mailer"],
        subject=values.get("subject", ""),
        file_name=values.get("filename", ""),
        html_wrap=max(1, int(number(values["html_wrap"]))),
        debug=values.get("debug", "0"),
        archives=values["archives"] == "1",
        numeric=values.get("numeric", "0") not in {"", "0"},
        compat_tai=compat_tai,
        jobs=jobs,
        harmless=output == "mail" or (terminal and output == "stdout"),
    )
