"""TLS for both sides of a netcat: what is offered, what is asked of the peer, and what was agreed on.

A connection is encrypted first and handed on then: whoever talks over it (the relay, a server, the broker) gets a
:class:`~hatoba.netcat.tls_socket.TlsSocket` and need not know. It may stand on any stream: TCP, a Unix socket, a way through
proxies.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from hatoba.errors import UsageError
from hatoba.messages import _, system_words
from hatoba.netcat.tls_faults import TlsFault
from hatoba.netcat.tls_socket import TlsSocket
from hatoba.reports.text import safe

HANDSHAKE_S = 10.0
"""How long a client may take for its handshake before a server gives it up."""

SERVER_HANDSHAKE_S = 30.0
"""How long a server may take, unless -w says otherwise: it may be far away, and slow at arithmetic."""


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """What the user wants of TLS. Files are PEM."""

    verify: bool = False
    """The peer's certificate must be vouched for: by an authority of *trust_file*, or of the system, and for the right name."""
    trust_file: str | None = None
    fingerprint: str | None = None
    """SHA-256 of the peer's certificate, 64 hexadecimal digits, as :func:`fingerprint_wanted` makes them. It vouches alone."""
    certificate_file: str | None = None
    key_file: str | None = None
    """None: the key is in the certificate's file."""
    alpn: tuple[str, ...] = ()
    server_name: str | None = None
    ciphers: str | None = None
    takes_cuts: bool = False
    """A connection that ends without close_notify ended well, as far as anybody can tell."""

    @property
    def verifies(self) -> bool:
        return self.verify or self.trust_file is not None


class MadeCertificate(NamedTuple):
    """A certificate that was made on the spot."""

    names: tuple[str, ...]
    sha256: str


class Negotiated(NamedTuple):
    """What both sides agreed on. Texts come from the peer as they are."""

    version: str
    cipher: str
    alpn: str
    certificate: bytes
    """The peer's, as DER; empty where it showed none."""
    verified: bool


def client_context(settings: TlsSettings) -> ssl.SSLContext:
    """What a client offers and asks for. Raises UsageError for a file or a list that is wrong."""
    made = _context(ssl.PROTOCOL_TLS_CLIENT, settings)
    if settings.verifies:
        _trust(made, settings)
    else:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if settings.certificate_file:
        _load_certificate(made, settings)
    return made


def server_context(settings: TlsSettings, now_s: float | None = None) -> tuple[ssl.SSLContext, MadeCertificate | None]:
    """What a server offers and asks of its clients, and the certificate that was made because there is none. Raises UsageError.

    A server that verifies asks each client for a certificate. *now_s*: seconds since the epoch, by default now.
    """
    made = _context(ssl.PROTOCOL_TLS_SERVER, settings)
    # A peer that only sends and never reads would leave session tickets unread, and its close would reset the connection.
    made.num_tickets = 0
    if settings.fingerprint is not None:
        raise UsageError(
            _("--ssl-fingerprint is for connecting; to let in known clients only, name their certificates with --ssl-trustfile")
        )
    if settings.verifies:
        _trust(made, settings)
        made.verify_mode = ssl.CERT_REQUIRED
    if settings.certificate_file:
        _load_certificate(made, settings)
        return made, None
    from hatoba.netcat.self_signed import load_pem, own_names, self_signed

    names = (settings.server_name,) if settings.server_name else own_names()
    try:
        der, pem = self_signed(names, time.time() if now_s is None else now_s)
    except ValueError:
        raise UsageError(
            _("--ssl-servername {name!r}: no name for a certificate; write one like www.example.org").format(name=names[0])
        ) from None
    load_pem(made, pem)
    return made, MadeCertificate(names, fingerprint_of(der))


def encrypt(
    connection: socket.socket,
    context: ssl.SSLContext,
    settings: TlsSettings,
    host: str,
    patience_s: float | None = SERVER_HANDSHAKE_S,
    clock: Callable[[], float] = time.monotonic,
) -> TlsSocket:
    """TLS with the server at the other end of *connection*, which was asked for as *host* (a name or an address): that or
    ``settings.server_name`` is told to it and must be in its certificate. Raises TlsFault, OSError; *connection*
    is closed then."""
    name = settings.server_name or host.partition("%")[0]
    try:
        inside = TlsSocket(connection, context, safe(host), server_name=name or None, takes_cuts=settings.takes_cuts)
    except ValueError:
        connection.close()
        raise UsageError(
            _("{name!r} is no name that TLS can ask for; write one with --ssl-servername").format(name=safe(name))
        ) from None
    return _begun(inside, settings, patience_s, clock)


def accept_encrypted(
    connection: socket.socket,
    context: ssl.SSLContext,
    settings: TlsSettings,
    peer: str,
    patience_s: float | None = HANDSHAKE_S,
    clock: Callable[[], float] = time.monotonic,
) -> TlsSocket:
    """TLS with a client. Raises as :func:`encrypt`."""
    inside = TlsSocket(connection, context, safe(peer), server_side=True, takes_cuts=settings.takes_cuts)
    return _begun(inside, settings, patience_s, clock)


