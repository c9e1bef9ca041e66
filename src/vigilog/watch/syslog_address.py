"""How syslog sockets are written in a configuration."""

from __future__ import annotations

import ipaddress
import os
from typing import Literal, NamedTuple

from vigilog.core.errors import ConfigurationError

_FORMS = "syslog:unix:/PATH, syslog:udp:ADDRESS:PORT or syslog:tcp:ADDRESS:PORT"


class Address(NamedTuple):
    """Where a syslog socket is: a `path` (unix), or the numbers of an `address` and a `port`."""

    kind: Literal["unix", "udp", "tcp"]
    path: str = ""
    address: str = ""
    port: int = 0

    @property
    def name(self) -> str:
        """The name of its source, e.g. `syslog:udp:[::1]:514`."""
        if self.kind == "unix":
            return f"syslog:unix:{self.path}"
        shown = f"[{self.address}]" if ":" in self.address else self.address
        return f"syslog:{self.kind}:{shown}:{self.port}"


def address(spec: str) -> Address:
    """What `syslog:...` means; nothing is opened. An IPv6 address stands in brackets. Raises ConfigurationError."""
    kind, _, rest = spec.removeprefix("syslog:").partition(":")
    if kind == "unix" and rest.startswith("/"):
        return Address("unix", path=os.path.normpath(rest))
    if kind not in {"udp", "tcp"}:
        raise ConfigurationError(f"a source {spec}", expected=_FORMS)
    host, _, port = rest.rpartition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ConfigurationError(f"a source {spec}", expected="a port from 1 to 65535 at its end", remedy=f"write {_FORMS}")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        numbers = ipaddress.ip_address(bare)
    except ValueError:
        numbers = None
    if numbers is None or (numbers.version == 6) != (bare != host):
        remedy = "0.0.0.0 means all of this host's, [::] those of IPv6, too"
        raise ConfigurationError(f"a source {spec}", expected=f"an address of this host in {kind}:ADDRESS:PORT", remedy=remedy)
    return Address("udp" if kind == "udp" else "tcp", address=str(numbers), port=int(port))
