"""What a port said of itself, in sentences, with the words that it said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from hatoba.messages import _N, _, translated
from hatoba.reports.findings import PROBLEMS, doors, fronted, spoken_of, weak
from hatoba.reports.support import support
from hatoba.reports.text import safe, shown_bytes
from hatoba.service import Certificate, Facts, Outcome, Release, Service, Tls

_SHOWN_BYTES = 100

_OUTCOMES = {
    Outcome.SILENT: _N("service: it accepts connections and says nothing, whatever it is asked"),
    Outcome.CUT: _N("service: it ends every connection before a word: something in front lets only others in"),
    Outcome.UNREACHABLE: _N("service: no connection came about any more when it was to be asked"),
    Outcome.EXCLUDED: _N("service: not asked, as printers print whatever comes to this port; --allports asks it"),
    Outcome.UNFINISHED: _N("service: the time was up before it had been asked to the end"),
}

_SOURCES = {
    "signature": _N("named by your own signature: {source}"),
    "recog": _N("completed by a fingerprint of Recog's: {source}"),
}
"""By the name of the detail that holds the source."""
_TOLD_APART = {"waf-test", "beside", "proxy-protocol", *_SOURCES}
"""Details that have sentences of their own."""

_SIGNS = {
    "header": _N('it adds "{words}"'),
    "cookie": _N('it sets "{words}"'),
    "page": _N('the page says "{words}"'),
    "refusal": _N('what looks like an attack is answered "{words}", anything else is not'),
    "scoring": _N('two small oddities are let through one by one, and both together are answered "{words}"'),
}
_TESTS = {
    "no-difference": _N("WAF test: what looks like an attack was answered as anything else"),
    "no-answer": _N("WAF test: a harmless request was not answered"),
    "unsteady": _N("WAF test: in the end harmless requests were refused as well, so it tells nothing"),
}
_PREFERENCES = {
    "server": _N("{version}, in the server's order: {ciphers}"),
    "client": _N("{version}, in the client's order: {ciphers}"),
    "": _N("{version}: {ciphers}"),
}


def explain_service(service: Service) -> Iterator[str]:
    """Sentences without full stops: what it said, what stands in front, how it is wrapped up, whose certificates it showed."""
    yield _said(service)
    if service.facts is not None:
        yield from _brought(service.facts)
        yield from _said_besides(service.facts)
    if service.release is not None:
        yield _released(service.release)
    if service.tls is not None:
        yield from _wrapped(service.tls)


def _said(service: Service) -> str:
    if service.facts is not None:
        words = shown_bytes(service.facts.evidence[:_SHOWN_BYTES])
        if service.question == "greeting":
            return _('service {name}: it greets with "{words}"').format(name=safe(service.facts.name), words=words)
        return _('service {name}: asked in {question}, it answered "{words}"').format(
            name=safe(service.facts.name), question=service.question, words=words
        )
    if (sentence := _OUTCOMES.get(service.outcome)) is not None and not service.heard:
        return translated(sentence)
    return _('service: nothing that is known here says "{words}"').format(words=shown_bytes(service.heard[:_SHOWN_BYTES]))


def _brought(facts: Facts) -> Iterator[str]:
    """Whose words they are where they are not hatoba's own."""
    for name, value in facts.details:
        if name in _SOURCES:
            yield translated(_SOURCES[name]).format(source=safe(value))


def _released(release: Release) -> str:
    words = safe(release.evidence)
    if not release.source:
        return _('built for {release}, as "{words}" tells').format(release=support(release), words=words)
    return _('built for {release}, as "{words}" and {source} tell').format(
        release=support(release), words=words, source=safe(release.source)
    )


def _said_besides(facts: Facts) -> Iterator[str]:
    told = [(name, value) for name, value in facts.details if name not in _TOLD_APART]
    if told:
        yield _("it tells: {details}").format(details=", ".join(f'{safe(name)} "{safe(value)}"' for name, value in told))
    yield from doors(facts)
    for shield in facts.shields:
        sign = translated(_SIGNS[shield.sign]).format(words=shown_bytes(shield.evidence[:_SHOWN_BYTES]))
        yield _("{fronted}: {sign}").format(fronted=fronted((shield,)), sign=sign)
    outcome = dict(facts.details).get("waf-test", "")
    if outcome in _TESTS:
        yield translated(_TESTS[outcome])


def _wrapped(tls: Tls) -> Iterator[str]:
    spoken = _("{version} with {cipher}").format(version=tls.version, cipher=safe(tls.cipher))
    if tls.versions:
        spoken = _("{spoken}; it accepts {versions}").format(spoken=spoken, versions=", ".join(tls.versions))
    if tls.started:
        yield _("TLS on request (STARTTLS): {spoken}").format(spoken=spoken)
    else:
        yield _("TLS: {spoken}").format(spoken=spoken)
    for accepted in tls.ciphers:
        yield translated(_PREFERENCES[accepted.preference]).format(
            version=accepted.version, ciphers=", ".join(accepted.ciphers)
        )
    if tls.weaknesses:
        yield weak(tls)
    if tls.wants_certificate:
        yield _("it asks clients for a certificate")
    if tls.certificate is not None:
        yield _certified(tls.certificate)
    for sent in tls.chain:
        yield _("sent with it: {certificate}").format(certificate=_certified(sent))


def _certified(certificate: Certificate) -> str:
    named = safe(certificate.common_name or certificate.subject)
    told = _("certificate of {name}, from {issuer}, valid until {day}, {key}").format(
        name=named,
        issuer=safe(certificate.issuer),
        day=datetime.fromtimestamp(certificate.not_after, UTC).date().isoformat(),
        key=safe(certificate.key),
    )
    if not certificate.problems:
        return told
    return _("{certificate}: {problems}").format(certificate=told, problems=spoken_of(certificate.problems, PROBLEMS))