def negotiated(inside: TlsSocket, settings: TlsSettings) -> Negotiated:
    """What the handshake of *inside* agreed on."""
    tls = inside.tls
    cipher = tls.cipher()
    return Negotiated(
        version=(tls.version() or "").replace("TLSv", "TLS "),
        cipher=cipher[0] if cipher else "",
        alpn=tls.selected_alpn_protocol() or "",
        certificate=tls.getpeercert(binary_form=True) or b"",
        verified=settings.verifies or settings.fingerprint is not None,
    )


def fingerprint_of(der: bytes) -> str:
    """SHA-256 of a certificate, as it is written for people: ``AB:CD:...``."""
    return hashlib.sha256(der).digest().hex(":").upper()


def fingerprint_wanted(text: str) -> str:
    """A fingerprint as people write it, with colons or without. Raises UsageError."""
    plain = text.replace(":", "").replace(" ", "").lower().removeprefix("sha256=")
    if not re.fullmatch(r"[0-9a-f]{64}", plain):
        raise UsageError(
            _("--ssl-fingerprint takes the SHA-256 of a certificate: 64 hexadecimal digits, with or without colons")
        )
    return plain


def _begun(inside: TlsSocket, settings: TlsSettings, patience_s: float | None, clock: Callable[[], float]) -> TlsSocket:
    try:
        inside.handshake(patience_s, clock)
        if settings.fingerprint is not None:
            shown = hashlib.sha256(inside.tls.getpeercert(binary_form=True) or b"").hexdigest()
            if not hmac.compare_digest(shown, settings.fingerprint):
                raise TlsFault(
                    _("{peer} shows another certificate than the one asked for; its fingerprint is {fingerprint}").format(
                        peer=inside.peer, fingerprint=bytes.fromhex(shown).hex(":").upper()
                    )
                )
    except TimeoutError as error:
        inside.below.close()
        if error.errno is not None:  # the network's own
            raise
        raise _unfinished(inside, patience_s or 0.0) from error
    except BaseException:
        inside.below.close()
        raise
    return inside


def _unfinished(inside: TlsSocket, waited_s: float) -> TlsFault:
    """The handshake took longer than it may."""
    if inside.serving:
        return TlsFault(_("{peer} does not come to the end of the TLS handshake").format(peer=inside.peer))
    if inside.heard:
        text = _("{peer} did not come to the end of the TLS handshake in {seconds} s; give it longer with -w")
    else:
        text = _(
            "{peer} took the connection and did not answer the TLS handshake in {seconds} s; leave out --ssl if it does not"
            " speak TLS on this port, or give it longer with -w"
        )
    return TlsFault(text.format(peer=inside.peer, seconds=f"{waited_s:g}"))


def _context(protocol: int, settings: TlsSettings) -> ssl.SSLContext:
    made = ssl.SSLContext(protocol)
    made.options |= ssl.OP_NO_RENEGOTIATION
    if settings.ciphers is not None:
        try:
            made.set_ciphers(settings.ciphers)
        except ssl.SSLError:
            raise UsageError(
                _("--ssl-ciphers {list!r}: OpenSSL knows none of these; 'openssl ciphers' lists them").format(
                    list=settings.ciphers
                )
            ) from None
    if settings.alpn:
        try:
            made.set_alpn_protocols(list(settings.alpn))
        except (ssl.SSLError, UnicodeEncodeError):
            raise UsageError(
                _("--ssl-alpn takes names of 1 to 255 characters, with commas between them, such as h2,http/1.1")
            ) from None
    return made


def _trust(context: ssl.SSLContext, settings: TlsSettings) -> None:
    if settings.trust_file is None:
        context.load_default_certs(
            ssl.Purpose.SERVER_AUTH if context.protocol == ssl.PROTOCOL_TLS_CLIENT else ssl.Purpose.CLIENT_AUTH
        )
        return
    try:
        context.load_verify_locations(settings.trust_file)
    except ssl.SSLError:
        raise UsageError(_("{path} holds no certificates in PEM").format(path=settings.trust_file)) from None
    except OSError as error:
        raise _unreadable(settings.trust_file, error) from None
    # A certificate that the user names is trusted, whether an authority or a server's own.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN


def _load_certificate(context: ssl.SSLContext, settings: TlsSettings) -> None:
    assert settings.certificate_file is not None
    path = settings.key_file or settings.certificate_file

    def ask() -> str:
        raise UsageError(
            _("the key in {path} is locked with a password; unlock it first: openssl pkey -in {path} -out FILE").format(
                path=path
            )
        )

    for file in (settings.certificate_file, path):
        try:
            open(file, "rb").close()
        except OSError as error:
            raise _unreadable(file, error) from None
    try:
        context.load_cert_chain(settings.certificate_file, settings.key_file, ask)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise UsageError(
                _("the key in {key} does not belong to the certificate in {certificate}").format(
                    key=path, certificate=settings.certificate_file
                )
            ) from None
        raise UsageError(
            _(
                "{certificate} and {key} must hold a certificate and its key in PEM; give both with --ssl-cert and --ssl-key"
            ).format(certificate=settings.certificate_file, key=path)
        ) from None


def _unreadable(path: str, error: OSError) -> UsageError:
    return UsageError(_("{path} can't be read: {reason}").format(path=path, reason=system_words(error)))
