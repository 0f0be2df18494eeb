"""What goes wrong with TLS, each in one sentence that says what to do about it.

OpenSSL names its faults in words of its own ("certificate verify failed: IP address mismatch"). Those that people meet have
sentences here, by X.509 verification codes (openssl-verification-options(1)) and by reason codes; any other keeps OpenSSL's.
"""

from __future__ import annotations

import errno
import ssl

from hatoba.messages import _N, _, translated
from hatoba.netcat.ends import Cut, ToldFault


class TlsFault(ToldFault):
    """TLS with the peer failed."""

    def __init__(self, sentence: str) -> None:
        super().__init__(errno.EPROTO, sentence)


class TlsTruncated(TlsFault, Cut):
    """The stream ended without close_notify (RFC 8446 section 6.1): somebody may have cut it short."""

    def __init__(self) -> None:
        super().__init__(
            _("the connection was cut off without TLS's goodbye (close_notify): what came before may not be all of it")
        )


_UNTRUSTED = _N(
    "nobody that this machine trusts vouches for the certificate of {peer} ({reason}); "
    "name the authority's certificate with --ssl-trustfile"
)
_VERIFICATION = {
    9: _N("the certificate of {peer} is not valid yet; check the clock of both machines"),
    10: _N("the certificate of {peer} has expired; it has to be renewed there"),
    18: _N(
        "the certificate of {peer} is signed by nobody but itself; if you know it, name its file with --ssl-trustfile or its "
        "fingerprint with --ssl-fingerprint"
    ),
    19: _UNTRUSTED,
    20: _UNTRUSTED,
    21: _UNTRUSTED,
    23: _N("the certificate of {peer} was revoked; don't trust it"),
    62: _N("the certificate of {peer} is for another name; write the name that it is for, or give it with --ssl-servername"),
    64: _N(
        "the certificate of {peer} is not for this address; write the name that it is for, or give it with --ssl-servername"
    ),
}
_SELF_SIGNED_CLIENT = _N(
    "the certificate of {peer} is signed by nobody but itself; if you know it, name its file with --ssl-trustfile"
)

_NOT_TLS = _N("{peer} does not speak TLS on this port; leave out --ssl")
_NO_CERTIFICATE = _N("{peer} wants to see a certificate; give one with --ssl-cert and --ssl-key")
_NOTHING_COMMON = _N("{peer} and this end have no version or cipher of TLS in common")
_UNKNOWN_TO_PEER = _N("{peer} does not trust our certificate")

_REASONS = {
    "WRONG_VERSION_NUMBER": _NOT_TLS,
    "HTTP_REQUEST": _NOT_TLS,
    "HTTPS_PROXY_REQUEST": _NOT_TLS,
    "PACKET_LENGTH_TOO_LONG": _NOT_TLS,
    "RECORD_LAYER_FAILURE": _NOT_TLS,
    "UNKNOWN_PROTOCOL": _NOT_TLS,
    "NO_SHARED_CIPHER": _NOTHING_COMMON,
    "UNSUPPORTED_PROTOCOL": _NOTHING_COMMON,
    "NO_PROTOCOLS_AVAILABLE": _NOTHING_COMMON,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": _NOTHING_COMMON,
    "TLSV1_ALERT_PROTOCOL_VERSION": _NOTHING_COMMON,
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": _NOTHING_COMMON,
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": _N("{peer} showed no certificate, and --ssl-verify asks for one"),
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _NO_CERTIFICATE,
    "TLSV1_ALERT_UNKNOWN_CA": _UNKNOWN_TO_PEER,
    "SSLV3_ALERT_BAD_CERTIFICATE": _UNKNOWN_TO_PEER,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _UNKNOWN_TO_PEER,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": _N("{peer} says that our certificate has expired"),
    "TLSV1_UNRECOGNIZED_NAME": _N("{peer} knows no server of this name; give another with --ssl-servername"),
    "TLSV1_ALERT_NO_APPLICATION_PROTOCOL": _N("{peer} speaks none of the protocols of --ssl-alpn"),
    "NO_APPLICATION_PROTOCOL": _N("{peer} speaks none of the protocols of --ssl-alpn"),
}


def told(fault: ssl.SSLError, peer: str, *, serving: bool = False) -> TlsFault:
    """*fault* of a handshake or a conversation with *peer* (as people call it) in a sentence. *serving*: it is our client."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        code, reason = fault.verify_code, fault.verify_message.rstrip(".")
        sentence = _SELF_SIGNED_CLIENT if serving and code == 18 else _VERIFICATION.get(code, _UNTRUSTED)
        return TlsFault(translated(sentence).format(peer=peer, reason=reason))
    reason = fault.reason or str(fault)
    known = _REASONS.get(reason)
    if known is None:
        plain = reason.replace("_", " ").lower()
        return TlsFault(_("TLS with {peer} failed: {reason}").format(peer=peer, reason=plain))
    if known is _NOT_TLS and serving:
        return TlsFault(_("{peer} does not speak TLS").format(peer=peer))
    return TlsFault(translated(known).format(peer=peer))
