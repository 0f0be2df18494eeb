"""Services over UDP, and DNS over either: DNS, NTP, SNMP, NetBIOS names, SSDP, TFTP."""

from __future__ import annotations

import re
import struct
from dataclasses import replace

from hatoba.identify.protocols.complete import anything, length_prefixed
from hatoba.identify.protocols.product import named, os_cpe, product, system_of
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.identify.protocols.text import first_line, text
from hatoba.identify.protocols.worded import payload
from hatoba.model import Protocol
from hatoba.probes.udp_questions.ber import INTEGER, NULL, OCTET_STRING, OID, SEQUENCE, elements, inside, integer, tlv
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_DNS_ID = b"ht"
_TXT, _CHAOS = 16, 3
_VERSION_BIND = _DNS_ID + b"\0\0\0\1\0\0\0\0\0\0" + b"\x07version\x04bind\0" + struct.pack(">HH", _TXT, _CHAOS)
_REFUSED = {1: "format error", 2: "server failure", 3: "no such name", 4: "not implemented", 5: "refused"}

DNS_PRODUCTS = (
    product(rb"^dnsmasq-(?P<version>\d[\w.]*)", "dnsmasq", ("thekelleys", "dnsmasq")),
    product(rb"^unbound (?P<version>\d[\w.]*)", "Unbound", ("nlnetlabs", "unbound")),
    product(rb"^(?:BIND )?(?P<version>9\.\d+\.\d+(?:-S\d+|-P\d+)?)-?(?P<extra>[^\s]*)", "ISC BIND", ("isc", "bind")),
    product(rb"^PowerDNS Authoritative Server (?P<version>\d[\w.]*)", "PowerDNS", ("powerdns", "authoritative_server")),
    product(rb"^PowerDNS Recursor (?P<version>\d[\w.]*)", "PowerDNS Recursor", ("powerdns", "recursor")),
    product(rb"^NSD (?P<version>\d[\w.]*)", "NLnet Labs NSD", ("nlnetlabs", "nsd")),
    product(rb"^Knot DNS (?P<version>\d[\w.]*)", "Knot DNS", ("nic", "knot_dns")),
    product(rb"^CoreDNS-(?P<version>\d[\w.]*)", "CoreDNS", ("coredns.io", "coredns")),
    product(rb"^Microsoft DNS (?P<version>\d[\w.]*)", "Microsoft DNS", None, "Windows"),
)


def read_dns(answers: Answers) -> Facts | None:
    """``version.bind`` in the class CHAOS, a custom of BIND that others follow (RFC 4892)."""
    return _dns(answers[0])


def read_dns_stream(answers: Answers) -> Facts | None:
    """The same behind a length (RFC 1035 section 4.2.2)."""
    answer = answers[0]
    size = int.from_bytes(answer[:2], "big")
    return _dns(answer[2 : 2 + size]) if size >= 12 else None


def _dns(message: bytes) -> Facts | None:
    if len(message) < 12 or message[:2] != _DNS_ID or not message[2] & 0x80 or message[2] & 0x78:
        return None
    code, questions, records = message[3] & 0x0F, *struct.unpack_from(">HH", message, 4)
    if questions > 1 or code > 23:
        return None
    facts = Facts("domain", evidence=message[:40], extra=f"version.bind: {_REFUSED[code]}" if code in _REFUSED else "")
    said = _txt(message, questions) if records and not code else b""
    if not said:
        return facts
    facts = named(replace(facts, extra="", evidence=said[:160]), said, DNS_PRODUCTS)
    return replace(facts, os=system_of(said)) if facts.product else replace(facts, extra=text(said))


def _txt(message: bytes, questions: int) -> bytes:
    """The first string of the first answer, if that is a text of CHAOS."""
    at = 12
    for _question in range(questions):
        at = _after_name(message, at) + 4
    at = _after_name(message, at)
    if at + 11 > len(message) or struct.unpack_from(">HH", message, at) != (_TXT, _CHAOS):
        return b""
    size = message[at + 10]
    return message[at + 11 : at + 11 + size]


def _after_name(message: bytes, at: int) -> int:
    while at < len(message):
        size = message[at]
        if size >= 0xC0:
            return at + 2
        at += 1 + size
        if not size:
            break
    return at


_NTP_CLIENT = bytes([0x23]) + bytes(39) + b"hatoba!!"
_NTP_READVAR = struct.pack(">BBHHHHH", 0x16, 2, 1, 0, 0, 0, 0)
_KISS = {b"DENY": "access denied", b"RATE": "rate exceeded", b"RSTR": "restricted"}
NTP_PRODUCTS = (
    product(rb'version="ntpd ntpsec-(?P<version>\d[\w.]*)', "NTPsec", ("ntpsec", "ntpsec")),
    product(rb'version="ntpd (?P<version>\d[\d.]*)(?P<update>p\d+)?', "NTP", ("ntp", "ntp")),
)


