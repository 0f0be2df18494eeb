"""What a JSON line says of the service behind a port; what is not known is left out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hatoba.reports.text import json_text, shown_bytes
from hatoba.service import Certificate, Facts, Service, Tls


def service_facts(service: Service) -> dict[str, Any]:
    told: dict[str, Any] = {
        "address": str(service.address),
        "protocol": service.protocol.word,
        "port": service.port,
        "outcome": service.outcome.value,
        "service": None if service.facts is None else _facts(service.facts),
    }
    if service.question:
        told["question"] = service.question
    if service.heard:
        told["heard"] = shown_bytes(service.heard)
    if service.tls is not None:
        told["tls"] = _tls(service.tls)
    return told


def _facts(facts: Facts) -> dict[str, Any]:
    texts = ("product", "version", "extra", "os", "device", "hostname")
    told: dict[str, Any] = {"name": json_text(facts.name)}
    told |= {name: json_text(value) for name in texts if (value := getattr(facts, name))}
    if facts.cpe23:
        told["cpe23"] = list(facts.cpe23)
    told["confidence"] = facts.confidence
    if facts.details:
        told["details"] = {json_text(name): json_text(value) for name, value in facts.details}
    told["evidence"] = shown_bytes(facts.evidence)
    return told


def _tls(tls: Tls) -> dict[str, Any]:
    told: dict[str, Any] = {"version": tls.version, "cipher": tls.cipher, "started": tls.started}
    if tls.alpn:
        told["alpn"] = json_text(tls.alpn)
    if tls.versions:
        told["versions"] = list(tls.versions)
    if tls.certificate is not None:
        told["certificate"] = _certificate(tls.certificate)
    return told


def _certificate(certificate: Certificate) -> dict[str, Any]:
    return {
        "subject": json_text(certificate.subject),
        "common_name": json_text(certificate.common_name),
        "issuer": json_text(certificate.issuer),
        "names": [json_text(name) for name in certificate.names],
        "not_before": moment(certificate.not_before),
        "not_after": moment(certificate.not_after),
        "key": certificate.key,
        "signature": certificate.signature,
        "serial": f"{certificate.serial:x}",
        "sha256": certificate.sha256.hex(),
        "self_signed": certificate.self_signed,
        "problems": list(certificate.problems),
    }


def moment(seconds: float) -> str:
    """Of a certificate, whose times are whole seconds: ``2027-03-01T12:00:00Z``."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
