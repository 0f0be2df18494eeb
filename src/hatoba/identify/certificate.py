"""What a certificate says, and what is to be said against it (RFC 5280). Pure: DER in, facts out.

Certificates come from strangers: odd encodings, names of no known kind, extensions twice. What can't be read is left out, and a
certificate of which nothing can be read is None.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from itertools import pairwise
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from hatoba.service import Certificate

_ODD = (x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType)
_UNREADABLE = (ValueError, TypeError, KeyError, UnsupportedAlgorithm, *_ODD)
_WEAK_SIGNATURES = ("md2", "md5", "sha1")
_LEAST_BITS = {"RSA": 2048, "DSA": 2048, "EC": 224}
_BITS = re.compile(r"\d{3,5}")
"""Of a key as it is told: ``2048``; of a curve its name has them: ``secp192r1``, ``brainpoolP256r1``."""
_MOST_CERTIFICATES = 10
_MOST_NAMES = 50
_MOST_CHARACTERS = 400

NO_DATES = (0.0, 0.0)
"""Where they can't be read: 1970 is before X.509."""

Value = TypeVar("Value")


def certificate_of(der: bytes) -> Certificate | None:
    """The facts of a certificate, without its problems. None where it is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is odd about a stranger's certificate
        try:
            return _read(x509.load_der_x509_certificate(der))
        except _UNREADABLE:
            return None


def _read(found: x509.Certificate) -> Certificate:
    valid = _or(lambda: (found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp()), NO_DATES)
    subject = _or(lambda: found.subject.rfc4514_string(), "")  # noqa: PLW0108 - reading it is what may fail
    issuer = _or(lambda: found.issuer.rfc4514_string(), "")  # noqa: PLW0108
    return Certificate(
        subject=subject[:_MOST_CHARACTERS],
        common_name=_or(partial(_common_name, found), "")[:_MOST_CHARACTERS],
        issuer=issuer[:_MOST_CHARACTERS],
        names=_or(partial(_names, found), ()),
        not_before=valid[0],
        not_after=valid[1],
        key=_or(partial(_key, found), "unknown"),
        signature=_or(partial(_signature, found), "unknown"),
        serial=_or(lambda: found.serial_number, 0),
        sha256=found.fingerprint(SHA256()),
        self_signed=_or(partial(_self_signed, found), False),
    )


def judged(certificate: Certificate, now_s: float, asked: tuple[str, ...]) -> Certificate:
    """*certificate* with its problems, at *now_s* (seconds since the epoch), for a server that was *asked* by these names and
    addresses."""
    problems = []
    if certificate.not_after and now_s > certificate.not_after:
        problems.append("expired")
    if now_s < certificate.not_before:
        problems.append("not-yet-valid")
    if certificate.self_signed:
        problems.append("self-signed")
    if asked and not any(_covers(certificate, name) for name in asked):
        problems.append("wrong-name")
    kind, _space, size = certificate.key.partition(" ")
    bits = _BITS.search(size)
    if bits is not None and int(bits[0]) < _LEAST_BITS.get(kind, 0):
        problems.append("weak-key")
    if certificate.signature.lower().startswith(_WEAK_SIGNATURES) or "sha1" in certificate.signature.lower():
        problems.append("weak-signature")
    return replace(certificate, problems=tuple(problems))


def judged_chain(
    ders: Sequence[bytes], now_s: float, asked: tuple[str, ...]
) -> tuple[Certificate | None, tuple[Certificate, ...]]:
    """What a server sent, in DER: its own certificate with its problems, and those that came with it, with theirs."""
    read = [(der, certificate_of(der)) for der in ders[:_MOST_CERTIFICATES]]
    if not read or read[0][1] is None:
        return None, ()
    own = judged(read[0][1], now_s, asked)
    if any(below is None or above is None or not _signed_by(one, other) for (one, below), (other, above) in pairwise(read)):
        own = replace(own, problems=(*own.problems, "broken-chain"))
    others = (judged(one, now_s, ()) for _der, one in read[1:] if one is not None)
    return own, tuple(_as_authority(one) for one in others)


def _as_authority(certificate: Certificate) -> Certificate:
    """A root signs itself, and whether that signature is weak does not matter to those who trust it: they have it already."""
    ignored = {"self-signed", "weak-signature"} if certificate.self_signed else set()
    return replace(certificate, problems=tuple(one for one in certificate.problems if one not in ignored))


def _signed_by(der: bytes, issuer: bytes) -> bool:
    """Whether the one was signed by the other; where that can't be told, by names. RFC 5246 section 7.4.2 wants it so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            one, other = x509.load_der_x509_certificate(der), x509.load_der_x509_certificate(issuer)
            if one.issuer != other.subject:
                return False
            one.verify_directly_issued_by(other)
        except InvalidSignature:
            return False
        except _UNREADABLE:
            return True
    return True


def _covers(certificate: Certificate, name: str) -> bool:
    """RFC 6125 section 6.4: a name as it is, or with a star for its whole first label. The common name counts only where there
    are no alternative ones."""
    wanted = name.lower().rstrip(".")
    for known in certificate.names or (certificate.common_name,):
        pattern = known.lower().rstrip(".")
        if pattern == wanted or (pattern.startswith("*.") and wanted.partition(".")[2] == pattern[2:] != ""):
            return True
    return False


def _or(read: Callable[[], Value], otherwise: Value) -> Value:
    try:
        return read()
    except (*_UNREADABLE, OverflowError):
        return otherwise


def _common_name(found: x509.Certificate) -> str:
    return next((str(one.value) for one in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)), "")


def _names(found: x509.Certificate) -> tuple[str, ...]:
    try:
        alternative = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    named = [str(name) for name in alternative.get_values_for_type(x509.DNSName)]
    named += [str(ip_address(str(name))) for name in alternative.get_values_for_type(x509.IPAddress) if "/" not in str(name)]
    return tuple(name[:253] for name in named[:_MOST_NAMES])


def _key(found: x509.Certificate) -> str:
    match found.public_key():
        case rsa.RSAPublicKey() as key:
            return f"RSA {key.key_size}"
        case dsa.DSAPublicKey() as key:
            return f"DSA {key.key_size}"
        case ec.EllipticCurvePublicKey() as key:
            return f"EC {key.curve.name}"
        case ed25519.Ed25519PublicKey():
            return "Ed25519"
        case ed448.Ed448PublicKey():
            return "Ed448"
    return "unknown"


def _signature(found: x509.Certificate) -> str:
    algorithm = found.signature_algorithm_oid
    return algorithm._name if algorithm._name != "Unknown OID" else algorithm.dotted_string


def _self_signed(found: x509.Certificate) -> bool:
    if found.issuer != found.subject:
        return False
    try:
        found.verify_directly_issued_by(found)
    except InvalidSignature:
        return False
    return True
