"""Running the programs that firewalls are told through: never a shell, nothing but their input, a time limit."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from vigilog.act.ban.firewall import FirewallError

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
SECONDS = 60.0


def told(
    arguments: list[str], text: str = "", *, seconds: float = SECONDS, environment: Mapping[str, str] | None = None
) -> bytes:
    """Runs a program with `text` as its input and gives its output. Raises FirewallError if it fails or takes too long."""
    status, output, complaint = tried(arguments, text, seconds=seconds, environment=environment)
    if status != 0:
        first = complaint.decode(errors="replace").strip().split("\n")[0].rpartition("Error: ")[2]
        raise FirewallError(f"{arguments[0]} ended with status {status}: {first}", remedy=_remedy(first))
    return output


def tried(
    arguments: list[str], text: str = "", *, seconds: float = SECONDS, environment: Mapping[str, str] | None = None
) -> tuple[int, bytes, bytes]:
    """The same, but gives status, output and standard error whatever the status is."""
    try:
        done = subprocess.run(
            arguments,
            input=text.encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
            env={"PATH": PATH, "LC_ALL": "C", **(environment or {})},
            cwd="/",
        )
    except subprocess.TimeoutExpired as error:
        raise FirewallError(f"{arguments[0]} did not end within {seconds:g} s") from error
    except OSError as error:
        raise FirewallError(
            f"{arguments[0]} cannot be run: {error.strerror}", remedy="install it, or set ban.backend"
        ) from error
    return done.returncode, done.stdout, done.stderr


def _remedy(complaint: str) -> str:
    return "run it as root (CAP_NET_ADMIN)" if "not permitted" in complaint or "must be root" in complaint else ""
