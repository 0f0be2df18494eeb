"""Services over UDP whose questions a UDP scan asks too (``probes.udp_questions``), read for what they tell beyond "open"."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import replace

from hatoba.identify.protocols.complete import anything
from hatoba.identify.protocols.directory import read as read_ldap
from hatoba.identify.protocols.product import named, product
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.identify.protocols.remote import read_kerberos
from hatoba.identify.protocols.text import text
from hatoba.identify.protocols.worded import payload, repeats
from hatoba.model import Protocol
from hatoba.probes.udp_questions.ber import SEQUENCE, inside
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts


def read_mdns(answers: Answers) -> Facts | None:
    """RFC 6763 section 9: which kinds of service there are, a PTR record each; RFC 6762 for the rest."""
    answer = answers[0]
    if not repeats("mdns", answer):
        return None
    kinds = [text(one) for one in re.findall(rb"[\x02-\x20](_[A-Za-z0-9-]{1,30})\x04_(?:tcp|udp)", answer[12:])]
    offered = ", ".join(dict.fromkeys(kind.lstrip("_") for kind in kinds if kind != "_services"))
    details = (("services", offered[:400]),) if offered else ()
    return Facts("mdns", confidence=9, evidence=answer[:120], details=details)


STUN_PRODUCTS = (
    product(rb"^Coturn-(?P<version>\d[\w.]*)", "Coturn", ("coturn_project", "coturn")),
    product(rb"^ejabberd (?P<version>\d[\w.]*)", "ejabberd STUN", ("process-one", "ejabberd")),
)
_SOFTWARE, _STUN_HEAD = 0x8022, 20


def read_stun(answers: Answers) -> Facts | None:
    """RFC 8489 section 14.14: SOFTWARE among the attributes, each filled up to four bytes."""
    answer = answers[0]
    if not repeats("stun", answer):
        return None
    facts, at, end = Facts("stun", evidence=answer[:80]), _STUN_HEAD, min(len(answer), 20 + int.from_bytes(answer[2:4], "big"))
    while at + 4 <= end:
        kind, size = struct.unpack_from(">HH", answer, at)
        if kind == _SOFTWARE:
            said = answer[at + 4 : at + 4 + size]
            facts = named(replace(facts, extra=text(said), evidence=said[:160] or facts.evidence), said, STUN_PRODUCTS)
        at += 4 + size + (-size % 4)
    return replace(facts, extra="" if facts.product else facts.extra)


def read_l2tp(answers: Answers) -> Facts | None:
    """RFC 2661 section 4.4: host name (7), vendor (8) and firmware (6) of a Start-Control-Connection-Reply."""
    answer = answers[0]
    if not repeats("l2tp", answer):
        return None
    told: dict[int, bytes] = {}
    at, end = 12, min(len(answer), int.from_bytes(answer[2:4], "big"))
    while at + 6 <= end:
        size, kind = int.from_bytes(answer[at : at + 2], "big") & 0x3FF, int.from_bytes(answer[at + 4 : at + 6], "big")
        if size < 6:
            break
        told[kind] = answer[at + 6 : at + size]
        at += size
    vendor, firmware = text(told.get(8, b"")), told.get(6, b"").hex()
    facts = Facts("l2tp", vendor, "", f"firmware {firmware}" if firmware else "", hostname=text(told.get(7, b"")))
    if "xelerance" in vendor:
        facts = replace(facts, product="xl2tpd", os="Linux", cpe23=(cpe23("a", "xelerance", "xl2tpd"),))
    elif "MikroTik" in vendor:
        facts = replace(facts, os="RouterOS", device="router")
    return replace(facts, confidence=9 if facts.product else 8, evidence=answer[:160])


def read_ike(answers: Answers) -> Facts | None:
    """RFC 7296 section 3.1 and RFC 2408 section 3.1; the name of the exchange that was refused, or that it goes on."""
    answer = answers[0]
    if not repeats("ike", answer):
        return None
    message = answer[4:] if answer.startswith(bytes(4)) else answer
    version, kinds = f"IKEv{message[17] >> 4}", list(_ike_payloads(message))
    notes = [int.from_bytes(body[2:4], "big") for kind, body in kinds if kind == 41 and len(body) >= 4]
    words = {7: "invalid syntax", 14: "no proposal chosen", 17: "wants another group"}
    extra = "; ".join([version, *(words[note] for note in notes if note in words)])
    vendors = [body.hex() for kind, body in kinds if kind in (13, 43)]
    facts = Facts("isakmp", extra=extra, confidence=9, evidence=message[:60])
    return replace(facts, details=(("vendor-ids", ", ".join(vendors)[:400]),) if vendors else ())


def _ike_payloads(message: bytes) -> Iterable[tuple[int, bytes]]:
    kind, at = message[16], 28
    for _payload in range(20):
        if not kind or at + 4 > len(message):
            return
        following, size = message[at], int.from_bytes(message[at + 2 : at + 4], "big")
        if size < 4:
            return
        yield kind, message[at + 4 : at + size]
        kind, at = following, at + size


def read_openvpn(answers: Answers) -> Facts | None:
    if not repeats("openvpn", answers[0]):
        return None
    return Facts("openvpn", "OpenVPN", cpe23=(cpe23("a", "openvpn", "openvpn"),), confidence=9, evidence=answers[0][:40])


def read_quic(answers: Answers) -> Facts | None:
    """RFC 8999 section 6: the versions that the server takes, four bytes each; those like 0x?a?a?a?a are to be ignored."""
    answer = answers[0]
    if not repeats("quic", answer):
        return None
    at = 23  # behind form, version and both identities of eight bytes with their lengths
    numbers = [int.from_bytes(answer[one : one + 4], "big") for one in range(at, min(len(answer) - 3, at + 80), 4)]
    known = {1: "v1", 0x6B3343CF: "v2", 0x709A50C4: "v2 (draft)"}
    known |= {0xFF000000 | draft: f"draft-{draft}" for draft in range(1, 35)}
    names = [known.get(one, f"{one:#010x}") for one in numbers if one & 0x0F0F0F0F != 0x0A0A0A0A]
    return Facts("quic", extra="versions " + ", ".join(names) if names else "", confidence=10, evidence=answer[:100])


def read_dtls(answers: Answers) -> Facts | None:
    """RFC 6347 section 4.2.1: a HelloVerifyRequest, or an alert."""
    answer = answers[0]
    if len(answer) < 15 or answer[0] not in (21, 22) or answer[1] != 0xFE or answer[2] not in (0xFD, 0xFF):
        return None
    if (answer[0] == 22 and answer[13] not in (2, 3)) or (answer[0] == 21 and answer[13] not in (1, 2)):
        return None
    return Facts("dtls", extra="alert" if answer[0] == 21 else "", confidence=9, evidence=answer[:40])


def read_coap(answers: Answers) -> Facts | None:
    """RFC 6690: links in angle brackets, behind the marker of the payload (RFC 7252 section 3)."""
    answer = answers[0]
    if not repeats("coap", answer) and not repeats("coap-ping", answer):
        return None
    links = re.findall(rb"<([^<>\xff]{1,100})>", answer.partition(b"\xff")[2][:1200])
    offered = ", ".join(map(text, links))[:300]
    code = f"{answer[1] >> 5}.{answer[1] & 31:02d}"
    return Facts("coap", extra=code, confidence=9, evidence=answer[:120], details=(("resources", offered),) if offered else ())


def read_nat_pmp(answers: Answers) -> Facts | None:
    """RFC 6886 section 3.2: version 0, the operation with its highest bit set, result; then the external address."""
    answer = answers[0]
    if len(answer) not in (8, 12) or answer[:2] != b"\0\x80" or answer[2] or answer[3] > 5:
        return None
    outside = ".".join(map(str, answer[8:12])) if len(answer) == 12 and not answer[3] else ""
    return Facts("nat-pmp", extra=f"external address {outside}" if outside else "", device="router", evidence=answer)


def read_wsd(answers: Answers) -> Facts | None:
    """WS-Discovery section 5.3: ProbeMatches, with the types of the device and where more of it is told."""
    answer = answers[0]
    if b"ProbeMatches" not in answer or not any(
        repeats(name, answer) for name in ("ws-discovery", "ws-discovery-any", "ws-discovery-oasis")
    ):
        return None
    types = re.search(rb"Types(?:\s[^<>]{0,200})?>([^<>]{1,300})<", answer)
    where = re.search(rb"XAddrs(?:\s[^<>]{0,200})?>([^<>]{1,300})<", answer)
    found = [(word, match) for word, match in (("types", types), ("location", where)) if match]
    evidence = found[0][1][0][:160] if found else answer[:80]
    details = tuple((word, text(match[1])) for word, match in found)
    return Facts("ws-discovery", confidence=9, evidence=evidence, details=details)


def read_xdmcp(answers: Answers) -> Facts | None:
    """X Display Manager Control Protocol, section 4: Willing (5) names the host, Unwilling (6) says why not."""
    answer = answers[0]
    if len(answer) < 8 or answer[:2] != b"\0\1" or answer[2:4] not in (b"\0\5", b"\0\6"):
        return None
    parts: list[str] = []
    at = 6
    while at + 2 <= len(answer) and len(parts) < 3:
        size = int.from_bytes(answer[at : at + 2], "big")
        parts.append(text(answer[at + 2 : at + 2 + size]))
        at += 2 + size
    parts = [*parts, "", "", ""]
    host, status = parts[1:3] if answer[3] == 5 else parts[0:2]
    return Facts("xdmcp", extra=status, hostname=host, evidence=answer[:120])


def read_ipmi(answers: Answers) -> Facts | None:
    """IPMI 2.0 section 22.13 and ASF 2.0 section 3.2.4.3, both behind RMCP's four bytes."""
    answer = answers[0]
    if len(answer) < 12 or answer[0] != 6 or answer[2] != 0xFF or answer[3] not in (6, 7):
        return None
    facts = Facts("asf-rmcp", device="remote management", confidence=9, evidence=answer[:40])
    if answer[3] == 6:
        return replace(facts, extra="ASF") if answer[8] == 0x40 else None
    if len(answer) < 16 or answer[15] >> 2 != 7:
        return None  # a response has the odd one of a function's two numbers
    extended = len(answer) > 24 and answer[22] & 0x80 and answer[24] & 2
    return replace(facts, extra="IPMI 2.0" if extended else "IPMI")


