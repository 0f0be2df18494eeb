"""What is to be said against a service, and what stands in front of it: a line each, for whoever reads only the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from hatoba.messages import _N, _, translated
from hatoba.reports.text import safe
from hatoba.service import Certificate, Facts, Service, Tls, WebShield

PROBLEMS = {
    "expired": _N("expired"),
    "not-yet-valid": _N("not valid yet"),
    "self-signed": _N("self-signed"),
    "wrong-name": _N("for another name"),
    "weak-key": _N("weak key"),
    "weak-signature": _N("weak signature"),
    "broken-chain": _N("sent with certificates that did not sign it"),
}
"""A certificate's, by their words."""

_WEAKNESSES = {
    "sslv3": "SSLv3",
    "tlsv1": "TLSv1",
    "tlsv1.1": "TLSv1.1",
    "no-authentication": _N("ciphers without authentication"),
    "no-encryption": _N("ciphers without encryption"),
    "export": _N("export ciphers"),
    "rc4": "RC4",
    "des": "DES",
    "3des": "3DES",
    "idea": "IDEA",
    "weak-dh": _N("Diffie-Hellman with less than 2048 bits"),
}
_KINDS = {"waf": "WAF", "cdn": "CDN", "load-balancer": _N("load balancer")}


def findings(service: Service) -> Iterator[str]:
    """Without full stops. None where all is well and nothing stands in front."""
    if service.facts is not None and service.facts.shields:
        yield fronted(service.facts.shields)
    if service.facts is not None:
        yield from doors(service.facts)
    if service.tls is None:
        return
    if service.tls.weaknesses:
        yield weak(service.tls)
    if service.tls.certificate is not None and service.tls.certificate.problems:
        yield _("certificate: {problems}").format(problems=_dated(service.tls.certificate))
    for sent in service.tls.chain:
        if sent.problems:
            name = safe(sent.common_name or sent.subject)
            yield _("certificate of {name}, sent with it: {problems}").format(name=name, problems=_dated(sent))


def doors(facts: Facts) -> Iterator[str]:
    """What stands between a client and the service, as far as connections tell."""
    told = dict(facts.details)
    if "beside" in told:
        yield _("several servers share this port, by what a client says first; besides: {services}").format(
            services=safe(told["beside"])
        )
    if "proxy-protocol" in told:
        yield _("meant for proxies alone: it hangs up on whoever does not begin with the PROXY protocol")


def fronted(shields: Sequence[WebShield]) -> str:
    """``in front: Cloudflare (CDN, WAF)``"""
    named = [
        _("{name} ({kinds})").format(
            name=safe(shield.name) or _("something that does not say its name"),
            kinds=", ".join(translated(_KINDS[kind]) for kind in shield.kinds),
        )
        for shield in shields
    ]
    return _("in front: {shields}").format(shields=", ".join(named))


def weak(tls: Tls) -> str:
    """``weak: TLSv1, 3DES``"""
    return _("weak: {weaknesses}").format(weaknesses=spoken_of(tls.weaknesses, _WEAKNESSES))


def spoken_of(words: Sequence[str], texts: Mapping[str, str]) -> str:
    return ", ".join(translated(texts[word]) for word in words)


def _dated(certificate: Certificate) -> str:
    told = spoken_of(certificate.problems, PROBLEMS)
    if "expired" not in certificate.problems:
        return told
    day = datetime.fromtimestamp(certificate.not_after, UTC).date().isoformat()
    return _("{problems} (valid until {day})").format(problems=told, day=day)
