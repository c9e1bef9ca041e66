"""What is said of TLS and of tables of addresses → settings."""

from __future__ import annotations

from vigilog.config.proftpd_nouns import Tables, Tls, Wrap
from vigilog.config.proftpd_view import View

TLS_DIRECTIVES = {
    "engine": "TLSEngine",
    "certificate": "TLSRSACertificateFile",
    "key": "TLSRSACertificateKeyFile",
    "ec_certificate": "TLSECCertificateFile",
    "ec_key": "TLSECCertificateKeyFile",
    "chain": "TLSCertificateChainFile",
    "ca_file": "TLSCACertificateFile",
    "ca_path": "TLSCACertificatePath",
    "verify_client": "TLSVerifyClient",
    "protocols": "TLSProtocol",
    "log": "TLSLog",
}


def tls(view: View) -> Tls:
    """What is said of TLS."""
    control, data, auth = view.first("TLSRequired", (False, None, False))
    ciphers = {"".join(each[:-1]).upper(): each[-1] for each in reversed(view.all("TLSCipherSuite"))}
    default = Tls()
    return Tls(
        control=control,
        data=data,
        auth=auth,
        ciphers=ciphers.get("", default.ciphers),
        ciphers_of_tls_1_3=ciphers.get("TLSV1.3", ""),
        **view.given(TLS_DIRECTIVES),
    )


def wrap(view: View) -> Wrap:
    """Both modules' tables: those for some users or groups come before those for all."""
    tables = []
    for entry in view.entries:
        directive, values = entry.directive, entry.directive.parameters
        match directive.name:
            case "WrapTables" | "TCPAccessFiles":
                tables.append(Tables(path(values[0]), path(values[1]), "all", (), directive.name, directive.place))
            case "WrapUserTables" | "TCPUserAccessFiles" | "WrapGroupTables" | "TCPGroupAccessFiles":
                kind = "user" if "User" in directive.name else "group"
                who = tuple(word for word in values[0].split(",") if word)
                tables.append(Tables(path(values[1]), path(values[2]), kind, who, directive.name, directive.place))
    default = Wrap()
    return Wrap(
        engine=view.first("WrapEngine", default.engine),
        tables=tuple(sorted(tables, key=lambda each: ("user", "group", "all").index(each.kind))),
        service=view.first("WrapServiceName", default.service),
        tcp_service=view.first("TCPServiceName", default.tcp_service),
        deny_message=view.first("WrapDenyMsg", ""),
        on_connect="CheckOnConnect" in view.first("WrapOptions", ()),
        log=view.first("WrapLog"),
    )


def path(table: str) -> str:
    """`file:/PATH` and `builtin:/PATH` without what stands in front."""
    return table.removeprefix("file:").removeprefix("builtin:")
