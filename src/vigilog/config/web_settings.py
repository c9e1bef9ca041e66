"""What a configuration can say about `[web]`: where the dashboard listens, who may look, and what it
shows besides the store."""

from __future__ import annotations

from typing import Literal

from vigilog.config.run_settings import Duration
from vigilog.config.table import Table


class Web(Table, frozen=True):
    """`[web]`: the dashboard that `vigilog web` serves."""

    listen: str = "127.0.0.1:8470"
    """ADDRESS:PORT, an IPv6 address in brackets. Elsewhere than on the loopback it takes TLS and a password, or `login` by a
    proxy."""
    names: tuple[str, ...] = ()
    """More names under which it is reached, besides its address and this host's own: others are refused."""
    certificate: str = ""
    """TLS: a PEM file with the certificate (and those above it); it may hold the key, too."""
    key: str = ""
    """TLS: the PEM file with the key, where `certificate` does not hold it."""
    self_signed: bool = False
    """TLS by a certificate that is made at the first start and kept: 365 days, for the address and all names."""
    login: Literal["auto", "password", "proxy", "none"] = "auto"
    """auto: by the password if there is one, else by a key that is in the address printed at the start; password; proxy: a
    reverse proxy says who it is; none: anybody on this host (loopback only)."""
    password_file: str = ""
    """Where the password's hash is, as `vigilog web --set-password` writes it; empty: `web/password` in the directory of
    `[state]`."""
    proxy_header: str = "X-Remote-User"
    """proxy: the header with the user's name, which the proxy sets or removes in each request."""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    """proxy: the addresses it asks from; whoever asks from elsewhere is refused."""
    session_time: Duration = 43_200.0
    """How long a login holds."""
    blackbox: tuple[str, ...] = ()
    """Files with black box blocks that are shown; empty: each `blackbox:FILE` among the sources of `[run]` and `[check]`."""
    ledgers: tuple[str, ...] = ()
    """Ledgers whose open requests are shown; empty: each `ledger:FILE` among those sources."""
