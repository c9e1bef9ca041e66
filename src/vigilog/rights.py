"""Giving up root's rights before any log is read."""

from __future__ import annotations

import os
import pwd

USER = "vigilog"
"""The system user that `make install` creates; a member of adm, which may read the logs."""


def lower(state_directory: str) -> str | None:
    """Becomes the owner of the state directory, or the user vigilog if the directory is not there yet; for good.

    Does nothing for those who are not root, and where neither is somebody else than root. Gives the new user's name.
    """
    if os.geteuid() != 0:
        return None
    account = _owner(state_directory)
    if account is None:
        return None
    os.initgroups(account.pw_name, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    return account.pw_name


def _owner(directory: str) -> pwd.struct_passwd | None:
    try:
        owner = os.stat(directory).st_uid
        return pwd.getpwuid(owner) if owner else None
    except FileNotFoundError:
        pass
    except KeyError:
        return None
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        return None
