"""Machines that look after machines: IPMI and ASF, BACnet, CoAP."""

from __future__ import annotations

import struct

from hatoba.messages import _N
from hatoba.probes.udp_questions.draft import COOKIE_16, COOKIE_32, Draft, lower_half
from hatoba.probes.udp_questions.question import question

_RMCP, _NO_ACK, _CLASS_ASF, _CLASS_IPMI = 6, 0xFF, 6, 7


def _rmcp(kind: int) -> bytes:
    return bytes([_RMCP, 0, _NO_ACK, kind])


def _sum(content: bytes) -> bytes:
    """IPMI 2.0 section 13.8: what makes the sum of the bytes 0."""
    return bytes([-sum(content) & 0xFF])


def _authentication_capabilities() -> bytes:
    """IPMI 2.0 section 22.13, outside of any session."""
    controller, application, console, sequence, command = 0x20, 0x06 << 2, 0x81, 0, 0x38
    this_channel_and_ipmi_2, administrator = 0x8E, 4
    to = bytes([controller, application])
    asked = bytes([console, sequence, command, this_channel_and_ipmi_2, administrator])
    message = to + _sum(to) + asked + _sum(asked)
    no_authentication, no_session = 0, 0
    return _rmcp(_CLASS_IPMI) + struct.pack(">BIIB", no_authentication, 0, no_session, len(message)) + message


def _presence_ping() -> bytes:
    """ASF 2.0 section 3.2.4: header of class ASF, then the type of the message and a tag."""
    asf, ping, tag, no_data = 4542, 0x80, 1, 0
    return _rmcp(_CLASS_ASF) + struct.pack(">IBBBB", asf, ping, tag, 0, no_data)


def _read_device() -> bytes:
    """ASHRAE 135 annex J and clause 15.5: the identity of device 4194303, which stands for whoever is asked."""
    confirmed, no_segments_1476_bytes, invocation, read_property = 0x00, 0x05, 1, 12
    device, anybody, object_identifier = 8, 0x3FFFFF, 75
    asked = bytes([confirmed, no_segments_1476_bytes, invocation, read_property])
    asked += b"\x0c" + struct.pack(">I", device << 22 | anybody) + b"\x19" + bytes([object_identifier])
    network = bytes([1, 0x04])  # version 1, an answer is expected
    bacnet_ip, unicast = 0x81, 0x0A
    return struct.pack(">BBH", bacnet_ip, unicast, 4 + len(network + asked)) + network + asked


_CONFIRMABLE, _ACKNOWLEDGEMENT, _RESET = 0, 2, 3
_EMPTY, _GET = 0, 1
_SUCCESSES = (*range(2 << 5 | 1, 2 << 5 | 6), 2 << 5 | 31)
"""2.01 to 2.05 and 2.31: RFC 7252 section 12.1.2, RFC 7959 section 2.9.1."""


def _coap(code: int, token: Draft | bytes, options: bytes) -> Draft:
    """RFC 7252 section 3: version, type and length of the token; code; message; token; options."""
    return bytes([1 << 6 | _CONFIRMABLE << 4 | len(token), code]) + COOKIE_16 + token + options


def _path(*segments: bytes) -> bytes:
    """RFC 7252 section 3.1: option 11 as often as it takes, each counted from the one before."""
    return b"".join(bytes([(0 if place else 11) << 4 | len(name)]) + name for place, name in enumerate(segments))


def _repeats_coap(datagram: bytes, cookie: int) -> bool | None:
    """An acknowledgement or a reset repeats the message, an answer the token."""
    if len(datagram) < 4 or datagram[0] >> 6 != 1:
        return None
    kind, token_bytes, code = datagram[0] >> 4 & 3, datagram[0] & 15, datagram[1]
    if token_bytes > 8 or len(datagram) < 4 + token_bytes:
        return None
    if code == _EMPTY and kind in (_ACKNOWLEDGEMENT, _RESET):
        return int.from_bytes(datagram[2:4], "big") == lower_half(cookie)
    if code in _SUCCESSES or code >> 5 in (4, 5):
        return datagram[4 : 4 + token_bytes] == cookie.to_bytes(4, "big")
    return None


QUESTIONS = (
    question(
        "ipmi",
        (623,),
        _authentication_capabilities(),
        "IPMI 2.0 sections 13 and 22.13",
        _N("asks a management controller how one could log in (Get Channel Authentication Capabilities), and does not"),
    ),
    question(
        "asf",
        (623,),
        _presence_ping(),
        "DMTF DSP0136, ASF 2.0, section 3.2.4",
        _N("asks a management controller whether it is there"),
    ),
    question(
        "bacnet",
        (47808,),
        _read_device(),
        "ASHRAE 135 clause 15.5 and annex J",
        _N("reads the identity of a building's controller, by unicast: Who-Is would be answered to everybody"),
    ),
    question(
        "coap",
        (5683,),
        _coap(_GET, COOKIE_32, _path(b".well-known", b"core")),
        "RFC 7252 section 3, RFC 6690 section 4",
        _N("asks what the device offers (/.well-known/core)"),
        _repeats_coap,
    ),
    question(
        "coap-ping",
        (5683,),
        _coap(_EMPTY, b"", b""),
        "RFC 7252 sections 1.2 and 4.2",
        _N("an empty message, which has to be reset"),
        _repeats_coap,
    ),
)
