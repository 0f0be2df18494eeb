"""Both sides of TLS in one process, over a socket pair: no packet is sent."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hatoba.netcat.tls import TlsSettings, accept_encrypted, client_context, encrypt, server_context
from hatoba.netcat.tls_socket import TlsSocket

NOW = datetime.now(UTC).replace(microsecond=0)
PATIENCE_S = 60.0


class Identity(NamedTuple):
    """Files of a certificate and its key, in PEM."""

    certificate: str
    key: str


class Authority:
    """Signs certificates, into files in *folder*."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self._certificate = (
            _builder(self._name, self._name, self._key, NOW - timedelta(days=2), NOW + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = str(folder / "authority.pem")
        Path(self.file).write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def sign(self, name: str, *, begins_days: int = -1, ends_days: int = 1, password: bytes | None = None) -> Identity:
        """A certificate for the DNS name *name*, valid so many days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        begins, ends = NOW + timedelta(days=begins_days), NOW + timedelta(days=ends_days)
        certificate = (
            _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), self._name, key, begins, ends)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        files = Identity(str(self._folder / f"{name}.{ends_days}.pem"), str(self._folder / f"{name}.{ends_days}.key"))
        Path(files.certificate).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
        Path(files.key).write_bytes(pem)
        return files


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


class Pair(NamedTuple):
    """Both ends, and the sockets below them."""

    client: TlsSocket
    server: TlsSocket


def handshake(client: TlsSettings, server: TlsSettings, host: str = "www.example.org") -> Pair:
    """Both ends after the handshake. Raises what the client raised, or else the server."""
    context, _made = server_context(server)
    ours, theirs = socket.socketpair()
    with ThreadPoolExecutor(1) as pool:
        accepting = pool.submit(accept_encrypted, theirs, context, server, "the client", PATIENCE_S)
        try:
            connected = encrypt(ours, client_context(client), client, host, PATIENCE_S)
        except BaseException:
            accepting.exception()
            raise
        accepted = accepting.result()
    for end in (connected, accepted):
        end.settimeout(PATIENCE_S)
    return Pair(connected, accepted)
