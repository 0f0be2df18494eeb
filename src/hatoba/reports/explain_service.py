"""What a port said of itself, in sentences, with the words that it said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from hatoba.messages import _N, _, translated
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

_PROBLEMS = {
    "expired": _N("expired"),
    "not-yet-valid": _N("not valid yet"),
    "self-signed": _N("self-signed"),
    "wrong-name": _N("for another name"),
    "weak-key": _N("weak key"),
    "weak-signature": _N("weak signature"),
}


def explain_service(service: Service) -> Iterator[str]:
    """Sentences without full stops: what it said, how it is wrapped up, whose certificate it showed."""
    yield _said(service)
    if service.facts is not None:
        yield from _brought(service.facts)
    if service.release is not None:
        yield _released(service.release)
    if service.tls is not None:
        yield _wrapped(service.tls)
        if service.tls.certificate is not None:
            yield _certified(service.tls.certificate)


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


def _wrapped(tls: Tls) -> str:
    spoken = _("{version} with {cipher}").format(version=tls.version, cipher=safe(tls.cipher))
    if tls.versions:
        spoken = _("{spoken}; it accepts {versions}").format(spoken=spoken, versions=", ".join(tls.versions))
    if tls.started:
        return _("TLS on request (STARTTLS): {spoken}").format(spoken=spoken)
    return _("TLS: {spoken}").format(spoken=spoken)


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
    problems = ", ".join(translated(_PROBLEMS[problem]) for problem in certificate.problems)
    return _("{certificate}: {problems}").format(certificate=told, problems=problems)
