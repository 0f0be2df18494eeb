"""Streams, storage and devices with a handshake of their own: RTMP, iSCSI, AFP, DICOM, BGP, PPTP, OpenVPN, Kerberos, Java RMI,
HTTP/2, Android's debug bridge, Minecraft, SOCKS 4, echo."""

from __future__ import annotations

import json
import re
import struct
from dataclasses import replace

from hatoba.identify.protocols.complete import length_prefixed
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.identify.protocols.text import text
from hatoba.identify.protocols.worded import payload
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_C1_BYTES = 1536
_C1 = bytes(8) + (b"hatoba!!" * 191)
_SERVER_VERSION_AT = 5


def read_rtmp(answers: Answers) -> Facts | None:
    """Adobe's RTMP specification 1.0, section 5.2: S0 is the version, S1 time and (in practice) version, S2 our C1 again."""
    answer = answers[0]
    if len(answer) < 1 + _C1_BYTES or answer[0] != 3:
        return None
    echoed = _C1[8:24] in answer[1 + _C1_BYTES :]
    version = answer[_SERVER_VERSION_AT : _SERVER_VERSION_AT + 4]
    facts = Facts("rtmp", confidence=9 if echoed else 5, evidence=answer[:9])
    if version[0] in (3, 4, 5):
        return replace(facts, product="Adobe Flash Media Server", version=".".join(map(str, version)))
    return facts


def _iscsi_login() -> bytes:
    """RFC 7143 section 11.12: the first login request of a discovery session, in the stage where nothing is granted yet."""
    keys = b"InitiatorName=iqn.2026-01.invalid.hatoba:scan\0SessionType=Discovery\0AuthMethod=None\0"
    head = struct.pack(
        ">BBBBB3s6sHIHxxII16x", 0x43, 0, 0, 0, 0, len(keys).to_bytes(3, "big"), b"\x80hatob", 0, 0x68746261, 1, 1, 0
    )
    return head + keys + bytes(-len(keys) % 4)


def read_iscsi(answers: Answers) -> Facts | None:
    """A login response to our task tag (RFC 7143 section 11.13)."""
    answer = answers[0]
    if len(answer) < 48 or answer[0] != 0x23 or answer[16:20] != b"htba":
        return None
    keys = answer[48 : 48 + int.from_bytes(answer[5:8], "big")]
    pairs = dict(one.split(b"=", 1) for one in keys.split(b"\0") if b"=" in one)
    details = tuple((text(name), text(value)) for name, value in list(pairs.items())[:6])
    status = int.from_bytes(answer[36:38], "big")
    extra = "" if status >> 8 == 0 else f"login refused with {status >> 8}/{status & 255}"
    return Facts("iscsi", extra=extra, confidence=10, evidence=answer[:48], details=details)


_GET_STATUS = struct.pack(">BBHIII", 0, 3, 0x6861, 0, 0, 0)


def read_afp(answers: Answers) -> Facts | None:
    """Apple's AFP reference, DSIGetStatus and FPGetSrvrInfo: places of machine type, versions and methods, then the name."""
    answer = answers[0]
    if len(answer) < 16 + 18 or answer[:4] != b"\1\3\x68\x61":
        return None
    info = answer[16 : 16 + int.from_bytes(answer[8:12], "big")]
    machine_at, versions_at, methods_at = struct.unpack_from(">HHH", info)
    versions = [text(one) for one in _pascal_list(info, versions_at)]
    machine, name = text(_pascal(info, machine_at)), text(_pascal(info, 10))
    details = tuple(
        (word, ", ".join(values)[:300])
        for word, values in (("versions", versions), ("methods", [text(one) for one in _pascal_list(info, methods_at)]))
        if values
    )
    product = "Netatalk" if machine.startswith("Netatalk") else ""
    version = machine.removeprefix("Netatalk").strip() if product else ""
    names = (cpe23("a", "netatalk", "netatalk", version),) if product else ()
    facts = Facts("afp", product, version, "" if product else machine, hostname=name, cpe23=names)
    os = "Mac OS X" if machine in ("Macintosh", "TimeCapsule") or "Mac" in machine else ""
    return replace(facts, os=os, confidence=10 if product else 9, evidence=info[:120], details=details)


def _pascal(info: bytes, at: int) -> bytes:
    return info[at + 1 : at + 1 + info[at]] if 0 < at < len(info) else b""


def _pascal_list(info: bytes, at: int) -> list[bytes]:
    found = []
    count = info[at] if 0 < at < len(info) else 0
    at += 1
    for _one in range(min(count, 16)):
        value = _pascal(info, at)
        found.append(value)
        at += 1 + len(value)
    return found


_VERIFICATION, _IMPLICIT_LITTLE_ENDIAN, _CONTEXT = b"1.2.840.10008.1.1", b"1.2.840.10008.1.2", b"1.2.840.10008.3.1.1.1"


