"""TLS over a conversation: the handshake, what it tells, and the conversation inside.

The standard library's TLS works on bytes in memory here (``ssl.MemoryBIO``), so it stands on any conversation, can begin in the
middle of one (STARTTLS), and its waits are bounded by who asks. Nothing is verified: the question is what is there, not whether
to trust it. Old versions and weak ciphers are allowed for the same reason. OpenSSL takes no handshake message of more than
100 KB, so no certificate can fill the memory.
"""

from __future__ import annotations

import re
import ssl
import warnings
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import NamedTuple

from hatoba.identify.certificate import judged_chain
from hatoba.service import Tls
from hatoba.wire.conversations import Conversation

_PIECE_BYTES = 16_640
"""A little more than the largest record."""
_RECORD_KINDS = (0x14, 0x15, 0x16, 0x17)
_MOST_HANDSHAKE_BYTES = 1 << 18
_DER = 2
"""``_ssl.ENCODING_DER``."""
_NAME = re.compile(r"(?=.{1,253}\.?$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_-]{1,63})*\.?").fullmatch


class Refusal(NamedTuple):
    """How a handshake failed."""

    heard: bytes
    """What the other side had said by then."""
    speaks_tls: bool
    """Whether that was TLS all the same: an alert."""


NO_COMMON = "no common version or cipher"
_ALERT = 0x15
_ALERT_BYTES = 7
_UNRECOGNIZED_NAME = 112
_REASONS = {
    **dict.fromkeys((40, 47, 70, 71), NO_COMMON),
    80: "handshake refused: internal error",
    _UNRECOGNIZED_NAME: "unknown host name",
    116: "client certificate required",
    120: "no common application protocol",
}
"""By what alerts say (RFC 8446 section 6.2)."""


def why_refused(heard: bytes, *, named: bool) -> str:
    """Why a handshake failed, by the alert in *heard*; *named*: the server was told for which host we came."""
    if len(heard) < _ALERT_BYTES or heard[0] != _ALERT:
        return NO_COMMON
    description = heard[_ALERT_BYTES - 1]
    if description == _UNRECOGNIZED_NAME and not named:
        return "host name required"
    return _REASONS.get(description, f"handshake refused: alert {description}")


def is_tls(heard: bytes | bytearray) -> bool:
    """Whether *heard* begins with a TLS record of a server's (RFC 8446 section 5.1): a client's hello is our own, sent back."""
    if heard[:1] == b"\x16" and heard[5:6] == b"\1":
        return False
    return len(heard) >= 3 and heard[0] in _RECORD_KINDS and heard[1] == 3 and heard[2] <= 4


@cache
def context(alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
    """What we offer: these ALPN names, and every version that the library has."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    made.options &= ~(ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1)
    made.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # to ask whether a server still takes them is the point
        made.minimum_version = ssl.TLSVersion.TLSv1
    if alpn:
        made.set_alpn_protocols(list(alpn))
    return made


def server_name(names: Sequence[str]) -> str | None:
    """The name that the server is told that we came for (RFC 6066 section 3): the first that is one, and no address."""
    return next((name for name in names if _NAME(name) and not name.replace(".", "").isdecimal()), None)


def _sent_certificates(tls: ssl.SSLObject) -> list[bytes]:
    """All certificates that the server sent, in DER, its own first. Before Python 3.13 only the object behind has them."""
    if hasattr(tls, "get_unverified_chain"):
        return list(tls.get_unverified_chain() or ())
    behind = getattr(tls, "_sslobj", None)
    if behind is not None and hasattr(behind, "get_unverified_chain"):
        return [one.public_bytes(_DER) for one in behind.get_unverified_chain() or ()]
    own = tls.getpeercert(binary_form=True)
    return [own] if own else []


class TlsConversation:
    """A conversation inside another. :meth:`begin` first."""

    def __init__(self, below: Conversation, ours: ssl.SSLContext, server_name: str | None = None) -> None:
        self._below = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = ours.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)

    async def begin(self) -> Refusal | None:
        """Shake hands; a refusal where that fails. Raises OSError where the connection breaks off without a word."""
        heard = bytearray()
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
            except (ssl.SSLError, ValueError):
                return Refusal(bytes(heard), is_tls(heard))
            else:
                await self._flush()
                return None
            piece = await self._below.receive(_PIECE_BYTES)
            if not piece or len(heard) > _MOST_HANDSHAKE_BYTES:
                return Refusal(bytes(heard), is_tls(heard))
            heard += piece
            self._incoming.write(piece)

    async def send(self, data: bytes) -> None:
        self._tls.write(data)
        await self._flush()

    async def receive(self, most_bytes: int) -> bytes:
        while True:
            try:
                return self._tls.read(most_bytes)
            except ssl.SSLWantReadError:
                await self._flush()  # an update of keys wants to be answered
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            piece = await self._below.receive(_PIECE_BYTES)
            if not piece:
                return b""
            self._incoming.write(piece)

    def close(self, last: bytes = b"") -> None:
        """Say so first (close_notify, RFC 8446 section 6.1), or servers take it for a connection that was cut."""
        with suppress(ssl.SSLError, ValueError):
            if last:
                self._tls.write(last)
            self._tls.unwrap()
        self._below.close(self._outgoing.read())

    def facts(self, now_s: float, asked: Sequence[str], started: bool) -> Tls:
        """What the handshake told."""
        certificate, chain = judged_chain(_sent_certificates(self._tls), now_s, tuple(asked))
        cipher = self._tls.cipher()
        return Tls(
            version=self._tls.version() or "",
            cipher=cipher[0] if cipher else "",
            alpn=self._alpn(),
            started=started,
            certificate=certificate,
            chain=chain,
        )

    def _alpn(self) -> str:
        try:
            return self._tls.selected_alpn_protocol() or ""
        except ValueError:  # a server may choose what nobody offered, and no text at that
            return ""

    async def _flush(self) -> None:
        if data := self._outgoing.read():
            await self._below.send(data)
