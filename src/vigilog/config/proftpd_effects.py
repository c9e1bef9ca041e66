"""Which of ProFTPD's directives have an effect in Vigilog's server, in which sections, and how their parameters are read."""

from __future__ import annotations

from collections.abc import Mapping

from vigilog.config import proftpd_guards, proftpd_kafka, proftpd_logging, proftpd_server, proftpd_tls, proftpd_users
from vigilog.config.proftpd_words import Reader

READERS: Mapping[str, Reader] = {
    **proftpd_guards.READERS,
    **proftpd_kafka.READERS,
    **proftpd_logging.READERS,
    **proftpd_server.READERS,
    **proftpd_tls.READERS,
    **proftpd_users.READERS,
}

STRUCTURE = frozenset({"Define", "Include", "IncludeOptions", "UnsetEnv"})
"""What is done while the file is read."""

SERVERS_ONLY = frozenset(
    {
        "DefaultChdir",
        "MaxClientsPerUser",
        "RootLogin",
        "RootRevoke",
        "TCPAccessFiles",
        "TLSRequired",
        "UseFtpUsers",
        "WrapDenyMsg",
        "WrapGroupTables",
        "WrapTables",
        "WrapUserTables",
    }
)
"""What ProFTPD has in <Anonymous> (or <Directory>) too, and Vigilog only for a whole server."""

CHECKED_ONLY = frozenset({"ServerAdmin", "TLSOptions", "TimeoutLinger", "WrapAllowMsg"})
"""What is read to find mistakes in it, and has no effect."""

FILTERS = frozenset({"AllowFilter", "DenyFilter"})
"""What has an effect in a <Limit> or for a whole server, and not in between."""


def effective(name: str, section: str) -> bool:
    """Whether the directive `name` has an effect in a section, which is given by its letter."""
    if name in STRUCTURE:
        return True
    if name in SERVERS_ONLY and section not in "svg":
        return False
    return name in READERS and name not in CHECKED_ONLY and (name not in FILTERS or section in "svgl")
