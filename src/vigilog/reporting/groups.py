"""The log files of services that are built in, where logwatch's files tell of none."""

from __future__ import annotations

from vigilog.config.logwatch import Group, Logwatch, Pattern
from vigilog.core.nouns import Place

_LOGS: dict[str, tuple[str, ...]] = {
    "messages": ("messages",),
    "syslog": ("syslog",),
    "secure": ("secure", "auth.log"),
    "maillog": ("maillog", "mail.log"),
    "cron": ("cron", "cron.log"),
    "kernel": ("kern.log",),
    "iptables": ("kern.log",),
    "http": ("apache2/*access*.log", "httpd/*access_log", "nginx/*access*.log"),
    "http-error": ("apache2/*error*.log", "httpd/*error_log"),
    "http-forensic": ("apache2/*forensic*", "httpd/*forensic*"),
    "proftpd-forensic": ("proftpd/*forensic*",),
    "xferlog": ("xferlog", "proftpd/xferlog", "vsftpd/xferlog"),
    "named": ("named/*.log", "named.log"),
}
_ROOTS = ("/service", "/etc/service", "/var/service", "/etc/sv")
_DNSCACHE = tuple(f"{root}/{name}/log/main/{{@*.s,@*.u,current}}" for root in _ROOTS for name in ("dnscache", "dnscachex"))


def group(conf: Logwatch, name: str) -> Group:
    """The group as it is configured, else as it usually is: `NAME`, `NAME.log` and what a rotation makes of them."""
    found = conf.groups.get(name)
    if found is not None:
        return found
    if name == "dnscache":
        globs = [(glob, False) for glob in _DNSCACHE]
    else:
        logs = _LOGS.get(name, (name, f"{name}.log", f"{name}/*.log"))
        globs = [(log, False) for log in logs]
        globs += [(f"{log}{end}", True) for log in logs for end in (".[0-9]*", "-[0-9]*")]
    patterns = tuple(Pattern(glob, archive) for glob, archive in globs)
    return Group(name, Place(name), patterns, (), {}, {})