def _item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content)) + content


def _associate() -> bytes:
    """DICOM PS3.8 section 9.3.2: an association for verification, the one service that everybody has."""
    context = _item(0x20, b"\1\0\0\0" + _item(0x30, _VERIFICATION) + _item(0x40, _IMPLICIT_LITTLE_ENDIAN))
    user = _item(0x50, _item(0x51, struct.pack(">I", 16384)) + _item(0x52, b"1.2.826.0.1.3680043.9.9999"))
    called = struct.pack(">HH16s16s32x", 1, 0, b"ANY-SCP".ljust(16), b"HATOBA".ljust(16))
    return struct.pack(">BBI", 1, 0, len(called) + len(items := _item(0x10, _CONTEXT) + context + user)) + called + items


def read_dicom(answers: Answers) -> Facts | None:
    """An acceptance, which names the implementation (PS3.7 annex D.3.3.2), or a rejection."""
    answer = answers[0]
    if len(answer) < 10 or answer[0] not in (2, 3) or answer[1] or not 4 <= int.from_bytes(answer[2:6], "big") <= 4096:
        return None
    if answer[0] == 3:
        known = answer[2:6] == b"\0\0\0\4" and answer[7] in (1, 2) and answer[8] in (1, 2, 3)
        return Facts("dicom", extra="association rejected", confidence=9, evidence=answer[:10]) if known else None
    body = answer[6 : 6 + int.from_bytes(answer[2:6], "big")]
    if _CONTEXT not in body:
        return None
    found = re.search(rb"\x55\0\0.([\x20-\x7e]{1,16})", body, re.DOTALL)
    name = text(found[1]) if found else ""
    toolkit = re.match(r"OFFIS_DCMTK_(\d)(\d)(\d+)", name)
    facts = Facts("dicom", extra=name, confidence=9, evidence=found[0] if found else body[:80])
    if toolkit is None:
        return facts
    version = ".".join(toolkit.groups())
    return replace(facts, product="DCMTK", version=version, cpe23=(cpe23("a", "offis", "dcmtk", version),), confidence=10)


_ABORT_DICOM = struct.pack(">BBIBBBB", 7, 0, 4, 0, 0, 0, 0)

_MARKER = b"\xff" * 16
_BGP_KINDS = {1: "OPEN", 3: "NOTIFICATION", 4: "KEEPALIVE"}
_NO_SUCH_VERSION = _MARKER + struct.pack(">HBBHHIB", 29, 1, 0xFF, 23456, 90, 0xC6120001, 0)


def read_bgp(answers: Answers) -> Facts | None:
    """RFC 4271 section 4: OPEN, or the notification that ours is of a version that there is not. Most routers end a stranger's
    connection before a word."""
    answer = answers[0]
    if len(answer) < 19 or answer[:16] != _MARKER or answer[18] not in _BGP_KINDS:
        return None
    size, extra = int.from_bytes(answer[16:18], "big"), _BGP_KINDS[answer[18]]
    if not 19 <= size <= 4096 or (answer[18] == 1 and (len(answer) < 29 or answer[19] != 4)):
        return None
    if answer[18] == 1:
        router = ".".join(map(str, answer[24:28]))
        extra = f"AS {int.from_bytes(answer[20:22], 'big')}, router {router}"
    return Facts("bgp", extra=extra, device="router", confidence=10, evidence=answer[:size][:60])


def _pptp_start() -> bytes:
    """RFC 2637 section 2.1: Start-Control-Connection-Request."""
    head = struct.pack(">HHIHHHHIIHH", 156, 1, 0x1A2B3C4D, 1, 0, 0x0100, 0, 1, 1, 0, 0)
    return head + b"hatoba".ljust(64, b"\0") + b"hatoba".ljust(64, b"\0")


def read_pptp(answers: Answers) -> Facts | None:
    """RFC 2637 section 2.2: the reply names firmware, host and vendor."""
    answer = answers[0]
    if len(answer) < 156 or answer[:10] != struct.pack(">HHIH", 156, 1, 0x1A2B3C4D, 2):
        return None
    firmware = int.from_bytes(answer[26:28], "big")
    host, vendor = (text(answer[at : at + 64].split(b"\0")[0]) for at in (28, 92))
    os = {"linux": "Linux", "Microsoft": "Windows", "MikroTik": "RouterOS"}.get(vendor, "")
    extra = f"firmware {firmware}" if firmware else ""
    product = "Poptop pptpd" if vendor == "linux" else f"{vendor} PPTP" if vendor else ""
    cpes = (cpe23("a", "poptop", "pptp_server"),) if vendor == "linux" else ()
    return Facts(
        "pptp", product, "", extra, os, hostname=host, cpe23=cpes, confidence=9, evidence=answer[:156].rstrip(b"\0")[:120]
    )


