"""The real ProFTPD, asked what it thinks of a configuration."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

PROFTPD = "/usr/sbin/proftpd"
FOLDER = os.environ.get("PROFTPD_MODULES", "/usr/lib/proftpd")
MODULES = ("mod_tls.c", "mod_ident.c", "mod_ifversion.c", "mod_log_forensic.c", "mod_wrap.c", "mod_wrap2.c", "mod_wrap2_file.c")
STAMP = re.compile(r"^\S+ \S+ \S+ proftpd\[\d+\]( \S+)?: ")


def present(module: str) -> bool:
    """Whether that module is installed."""
    return Path(FOLDER, module.replace(".c", ".so")).is_file()


def head(modules: tuple[str, ...] = MODULES) -> str:
    """What a configuration begins with so that these modules are there, those that are installed."""
    loads = "".join(f"LoadModule {module}\n" for module in modules if present(module))
    return f"ModulePath {FOLDER}\n{loads}User nobody\nGroup nogroup\nServerLog none\n"


def verdict(path: Path, *options: str) -> str:
    """The first line that begins with `fatal:`, '' if the configuration is accepted, and the last line for any other end."""
    ended = subprocess.run(
        [PROFTPD, "-t", *options, "-c", str(path)], capture_output=True, check=False, env={"PEER": "here it is"}
    )
    said = [STAMP.sub("", line) for line in ended.stderr.decode("utf-8", "surrogateescape").splitlines()]
    fatal = [line for line in said if line.startswith("fatal:")]
    if ended.returncode == 0:
        return ""
    return fatal[0] if fatal else f"exit status {ended.returncode}: {said[-1:]}"
