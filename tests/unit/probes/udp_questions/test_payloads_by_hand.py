"""What we ask in protocols that scapy does not know, read by small parsers of the test's own."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.udp_asking import BY_NAME, filled

COOKIE = 0x89ABCDEF
COOKIE_BYTES = COOKIE.to_bytes(4, "big")
LOW = COOKIE & 0xFFFF


def asked(name: str) -> bytes:
    return filled(BY_NAME[name], COOKIE)


def headers(raw: bytes) -> tuple[str, Message]:
    """The first line, and the headers; nothing behind them."""
    first, _end, rest = raw.partition(b"\r\n")
    message = message_from_bytes(rest)
    assert not message.defects
    assert not message.get_payload()
    return first.decode(), message


def test_sip() -> None:
    first, message = headers(asked("sip"))
    assert first == "OPTIONS sip:hatoba.invalid SIP/2.0"
    assert message["Via"] == "SIP/2.0/UDP hatoba.invalid;branch=z9hG4bK89abcdef;rport"
    assert message["From"].endswith(";tag=89abcdef")
    assert ";tag" not in message["To"], "that would be a dialogue"
    assert message["Call-ID"] == "89abcdef@hatoba.invalid"
    assert (message["CSeq"], message["Max-Forwards"], message["Content-Length"]) == ("1 OPTIONS", "0", "0")


def test_ssdp() -> None:
    first, message = headers(asked("ssdp"))
    assert first == "M-SEARCH * HTTP/1.1"
    assert dict(message.items()) == {
        "HOST": "239.255.255.250:1900",
        "MAN": '"ssdp:discover"',
        "MX": "1",
        "ST": "upnp:rootdevice",
    }


@pytest.mark.parametrize(
    ("name", "addressing", "discovery", "everybody", "types"),
    [
        (
            name,
            "http://schemas.xmlsoap.org/ws/2004/08/addressing",
            "http://schemas.xmlsoap.org/ws/2005/04/discovery",
            "urn:schemas-xmlsoap-org:ws:2005:04:discovery",
            types,
        )
        for name, types in (("ws-discovery", ["p:Device"]), ("ws-discovery-any", []))
    ]
    + [
        (
            "ws-discovery-oasis",
            "http://www.w3.org/2005/08/addressing",
            "http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01",
            "urn:docs-oasis-open-org:ws-dd:ns:discovery:2009:01",
            [],
        )
    ],
)
def test_ws_discovery(name: str, addressing: str, discovery: str, everybody: str, types: list[str]) -> None:
    envelope = ElementTree.fromstring(asked(name))
    spaces = {"s": "http://www.w3.org/2003/05/soap-envelope", "a": addressing, "d": discovery}
    assert envelope.tag == f"{{{spaces['s']}}}Envelope"
    assert envelope.findtext("s:Header/a:To", namespaces=spaces) == everybody
    assert envelope.findtext("s:Header/a:Action", namespaces=spaces) == f"{discovery}/Probe"
    identity = envelope.findtext("s:Header/a:MessageID", namespaces=spaces)
    assert re.fullmatch(r"urn:uuid:89abcdef(-[0-9a-f]{4}){3}-[0-9a-f]{12}", identity or "")
    (probe,) = envelope.findall("s:Body/d:Probe", namespaces=spaces)
    assert [element.text for element in probe.findall("d:Types", namespaces=spaces)] == types


def ber(data: bytes) -> Iterator[tuple[int, Any]]:
    """Tags with contents, those that hold others opened, with lengths below 128."""
    while data:
        tag, size = data[0], data[1]
        assert size < 128
        assert len(data) >= 2 + size
        content = data[2 : 2 + size]
        yield tag, list(ber(content)) if tag & 0x20 else content
        data = data[2 + size :]


def test_snmp_v3() -> None:
    number = (2, b"ha\xcd\xef")
    zero, empty = (2, b"\0"), (4, b"")
    ((_sequence, (version, header, security, scoped)),) = ber(asked("snmp-v3"))
    assert version == (2, b"\x03")
    assert header == (0x30, [number, (2, (65507).to_bytes(3, "big")), (4, b"\x04"), (2, b"\x03")])
    assert list(ber(security[1])) == [(0x30, [empty, zero, zero, empty, empty, empty])]
    assert scoped == (0x30, [empty, empty, (0xA0, [number, zero, zero, (0x30, [])])])


def test_teamspeak() -> None:
    mark, packet, client, kind, version, step, seconds, random, rest = struct.unpack(">8sHHBIBI4s8s", asked("teamspeak"))
    assert (mark, packet, client, kind, step, random, rest) == (b"TS3INIT1", 101, 0, 0x88, 0, COOKIE_BYTES, bytes(8))
    assert version
    assert seconds == 0


def test_openvpn() -> None:
    first, session, acknowledged, packet = struct.unpack(">B8sBI", asked("openvpn"))
    assert (first >> 3, first & 7, session, acknowledged, packet) == (7, 0, b"hato" + COOKIE_BYTES, 0, 0)


def test_l2tp_values() -> None:
    data, found = asked("l2tp")[12:], {}
    while data:
        flags, vendor, kind = struct.unpack_from(">HHH", data)
        size = flags & 0x3FF
        assert flags & ~0x3FF == 0x8000
        assert vendor == 0
        found[kind] = data[6:size]
        data = data[size:]
    assert found == {0: b"\0\1", 2: b"\1\0", 3: b"\0\0\0\3", 7: b"hatoba", 9: COOKIE_BYTES[2:]}
    assert next(iter(found)) == 0, "RFC 2661 section 4.4.1: the message type comes first"


def test_dtls() -> None:
    raw = asked("dtls")
    kind, version, epoch, number, size = struct.unpack(">BHH6sH", raw[:13])
    assert (kind, version, epoch, number, size) == (22, 0xFEFF, 0, b"\0\0" + COOKIE_BYTES, len(raw) - 13)
    message = raw[13:]
    assert (message[0], message[4:6], message[6:9]) == (1, b"\0\0", b"\0\0\0")
    assert int.from_bytes(message[1:4], "big") == int.from_bytes(message[9:12], "big") == len(message) - 12
    hello = message[12:]
    assert (hello[:2], hello[2:6], hello[34:36]) == (b"\xfe\xfd", COOKIE_BYTES, b"\0\0")
    ciphers = int.from_bytes(hello[36:38], "big")
    rest = hello[38 + ciphers :]
    assert ciphers % 2 == 0
    assert rest[:2] == b"\1\0"
    assert int.from_bytes(rest[2:4], "big") == len(rest) - 4
    extensions, found = rest[4:], []
    while extensions:
        extension, its_size = struct.unpack_from(">HH", extensions)
        found.append(extension)
        assert len(extensions) >= 4 + its_size
        extensions = extensions[4 + its_size :]
    assert found == [10, 11, 13]


def test_memcached() -> None:
    assert struct.unpack(">HHHH9s", asked("memcached")) == (LOW, 0, 1, 0, b"version\r\n")


def bencoded(data: bytes) -> tuple[Any, bytes]:
    """The first value, and what is behind it."""
    if data[:1] == b"i":
        number, _end, rest = data[1:].partition(b"e")
        return int(number), rest
    if data[:1] == b"d":
        found, rest = {}, data[1:]
        while rest[:1] != b"e":
            key, rest = bencoded(rest)
            found[key], rest = bencoded(rest)
        assert list(found) == sorted(found), "BEP 3: keys are sorted"
        return found, rest[1:]
    size, _colon, rest = data.partition(b":")
    return rest[: int(size)], rest[int(size) :]


def test_bittorrent() -> None:
    message, rest = bencoded(asked("bittorrent"))
    assert rest == b""
    assert len(message[b"a"].pop(b"id")) == 20
    assert message == {b"a": {}, b"q": b"ping", b"ro": 1, b"t": COOKIE_BYTES, b"y": b"q"}


def test_pcp() -> None:
    version, opcode, reserved, lifetime, client = struct.unpack(">BBHI16s", asked("pcp"))
    assert (version, opcode, reserved, lifetime) == (2, 0, 0, 0)
    assert client[:12] == bytes(10) + b"\xff\xff", "RFC 6887 section 5: IPv4 within IPv6"


def test_xdmcp() -> None:
    assert struct.unpack(">HHHB", asked("xdmcp")) == (1, 2, 1, 0)


def test_citrix() -> None:
    raw = asked("citrix")
    assert struct.unpack("<HBB4s24s", raw) == (len(raw), 1, 0x30, bytes.fromhex("02fda8e3"), bytes(24))


def test_quake() -> None:
    raw = asked("quake")
    assert struct.unpack(">HHB6sB", raw) == (0x8000, len(raw), 2, b"QUAKE\0", 3)


def sums_to_zero(part: bytes) -> bool:
    return sum(part) % 256 == 0


def test_ipmi() -> None:
    raw = asked("ipmi")
    assert struct.unpack(">BBBBBIIB", raw[:14]) == (6, 0, 0xFF, 7, 0, 0, 0, len(raw) - 14)
    message = raw[14:]
    assert sums_to_zero(message[:3])
    assert sums_to_zero(message[3:])
    assert (message[0], message[1] >> 2, message[3], message[5], message[6:8]) == (0x20, 0x06, 0x81, 0x38, b"\x8e\x04")


def test_asf() -> None:
    assert struct.unpack(">BBBBIBBBB", asked("asf")) == (6, 0, 0xFF, 6, 4542, 0x80, 1, 0, 0)


def test_bacnet() -> None:
    raw = asked("bacnet")
    assert struct.unpack(">BBH", raw[:4]) == (0x81, 0x0A, len(raw))
    version, control, kind, sizes, _invocation, service = raw[4:10]
    assert (version, control, kind >> 4, sizes & 15, service) == (1, 4, 0, 5, 12)
    tag, device, tag_of_property, wanted = struct.unpack(">BIBB", raw[10:])
    assert (tag, device >> 22, device & 0x3FFFFF, tag_of_property, wanted) == (0x0C, 8, 4194303, 0x19, 75)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a2s", b"\xff\xff\xff\xffTSource Engine Query\0"),
        ("quakeworld", b"\xff\xff\xff\xffstatus\n"),
        ("quake3", b"\xff\xff\xff\xffgetinfo 89abcdef"),
        ("nat-pmp", b"\0\0"),
        ("mssql", b"\x03"),
        ("ubiquiti", b"\x01\0\0\0"),
        ("pcanywhere", b"NQ"),
        ("pcanywhere-status", b"ST"),
        ("syslog", b""),
        ("wireguard", b""),
    ],
)
def test_a_few_words(name: str, words: bytes) -> None:
    assert asked(name) == words