def read_openvpn_stream(answers: Answers) -> Facts | None:
    """A length before each packet (OpenVPN's network protocol); the reset names the session that we began."""
    answer = answers[0]
    size = int.from_bytes(answer[:2], "big")
    packet = answer[2 : 2 + size]
    if not 14 <= size <= 200 or len(packet) < size or packet[0] >> 3 != 8 or payload("openvpn")[1:9] not in packet[9:]:
        return None
    return Facts("openvpn", "OpenVPN", cpe23=(cpe23("a", "openvpn", "openvpn"),), confidence=9, evidence=packet[:60])


def read_rmi(answers: Answers) -> Facts | None:
    """Java RMI specification, section 10.2: ProtocolAck with the host and port that it sees us at."""
    answer = answers[0]
    size = int.from_bytes(answer[1:3], "big")
    if (
        len(answer) < 7
        or answer[0] != 0x4E
        or not 2 <= size <= 45
        or len(answer) < 7 + size
        or answer[3 + size : 5 + size] != b"\0\0"
    ):
        return None
    if not re.fullmatch(rb"[0-9A-Fa-f.:%\w-]+", answer[3 : 3 + size]):
        return None
    return Facts("java-rmi", "Java RMI", confidence=9, evidence=answer[: 7 + size])


def _adb_message() -> bytes:
    """adb, protocol.txt: CONNECT with version, longest message, identity; the sum of its bytes; the command complemented."""
    identity = b"host::\0"
    command = int.from_bytes(b"CNXN", "little")
    return struct.pack("<IIIIII", command, 0x01000000, 4096, len(identity), sum(identity), command ^ 0xFFFFFFFF) + identity


def read_adb(answers: Answers) -> Facts | None:
    """CONNECT with what the device is, or AUTH or STLS where it wants to know who we are."""
    answer = answers[0]
    if len(answer) < 24 or answer[:4] not in (b"CNXN", b"AUTH", b"STLS"):
        return None
    if int.from_bytes(answer[:4], "little") ^ int.from_bytes(answer[20:24], "little") != 0xFFFFFFFF:
        return None
    facts = Facts("adb", "Android Debug Bridge", os="Android", device="phone", confidence=10, evidence=answer[:80])
    if answer[:4] != b"CNXN":
        return replace(facts, extra="authentication required")
    identity = answer[24 : 24 + int.from_bytes(answer[12:16], "little")]
    told = dict(one.split(b"=", 1) for one in identity.split(b"::", 1)[-1].split(b";") if b"=" in one)
    name = " ".join(text(told[key]) for key in (b"ro.product.name", b"ro.product.model") if key in told)
    return replace(facts, extra="; ".join(filter(None, (name, "open to anybody"))))


def _minecraft() -> bytes:
    """The Java edition's server list ping: handshake to a name and port, on to status; then the request for it."""
    body = b"\0\xff\xff\xff\xff\x0f\x0ehatoba.invalid" + struct.pack(">H", 25565) + b"\1"
    return bytes([len(body)]) + body + b"\1\0"


def read_minecraft(answers: Answers) -> Facts | None:
    """Three numbers in seven-bit groups, then JSON with the version's name."""
    found = re.match(rb"(?:[\x80-\xff]{0,2}[\0-\x7f])\0(?:[\x80-\xff]{0,2}[\0-\x7f])(\{.*\})", answers[0][:60_000], re.DOTALL)
    if found is None or b'"version"' not in found[1]:
        return None
    try:
        told = json.loads(found[1])
        name, text_of = told["version"]["name"], told.get("description", "")
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError):
        return None
    words = text(str(name).encode("utf-8", "replace"))
    version = re.search(r"\d+(?:\.\d+)+", words)
    described = text_of if isinstance(text_of, str) else text_of.get("text", "") if isinstance(text_of, dict) else ""
    details = (("description", text(str(described).encode("utf-8", "replace"))),) if described else ()
    facts = Facts("minecraft", "Minecraft", version[0] if version else "", confidence=10, details=details)
    extra = "" if version and words == version[0] else words
    return replace(facts, extra=extra, cpe23=(cpe23("a", "mojang", "minecraft", facts.version),), evidence=found[0][:160])


def read_socks4(answers: Answers) -> Facts | None:
    """The reply to a request for an address that nobody has: version 0, code 90 to 93. A reply has eight bytes, and no more."""
    answer = answers[0]
    if len(answer) != 8 or answer[0] or not 90 <= answer[1] <= 93:
        return None
    extra = "open to anybody" if answer[1] == 90 else "request rejected"
    return Facts("socks4", extra=extra, confidence=7, evidence=answer)


