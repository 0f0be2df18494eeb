"""Which arriving packets are worth a slot: a classic BPF program that the kernel runs on each (linux/filter.h).

Offsets count from the IP header, as the socket takes the link header off. Accepted: TCP to one of our source ports, and ICMP
errors. The program only spares work: what an answer is, and to what, is judged later.
"""

from __future__ import annotations

import struct

from hatoba.wire.base import SOURCE_PORTS, WIDTH_BYTES

# linux/bpf_common.h: class | size | mode
_BYTE, _HALF = 0x30, 0x28  # A = packet[k]
_BYTE_X, _HALF_X = 0x50, 0x48  # A = packet[X + k]
_HEADER_X = 0xB1  # X = 4 * (packet[k] & 15)
_EQUAL, _AT_LEAST, _ABOVE, _ANY_BIT, _RETURN = 0x15, 0x35, 0x25, 0x45, 0x06
_JUMPS = (_EQUAL, _AT_LEAST, _ABOVE, _ANY_BIT)

_TCP, _ICMP, _ICMP6 = 6, 1, 58
_UNREACHABLE = {4: 3, 6: 1}
_EXCEEDED = {4: 11, 6: 3}

Line = tuple[str, int, int, str, str]
"""label, operation, operand, where to go if it holds, where if not; an empty place is the next line."""


def answers_program(family: int, first_port: int) -> bytes:
    """The program as an array of struct sock_filter, eight bytes an instruction."""
    last_port = first_port + SOURCE_PORTS - 1
    ports: list[Line] = [
        ("", _AT_LEAST, first_port, "", "drop"),
        ("", _ABOVE, last_port, "drop", "keep"),
    ]
    errors: list[Line] = [
        ("", _EQUAL, _UNREACHABLE[family], "keep", ""),
        ("", _EQUAL, _EXCEEDED[family], "keep", "drop"),
    ]
    end: list[Line] = [("keep", _RETURN, WIDTH_BYTES, "", ""), ("drop", _RETURN, 0, "", "")]
    if family == 4:
        return _assembled(
            [
                ("", _BYTE, 9, "", ""),  # protocol
                ("", _EQUAL, _TCP, "", "icmp"),
                ("", _HALF, 6, "", ""),
                ("", _ANY_BIT, 0x1FFF, "drop", ""),  # a later fragment has no ports
                ("", _HEADER_X, 0, "", ""),
                ("", _HALF_X, 2, "", ""),  # destination port
                *ports,
                ("icmp", _EQUAL, _ICMP, "", "drop"),
                ("", _HEADER_X, 0, "", ""),
                ("", _BYTE_X, 0, "", ""),  # type
                *errors,
                *end,
            ]
        )
    return _assembled(
        [
            ("", _BYTE, 6, "", ""),  # next header
            ("", _EQUAL, _TCP, "", "icmp"),
            ("", _HALF, 42, "", ""),  # destination port
            *ports,
            ("icmp", _EQUAL, _ICMP6, "", "drop"),
            ("", _BYTE, 40, "", ""),  # type
            *errors,
            *end,
        ]
    )


def _assembled(lines: list[Line]) -> bytes:
    places = {line[0]: number for number, line in enumerate(lines) if line[0]}
    program = b""
    for number, (_label, operation, operand, if_true, if_false) in enumerate(lines):
        jumps = [places[label] - number - 1 if label and operation in _JUMPS else 0 for label in (if_true, if_false)]
        program += struct.pack("=HBBI", operation, *jumps, operand)
    return program
