"""A certificate made on the spot, for listening without one: nobody vouches for it but its fingerprint, which we tell.

It lives in memory and ends with the process. Its key is made for it alone (P-256), so nothing is lost with it.
"""

from __future__ import annotations

import socket
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_BEFORE = timedelta(hours=1)
"""Clocks differ: it is valid a little before it is made."""
_AFTER = timedelta(days=30)


def self_signed(names: tuple[str, ...], now_s: float) -> tuple[bytes, bytes]:
    """A certificate for these *names* (host names and addresses, the first is its common name) as DER, and certificate and key
    in one PEM text. *now_s*: seconds since the epoch."""
    now = datetime.fromtimestamp(now_s, UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + _AFTER)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.DER), pem


def own_names() -> tuple[str, ...]:
    """What this machine is called by those who reach it: its name, and loopback."""
    name = socket.gethostname()
    known = [name] if name.isascii() and name else []
    return tuple(dict.fromkeys([*known, "localhost", "127.0.0.1", "::1"]))


def load_pem(context: ssl.SSLContext, pem: bytes) -> None:
    """Make *pem* the certificate of *context*. OpenSSL's loader takes files only: one that only we can read, gone at once."""
    with tempfile.NamedTemporaryFile(prefix="hatoba-") as file:
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