def read_ntp(answers: Answers) -> Facts | None:
    """RFC 5905 figure 8: a server's answer repeats our transmit time. Mode 6 (RFC 9327) tells the version, where it is open."""
    answer = answers[0]
    if len(answer) < 48 or answer[0] & 7 != 4 or answer[24:32] != b"hatoba!!":
        return None
    stratum, reference = answer[1], answer[12:16]
    extra = _KISS.get(reference, "") if not stratum else f"stratum {stratum}"
    facts = Facts("ntp", extra=extra, evidence=answer[:48])
    told = answers[1] if len(answers) > 1 else b""
    if told[:1] and told[0] & 7 == 6:
        facts = named(facts, told[12:], NTP_PRODUCTS)
        system = re.search(rb'system="(\w+)/', told)
        facts = replace(
            facts, os=text(system[1]) if system else facts.os, evidence=told[12:172] if facts.product else facts.evidence
        )
    return facts


_SYS_DESCR, _SYS_NAME = (bytes([0x2B, 6, 1, 2, 1, 1, last, 0]) for last in (1, 5))
_GET, _RESPONSE = 0xA0, 0xA2
_SNMP_NUMBER = integer(0x6861)


def _snmp_get() -> bytes:
    """RFC 3416: sysDescr and sysName (RFC 3418), by the community that is public by convention."""
    bindings = tlv(SEQUENCE, *(tlv(SEQUENCE, tlv(OID, name), tlv(NULL)) for name in (_SYS_DESCR, _SYS_NAME)))
    pdu = tlv(_GET, _SNMP_NUMBER, integer(0), integer(0), bindings)
    return tlv(SEQUENCE, integer(1), tlv(OCTET_STRING, b"public"), pdu).data


SNMP_PRODUCTS = (
    product(rb"^Linux (?P<hostname>\S+) (?P<extra>\d\S*)", "net-snmp", ("net-snmp", "net-snmp"), "Linux"),
    product(rb"^Hardware: .* Software: Windows Version (?P<extra>\S+)", "Microsoft Windows SNMP service", None, "Windows"),
    product(rb"^Cisco IOS Software.*?Version (?P<version>[^,\s]+)", "Cisco SNMP service", None, "Cisco IOS", "router"),
    product(rb"^RouterOS (?P<extra>\S+)", "MikroTik RouterOS SNMP service", None, "RouterOS", "router"),
    product(rb"^FreeBSD (?P<hostname>\S+) (?P<extra>\S+)", "FreeBSD SNMP service", None, "FreeBSD"),
)


def read_snmp(answers: Answers) -> Facts | None:
    told = _snmp_values(answers[0])
    if told is None:
        return None
    described, host = told.get(_SYS_DESCR, b""), text(told.get(_SYS_NAME, b""))
    facts = named(Facts("snmp", extra="", evidence=described[:160] or answers[0][:80]), described, SNMP_PRODUCTS)
    facts = replace(facts, confidence=9) if facts.product else replace(facts, extra=text(described))
    details = (("description", text(described, 300)),) if described else ()
    return replace(facts, hostname=host or facts.hostname, details=(*details, ("community", "public")))


def snmp_description(answer: bytes) -> bytes:
    """All of the sysDescr in an answer to the question of :data:`PROTOCOLS`: 255 bytes by RFC 3418, of many devices more."""
    return (_snmp_values(answer) or {}).get(_SYS_DESCR, b"")


def _snmp_values(answer: bytes) -> dict[bytes, bytes] | None:
    """Texts by the name of their object; None for what answers no question of ours."""
    match inside(answer, SEQUENCE):
        case [(0x02, b"\1"), (0x04, _community), (0xA2, pdu), *_rest]:
            parts = elements(pdu)
        case _:
            return None
    if len(parts) < 4 or parts[0][0] != INTEGER or parts[0][1] != b"ha":
        return None
    told: dict[bytes, bytes] = {}
    for _tag, binding in elements(parts[3][1]):
        match elements(binding):
            case [(0x06, name), (0x04, value), *_more]:
                told[name] = value
    return told


_NBSTAT = b"nb\0\0\0\1\0\0\0\0\0\0 CK" + b"A" * 30 + b"\0\0\x21\0\1"


