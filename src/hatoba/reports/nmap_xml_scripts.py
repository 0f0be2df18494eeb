"""What else is known of a port as output of nmap's scripts, by the names and elements under which consumers look for it.

Where nmap has no script for it the name is ours: ``hatoba-tls``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hatoba.registry.tls_suites import weakness_of
from hatoba.reports.nmap_xml_elements import element, script, table
from hatoba.service import Certificate, CipherList, Facts, Tls, WebShield

_VERSIONS = {"TLSv1": "TLSv1.0"}
"""In nmap's words, where those are others."""


def http_scripts(facts: Facts) -> Iterator[str]:
    details = dict(facts.details)
    if title := details.get("title"):
        yield script("http-title", [title], element(title, "title"))
    if generator := details.get("generator"):
        yield script("http-generator", [generator], "")
    if methods := details.get("allow"):
        names = [name.strip() for name in methods.split(",") if name.strip()]
        yield script("http-methods", [f"Supported Methods: {' '.join(names)}"], table("Supported Methods", _listed(names)))
    if dav := details.get("dav"):
        yield script("http-webdav-scan", [f"WebDAV: {dav}"], element(dav, "DAV"))
    if murmur3 := details.get("favicon-mmh3"):
        sha256 = details.get("favicon-sha256", "")
        lines = [f"MurmurHash3: {murmur3}", f"SHA-256: {sha256}"]
        yield script("http-favicon", lines, element(murmur3, "mmh3") + element(sha256, "sha256"))
    if details.get("waf-test") == "refused":
        yield script("http-waf-detect", ["IDS/IPS/WAF detected"], "")
    if facts.shields:
        yield script("http-waf-fingerprint", ["Detected WAF", *map(_shield_line, facts.shields)], _shields(facts.shields))


def tls_scripts(tls: Tls) -> Iterator[str]:
    if tls.ciphers:
        yield _enumerated(tls)
    if tls.versions or tls.chain:
        versions = [_VERSIONS.get(version, version) for version in tls.versions]
        problems = tls.certificate.problems if tls.certificate is not None else ()
        lines = [
            *([f"Versions: {', '.join(versions)}"] if versions else []),
            *([f"Weak: {', '.join(tls.weaknesses)}"] if tls.weaknesses else []),
            *([f"Certificate: {', '.join(problems)}"] if problems else []),
            *(f"Sent with it: {one.subject}" for one in tls.chain),
        ]
        elements = table("versions", _listed(versions)) + table("weaknesses", _listed(tls.weaknesses))
        chain = "".join(table("", _sent(one)) for one in tls.chain)
        yield script("hatoba-tls", lines, elements + table("problems", _listed(problems)) + table("chain", chain))


def _enumerated(tls: Tls) -> str:
    """As nmap's ssl-enum-ciphers has it, without its grades."""
    lines, elements = [], ""
    for accepted in tls.ciphers:
        version = _VERSIONS.get(accepted.version, accepted.version)
        warnings = sorted({word for name in accepted.ciphers if (word := weakness_of(name))})
        lines += ["", f"  {version}: ", "    ciphers: ", *(f"      {name}" for name in accepted.ciphers)]
        lines += [f"    cipher preference: {accepted.preference}"] if accepted.preference else []
        lines += ["    warnings: ", *(f"      {word}" for word in warnings)] if warnings else []
        elements += table(version, _accepted(accepted, warnings))
    return script("ssl-enum-ciphers", lines, elements)


def _accepted(accepted: CipherList, warnings: Sequence[str]) -> str:
    ciphers = "".join(table("", element(name, "name")) for name in accepted.ciphers)
    preference = element(accepted.preference, "cipher preference") if accepted.preference else ""
    return table("ciphers", ciphers) + preference + (table("warnings", _listed(warnings)) if warnings else "")


def _sent(certificate: Certificate) -> str:
    return (
        element(certificate.subject, "subject")
        + element(certificate.issuer, "issuer")
        + element(certificate.sha256.hex(), "sha256")
        + table("problems", _listed(certificate.problems))
    )


def _shields(shields: Sequence[WebShield]) -> str:
    return table("detected", "".join(table("", element(_name(one), "name") + _listed(one.kinds)) for one in shields))


def _shield_line(shield: WebShield) -> str:
    return f"  {_name(shield)} ({', '.join(shield.kinds)}), by {shield.sign}"


def _name(shield: WebShield) -> str:
    return shield.name or "unknown"


def _listed(values: Iterable[str]) -> str:
    return "".join(map(element, values))
