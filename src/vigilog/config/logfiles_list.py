"""logcheck's lists of logs: logcheck.logfiles and logcheck.logfiles.d/*.logfiles (logcheck 1.4.2)."""

from __future__ import annotations

import glob
import os

from vigilog.core.errors import ConfigurationError

DEFAULT_FILE = "/etc/logcheck/logcheck.logfiles"
DEFAULT_DIRECTORY = "/etc/logcheck/logcheck.logfiles.d"


def read(list_file: str | None, list_directory: str | None) -> tuple[tuple[str, ...], tuple[ConfigurationError, ...]]:
    """The sources that a list and then every `*.logfiles` of a directory name, in order, and what is wrong with the lists.

    As logcheck has it, blank lines and lines whose first character is `#` are skipped, a pattern stands for every file
    that matches it, and `journal` is the journal. A missing directory is an empty one; None is no list at all.
    """
    files = [] if list_file is None else [list_file]
    if list_directory is not None:
        try:
            names = sorted(name for name in os.listdir(list_directory) if name.endswith(".logfiles") and name[0] != ".")
        except (FileNotFoundError, NotADirectoryError):
            names = []
        except OSError as error:
            return (), (unreadable(list_directory, error),)
        files += [os.path.join(list_directory, name) for name in names]
    sources: list[str] = []
    errors: list[ConfigurationError] = []
    for file in files:
        try:
            with open(file, "rb") as lines:
                data = lines.read()
        except OSError as error:
            errors.append(unreadable(file, error))
        else:
            for line in data.split(b"\n"):
                sources.extend(named(os.fsdecode(line.removesuffix(b"\r"))))
    return tuple(dict.fromkeys(sources)), tuple(errors)


def named(line: str) -> list[str]:
    """The sources that one line of a list names."""
    if line.startswith("#") or not line.strip():
        return []
    if any(character in line for character in "*?["):
        return [glob.escape(path) for path in sorted(glob.glob(line))]
    return ["./-"] if line == "-" else [line]


def unreadable(path: str, error: OSError) -> ConfigurationError:
    """A list that cannot be read, and why."""
    found = f"{path} does not exist or could not be read"
    return ConfigurationError(found, expected="a list of logs, one path to a line", remedy=f"the system says: {error.strerror}")