def read_netbios(answers: Answers) -> Facts | None:
    """RFC 1002 section 4.2.18: the names that a node has. 00 is the host, or with the group bit its workgroup."""
    answer = answers[0]
    if len(answer) < 57 or answer[:2] != b"nb" or not answer[2] & 0x80 or answer[46:50] != b"\0\x21\0\1":
        return None
    count = answer[56]
    names = [
        (answer[at : at + 15], answer[at + 15], answer[at + 16]) for at in range(57, min(57 + 18 * count, len(answer) - 17), 18)
    ]
    host = next((text(name) for name, kind, flags in names if kind == 0 and not flags & 0x80), "")
    group = next((text(name) for name, kind, flags in names if kind == 0 and flags & 0x80), "")
    mac = answer[57 + 18 * count : 63 + 18 * count]
    facts = Facts("netbios-ns", extra=f"workgroup: {group}" if group else "", hostname=host, evidence=answer[56:120])
    if len(mac) == 6 and not any(mac):
        # Samba has no hardware address to tell and sends zeros.
        return replace(facts, product="Samba nmbd", cpe23=(cpe23("a", "samba", "samba"),), confidence=9)
    return facts


UPNP_PRODUCTS = (
    product(rb"MiniUPnPd/(?P<version>\d[\w.]*)", "MiniUPnPd", ("miniupnp_project", "miniupnpd"), "", "router"),
    product(rb"MiniDLNA/(?P<version>\d[\w.]*)", "MiniDLNA", ("readymedia_project", "readymedia")),
)


def read_ssdp(answers: Answers) -> Facts | None:
    """UPnP Device Architecture section 1.3.3."""
    if not answers[0].startswith(b"HTTP/1.1 200"):
        return None
    fields = {
        name.strip().lower(): value.strip() for name, _c, value in (line.partition(b":") for line in answers[0].splitlines())
    }
    if b"st" not in fields and b"usn" not in fields:
        return None
    server = fields.get(b"server", b"")
    os = system_of(server)
    details = (("location", text(fields.get(b"location", b""))),)
    facts = Facts(
        "upnp",
        extra=text(server),
        os=os,
        cpe23=os_cpe(os),
        evidence=b"Server: " + server[:100] if server else first_line(answers[0]).encode(),
        details=details,
    )
    return named(facts, server, UPNP_PRODUCTS)


_SSDP = b'M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nMan: "ssdp:discover"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n'


_TFTP_ERROR = 5
TFTP_PRODUCTS = (
    product(rb"^file [^\0]{0,200}hatoba-[0-9a-f]{8} not found", "dnsmasq tftpd", ("thekelleys", "dnsmasq")),
    product(rb"^Could not find file '[A-Z]:\\TFTP-Root", "SolarWinds tftpd", ("solarwinds", "tftp_server"), "Windows"),
)
"""By how they say that there is no such file."""


def read_tftp(answers: Answers) -> Facts | None:
    """RFC 1350 section 5: an error with its number and words; they end with a zero."""
    answer = answers[0]
    words, ended, _rest = answer[4:].partition(b"\0")
    if len(answer) < 5 or int.from_bytes(answer[:2], "big") != _TFTP_ERROR or answer[2] or answer[3] > 8 or not ended:
        return None
    if len(words) > 300 or not words.isascii() or re.search(rb"[\0-\x1f]", words):
        return None
    facts = Facts("tftp", extra=text(words), evidence=answer[: 4 + len(words)][:160])
    return named(facts, words, TFTP_PRODUCTS)


def _udp(name: str, read: object, port: int, *asked: bytes, rarity: int = 5) -> ServiceProtocol:
    questions = tuple(Question(data, anything) for data in asked)
    return ServiceProtocol(name, read, ports=(port,), questions=questions, rarity=rarity, protocol=Protocol.UDP)  # type: ignore[arg-type]


_LENGTH = struct.pack(">H", len(_VERSION_BIND))
PROTOCOLS = (
    ServiceProtocol(
        "domain",
        read_dns_stream,
        ports=(53,),
        tls_ports=(853,),
        questions=(Question(_LENGTH + _VERSION_BIND, length_prefixed(0, 2, 2)),),
        rarity=2,
        alpn=("dot",),
    ),
    _udp("domain", read_dns, 53, _VERSION_BIND, rarity=1),
    _udp("ntp", read_ntp, 123, _NTP_CLIENT, _NTP_READVAR, rarity=2),
    _udp("snmp", read_snmp, 161, _snmp_get(), rarity=2),
    _udp("netbios-ns", read_netbios, 137, _NBSTAT, rarity=3),
    _udp("upnp", read_ssdp, 1900, _SSDP, rarity=5),
    ServiceProtocol(
        "tftp",
        read_tftp,
        ports=(69,),
        questions=(Question(payload("tftp"), anything),),
        rarity=9,
        protocol=Protocol.UDP,
        any_port=True,
    ),
)
