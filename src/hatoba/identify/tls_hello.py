"""TLS by hand, as far as its first two words: our hello, and what a server says before anything is encrypted. Pure.

A TLS library speaks only what it would use itself. A hello is bytes: it can offer one cipher, a version that was given up
twenty years ago, or (TLS 1.3) no key at all, and the server's choice shows what it takes. No key is ever made.

::

    record:    kind (1)  version (2)  length (2)  content ...                     RFC 8446 section 5.1, RFC 5246 section 6.2.1
    handshake: kind (1)  length (3)  content ...                                  RFC 8446 section 4, RFC 5246 section 7.4
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hatoba.registry.tls_suites import SSL3, TLS1, TLS1_2, TLS1_3, suite_name

_ALERT, _HANDSHAKE = 0x15, 0x16
_CLIENT_HELLO, _SERVER_HELLO, _CERTIFICATE, _KEY_EXCHANGE, _CERTIFICATE_REQUEST, _DONE = 1, 2, 11, 12, 13, 14
_FATAL = 2
_NO_COMPRESSION = b"\1\0"
_RENEGOTIATION = 0x00FF
"""Not a cipher: we know RFC 5746. Some servers insist on that."""
_GROUPS = (0x001D, 0x0017, 0x0018, 0x0019, 0x001E, 0x001A, 0x001B, 0x001C, 0x0100, 0x0101, 0x0102, 0x11EC)
"""x25519, the three NIST curves, x448, brainpool, ffdhe2048 to ffdhe4096, X25519MLKEM768 (IANA, TLS Supported Groups)."""
_SIGNATURES = (
    *(0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080A, 0x080B, 0x0804, 0x0805, 0x0806),
    *(0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0203, 0x0201, 0x0402, 0x0202, 0x0101),
)
"""ECDSA, EdDSA, RSA-PSS, RSA, then with SHA-224, SHA-1 and MD5: the question is what is there."""
_FINITE = re.compile(r"TLS_DHE?_(?!PSK)(?:RSA_|DSS_|anon_)").match
"""Suites whose key exchange message begins with a prime (RFC 5246 section 7.4.3)."""
_MOST_CERTIFICATES = 16
FAREWELL = bytes.fromhex("15030100020100")
"""A warning, close_notify: nothing went wrong, we just leave (RFC 8446 section 6.1)."""


@dataclass(frozen=True, slots=True)
class Flight:
    """What a server said to a hello."""

    version: int = 0
    """What it chose, as on the wire; 0 where it chose nothing."""
    suite: int = 0
    certificates: tuple[bytes, ...] = ()
    """DER, its own first."""
    dh_bits: int = 0
    """Of the prime of a finite-field key exchange."""
    wants_certificate: bool = False
    alert: int | None = None
    """Its refusal (RFC 8446 section 6.2)."""
    announced_bytes: int = 0
    """The length of the largest message that it announced, whether or not that came."""
    ended: bool = False
    """Whether all that can be read of it is here."""


def client_hello(
    version: int, suites: Sequence[int], random: bytes, server_name: str | None = None, alpn: Sequence[str] = ()
) -> bytes:
    """A record with a hello that offers *version* and *suites*; before TLS 1.3 a server may choose an older version.
    *random*: 32 bytes."""
    offered = [*suites, *([_RENEGOTIATION] if version < TLS1_3 else [])]
    session = random if version == TLS1_3 else b""  # looks like a session resumed: middleboxes (RFC 8446 appendix D.4)
    body = min(version, TLS1_2).to_bytes(2) + random + _short(session) + _long(_numbers(offered)) + _NO_COMPRESSION
    if version > SSL3:
        body += _long(b"".join(_extension(kind, content) for kind, content in _extensions(version, server_name, alpn)))
    message = bytes([_CLIENT_HELLO]) + len(body).to_bytes(3) + body
    return bytes([_HANDSHAKE]) + min(version, TLS1).to_bytes(2) + _long(message)


def _extensions(version: int, server_name: str | None, alpn: Sequence[str]) -> Iterator[tuple[int, bytes]]:
    if server_name is not None:
        yield 0, _long(b"\0" + _long(server_name.encode("ascii")))
    yield 10, _long(_numbers(_GROUPS))
    yield 11, _short(b"\0")
    if version >= TLS1_2:
        yield 13, _long(_numbers(_SIGNATURES))
    if alpn:
        yield 16, _long(b"".join(_short(name.encode("ascii")) for name in alpn))
    if version == TLS1_3:
        yield 43, _short(version.to_bytes(2))
        yield 45, _short(b"\1")
        yield 51, _long(b"")  # no key: the server says which it would like, and with that what it chose


def flight_of(heard: bytes) -> Flight:
    """What *heard*, the beginning of a server's answer, holds; whatever it is, nothing is raised."""
    seen = _Seen()
    messages = bytearray()
    for kind, content in _records(heard):
        if kind == _HANDSHAKE:
            messages += content
        elif kind == _ALERT and len(content) == 2:
            seen.warn(*content)
        else:
            break
    for kind, content, length in _messages(bytes(messages)):
        seen.announced_bytes = max(seen.announced_bytes, length)
        if len(content) == length:
            seen.take(kind, content)
        if seen.version >= TLS1_3:
            break
    return seen.flight()


