"""`vigilog manual`: manual pages, made from the parsers and from what settings.py says. Format: man(7)."""

from __future__ import annotations

import argparse
import os
import re
import sys

from vigilog import __version__
from vigilog.cli.commands import COMMANDS, Parser, command, explained, parser
from vigilog.cli.statuses import STATUSES
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

HELP = "print the manual of a command, or write all manual pages"
CONFIGURATION = "vigilog.toml"
ABOUT = "reports what is unusual in logs since last time, and watches them as they are written"


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog manual` takes."""
    parser.description = "Prints a manual page as man(1) shows it: vigilog manual check | man -l -"
    parser.add_argument(
        "command",
        nargs="?",
        choices=(*map(page_name, COMMANDS), CONFIGURATION),
        metavar="PAGE",
        help=f"a command, or {CONFIGURATION}",
    )
    parser.add_argument("--directory", metavar="DIRECTORY", help="write all pages below this directory, in man1 and man5")


def run(options: argparse.Namespace) -> int:
    """Prints one page, or writes them all and says where. Raises ConfigurationError if they cannot be written."""
    if not options.directory:
        sys.stdout.write(page(options.command))
        return 0
    for section, name, text in pages():
        folder = os.path.join(options.directory, f"man{section}")
        path = os.path.join(folder, f"{name}.{section}")
        try:
            os.makedirs(folder, exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise ConfigurationError(f"cannot be written: {error.strerror}", place=Place(path)) from error
        print(path)
    return 0


def pages() -> list[tuple[int, str, str]]:
    """All pages: their section, their name and their text."""
    commands = [(1, f"vigilog-{page_name(name)}", command_page(name)) for name in COMMANDS]
    return [(1, "vigilog", overview_page()), *commands, (5, CONFIGURATION, configuration_page())]


def page(name: str | None) -> str:
    """The page of a command (by its name, or as `page_name` has it), of the configuration, or of all (None)."""
    if name is None:
        return overview_page()
    return (
        configuration_page()
        if name == CONFIGURATION
        else command_page(next(each for each in COMMANDS if name in {each, page_name(each)}))
    )


def page_name(name: str) -> str:
    """A command's name as that of a page has it, which holds no blank."""
    return name.replace(" ", "-")


def overview_page() -> str:
    """vigilog(1)."""
    parts = [title("VIGILOG", 1), section("NAME", f"vigilog \\- {ABOUT}")]
    parts.append(section("SYNOPSIS", f"{bold('vigilog')} {italic('COMMAND')} [{italic('OPTION')}]..."))
    parts.append(".SH COMMANDS\n" + "\n".join(f".TP\n{bold(name)}\n{plain(command(name).HELP)}" for name in COMMANDS))
    parts.append(see_also([f"vigilog-{page_name(name)}" for name in COMMANDS]))
    return "\n".join(parts) + "\n"


def command_page(name: str) -> str:
    """vigilog-NAME(1)."""
    made = parser(name)
    called = f"vigilog-{page_name(name)}"
    parts = [title(called.upper(), 1), section("NAME", f"{called} \\- {plain(command(name).HELP)}")]
    usage = " ".join(made.format_usage().removeprefix("usage: ").split())
    parts.append(section("SYNOPSIS", bold(f"vigilog {name}") + plain(usage.removeprefix(f"vigilog {name}"))))
    parts.append(section("DESCRIPTION", plain(made.description or "")))
    for group in made._action_groups:  # noqa: SLF001 - argparse has no other way to ask what a parser takes
        actions = [action for action in group._group_actions if action.help is not argparse.SUPPRESS]  # noqa: SLF001
        heading = "ARGUMENTS" if group.title == "positional arguments" else (group.title or "options").upper()
        if actions:
            parts.append(f".SH {heading}\n" + "\n".join(entry(action) for action in actions))
    if made.epilog:
        parts.append(section("NOTES", plain(made.epilog)))
    parts.append(statuses(name))
    parts.append(see_also(["vigilog"]))
    return "\n".join(parts) + "\n"


def configuration_page() -> str:
    """vigilog.toml(5)."""
    from vigilog.config.described import described  # noqa: PLC0415 - for this page only
    from vigilog.config.written import literal  # noqa: PLC0415 - for this page only

    parts = [title("VIGILOG.TOML", 5), section("NAME", f"{CONFIGURATION} \\- configuration of vigilog")]
    text = (
        "/etc/vigilog/vigilog.toml is a TOML file; the files vigilog.d/*.toml beside it are read after it in the order of"
        " their names, and the last that sets a key wins. An unknown key is a mistake. `vigilog init` writes a commented"
        " file for this host, `vigilog validate` finds all mistakes."
    )
    parts.append(section("DESCRIPTION", plain(text)))
    for table in described():
        lines = [f".SH {table.head}", plain(table.meaning)]
        for key in table.keys:
            default = "" if key.default is None else f" = {plain(literal(key.default))}"
            lines += [f".TP\n{bold(key.name)}{default}", f"{plain(key.meaning)} ({plain(key.expected)})"]
        parts.append("\n".join(lines))
    parts.append(see_also(["vigilog", "vigilog-check", "vigilog-init", "vigilog-validate"]))
    return "\n".join(parts) + "\n"


def entry(action: argparse.Action) -> str:
    """One option or argument, as a tagged paragraph."""
    value = action.metavar if isinstance(action.metavar, str) else "|".join(map(str, action.choices or ()))
    if action.nargs == 0:
        value = ""
    shown = italic(value) if value and action.nargs != "?" else f"[{italic(value)}]" if value else ""
    names = [" ".join(filter(None, [bold(name), shown])) for name in action.option_strings] or [shown]
    return f".TP\n{', '.join(names)}\n{plain(explained(action))}"


def title(name: str, number: int) -> str:
    """The first line of a page."""
    return f'.TH "{plain(name)}" {number} "" "vigilog {plain(__version__)}" "Vigilog"'


def section(heading: str, text: str) -> str:
    """A section of one paragraph, whose text is man source."""
    return f".SH {heading}\n{text}"


def statuses(name: str) -> str:
    """The section on the exit statuses of a command."""
    return '.SH "EXIT STATUS"\n' + "\n".join(f".TP\n{number}\n{plain(text)}" for number, text in STATUSES[name])


def see_also(names: list[str]) -> str:
    """The last section."""
    references = [f"{bold(name)}(1)" for name in names] + [f"{bold(CONFIGURATION)}(5)"]
    return '.SH "SEE ALSO"\n' + ", ".join(references)


def bold(text: str) -> str:
    """`text` in bold."""
    return f"\\fB{plain(text)}\\fR"


def italic(text: str) -> str:
    """`text` in italics."""
    return f"\\fI{plain(text)}\\fR"


def plain(text: str) -> str:
    """`text` so that man shows it as it is: no character of it is an instruction."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", escaped, flags=re.MULTILINE)
