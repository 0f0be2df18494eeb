"""What a JSON line says of the service behind a port, and back; what is not known is left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from hatoba.model import Protocol
from hatoba.registry.cpe import is_cpe23
from hatoba.reports.text import bytes_shown, json_text, shown_bytes
from hatoba.service import Certificate, CipherList, Facts, Outcome, Release, Service, Tls, WebShield

_TEXTS = ("product", "version", "extra", "os", "device", "hostname")


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
    if service.release is not None:
        told["release"] = _release(service.release)
    return told


def _facts(facts: Facts) -> dict[str, Any]:
    told: dict[str, Any] = {"name": json_text(facts.name)}
    told |= {name: json_text(value) for name in _TEXTS if (value := getattr(facts, name))}
    if facts.cpe23:
        told["cpe23"] = list(facts.cpe23)
    told["confidence"] = facts.confidence
    if facts.details:
        told["details"] = {json_text(name): json_text(value) for name, value in facts.details}
    if facts.shields:
        told["shields"] = [_shield(shield) for shield in facts.shields]
    told["evidence"] = shown_bytes(facts.evidence)
    return told


def _release(release: Release) -> dict[str, Any]:
    told: dict[str, Any] = {"name": json_text(release.name), "evidence": json_text(release.evidence)}
    if release.end_of_life:
        told |= {"end_of_life": release.end_of_life, "ended": release.ended, "source": json_text(release.source)}
        told["extended"] = dict(release.extended)
        if release.in_lts:
            told["in_lts"] = True
        told["cpe23"] = release.cpe23
    return told


def _shield(shield: WebShield) -> dict[str, Any]:
    named = {"name": json_text(shield.name)} if shield.name else {}
    return named | {"kinds": list(shield.kinds), "sign": shield.sign, "evidence": shown_bytes(shield.evidence)}


def _tls(tls: Tls) -> dict[str, Any]:
    told: dict[str, Any] = {"version": tls.version, "cipher": tls.cipher, "started": tls.started}
    if tls.alpn:
        told["alpn"] = json_text(tls.alpn)
    if tls.versions:
        told["versions"] = list(tls.versions)
    if tls.ciphers:
        told["ciphers"] = [_accepted(accepted) for accepted in tls.ciphers]
    if tls.versions or tls.weaknesses:
        told["weaknesses"] = list(tls.weaknesses)
    if tls.wants_certificate:
        told["wants_certificate"] = True
    if tls.certificate is not None:
        told["certificate"] = _certificate(tls.certificate)
    if tls.chain:
        told["chain"] = [_certificate(sent) for sent in tls.chain]
    return told


def _accepted(accepted: CipherList) -> dict[str, Any]:
    preference = {"preference": accepted.preference} if accepted.preference else {}
    return {"version": accepted.version, "names": list(accepted.ciphers)} | preference


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


def service_of(line: Mapping[str, Any]) -> Service:
    """The service that a line tells of. Raises KeyError, TypeError or ValueError for one that is none."""
    facts, tls, release, port = line["service"], line.get("tls"), line.get("release"), line["port"]
    if not isinstance(port, int) or not 0 <= port < 1 << 16:
        raise ValueError(port)
    return Service(
        ip_address(line["address"]),
        Protocol[line["protocol"].upper()],
        port,
        Outcome(line["outcome"]),
        None if facts is None else _facts_of(facts),
        str(line.get("question", "")),
        bytes_shown(line.get("heard", "")),
        None if tls is None else _tls_of(tls),
        None if release is None else _release_of(release),
    )


def _facts_of(told: Mapping[str, Any]) -> Facts:
    names = tuple(map(str, told.get("cpe23", ())))
    if not all(map(is_cpe23, names)):
        raise ValueError(names)
    return Facts(
        str(told["name"]),
        **{name: str(told[name]) for name in _TEXTS if name in told},
        cpe23=names,
        confidence=int(told["confidence"]),
        evidence=bytes_shown(told["evidence"]),
        details=tuple((str(name), str(value)) for name, value in told.get("details", {}).items()),
        shields=tuple(map(_shield_of, told.get("shields", ()))),
    )


def _shield_of(told: Mapping[str, Any]) -> WebShield:
    return WebShield(
        str(told.get("name", "")), tuple(map(str, told["kinds"])), str(told["sign"]), bytes_shown(told["evidence"])
    )


def _release_of(told: Mapping[str, Any]) -> Release:
    return Release(
        str(told["name"]),
        str(told["evidence"]),
        str(told.get("end_of_life", "")),
        tuple((str(word), str(day)) for word, day in told.get("extended", {}).items()),
        told.get("ended", False) is True,
        str(told.get("source", "")),
        str(told.get("cpe23", "")),
        told.get("in_lts", False) is True,
    )


def _tls_of(told: Mapping[str, Any]) -> Tls:
    certificate = told.get("certificate")
    return Tls(
        str(told["version"]),
        str(told["cipher"]),
        str(told.get("alpn", "")),
        told["started"] is True,
        tuple(map(str, told.get("versions", ()))),
        None if certificate is None else _certificate_of(certificate),
        tuple(map(_certificate_of, told.get("chain", ()))),
        tuple(
            CipherList(str(one["version"]), tuple(map(str, one["names"])), str(one.get("preference", "")))
            for one in told.get("ciphers", ())
        ),
        tuple(map(str, told.get("weaknesses", ()))),
        told.get("wants_certificate", False) is True,
    )


def _certificate_of(told: Mapping[str, Any]) -> Certificate:
    texts = {name: str(told[name]) for name in ("subject", "common_name", "issuer", "key", "signature")}
    return Certificate(
        **texts,
        names=tuple(map(str, told["names"])),
        not_before=datetime.fromisoformat(told["not_before"]).timestamp(),
        not_after=datetime.fromisoformat(told["not_after"]).timestamp(),
        serial=int(told["serial"], 16),
        sha256=bytes.fromhex(told["sha256"]),
        self_signed=told["self_signed"] is True,
        problems=tuple(map(str, told["problems"])),
    )