def read_dht(answers: Answers) -> Facts | None:
    """BEP 5: an answer with our transaction; BEP 20: two letters of the client and two bytes of its version."""
    answer = answers[0]
    if not repeats("bittorrent", answer):
        return None
    client = re.search(rb"1:v4:([A-Za-z~]{2})", answer)
    names = {"TR": "Transmission", "LT": "libtorrent", "lt": "libTorrent", "UT": "uTorrent"}
    return Facts("bittorrent-dht", names.get(text(client[1]), "") if client else "", confidence=9, evidence=answer[:120])


def read_memcached(answers: Answers) -> Facts | None:
    """memcached, doc/protocol.txt, UDP protocol: eight bytes before what is said over TCP."""
    found = re.match(rb"VERSION (\d[\w.]*)", answers[0][8:])
    if found is None or not repeats("memcached", answers[0]):
        return None
    version = text(found[1])
    names = (cpe23("a", "memcached", "memcached", version),)
    extra = "a traffic amplifier where strangers reach it"
    return Facts("memcached", "Memcached", version, extra, cpe23=names, confidence=10, evidence=found[0])


def read_sql_browser(answers: Answers) -> Facts | None:
    """[MC-SQLR] section 2.2.5: names and values with semicolons between them."""
    answer = answers[0]
    said = answer[3 : 3 + int.from_bytes(answer[1:3], "little")]
    if answer[:1] != b"\5" or not said.startswith(b"ServerName;"):
        return None
    words = said.split(b";")
    told = dict(zip(words[::2], words[1::2], strict=False))
    version, port = text(told.get(b"Version", b"")), text(told.get(b"tcp", b""))
    details = tuple(
        (word, value) for word, value in (("instance", text(told.get(b"InstanceName", b""))), ("port", port)) if value
    )
    facts = Facts("ms-sql-m", "Microsoft SQL Server", version, hostname=text(told[b"ServerName"]), details=details)
    return replace(facts, cpe23=(cpe23("a", "microsoft", "sql_server"),), confidence=10, evidence=said[:160])