ECHOED = b"hatoba asks for an echo\r\n"


def read_echo(answers: Answers) -> Facts | None:
    """RFC 862: what was sent comes back."""
    return Facts("echo", evidence=ECHOED) if answers[0].startswith(ECHOED) else None


def read_kerberos(answers: Answers) -> Facts | None:
    """RFC 4120 section 5.9.1, an error: which service of which realm says so. Over TCP four bytes of length come before."""
    answer = answers[0]
    message = answer[4 : 4 + int.from_bytes(answer[:4], "big")] if answer[:2] == b"\0\0" else answer
    if message[:1] != b"\x7e" or len(message) < 20 or b"\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x1e" not in message[:30]:
        return None
    realm = re.search(rb"\xa9.\x1b.([\w.-]{1,100})\xaa", message, re.DOTALL)
    reason = re.search(rb"\xab.\x1b.([\x20-\x7e]{1,100})", message, re.DOTALL)
    served = text(realm[1]) if realm and not realm[1].endswith(b".invalid") else ""
    facts = Facts("kerberos-sec", confidence=9, evidence=message[:160], details=(("realm", served),) if served else ())
    # MIT's KDC explains its errors in words, which are its own; Microsoft's has none.
    if reason and re.search(rb"CLIENT_NOT_FOUND|PREAUTH|LOOKING_UP|_UNKNOWN|Client not found", reason[1]):
        names = (cpe23("a", "mit", "kerberos_5"),)
        return replace(facts, product="MIT Kerberos", cpe23=names, extra=text(reason[1]))
    return replace(facts, extra=text(reason[1]) if reason else "")


_AS_REQ = payload("kerberos")
_OPENVPN = payload("openvpn")
_ISCSI_LENGTH = length_prefixed(5, 3, 48)
RTMP = ServiceProtocol(
    "rtmp",
    read_rtmp,
    ports=(1935,),
    questions=(Question(b"\3" + _C1, lambda heard: len(heard) > 2 * _C1_BYTES),),
    rarity=8,
    repeats=True,  # S2 is C1
)
PROTOCOLS = (
    RTMP,
    ServiceProtocol("iscsi", read_iscsi, ports=(3260,), questions=(Question(_iscsi_login(), _ISCSI_LENGTH),), rarity=8),
    ServiceProtocol("afp", read_afp, ports=(548,), questions=(Question(_GET_STATUS, length_prefixed(8, 4, 16)),), rarity=8),
    ServiceProtocol(
        "dicom",
        read_dicom,
        ports=(104, 11112, 4242),
        questions=(Question(_associate(), length_prefixed(2, 4, 6)),),
        rarity=8,
        farewell=_ABORT_DICOM,
    ),
    ServiceProtocol("bgp", read_bgp, ports=(179,), questions=(Question(_NO_SUCH_VERSION, length_prefixed(16, 2)),), rarity=9),
    ServiceProtocol("pptp", read_pptp, ports=(1723,), questions=(Question(_pptp_start(), length_prefixed(0, 2)),), rarity=8),
    ServiceProtocol(
        "openvpn",
        read_openvpn_stream,
        ports=(1194,),
        questions=(Question(struct.pack(">H", len(_OPENVPN)) + _OPENVPN, length_prefixed(0, 2, 2)),),
        rarity=8,
    ),
    ServiceProtocol(
        "java-rmi",
        read_rmi,
        ports=(1099, 1098),
        questions=(
            Question(b"JRMI\0\2\x4b", lambda heard: len(heard) >= 7 and len(heard) >= 7 + int.from_bytes(heard[1:3], "big")),
        ),
        rarity=7,
    ),
    ServiceProtocol(
        "adb", read_adb, ports=(5555,), questions=(Question(_adb_message(), length_prefixed(12, 4, 24, "little")),), rarity=9
    ),
    ServiceProtocol(
        "minecraft",
        read_minecraft,
        ports=(25565,),
        questions=(Question(_minecraft(), lambda heard: heard.endswith(b"}")),),
        rarity=9,
    ),
    ServiceProtocol(
        "socks4",
        read_socks4,
        ports=(1080,),
        questions=(Question(struct.pack(">BBHI", 4, 1, 9, 1) + b"\0", lambda heard: len(heard) >= 8),),
        rarity=9,
    ),
    ServiceProtocol(
        "kerberos-sec",
        read_kerberos,
        ports=(88,),
        questions=(Question(struct.pack(">I", len(_AS_REQ)) + _AS_REQ, length_prefixed(0, 4, 4)),),
        rarity=8,
    ),
    ServiceProtocol(
        "echo",
        read_echo,
        ports=(7,),
        questions=(Question(ECHOED, lambda heard: len(heard) >= len(ECHOED)),),
        rarity=9,
        echoes=True,
    ),
)
