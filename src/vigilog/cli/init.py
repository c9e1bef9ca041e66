"""`vigilog init`: writes a commented vigilog.toml for this host."""

from __future__ import annotations

import argparse
import os
import sys

from vigilog.cli.commands import Parser
from vigilog.config.checked import checked
from vigilog.config.host import Host, look
from vigilog.config.layer import Key, Layer, Value
from vigilog.config.toml import DEFAULT
from vigilog.config.written import written
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

HELP = "write a commented configuration for this host"
GROUP = "vigilog"


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog init` takes."""
    parser.description = (
        "Writes a vigilog.toml in which every key stands with its meaning and default. What fits this host better than\n"
        "the default is set. The file can be read by its owner only, and by the group vigilog if there is one."
    )
    parser.add_argument("--output", metavar="FILE", default=DEFAULT, help=f"where to write it, - to print it ({DEFAULT})")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    parser.add_argument("--mail-to", metavar="ADDRESS", action="append", help="mail reports to this address")
    parser.add_argument("--psionic", metavar="LOGCHECK_SH", help="take over the settings of a logcheck.sh (logcheck 1.1)")


def run(options: argparse.Namespace) -> int:
    """Writes the file and says what to do next. Raises ConfigurationError if it is there, cannot be written, or if the
    logcheck.sh has mistakes."""
    host = look()
    script = script_layer(options.psionic)
    values = {**fitting(host, script), **script.values, **addressed(options.mail_to)}
    text = written(values, remarks(host), introduction(host))
    if options.output == "-":
        sys.stdout.write(text)
        return 0
    path = os.path.abspath(options.output)
    try:
        write(path, text, force=options.force)
    except OSError as error:
        if isinstance(error, FileExistsError) and os.path.lexists(path):
            remedy = "--force replaces it, --output names another"
            raise ConfigurationError("is there already", place=Place(path), expected="no file", remedy=remedy) from error
        remedy = "--output names another file, - prints it"
        raise ConfigurationError(f"cannot be written: {error.strerror}", place=Place(path), remedy=remedy) from error
    config = "" if path == DEFAULT else f" --config {path}"
    print(f"wrote {path}\nnext: vigilog validate{config}\n      vigilog check{config} --standard-output --test")
    return 0


def script_layer(path: str | None) -> Layer:
    """What a logcheck.sh says, as far as a configuration can keep it. Raises its mistakes as one error or a group of them."""
    if path is None:
        return Layer()
    from vigilog.config import logcheck_sh  # noqa: PLC0415 - hardly anybody has one

    layer = logcheck_sh.read(path)
    if len(layer.errors) == 1:
        raise layer.errors[0]
    if layer.errors:
        raise ExceptionGroup(f"mistakes in {path}", layer.errors)
    return Layer({**layer.values, ("check", "rules"): "psionic", ("check", "order"): "arrival"})


def addressed(addresses: list[str] | None) -> dict[Key, Value]:
    """The setting that mails reports to `addresses`. Raises ConfigurationError for what is no address."""
    if not addresses:
        return {}
    held = checked("mail", "to", addresses, Place("--mail-to"))
    if isinstance(held, ConfigurationError):
        raise held
    return {("mail", "to"): held}


def fitting(host: Host, script: Layer) -> dict[Key, Value]:
    """The settings of this host's own that differ from the defaults."""
    values: dict[Key, Value] = {}
    if host.logcheck != "present" and host.sources and not script.values:
        values["check", "sources"] = host.sources
    if host.state_directory != "/var/lib/vigilog":
        values["state", "directory"] = host.state_directory
    return values


def remarks(host: Host) -> dict[Key, str]:
    """What was found on this host that concerns single keys."""
    found: dict[Key, str] = {}
    if host.logcheck == "present":
        found["check", "rules"] = f"Found here: logcheck in {host.logcheck_directory}."
        found["check", "sources"] = f"Found here: the lists in {host.logcheck_directory}, which are used as they are."
    elif not host.sources:
        found["check", "sources"] = "Found here: no log that this user may read."
    if host.unreadable:
        found["check", "sources"] = f"Found here, but not readable by this user: {', '.join(host.unreadable)}."
    found["mail", "to"] = (
        f"Found here: {host.mailer}." if host.mailer else "Found here: no sendmail; reports can be mailed by smtp only."
    )
    return found


def introduction(host: Host) -> str:
    """The first lines of the file."""
    lines = ["Configuration of Vigilog, written by `vigilog init`. `vigilog validate` checks it.", ""]
    lines.append("A key behind a single # has the value that is shown. Files in vigilog.d/*.toml are read after this one.")
    if host.logcheck == "present":
        lines.append(f"{host.logcheck_directory}/logcheck.conf is read too; what is set here wins over it.")
    return "\n".join(lines)


def write(path: str, text: str, *, force: bool) -> None:
    """Writes `text` to a new file at `path`, or with `force` in place of the one there. Raises OSError.

    The file is complete under its name or not there at all. It follows no symbolic link at its own name.
    """
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    if os.path.lexists(path) and not force:
        raise FileExistsError(path)
    temporary = f"{path}.{os.getpid()}.new"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            share(descriptor)
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        if force:
            os.replace(temporary, path)
        else:
            os.link(temporary, path)
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)


def share(descriptor: int) -> None:
    """Lets the group that `vigilog check` runs in read the file, if there is such a group and we may."""
    import grp  # noqa: PLC0415 - only here

    try:
        group = grp.getgrnam(GROUP).gr_gid
    except KeyError:
        return
    if os.geteuid() == 0 or group in os.getgroups():
        os.fchown(descriptor, -1, group)
        os.fchmod(descriptor, 0o640)