def read_snmp3(answers: Answers) -> Facts | None:
    """RFC 3414 section 4: a report names the engine, whose identity begins with the maker's number (RFC 3411 section 5)."""
    answer = answers[0]
    if not repeats("snmp-v3", answer):
        return None
    security = next((body for tag, body in inside(answer, SEQUENCE)[2:3] if tag == 0x04), b"")
    engine = next((body for tag, body in inside(security, SEQUENCE)[:1] if tag == 0x04), b"")
    maker = int.from_bytes(engine[:4], "big") & 0x7FFFFFFF
    known = {
        8072: ("net-snmp", ("net-snmp", "net-snmp"), ""),
        9: ("Cisco SNMP service", None, "Cisco IOS"),
        14988: ("MikroTik RouterOS SNMP service", None, "RouterOS"),
    }
    name, cpe, os = known.get(maker, ("", None, ""))
    names = (cpe23("a", *cpe),) if cpe else ()
    extra = "SNMPv3" if name else f"SNMPv3, maker {maker}"
    return Facts("snmp", name, "", extra, os, cpe23=names, confidence=9, evidence=answer[:120])


def read_cldap(answers: Answers) -> Facts | None:
    return read_ldap(answers) if repeats("cldap", answers[0]) else None


def read_radius(answers: Answers) -> Facts | None:
    """RFC 2865 section 3: accept, reject, challenge or (RFC 5997) an accounting answer to our number 1."""
    answer = answers[0]
    if (
        len(answer) < 20
        or answer[0] not in (2, 3, 5, 11)
        or answer[1] != 1
        or int.from_bytes(answer[2:4], "big") != len(answer)
    ):
        return None
    return Facts("radius", confidence=7, evidence=answer[:40])


