"""TLS servers in memory, with certificates made for the test."""

from __future__ import annotations

import datetime
import ssl
import tempfile
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.unit.identify.peers import END, Peer, Said

BEGINS, ENDS = 1_700_000_000.0, 1_900_000_000.0
NOW_S = 1_800_000_000.0


@cache
def _rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def certificate(
    common_name: str = "target.lab",
    names: Sequence[str] = ("target.lab", "*.target.lab"),
    issuer: str | None = None,
    bits: int = 2048,
) -> tuple[bytes, bytes]:
    """DER, and PEM with its key. Without an *issuer* it is signed by itself; *bits* 0 makes a key on a curve."""
    key = _rsa_key(bits) if bits else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    maker = subject if issuer is None else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)])
    alternative = [x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(maker)
        .public_key(key.public_key())
        .serial_number(0xABCDEF)
        .not_valid_before(datetime.datetime.fromtimestamp(BEGINS, datetime.UTC))
        .not_valid_after(datetime.datetime.fromtimestamp(ENDS, datetime.UTC))
    )
    if alternative:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternative), critical=False)
    made = builder.sign(key if issuer is None else _rsa_key(2048), SHA256())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.DER), secret + made.public_bytes(Encoding.PEM)


@cache
def server_context(alpn: tuple[str, ...] = (), least: str = "", most: str = "") -> ssl.SSLContext:
    """Shared: change nothing about it."""
    return new_server_context(alpn, least, most)


def new_server_context(alpn: tuple[str, ...] = (), least: str = "", most: str = "") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "server.pem")
        path.write_bytes(certificate()[1])
        context.load_cert_chain(path)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        if least:
            context.minimum_version = ssl.TLSVersion[least]
        if most:
            context.maximum_version = ssl.TLSVersion[most]
    return context


class TlsPeer(Peer):
    """A server behind TLS; *greeting* and *answers* are of the inside."""

    def __init__(
        self,
        context: ssl.SSLContext,
        greeting: Sequence[bytes] = (),
        answers: Callable[[bytes], Sequence[Said]] = lambda _said: (),
    ) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._up = self.told_of_the_end = False
        self._greeting, self._inside = greeting, answers
        self.inside: list[bytes] = []
        super().__init__((), self._records)

    def _records(self, data: bytes) -> list[Said]:
        self._incoming.write(data)
        ended: list[Said] = []
        try:
            if not self._up:
                self._tls.do_handshake()
                self._up = True
                for words in self._greeting:
                    self._tls.write(words)
            while True:
                said = self._tls.read(65536)
                if not said:
                    self.told_of_the_end = True
                    break
                self.inside.append(said)
                for piece in self._inside(said):
                    if isinstance(piece, bytes):
                        self._tls.write(piece)
                    else:
                        ended.append(piece)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.told_of_the_end = True
        except ssl.SSLError:
            ended.append(END)
        return [*([out] if (out := self._outgoing.read()) else []), *ended]
