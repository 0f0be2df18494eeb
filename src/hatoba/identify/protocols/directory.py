"""LDAP: what the root entry tells everybody (RFC 4511, RFC 4512 section 5.1, RFC 3045 for vendors)."""

from __future__ import annotations

from dataclasses import replace

from hatoba.identify.protocols.product import named, product
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol, StartTls
from hatoba.identify.protocols.text import text
from hatoba.probes.udp_questions.ber import BOOLEAN, ENUMERATED, OCTET_STRING, SEQUENCE, elements, integer, tlv
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_SEARCH, _ENTRY, _DONE, _EXTENDED, _EXTENDED_DONE, _UNBIND = 0x63, 0x64, 0x65, 0x77, 0x78, 0x42
_PRESENT = 0x87
_START_TLS = b"1.3.6.1.4.1.1466.20037"
_ATTRIBUTES = (b"*", b"+")


def _message(number: int, operation: bytes) -> bytes:
    return bytes(tlv(SEQUENCE, integer(number), operation).data)


def _search() -> bytes:
    """The entry without a name, and all that it lets us see."""
    wanted = tlv(SEQUENCE, *(tlv(OCTET_STRING, name).data for name in _ATTRIBUTES))
    base, never = integer(0, ENUMERATED), integer(0, ENUMERATED)
    limits = (integer(0).data, integer(5).data)
    search = tlv(_SEARCH, tlv(OCTET_STRING), base, never, *limits, tlv(BOOLEAN, b"\0"), tlv(_PRESENT, b"objectClass"), wanted)
    return _message(1, search.data)


def _operations(answer: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of the operation in each whole message that begins *answer*."""
    found = []
    for tag, content in elements(answer):
        parts = elements(content)
        if tag != SEQUENCE or len(parts) < 2 or parts[0][0] != 0x02:
            break
        found.append(parts[1])
    return found


def _attributes(entry: bytes) -> dict[str, list[bytes]]:
    parts = elements(entry)
    found: dict[str, list[bytes]] = {}
    for _tag, attribute in elements(parts[1][1]) if len(parts) > 1 else ():
        match elements(attribute):
            case [(0x04, name), (0x31, values), *_rest]:
                found[text(name).lower()] = [value for _kind, value in elements(values)]
    return found


_VENDORS = (
    product(rb"389 Project.*?389-Directory/(?P<version>\d[\w.]*)", "389 Directory Server", ("redhat", "389_directory_server")),
    product(rb"Apache Software Foundation.*?(?P<version>\d[\w.-]*)", "Apache Directory Server"),
    product(rb"Samba Team", "Samba Active Directory LDAP", ("samba", "samba")),
)


def read(answers: Answers) -> Facts | None:
    operations = _operations(answers[0])
    if not operations or operations[0][0] not in (_ENTRY, _DONE, _EXTENDED_DONE):
        return None
    evidence = answers[0][:80]
    told = _attributes(operations[0][1]) if operations[0][0] == _ENTRY else {}
    facts = Facts("ldap", evidence=evidence)
    vendor = b" ".join((*told.get("vendorname", []), *told.get("vendorversion", [])))
    facts = named(facts, vendor, _VENDORS)
    if any(b"OpenLDAProotDSE" in value for value in [*told.get("objectclass", []), *told.get("structuralobjectclass", [])]):
        cpes = (cpe23("a", "openldap", "openldap"),)
        facts = replace(facts, product="OpenLDAP slapd", cpe23=cpes, confidence=10, evidence=b"OpenLDAProotDSE")
    elif "rootdomainnamingcontext" in told and not facts.product:
        facts = replace(facts, product="Microsoft Windows Active Directory LDAP", os="Windows", confidence=10)
    names = [text(value) for value in told.get("namingcontexts", [])]
    host = next(iter(told.get("dnshostname", [])), b"")
    details = (("naming-contexts", "; ".join(names)[:400]),) if names else ()
    return replace(facts, hostname=text(host), details=details)


def _complete(heard: bytes) -> bool:
    return any(tag in (_DONE, _EXTENDED_DONE) for tag, _content in _operations(heard))


def _offers_tls(answers: Answers) -> bool:
    return _START_TLS in answers[0]


def _tls_accepted(heard: bytes) -> bool:
    """RFC 4511 section 4.14: an extended response whose result is success."""
    return any(tag == _EXTENDED_DONE and elements(body)[:1] == [(ENUMERATED, b"\0")] for tag, body in _operations(heard))


PROTOCOL = ServiceProtocol(
    "ldap",
    read,
    ports=(389, 3268),
    tls_ports=(636, 3269),
    questions=(Question(_search(), _complete),),
    rarity=5,
    start_tls=StartTls(
        _message(2, tlv(_EXTENDED, tlv(0x80, _START_TLS)).data),
        _offers_tls,
        lambda heard: bool(_operations(heard)),
        _tls_accepted,
    ),
    farewell=_message(3, tlv(_UNBIND).data),
)
