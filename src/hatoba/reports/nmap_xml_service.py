"""The service of a port in nmap's XML: who is there, how sure that is; certificate and title as nmap's scripts have them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from hatoba.registry.cpe import cpe_uri
from hatoba.reports.nmap_xml_elements import TABLE_CONFIDENCE, attributes, element, script, usual_service
from hatoba.reports.nmap_xml_scripts import http_scripts, tls_scripts
from hatoba.reports.text import xml_text
from hatoba.service import Certificate, Release, Service

_KEYS = {"RSA": "rsa", "DSA": "dsa", "EC": "ec"}


def service_elements(service: Service, usual: str) -> str:
    """``<service>`` and ``<script>`` elements of one port; *usual* is the name that its number usually stands for."""
    if service.facts is None and service.tls is None:
        return usual_service(usual)
    facts = service.facts
    if facts is None:
        told = attributes(name="unknown", method="probed", conf=TABLE_CONFIDENCE, tunnel="ssl")
        return f"<service{told}/>{''.join(_scripts(service))}"
    wanted = {
        "product": facts.product,
        "version": facts.version,
        "extrainfo": facts.extra,
        "hostname": facts.hostname,
        "ostype": facts.os,
        "devicetype": facts.device,
        "tunnel": "ssl" if service.encrypted and facts.name != "ssl" else "",
    }
    known = {name: value for name, value in wanted.items() if value}
    told = attributes(name=facts.name, **known, method="probed", conf=facts.confidence)
    names = "".join(f"<cpe>{xml_text(cpe_uri(name))}</cpe>" for name in facts.cpe23)
    return f"<service{told}>{names}</service>{''.join(_scripts(service))}"


def _scripts(service: Service) -> Iterator[str]:
    if service.facts is not None:
        yield from http_scripts(service.facts)
    if service.release is not None and service.release.end_of_life:
        yield _released(service.release)
    if service.tls is not None:
        if service.tls.certificate is not None:
            yield _certificate(service.tls.certificate)
        yield from tls_scripts(service.tls)


def _released(release: Release) -> str:
    """Under a name of our own: nmap has no script for it."""
    ended = "in LTS, standard support ended on" if release.in_lts else "end of life since"
    told = f"{release.name}: {ended if release.ended else 'supported until'} {release.end_of_life}"
    elements = (
        element(release.name, "release")
        + element(release.end_of_life, "end_of_life")
        + element(str(release.ended).lower(), "ended")
        + (element("true", "in_lts") if release.in_lts else "")
        + element(release.source, "source")
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
    elements = (
        f'<table key="subject">{element(certificate.common_name, "commonName")}</table>'
        f'<table key="pubkey">{element(_KEYS.get(kind, kind), "type")}{element(bits, "bits")}</table>'
        f"{element(certificate.signature, 'sig_algo')}"
        f'<table key="validity">{element(begins, "notBefore")}{element(ends, "notAfter")}</table>'
        f"{element(certificate.sha256.hex(), 'sha256')}"
    )
    return script("ssl-cert", lines, elements)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
