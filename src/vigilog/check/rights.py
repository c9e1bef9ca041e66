"""Giving up root's rights before any log is read."""

from __future__ import annotations

import os
import pwd


def lower(state_directory: str) -> str | None:
    """Becomes the owner of the state directory, for good, if that is somebody else than root. Gives the new user's name.

    Does nothing for those who are not root, where there is no such directory yet, and where the owner could not go on because
    Python or Vigilog lie where only root may read.
    """
    if os.geteuid() != 0:
        return None
    account = owner(state_directory)
    if account is None or not may_go_on(account):
        return None
    os.initgroups(account.pw_name, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    return account.pw_name


def owner(directory: str) -> pwd.struct_passwd | None:
    """The account that owns `directory`; None if that is root, nobody, or there is no such directory."""
    try:
        user = os.stat(directory).st_uid
        return pwd.getpwuid(user) if user else None
    except (OSError, KeyError):
        return None


def may_go_on(account: pwd.struct_passwd) -> bool:
    """Whether `account` may read the modules that are yet to be imported."""
    groups = os.getgroups()
    try:
        os.initgroups(account.pw_name, account.pw_gid)
        os.setegid(account.pw_gid)
        os.seteuid(account.pw_uid)
        return all(os.access(path, os.R_OK, effective_ids=True) for path in (os.__file__, __file__))
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
