"""What pyftpdlib asks about permissions. All of it is answered elsewhere: logins by `login`, commands by <Limit>, files by
the kernel, which sees the client's own user."""

from __future__ import annotations

PERMISSIONS = "elradfmwMT"
"""Everything, in pyftpdlib's letters."""


class Open:
    """Lets everybody do what he may."""

    def has_perm(self, _user: str, _permission: str, _path: str | None = None) -> bool:
        return True

    def get_perms(self, _user: str) -> str:
        return PERMISSIONS

    def get_msg_quit(self, _user: str) -> str:
        return "Goodbye."

    def impersonate_user(self, _user: str, _password: str) -> None:
        """Whole commands are done with the client's rights, not single calls."""

    def terminate_impersonation(self, _user: str) -> None:
        """As above."""