def complete(heard: bytes) -> bool:
    """Whether no more of an answer to a hello need be waited for."""
    return (len(heard) >= 3 and not (heard[0] in (_ALERT, _HANDSHAKE) and heard[1] == 3)) or flight_of(heard).ended


@dataclass(slots=True)
class _Seen:
    version: int = 0
    suite: int = 0
    certificates: list[bytes] = field(default_factory=list)
    dh_bits: int = 0
    wants_certificate: bool = False
    alert: int | None = None
    announced_bytes: int = 0
    ended: bool = False

    def warn(self, level: int, description: int) -> None:
        """What is only a warning goes on, unless it says goodbye: "I don't know that name" comes before many a hello."""
        if level == _FATAL or not description:
            self.alert = description
            self.ended = True

    def take(self, kind: int, content: bytes) -> None:
        if kind == _SERVER_HELLO and not self.version:
            self.version, self.suite = _chosen(content)
            self.ended = self.ended or self.version >= TLS1_3
        elif kind == _CERTIFICATE and not self.certificates:
            self.certificates = list(_certificates(content))
        elif kind == _KEY_EXCHANGE:
            prime = content[2 : 2 + int.from_bytes(content[:2])]
            self.dh_bits = int.from_bytes(prime).bit_length()
        elif kind == _CERTIFICATE_REQUEST:
            self.wants_certificate = True
        elif kind == _DONE:
            self.ended = True

    def flight(self) -> Flight:
        dh_bits = self.dh_bits if _FINITE(suite_name(self.suite)) else 0
        return Flight(
            self.version, self.suite, tuple(self.certificates), dh_bits, self.wants_certificate, self.alert,
            self.announced_bytes, self.ended,
        )  # fmt: skip


def _records(heard: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each record, the last as far as it came."""
    at = 0
    while at + 5 <= len(heard) and heard[at + 1] == 3:
        size = int.from_bytes(heard[at + 3 : at + 5])
        yield heard[at], heard[at + 5 : at + 5 + size]
        at += 5 + size


def _messages(said: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Kind, content as far as it came, and length as announced, of each handshake message."""
    at = 0
    while at + 4 <= len(said):
        length = int.from_bytes(said[at + 1 : at + 4])
        yield said[at], said[at + 4 : at + 4 + length], length
        at += 4 + length


def _chosen(hello: bytes) -> tuple[int, int]:
    """Version and cipher suite of a server's hello; (0, 0) where it is none."""
    suite_at = 35 + (hello[34] if len(hello) > 34 else len(hello))
    if len(hello) < suite_at + 3:
        return 0, 0
    version = int.from_bytes(hello[:2])
    for kind, content in _extensions_of(hello[suite_at + 5 :]):
        if kind == 43 and len(content) == 2:
            version = int.from_bytes(content)
    return (version, int.from_bytes(hello[suite_at : suite_at + 2])) if SSL3 <= version <= TLS1_3 else (0, 0)


def _extensions_of(block: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(block):
        size = int.from_bytes(block[at + 2 : at + 4])
        yield int.from_bytes(block[at : at + 2]), block[at + 4 : at + 4 + size]
        at += 4 + size


def _certificates(message: bytes) -> Iterator[bytes]:
    at = 3
    for _number in range(_MOST_CERTIFICATES):
        size = int.from_bytes(message[at : at + 3])
        if not size or at + 3 + size > len(message):
            return
        yield message[at + 3 : at + 3 + size]
        at += 3 + size


def _short(content: bytes) -> bytes:
    return bytes([len(content)]) + content


def _long(content: bytes) -> bytes:
    return len(content).to_bytes(2) + content


def _numbers(values: Sequence[int]) -> bytes:
    return b"".join(value.to_bytes(2) for value in values)


def _extension(kind: int, content: bytes) -> bytes:
    return kind.to_bytes(2) + _long(content)
