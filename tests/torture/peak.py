"""Runs a command and prints, as the last line of standard error, its peak of memory in bytes:  peak.py COMMAND ARGUMENT...

A process of its own and a small one, because the system counts what the parent of a new process uses as the child's.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    """See the module. Gives the command's status."""
    process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
    _, status, usage = os.wait4(process, 0)
    print(usage.ru_maxrss * 1024, file=sys.stderr)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
