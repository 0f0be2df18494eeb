"""Machines: Modbus, S7, DNP3, IEC 60870-5-104, EtherNet/IP, OPC UA, BACnet. Only identities are read, nothing is ever set."""

from __future__ import annotations

import re
import struct
from dataclasses import replace

from hatoba.identify.protocols.complete import anything, length_prefixed
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.identify.protocols.text import text
from hatoba.model import Protocol
from hatoba.service import Facts

_DEVICE = "specialized"
_MODBUS_NUMBER, _MEI, _READ_IDENTITY = b"hb", 0x2B, 0x0E
_ANY_UNIT, _BASIC = 0xFF, 1


def _modbus() -> bytes:
    """Modbus application protocol 1.1b3, section 6.21: vendor, product and revision of the device."""
    body = bytes([_ANY_UNIT, _MEI, _READ_IDENTITY, _BASIC, 0])
    return _MODBUS_NUMBER + struct.pack(">HH", 0, len(body)) + body


def read_modbus(answers: Answers) -> Facts | None:
    """The identity, or an exception: our number comes back in either."""
    answer = answers[0]
    size = int.from_bytes(answer[4:6], "big")
    if (
        len(answer) < 9
        or answer[:4] != _MODBUS_NUMBER + b"\0\0"
        or not 3 <= size <= 254
        or answer[7] not in (_MEI, _MEI | 0x80)
    ):
        return None
    facts = Facts("modbus", device=_DEVICE, confidence=9, evidence=answer[: 6 + size])
    if answer[7] != _MEI or answer[8] != _READ_IDENTITY or len(answer) < 14:
        return facts if answer[7] != _MEI else None
    told: dict[int, str] = {}
    at, end = 14, min(len(answer), 6 + size)
    for _object in range(min(answer[13], 8)):
        if at + 2 <= end:
            told[answer[at]] = text(answer[at + 2 : min(end, at + 2 + answer[at + 1])])
            at += 2 + answer[at + 1]
    words = " ".join(filter(None, (told.get(0, ""), told.get(1, ""))))
    return replace(facts, product=words, version=told.get(2, ""), confidence=10 if words else 9)


def _tpkt(payload: bytes) -> bytes:
    return struct.pack(">BBH", 3, 0, 4 + len(payload)) + payload


_CONNECT_S7 = _tpkt(bytes.fromhex("11e00000686100c0010ac1020100c2020102"))
"""RFC 905 section 13.3: connection request, TPDUs of 1024 bytes, from a programming device to rack 0, slot 2."""
_SETUP_S7 = _tpkt(bytes.fromhex("02f080") + bytes.fromhex("32010000686200080000f0000001000101e0"))
"""S7 communication set-up: one job at a time, 480 bytes."""


def _system_list(number: int) -> bytes:
    """User data, read SZL: the module's identity (0x0011), or the component's (0x001C)."""
    parameters, data = bytes.fromhex("0001120411440100"), bytes.fromhex("ff090004") + struct.pack(">HH", number, 0)
    return _tpkt(
        bytes.fromhex("02f080") + struct.pack(">BBHHHH", 0x32, 7, 0, 0x6863, len(parameters), len(data)) + parameters + data
    )


_ORDER = re.compile(rb"(6(?:ES|AG|GK)7 ?[\dA-Z]{3}-[\dA-Z]{5}-[\dA-Z]{4})")


def read_s7(answers: Answers) -> Facts | None:
    """RFC 905 section 13.4, connection confirm to our reference. Whatever else speaks ISO over TCP stops there."""
    answer = answers[0]
    if len(answer) < 11 or answer[:2] != b"\3\0" or answer[5] != 0xD0 or answer[6:8] != b"\x68\x61":
        return None
    facts = Facts("iso-tsap", device=_DEVICE, evidence=answer[: int.from_bytes(answer[2:4], "big")])
    if len(answers) < 2 or answers[1][7:9] != b"\x32\3":
        return facts
    facts = replace(facts, product="Siemens S7 PLC", confidence=9)
    module = _ORDER.search(answers[2]) if len(answers) > 2 else None
    if module is None:
        return facts
    # After the order number, filled up to 20 bytes: the module's type, then two words of version, "V" before the first.
    rows = answers[2][answers[2].find(module[0]) :]
    found = re.search(rb"\0\x07[^\0]{20}.{2}V(.)(.)(.)", rows[:300], re.DOTALL)
    version = ".".join(str(part[0]) for part in found.groups()) if found else ""
    return replace(facts, extra=text(module[1]), version=version, confidence=10, evidence=module[0])


