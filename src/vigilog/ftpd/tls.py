"""The TLS of a server, as mod_tls has it configured."""

from __future__ import annotations

from OpenSSL import SSL, crypto

from vigilog.config.proftpd_settings import ServerSettings
from vigilog.core.errors import ConfigurationError

END = b"-----END CERTIFICATE-----"

REFUSED = {
    "SSLv3": SSL.OP_NO_SSLv3,
    "TLSv1": SSL.OP_NO_TLSv1,
    "TLSv1.1": SSL.OP_NO_TLSv1_1,
    "TLSv1.2": SSL.OP_NO_TLSv1_2,
    "TLSv1.3": SSL.OP_NO_TLSv1_3,
}
"""What is switched off if TLSProtocol does not name it."""


def context(settings: ServerSettings) -> SSL.Context | None:
    """The context for connections of that server; None if it has no TLS. Raises ConfigurationError for a key or certificate
    that cannot be used."""
    tls = settings.tls
    if not tls.engine:
        return None
    made = SSL.Context(SSL.TLS_SERVER_METHOD)
    names = {name.lower() for name in tls.protocols}
    made.set_options(SSL.OP_NO_SSLv2 | SSL.OP_NO_COMPRESSION | SSL.OP_CIPHER_SERVER_PREFERENCE)
    for name, option in REFUSED.items():
        if name.lower() not in names:
            made.set_options(option)
    pairs = [(tls.certificate, tls.key or tls.certificate), (tls.ec_certificate, tls.ec_key or tls.ec_certificate)]
    pairs = [pair for pair in pairs if pair[0]]
    if not pairs:
        raise ConfigurationError(
            "TLSEngine on",
            place=settings.place_of("TLSEngine"),
            expected="a certificate",
            remedy="name it with TLSRSACertificateFile",
        )
    try:
        for certificate, key in pairs:
            made.use_certificate_chain_file(str(certificate))
            made.use_privatekey_file(str(key))
            made.check_privatekey()
        for link in chain(tls.chain):
            made.add_extra_chain_cert(link)
        if tls.ca_file or tls.ca_path:
            made.load_verify_locations(tls.ca_file, tls.ca_path)
    except (SSL.Error, crypto.Error, OSError) as error:
        raise ConfigurationError(
            f"the certificate {pairs[0][0]} with the key {pairs[0][1]} cannot be used ({reason(error)})",
            place=settings.place_of("TLSRSACertificateFile") or settings.place_of("TLSEngine"),
        ) from error
    try:
        made.set_cipher_list(tls.ciphers.encode())
        if tls.ciphers_of_tls_1_3:
            made.set_tls13_ciphersuites(tls.ciphers_of_tls_1_3.encode())
    except SSL.Error as error:
        raise ConfigurationError(
            f"TLSCipherSuite {tls.ciphers!r} leaves no cipher ({reason(error)})", place=settings.place_of("TLSCipherSuite")
        ) from error
    if tls.verify_client:
        must = 0 if tls.verify_client == "optional" else SSL.VERIFY_FAIL_IF_NO_PEER_CERT
        made.set_verify(SSL.VERIFY_PEER | must, lambda *verdict: bool(verdict[-1]))
    made.set_session_id(b"vigilog-ftpd")
    return made


def chain(path: str | None) -> list[crypto.X509]:
    """The certificates in a file, one behind the other."""
    if path is None:
        return []
    with open(path, "rb") as file:
        pieces = file.read().split(END)[:-1]
    return [crypto.load_certificate(crypto.FILETYPE_PEM, piece + END) for piece in pieces]


def reason(error: Exception) -> str:
    """An error of OpenSSL in words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    causes = error.args[0] if error.args else ()
    return "; ".join(str(cause[-1]) for cause in causes if cause) if isinstance(causes, list) else str(error)
