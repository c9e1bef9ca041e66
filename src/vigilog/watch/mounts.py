"""File systems that other hosts write to: the kernel does not tell of their changes."""

from __future__ import annotations

import os

MOUNTS = "/proc/self/mountinfo"
_REMOTE = {
    *("9p", "afs", "ceph", "cifs", "coda", "gfs2", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb3", "smbfs"),
    "virtiofs",
}


def is_remote(path: str) -> bool:
    """What is at `path`, or will be, lies on a network file system, or on one that a program makes (FUSE). False if nobody
    knows."""
    while path != "/" and not os.path.exists(path):
        path = os.path.dirname(path)
    try:
        device = os.stat(path).st_dev
        with open(MOUNTS, "rb") as file:
            mounts = [line.split() for line in file]
    except OSError:
        return False
    number = b"%d:%d" % (os.major(device), os.minor(device))
    kinds = {_kind(fields) for fields in mounts if fields[2:3] == [number]}
    return any(kind in _REMOTE or kind.startswith("fuse") for kind in kinds)


def _kind(fields: list[bytes]) -> str:
    """The file system's kind stands behind a `-` that ends a list of optional fields (proc(5))."""
    return fields[fields.index(b"-") + 1].decode(errors="replace")