def _dnp3_crc(data: bytes) -> bytes:
    """IEEE 1815 section 9.2.8.1: polynomial 0x3D65, bits the other way round, complemented."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _bit in range(8):
            crc = crc >> 1 ^ 0xA6BC if crc & 1 else crc >> 1
    return struct.pack("<H", crc ^ 0xFFFF)


_DNP3_ADDRESSES = (0xFFFC, 1, 10, 4, 3, 2, 0, 100, 1024)
"""IEEE 1815 section 9.2.5.2: who permits it answers to 0xFFFC, whatever its own address is; then addresses that are usual."""


def _link_status() -> bytes:
    frames = (struct.pack("<HBBHH", 0x6405, 5, 0xC9, address, 1024 + 1) for address in _DNP3_ADDRESSES)
    return b"".join(frame + _dnp3_crc(frame) for frame in frames)


def read_dnp3(answers: Answers) -> Facts | None:
    """IEEE 1815 section 9.2.4.1: a frame of an outstation, with the right checksum."""
    head = answers[0][:10]
    if len(head) < 10 or head[:2] != b"\x05\x64" or head[3] & 0xC0 or _dnp3_crc(head[:8]) != head[8:]:
        return None
    return Facts("dnp3", extra=f"address {int.from_bytes(head[6:8], 'little')}", device=_DEVICE, confidence=10, evidence=head)


def read_iec104(answers: Answers) -> Facts | None:
    """IEC 60870-5-104 section 5.2: a test of the link is confirmed; it starts no transfer of data."""
    if not answers[0].startswith(bytes.fromhex("680483000000")):
        return None
    return Facts("iec-104", device=_DEVICE, confidence=9, evidence=answers[0][:6])


_LIST_IDENTITY = struct.pack("<HHII8sI", 0x63, 0, 0, 0, b"hatoba!!", 0)
_CIP_VENDORS = {1: "Rockwell Automation/Allen-Bradley", 47: "OMRON", 90: "HMS", 243: "Schneider Electric", 1337: "CODESYS"}


def read_enip(answers: Answers) -> Facts | None:
    """EtherNet/IP specification, volume 2, section 2-4.2: ListIdentity, whose identity item ends with the product's name."""
    answer = answers[0]
    if len(answer) < 26 or answer[:2] != b"\x63\0" or answer[12:20] != b"hatoba!!":
        return None
    facts = Facts("EtherNet-IP-2", device=_DEVICE, confidence=9, evidence=answer[:120])
    item = answer[26 : 24 + int.from_bytes(answer[2:4], "little")]
    if len(item) < 37 or item[:2] != b"\x0c\0":
        return facts
    vendor, _kind, _code, major, minor = struct.unpack_from("<HHHBB", item, 22)
    name = text(item[37 : 37 + item[36]])
    maker = _CIP_VENDORS.get(vendor, f"vendor {vendor}")
    return replace(facts, product=name, version=f"{major}.{minor}", extra=maker, confidence=10 if name else 9)


def _opc_hello() -> bytes:
    """OPC UA part 6, section 7.1.2.3: HEL with the sizes of buffers, for a URL that is nobody's."""
    url = b"opc.tcp://hatoba.invalid"
    body = struct.pack("<IIIIIi", 0, 65536, 65536, 0, 0, len(url)) + url
    return b"HELF" + struct.pack("<I", 8 + len(body)) + body


def read_opcua(answers: Answers) -> Facts | None:
    """ACK, or ERR with a status code and the reason."""
    answer = answers[0]
    size = int.from_bytes(answer[4:8], "little")
    if answer[:4] not in (b"ACKF", b"ERRF") or not 16 <= size <= 4100 or len(answer) < 16:
        return None
    reason = text(answer[16:size]) if answer[:3] == b"ERR" else ""
    return Facts("opcua-tcp", extra=reason, confidence=9, evidence=answer[:size][:80])


