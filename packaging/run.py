"""`make run`: one look at this machine's logs, or at sample logs where there are none to read. Mails nothing; its state is
kept in .venv, so that nothing of an installed Vigilog or logcheck is consumed."""

from __future__ import annotations

import glob
import os
import subprocess
import sys

from vigilog.config.host import look

HERE = os.path.dirname(os.path.abspath(__file__))
STATE = os.path.join(os.path.dirname(HERE), ".venv", "state")
VIGILOG = os.path.join(os.path.dirname(sys.executable), "vigilog")


def main() -> int:
    """Says what is read, shows the report, names the next step; gives the status of `vigilog check`."""
    host = look()
    logs = list(host.sources)
    command = [VIGILOG, "check", "--standard-output", "--summarize", "--state-directory", STATE]
    if host.unreadable:
        print(f"Not readable by this user: {', '.join(host.unreadable)} (on Debian, members of the group adm may).")
    if logs:
        print(f"Reading this machine's own logs: {', '.join(logs)}")
    else:
        logs = sorted(os.path.relpath(log) for log in glob.glob(os.path.join(HERE, "samples", "*.log")))
        command.append("--builtin")
        print("This machine has no system log that can be read. Reading sample logs of Debian 12 instead:")
        print("\n".join(f"  {log}" for log in logs))
    print(flush=True)
    again = os.path.isdir(STATE)
    process = subprocess.run([*command, *logs], check=False)
    print()
    if again:
        print("Only what is new since the last `make run` is read. To begin again:  rm -r .venv/state")
    print("Why was a line reported?                 .venv/bin/vigilog explain 'THE LINE'")
    log = next((log for log in logs if "auth" in log or "secure" in log or log == "journal"), logs[0])
    print(f"Who failed to log in over SSH too often? .venv/bin/vigilog replay --rule sshd {log}")
    print("A configuration for this host:           .venv/bin/vigilog init --output -")
    print("Every hour, by mail, from now on:        sudo make install")
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
