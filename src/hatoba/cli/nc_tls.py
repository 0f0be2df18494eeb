"""``hatoba nc``: the options of TLS, and what they lead to."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from hatoba.errors import UsageError
from hatoba.messages import _N, _

if TYPE_CHECKING:
    from hatoba.netcat.console import Console
    from hatoba.netcat.ends import Peer, Wrapper
    from hatoba.netcat.tls import TlsSettings
    from hatoba.netcat.tls_socket import TlsSocket

Given = Mapping[str, Any]

TLS = _N("TLS")

OPTIONS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("--ssl",), {"is_flag": True, "help": _N("Talk TLS. Each option that begins with --ssl does that too.")}),
    (("--ssl-verify",), {"is_flag": True, "help": _N("Check the peer's certificate: its name, and who vouches for it.")}),
    (("--ssl-trustfile",), {"metavar": "FILE", "help": _N("Check it by the certificates in this file (PEM).")}),
    (("--ssl-fingerprint",), {"metavar": "SHA256", "help": _N("Take this certificate, and no other.")}),
    (("--ssl-cert",), {"metavar": "FILE", "help": _N("Our certificate (PEM); listening without one makes one on the spot.")}),
    (("--ssl-key",), {"metavar": "FILE", "help": _N("Its key, if that is not in the same file.")}),
    (("--ssl-alpn",), {"metavar": "NAMES", "help": _N("Protocols to offer inside TLS (ALPN): h2,http/1.1.")}),
    (("--ssl-servername",), {"metavar": "NAME", "help": _N("Ask for this name (SNI), and check the certificate for it.")}),
    (("--ssl-ciphers",), {"metavar": "LIST", "help": _N("Ciphers of TLS 1.2 and older, as OpenSSL writes them.")}),
)  # fmt: skip
"""Names and settings of the options; ``nc.py`` makes them."""

_NAMES = tuple(names[0].removeprefix("--").replace("-", "_") for names, _settings in OPTIONS)


def wants_tls(given: Given) -> bool:
    return any(given[name] for name in _NAMES)


def check(given: Given) -> None:
    """Raise UsageError for what TLS does not go with."""
    if not wants_tls(given):
        return
    if given["udp"]:
        raise UsageError(_("TLS needs a stream: leave -u out (TLS over datagrams, DTLS, is not offered)"))
    if given["check"]:
        raise UsageError(_("-z only looks whether a port is open: leave the options of TLS out"))
    if given["ssl_key"] and not given["ssl_cert"]:
        raise UsageError(_("--ssl-key is the key of a certificate: name that with --ssl-cert"))


def settings_of(given: Given) -> TlsSettings:
    from hatoba.netcat.tls import TlsSettings, fingerprint_wanted

    return TlsSettings(
        verify=given["ssl_verify"],
        trust_file=given["ssl_trustfile"],
        fingerprint=None if given["ssl_fingerprint"] is None else fingerprint_wanted(given["ssl_fingerprint"]),
        certificate_file=given["ssl_cert"],
        key_file=given["ssl_key"],
        alpn=() if given["ssl_alpn"] is None else tuple(given["ssl_alpn"].split(",")),
        server_name=given["ssl_servername"],
        ciphers=given["ssl_ciphers"],
        takes_cuts=given["compat"] == "ncat",
    )


def wrapper(given: Given, console: Console) -> Wrapper:
    """What encrypts a connection on our side of it. Raises UsageError for files and lists that are wrong."""
    settings = settings_of(given)
    return _serving(settings, console) if given["listen"] else _connecting(settings, given)


def _serving(settings: TlsSettings, console: Console) -> Wrapper:
    from hatoba.netcat.tls import accept_encrypted, server_context

    context, made = server_context(settings)
    if made is not None:
        console.write(
            _("a certificate was made on the spot, for {names}; its SHA-256 fingerprint: {fingerprint}").format(
                names=", ".join(made.names), fingerprint=made.sha256
            )
        )
        console.explain(
            _("nobody vouches for it: whoever connects can compare the fingerprint, or give it to --ssl-fingerprint")
        )

    def wrap(connection: socket.socket, peer: Peer, console: Console) -> socket.socket:
        began_s = time.monotonic()
        inside = accept_encrypted(connection, context, settings, str(peer) or _("a socket without a name"))
        return _told(inside, settings, console, time.monotonic() - began_s)

    return wrap


def _connecting(settings: TlsSettings, given: Given) -> Wrapper:
    from hatoba.cli.nc_values import end_of
    from hatoba.netcat.tls import SERVER_HANDSHAKE_S, client_context, encrypt

    context = client_context(settings)
    patience_s = SERVER_HANDSHAKE_S if given["wait_s"] is None else given["wait_s"]
    host = "" if given["unix"] else end_of(given).host

    def wrap(connection: socket.socket, peer: Peer, console: Console) -> socket.socket:
        began_s = time.monotonic()
        inside = encrypt(connection, context, settings, host, patience_s)
        return _told(inside, settings, console, time.monotonic() - began_s)

    return wrap


def _told(inside: TlsSocket, settings: TlsSettings, console: Console, took_s: float) -> socket.socket:
    """Say what was agreed on, where somebody wants to hear it."""
    if console.verbosity or console.explaining:
        from hatoba.netcat.tls import negotiated
        from hatoba.netcat.tls_words import agreement

        for sentence in agreement(negotiated(inside, settings), inside.serving, console.explaining, took_s):
            console.tell(sentence)
    return cast(socket.socket, inside)
