"""Readers for mod_tls.

Certificates and keys must be there and look like what they are; whether they fit each other is known when the server starts.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from vigilog.config.proftpd_words import Around, Bad, Parameters, Reader, boolean, content, log, text, truth

PROTOCOLS = {
    "sslv3": "SSLv3",
    "tlsv1": "TLSv1",
    "tlsv1.0": "TLSv1",
    "tlsv1.1": "TLSv1.1",
    "tlsv1.2": "TLSv1.2",
    "tlsv1.3": "TLSv1.3",
}
ALL_PROTOCOLS = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
OPTIONS = {
    *(
        "AllowDotLogin",
        "AllowPerUser",
        "AllowWeakDH",
        "AllowWeakSecurity",
        "AllowClientRenegotiation",
        "AllowClientRenegotiations",
    ),
    *("EnableDiags", "ExportCertData", "IgnoreSNI", "NoEmptyFragments", "NoSessionReuseRequired", "StdEnvVars"),
    *("dNSNameRequired", "iPAddressRequired", "UseImplicitSSL", "CommonNameRequired", "NoAutoECDH"),
}
REQUIRED = {
    "control": (True, None, True),
    "ctrl": (True, None, True),
    "data": (False, True, False),
    "!data": (False, False, False),
    "both": (True, True, True),
    "ctrl+data": (True, True, True),
    "ctrl+!data": (True, False, True),
    "auth": (False, None, True),
    "auth+data": (False, True, True),
    "auth+!data": (False, False, True),
}


class Required(NamedTuple):
    """`TLSRequired`: on the control connection; on data connections (None: as the client likes; False: forbidden); for a
    login."""

    control: bool
    data: bool | None
    auth: bool


def required(parameters: Parameters, _around: Around) -> Required:
    """`TLSRequired on|off|WORDS`."""
    word = parameters[0]
    if word in REQUIRED:
        return Required(*REQUIRED[word])
    return Required(True, True, True) if truth(word, "bad parameter") else Required(False, None, False)


def protocols(parameters: Parameters, _around: Around) -> tuple[str, ...]:
    """`TLSProtocol PROTOCOLS` or `TLSProtocol ALL +PROTOCOL -PROTOCOL`."""
    changing = parameters[0].lower() == "all"
    found = set(ALL_PROTOCOLS) if changing else set()
    for word in parameters[1:] if changing else parameters:
        if changing and not word.startswith(("+", "-")):
            raise Bad(f"missing required +/- prefix: {word}")
        name = word[1:].lower() if changing else word.lower()
        if name == "sslv23" and not changing:
            found |= set(ALL_PROTOCOLS)
        elif name not in PROTOCOLS:
            raise Bad(f"unknown protocol: '{word}'")
        else:
            found = found - {PROTOCOLS[name]} if word.startswith("-") else found | {PROTOCOLS[name]}
    return tuple(each for each in ALL_PROTOCOLS if each in found)


def options(parameters: Parameters, _around: Around) -> tuple[str, ...]:
    """`TLSOptions OPTIONS`."""
    for word in parameters:
        if word not in OPTIONS:
            raise Bad(f": unknown TLSOption '{word}'")
    return parameters


def certificate(parameters: Parameters, _around: Around) -> str:
    """The path of a file with a certificate."""
    if not parameters[0].startswith("/"):
        raise Bad("parameter must be an absolute path")
    if isinstance(data := content(parameters[0]), str) or b"-----BEGIN CERTIFICATE-----" not in data:
        raise Bad(f"'{parameters[0]}' does not exist or does not contain a certificate")
    return parameters[0]


def key(parameters: Parameters, _around: Around) -> str:
    """The path of a file with a private key."""
    data = content(parameters[0])
    if isinstance(data, str):
        raise Bad(f"unable to use '{parameters[0]}': {data}")
    if not re.search(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----", data):
        raise Bad(f"unable to use '{parameters[0]}': no private key in it")
    if not parameters[0].startswith("/"):
        raise Bad("parameter must be an absolute path")
    return parameters[0]


def certificates(parameters: Parameters, _around: Around) -> str:
    """The path of a file with one or more certificates."""
    data = content(parameters[0])
    if isinstance(data, str):
        raise Bad(f"unable to use '{parameters[0]}': {data}")
    if b"-----BEGIN CERTIFICATE-----" not in data and b"-----BEGIN TRUSTED CERTIFICATE-----" not in data:
        raise Bad(f"unable to use '{parameters[0]}': file contained no certificate data")
    if not parameters[0].startswith("/"):
        raise Bad("parameter must be an absolute path")
    return parameters[0]


def verify_client(parameters: Parameters, _around: Around) -> bool | str:
    """`TLSVerifyClient on|off|optional`."""
    return "optional" if parameters[0].lower() == "optional" else truth(parameters[0], "expected Boolean parameter")


def ciphers(parameters: Parameters, _around: Around) -> tuple[str, ...]:
    """`TLSCipherSuite [TLSv1.3] CIPHERS`."""
    if len(parameters) > 1 and parameters[0].lower() != "tlsv1.3":
        raise Bad(f"unknown/unsupported protocol specifier: {parameters[0]}")
    return parameters


READERS: dict[str, Reader] = {
    "TLSCACertificateFile": certificates,
    "TLSCACertificatePath": text,
    "TLSCertificateChainFile": certificates,
    "TLSCipherSuite": ciphers,
    "TLSECCertificateFile": certificate,
    "TLSECCertificateKeyFile": key,
    "TLSEngine": boolean,
    "TLSLog": log,
    "TLSOptions": options,
    "TLSProtocol": protocols,
    "TLSRSACertificateFile": certificate,
    "TLSRSACertificateKeyFile": key,
    "TLSRequired": required,
    "TLSVerifyClient": verify_client,
}
