"""The service of a port in nmap's XML: who is there, how sure that is; certificate and title as nmap's scripts have them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from hatoba.registry.cpe import cpe_uri
from hatoba.reports.text import xml_text
from hatoba.service import Certificate, Release, Service

_TABLE_CONFIDENCE = 3
_KEYS = {"RSA": "rsa", "DSA": "dsa", "EC": "ec"}


def service_elements(service: Service | None, usual: str) -> str:
    """``<service>`` and ``<script>`` elements of one port; *usual* is the name that its number usually stands for."""
    if service is None or (service.facts is None and service.tls is None):
        return f"<service{attributes(name=usual, method='table', conf=_TABLE_CONFIDENCE)}/>" if usual else ""
    facts = service.facts
    if facts is None:
        told = attributes(name="unknown", method="probed", conf=_TABLE_CONFIDENCE, tunnel="ssl")
        return f"<service{told}/>{''.join(_scripts(service))}"
    wanted = {
        "product": facts.product,
        "version": facts.version,
        "extrainfo": facts.extra,
        "hostname": facts.hostname,
        "ostype": facts.os,
        "devicetype": facts.device,
        "tunnel": "ssl" if service.encrypted else "",
    }
    known = {name: value for name, value in wanted.items() if value}
    told = attributes(name=facts.name, **known, method="probed", conf=facts.confidence)
    names = "".join(f"<cpe>{xml_text(cpe_uri(name))}</cpe>" for name in facts.cpe23)
    return f"<service{told}>{names}</service>{''.join(_scripts(service))}"


def attributes(**values: str | int) -> str:
    """As they stand in a tag, each behind a space."""
    return "".join(f' {name}="{xml_text(str(value))}"' for name, value in values.items())


def _scripts(service: Service) -> Iterator[str]:
    title = dict(service.facts.details).get("title") if service.facts is not None else None
    if title:
        yield f'<script{attributes(id="http-title", output=title)}><elem key="title">{xml_text(title)}</elem></script>'
    if service.release is not None and service.release.end_of_life:
        yield _released(service.release)
    if service.tls is not None and service.tls.certificate is not None:
        yield _certificate(service.tls.certificate)


def _released(release: Release) -> str:
    """Under a name of our own: nmap has no script for it."""
    told = f"{release.name}: {'end of life since' if release.ended else 'supported until'} {release.end_of_life}"
    elements = (
        _element("release", release.name)
        + _element("end_of_life", release.end_of_life)
        + _element("ended", str(release.ended).lower())
        + _element("source", release.source)
    )
    return f"<script{attributes(id='hatoba-end-of-life', output=told)}>{elements}</script>"


def _certificate(certificate: Certificate) -> str:
    """As nmap's script ssl-cert tells it, lines and elements alike."""
    begins, ends = (_moment(when) for when in (certificate.not_before, certificate.not_after))
    kind, _space, bits = certificate.key.partition(" ")
    lines = [f"Subject: {certificate.subject}"]
    if certificate.names:
        lines.append("Subject Alternative Name: " + ", ".join(certificate.names))
    lines += [f"Issuer: {certificate.issuer}", f"Not valid before: {begins}", f"Not valid after:  {ends}"]
    output = "&#xa;".join(map(xml_text, lines))
    elements = (
        f'<table key="subject">{_element("commonName", certificate.common_name)}</table>'
        f'<table key="pubkey">{_element("type", _KEYS.get(kind, kind))}{_element("bits", bits)}</table>'
        f"{_element('sig_algo', certificate.signature)}"
        f'<table key="validity">{_element("notBefore", begins)}{_element("notAfter", ends)}</table>'
        f"{_element('sha256', certificate.sha256.hex())}"
    )
    return f'<script id="ssl-cert" output="{output}">{elements}</script>'


def _element(key: str, value: str) -> str:
    return f"<elem{attributes(key=key)}>{xml_text(value)}</elem>"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
