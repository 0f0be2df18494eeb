"""What a TLS handshake agreed on, in sentences."""

from __future__ import annotations

import warnings
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from hatoba.messages import _
from hatoba.netcat.tls import Negotiated, fingerprint_of
from hatoba.reports.text import safe

_MOST_CHARACTERS = 200


def agreement(agreed: Negotiated, serving: bool, explaining: bool, took_s: float) -> list[str]:
    """Sentences for ``-v``, and more of them for the teaching mode. *serving*: the peer is our client."""
    sentences = [
        _("{version} with {cipher}; protocol inside (ALPN): {alpn}").format(
            version=agreed.version, cipher=agreed.cipher, alpn=safe(agreed.alpn) or _("none agreed on")
        )
    ]
    if agreed.certificate:
        sentences.append(_certificate(agreed.certificate))
    if explaining:
        sentences[0] += " – " + _("the handshake took {took_ms} ms, and from here on nobody between us can read along").format(
            took_ms=f"{1000 * took_s:.1f}"
        )
        sentences.append(_trust(agreed, serving))
    elif agreed.certificate and not agreed.verified:
        sentences.append(_("the certificate was not checked; --ssl-verify does that"))
    return sentences


def _trust(agreed: Negotiated, serving: bool) -> str:
    if agreed.verified:
        return _("the certificate was checked: the peer is who it says it is, as far as those go whom you trust")
    if serving:
        return _("we did not ask the client who it is; --ssl-verify or --ssl-trustfile does that")
    return _(
        "the certificate was not checked, so the peer may be anybody, even somebody between us and the right one; --ssl-verify,"
        " --ssl-trustfile or --ssl-fingerprint check it"
    )


def _certificate(der: bytes) -> str:
    subject, issuer, ends = _read(der)
    return _(
        "the peer's certificate: {subject}, issued by {issuer}, valid until {ends}, SHA-256 fingerprint {fingerprint}"
    ).format(subject=subject, issuer=issuer, ends=ends, fingerprint=fingerprint_of(der))


def _read(der: bytes) -> tuple[str, str, str]:
    """Subject, issuer and last day, as far as they can be read: certificates are strangers' words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = x509.load_der_x509_certificate(der)
            names = tuple(safe(name.rfc4514_string())[:_MOST_CHARACTERS] or "–" for name in (found.subject, found.issuer))
            ends: datetime = found.not_valid_after_utc
        except (ValueError, TypeError, KeyError, UnsupportedAlgorithm, x509.InvalidVersion):
            return "?", "?", "?"
    return names[0], names[1], f"{ends:%Y-%m-%d}"