_ANY_DEVICE = 0x023FFFFF
_PROPERTIES = {121: "vendor", 70: "model", 44: "firmware", 77: "name"}


def _property(number: int, invoke: int) -> bytes:
    """ASHRAE 135 clauses 15.5 and 20: ReadProperty of the device object with the instance that stands for any."""
    apdu = bytes([0x00, 0x05, invoke, 0x0C, 0x0C]) + struct.pack(">I", _ANY_DEVICE) + bytes([0x19, number])
    npdu = bytes([0x01, 0x04]) + apdu
    return bytes([0x81, 0x0A]) + struct.pack(">H", 4 + len(npdu)) + npdu


def _property_text(answer: bytes, number: int) -> str:
    """The character string of an acknowledgement, clause 20.2.9; empty where it is none, or another property's."""
    at = answer.find(bytes([0x19, number, 0x3E]))
    value = answer[at + 3 :] if at > 0 else b""
    if value[:1] != b"\x75" or len(value) < 3:
        return ""
    return text(value[3 : 2 + value[1]])


def read_bacnet(answers: Answers) -> Facts | None:
    """An acknowledgement (3), an error (5), a rejection (6) or an abort (7) of our first question (annex J.1)."""
    answer = answers[0]
    if (
        len(answer) < 9
        or answer[0] != 0x81
        or answer[1] not in (0x0A, 0x04)
        or int.from_bytes(answer[2:4], "big") > len(answer)
    ):
        return None
    apdu = answer[6:] if answer[5] & 0x20 == 0 and answer[4] == 1 else b""
    if len(apdu) < 3 or apdu[0] >> 4 not in (3, 5, 6, 7) or apdu[1] != 0x68:
        return None
    told = {word: _property_text(said, number) for said, (number, word) in zip(answers, _PROPERTIES.items(), strict=False)}
    words = " ".join(filter(None, (told.get("vendor", ""), told.get("model", ""))))
    facts = Facts("bacnet", words, told.get("firmware", ""), device=_DEVICE, hostname=told.get("name", ""))
    return replace(facts, confidence=10 if words else 9, evidence=answer[:160])


PROTOCOLS = (
    ServiceProtocol("modbus", read_modbus, ports=(502,), questions=(Question(_modbus(), length_prefixed(4, 2, 6)),), rarity=8),
    ServiceProtocol(
        "iso-tsap",
        read_s7,
        ports=(102,),
        questions=tuple(Question(data, length_prefixed(2, 2)) for data in (_CONNECT_S7, _SETUP_S7, _system_list(0x0011))),
        rarity=9,
    ),
    ServiceProtocol(
        "dnp3", read_dnp3, ports=(20000,), questions=(Question(_link_status(), lambda heard: len(heard) >= 10),), rarity=9
    ),
    ServiceProtocol(
        "iec-104", read_iec104, ports=(2404,), questions=(Question(bytes.fromhex("680443000000"), anything),), rarity=9
    ),
    ServiceProtocol(
        "EtherNet-IP-2",
        read_enip,
        ports=(44818,),
        questions=(Question(_LIST_IDENTITY, length_prefixed(2, 2, 24, "little")),),
        rarity=9,
    ),
    ServiceProtocol(
        "opcua-tcp",
        read_opcua,
        ports=(4840,),
        questions=(Question(_opc_hello(), length_prefixed(4, 4, 0, "little")),),
        rarity=9,
    ),
    ServiceProtocol(
        "EtherNet-IP-2",
        read_enip,
        ports=(44818,),
        questions=(Question(_LIST_IDENTITY, anything),),
        rarity=8,
        protocol=Protocol.UDP,
    ),
    ServiceProtocol(
        "bacnet",
        read_bacnet,
        ports=(47808,),
        questions=tuple(Question(_property(number, 0x68 + place), anything) for place, number in enumerate(_PROPERTIES)),
        rarity=6,
        protocol=Protocol.UDP,
    ),
)