def _pairs(said: bytes) -> dict[bytes, bytes]:
    words = said.split(b"\\")[1:81]
    return dict(zip(words[::2], words[1::2], strict=False))


def read_quake3(answers: Answers) -> Facts | None:
    """ioquake3, out of band commands: a status or information, names and values with backslashes between them."""
    found = re.match(rb"\xff{4}(?:infoResponse|statusResponse)\n(\\[^\n\0]{1,1500})", answers[0])
    if found is None:
        return None
    told = _pairs(found[1])
    details = tuple((word, text(told[key])) for key, word in ((b"hostname", "name"), (b"mapname", "map")) if told.get(key))
    return Facts(
        "quake3",
        extra=text(told.get(b"gamename", b"") or told.get(b"game", b"")),
        confidence=9,
        evidence=found[0][:160],
        details=details,
    )


def read_a2s(answers: Answers) -> Facts | None:
    """Valve's server queries, A2S_INFO: I with texts that end in zeros, or A with a number to ask again with."""
    answer = answers[0]
    if answer[:5] == b"\xff\xff\xff\xffA" and len(answer) == 9:
        return Facts("steam", extra="A2S", confidence=9, evidence=answer)
    if answer[:5] != b"\xff\xff\xff\xffI" or len(answer) < 20:
        return None
    parts = answer[6:].split(b"\0", 4)
    if len(parts) < 5:
        return None
    details = (("name", text(parts[0])), ("map", text(parts[1])))
    return Facts("steam", extra=text(parts[3]), confidence=10, evidence=answer[:120], details=details)


_MUMBLE_PING = bytes(4) + b"hatoba!!"


def read_mumble_ping(answers: Answers) -> Facts | None:
    """Mumble protocol, "Server list ping": version, our eight bytes, users, most users, bandwidth."""
    answer = answers[0]
    if len(answer) < 24 or answer[4:12] != b"hatoba!!":
        return None
    version = ".".join(map(str, answer[1:4]))
    users, most = struct.unpack_from(">II", answer, 12)
    names = (cpe23("a", "mumble", "mumble", version),)
    return Facts("mumble", "Murmur", version, f"{users} of {most} users", cpe23=names, confidence=10, evidence=answer[:24])


def _asking(
    name: str, read: Callable[[Answers], Facts | None], *ports: int, asked: str = "", data: bytes = b"", rarity: int = 7
) -> ServiceProtocol:
    questions = (Question(data or payload(asked or name), anything),)
    return ServiceProtocol(name, read, ports=ports, questions=questions, rarity=rarity, protocol=Protocol.UDP)


PROTOCOLS = (
    _asking("mdns", read_mdns, 5353, rarity=4),
    _asking("isakmp", read_ike, 500, asked="ike", rarity=4),
    _asking("ipsec-nat-t", read_ike, 4500, asked="ike-nat", rarity=8),
    _asking("openvpn", read_openvpn, 1194, rarity=4),
    _asking("l2tp", read_l2tp, 1701, rarity=5),
    _asking("stun", read_stun, 3478, 19302, rarity=5),
    _asking("kerberos-sec", read_kerberos, 88, asked="kerberos", rarity=6),
    _asking("cldap", read_cldap, 389),
    _asking("radius", read_radius, 1812, 1645, 1813, 1646, rarity=8),
    _asking("quic", read_quic, 443, 80, 853, 8443, rarity=5),
    _asking("dtls", read_dtls, 4433, 443, 853, 2083, 3391, 5349, 5684, 6514, 10161, rarity=6),
    _asking("coap", read_coap, 5683, rarity=5),
    _asking("nat-pmp", read_nat_pmp, 5351, rarity=8),
    _asking("ws-discovery", read_wsd, 3702, asked="ws-discovery-any"),
    _asking("xdmcp", read_xdmcp, 177),
    _asking("asf-rmcp", read_ipmi, 623, asked="ipmi", rarity=6),
    _asking("bittorrent-dht", read_dht, 6881, 51413, asked="bittorrent", rarity=8),
    _asking("memcached", read_memcached, 11211, rarity=6),
    _asking("ms-sql-m", read_sql_browser, 1434, asked="mssql"),
    _asking("snmpv3", read_snmp3, 161, asked="snmp-v3", rarity=3),
    _asking("quake3", read_quake3, 27960, rarity=9),
    _asking("steam", read_a2s, *range(27015, 27021), asked="a2s", rarity=8),
    _asking("mumble", read_mumble_ping, 64738, data=_MUMBLE_PING, rarity=8),
)
