"""The mail that says why there is no report. Imported when it is sent."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping

_SECRET = re.compile(r"PASS|SECRET|TOKEN|KEY|CREDENTIAL", re.IGNORECASE)


def failure_text(reason: str, environment: Mapping[str, str]) -> bytes:
    """What went wrong, what to look at, the space on the disks and the environment, as logcheck 1.4.2 has it; values of
    variables whose names speak of secrets are left out."""
    settings = "\n".join(
        f"{name}={'(not shown)' if _SECRET.search(name) else value}" for name, value in sorted(environment.items())
    )
    text = f"""Vigilog could not finish its check. What is new in the logs has not been reported;
it will be with the next run that succeeds.

The reason:
{reason}

What may help:
- run `vigilog validate`: it names every mistake in the configuration and the rules;
- see that the user Vigilog runs as may read each of the logs;
- see that the disks have room:
{_disks()}
- see that the environment is as expected:
{settings}
"""
    return text.encode("utf-8", "surrogateescape")


def _disks() -> str:
    try:
        done = subprocess.run(["df", "-h"], stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"(df cannot tell: {error})"
    return (done.stdout + done.stderr).decode("utf-8", "replace").rstrip()
