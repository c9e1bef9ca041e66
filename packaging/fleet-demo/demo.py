#!/usr/bin/env python3
"""`make fleet-demo`: a fleet on a laptop. An attacker tries each of three hosts once, and is shut out of all of them.

All of it is real: Kafka, two workers, three hosts with sshd, rsyslog, nftables and `vigilog run`. It happens in namespaces of
its own (processes, network, mounts) and on a file system in memory: this machine's firewall, logs and network are not touched,
and nothing outlives it, however it ends. Needs root, and asks sudo for it. With --stay it goes on until Ctrl-C.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = {
    "java": "openjdk-17-jre-headless", "openssl": "openssl", "ip": "iproute2", "nft": "nftables",
    "rsyslogd": "rsyslog", "sshd": "openssh-server", "ssh": "openssh-client", "unshare": "util-linux",
}  # fmt: skip
_KILL_ME_WITH_MY_PARENT = 1  # PR_SET_PDEATHSIG, linux/prctl.h


def main() -> int:
    """Gets what is needed and tells the story in namespaces of its own. 0: it ended as it should."""
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if missing:
        print(f"Not installed. To have what this needs:  sudo apt-get install --no-install-recommends {' '.join(missing)}")
        return 1
    fetched = subprocess.run([sys.executable, HERE.parent / "kafka" / "brokers.py", "fetch"], check=False)
    if fetched.returncode:
        return fetched.returncode
    if os.geteuid():
        print("Network namespaces need root: asking sudo.", flush=True)
        os.execvp("sudo", ["sudo", sys.executable, __file__, *sys.argv[1:]])  # noqa: S606 - the same command again
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # root leaves no files of its own in somebody's checkout
    return apart([sys.executable, "-u", str(HERE / "story.py"), *sys.argv[1:]])


def apart(command: list[str]) -> int:
    """Runs a command in namespaces of its own, which end with it, and it with this process; gives its status."""
    prctl = ctypes.CDLL(None).prctl
    words = ["unshare", "--net", "--pid", "--mount", "--uts", "--fork", "--kill-child", "--mount-proc"]
    # Not this terminal's group: an interrupt from the keyboard is passed on once, below.
    process = subprocess.Popen(
        [*words, *command],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: prctl(_KILL_ME_WITH_MY_PARENT, signal.SIGKILL),  # noqa: PLW1509 - this process has one thread
    )

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, end)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.kill()  # and with it everything in there
        process.wait()
        print("\nEnded; nothing is left of it.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
