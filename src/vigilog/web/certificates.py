"""A certificate of the dashboard's own, signed by itself: made once, kept, and made anew when it has run out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

DAYS = 365
KEY = "key.pem"
CERTIFICATE = "certificate.pem"


def kept(directory: str, names: Sequence[str], now: float) -> tuple[str, str, str]:
    """The files with the certificate and its key in `directory`, made if they are not there or do not hold any more; and what
    is to be said about them, '' if nothing is. `names` are names and addresses. Raises ConfigurationError."""
    certificate, key = os.path.join(directory, CERTIFICATE), os.path.join(directory, KEY)
    try:
        with open(certificate, "rb") as file, open(key, "rb") as secret:
            found = x509.load_pem_x509_certificate(file.read())
            own = load_pem_private_key(secret.read(), None)
            fits = own.public_key() == found.public_key()
        os.chmod(key, 0o600)
    except FileNotFoundError:
        return certificate, key, _made(directory, names, now)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(
            f"no certificate with its key: {error}", place=Place(certificate), remedy="remove both"
        ) from error
    if not fits:
        raise ConfigurationError("the key is of another certificate", place=Place(key), remedy="remove both")
    if found.not_valid_after_utc.timestamp() <= now:
        return certificate, key, _made(directory, names, now)
    missing = set(names) - _names(found)
    if missing:
        text = f"{certificate} does not know {', '.join(sorted(missing))}; remove it to have a new one"
        return certificate, key, text
    return certificate, key, ""


def _names(certificate: x509.Certificate) -> set[str]:
    with suppress(x509.ExtensionNotFound):
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return {*held.get_values_for_type(x509.DNSName), *map(str, held.get_values_for_type(x509.IPAddress))}
    return set()


def _made(directory: str, names: Sequence[str], now: float) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64] if names else "vigilog")])
    begin = datetime.fromtimestamp(now, UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # clocks differ a little
        .not_valid_before(begin - timedelta(minutes=5))
        .not_valid_after(begin + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        _put(os.path.join(directory, KEY), secret, 0o600)
        _put(os.path.join(directory, CERTIFICATE), certificate.public_bytes(Encoding.PEM), 0o644)
    except OSError as error:
        raise ConfigurationError(f"a certificate cannot be kept: {error.strerror}", place=Place(directory)) from error
    return f"{os.path.join(directory, CERTIFICATE)} is new: signed by itself, for {', '.join(names)}, for {DAYS} days"


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _put(path: str, data: bytes, mode: int) -> None:
    new = f"{path}.new"
    with suppress(FileNotFoundError):
        os.unlink(new)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
