"""Which arriving packets are worth a slot: a classic BPF program that the kernel runs on each (linux/filter.h).

Offsets count from the IP header, as the socket takes the link header off. The program only spares work: what an answer is,
and to what, is judged later.
"""

from __future__ import annotations

import struct
from collections.abc import Collection

from hatoba.packets.layouts import EXTENSION_HEADERS, ICMP_ERRORS, ICMP_OF, ICMP_REPLIES, SCTP, TCP, UDP
from hatoba.wire.base import SOURCE_PORTS, WIDTH_BYTES

# linux/bpf_common.h: class | size | mode
_BYTE, _HALF = 0x30, 0x28  # A = packet[k]
_BYTE_X, _HALF_X = 0x50, 0x48  # A = packet[X + k]
_HEADER_X = 0xB1  # X = 4 * (packet[k] & 15)
_EQUAL, _AT_LEAST, _ABOVE, _ANY_BIT, _RETURN = 0x15, 0x35, 0x25, 0x45, 0x06
_JUMP = 0x05  # always, and as far as it takes; the others reach 255 instructions
_JUMPS = (_EQUAL, _AT_LEAST, _ABOVE, _ANY_BIT)

Line = tuple[str, int, int, str, str]
"""label, operation, operand, where to go if it holds, where if not; an empty place is the next line."""


def answers_program(family: int, first_port: int, protocols: Collection[int]) -> bytes:
    """The program as an array of struct sock_filter, eight bytes an instruction.

    *protocols* are those that the probes speak. Of TCP, UDP and SCTP packets those to our ports are kept, of ICMP the errors
    and the replies to our identifiers, of all others everything, if any of them is asked for. Of IPv6 packets with extension
    headers all are kept: what stands behind them is not looked for here.
    """
    ported = [number for number in (TCP, UDP, SCTP) if number in protocols]
    icmp = ICMP_OF[family]
    others = set(protocols) - {TCP, UDP, SCTP, icmp}
    start: list[Line] = [("", _BYTE, 9 if family == 4 else 6, "", "")]  # protocol, next header
    start += [("", _EQUAL, number, "ported", "") for number in ported]
    start += [("", _EQUAL, icmp, "icmp", "")]
    if family == 6:
        start += [("", _EQUAL, number, "keep", "") for number in EXTENSION_HEADERS]
    start += [("", _JUMP, 0, "keep" if others else "drop", "")]
    return _assembled([*start, *_ports(family, first_port), *_icmp(family, first_port, icmp in protocols), *_END])


_END: list[Line] = [("keep", _RETURN, WIDTH_BYTES, "", ""), ("drop", _RETURN, 0, "", "")]


def _among_ours(first_port: int) -> list[Line]:
    """Whether A is one of our ports."""
    return [("", _AT_LEAST, first_port, "", "drop"), ("", _ABOVE, first_port + SOURCE_PORTS - 1, "drop", "keep")]


def _ports(family: int, first_port: int) -> list[Line]:
    """Look at the destination port, which stands at the same place in all three protocols."""
    if family == 6:
        return [("ported", _HALF, 42, "", ""), *_among_ours(first_port)]
    return [
        ("ported", _HALF, 6, "", ""),
        ("", _ANY_BIT, 0x1FFF, "drop", ""),  # a later fragment has no ports
        ("", _HEADER_X, 0, "", ""),
        ("", _HALF_X, 2, "", ""),
        *_among_ours(first_port),
    ]


def _icmp(family: int, first_port: int, pinging: bool) -> list[Line]:
    """Errors; and replies to our identifiers, where we ping."""
    wanted = [("", _EQUAL, number, "keep", "") for number in ICMP_ERRORS[family]]
    if pinging:
        wanted += [("", _EQUAL, number, "reply", "") for number in ICMP_REPLIES[family]]
    wanted += [("", _JUMP, 0, "drop", "")]
    identifier: list[Line] = [("reply", _HALF_X, 4, "", "")] if family == 4 else [("reply", _HALF, 44, "", "")]
    reply = [*identifier, *_among_ours(first_port)] if pinging else []
    if family == 6:
        return [("icmp", _BYTE, 40, "", ""), *wanted, *reply]
    return [("icmp", _HEADER_X, 0, "", ""), ("", _BYTE_X, 0, "", ""), *wanted, *reply]


def _assembled(lines: list[Line]) -> bytes:
    places = {line[0]: number for number, line in enumerate(lines) if line[0]}
    program = b""
    for number, (_label, operation, operand, if_true, if_false) in enumerate(lines):
        if operation == _JUMP:
            program += struct.pack("=HBBI", operation, 0, 0, places[if_true] - number - 1)
            continue
        jumps = [places[label] - number - 1 if label and operation in _JUMPS else 0 for label in (if_true, if_false)]
        program += struct.pack("=HBBI", operation, *jumps, operand)
    return program
