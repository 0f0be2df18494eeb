"""Probes that ask a host for the manners of its system: how it answers, not what.

::

    we                          target
    SYN, other options each -->
                    <----------  SYN, ACK: options and their order, window, time stamp, sequence number, IP identification
    SYN to a closed port ----->
                    <----------  RST
    ACK; FIN, ACK; SYN, ACK -->
                    <----------  RST, or silence where something knows that there is no such connection
    echo request, code 9 ----->
                    <----------  echo reply: with that code, or with 0
    datagram to a closed port ->
                    <----------  port unreachable: how much of the datagram it quotes

Each probe leaves from a source port of its own (``slot`` counts from the first of the scan's), and each repeat has another
cookie, so that an answer tells which of them it is about.

Sources: RFC 9293 (TCP), RFC 7323 (window scale and time stamps), RFC 2018 (SACK), RFC 3168 section 6.1.1 (ECN), RFC 792.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from hatoba.model import Answer
from hatoba.packets.answers import ICMP_REPLY
from hatoba.packets.layouts import ACK, FIN, ICMP_OF, SYN, TCP, TCP_HEADER, UDP
from hatoba.packets.segment import Form, Place, Segment, Sum
from hatoba.probes import maimon, syn
from hatoba.probes.method import Heard, Mask
from hatoba.probes.unreachable import quotes, tagged

ODD_CODE = 9
"""Of the echo request; RFC 792 knows 0 only."""
UDP_DATA_BYTES = 120
_ECHO = {4: (8, 0), 6: (128, 129)}
_ECE, _CWR = 0x40, 0x80
_MSS = {4: 1460, 6: 1440}
_SMALL_MSS = 536  # RFC 9293 section 3.7.1: what everybody takes
_SEQ, _ACK, _CHECKSUM = 4, 8, 16
_NOP, _SACK = b"\x01", b"\x04\x02"
_STAMP = b"\x08\x0a" + (1).to_bytes(4, "big") + bytes(4)
_SCALE = b"\x03\x03\x0a"


class To(StrEnum):
    """Which port a probe is for."""

    OPEN = "open"
    OTHER_OPEN = "other-open"
    """Further open ports, to see whether the same host answers there."""
    CLOSED = "closed"
    FILTERED = "filtered"
    HOST = "host"
    """No port that the scan asked for."""


@dataclass(frozen=True, slots=True)
class SystemProbe:
    name: str
    slot: int
    """Which of the scan's source ports it leaves from, from 0."""
    segment: Callable[[int], Segment]
    """``segment(family)``"""
    answered: Callable[[Heard], Mask]
    """Which answers are answers to it."""
    to: tuple[tuple[To, tuple[int, ...]], ...]
    """Which ports it asks, and for each at which turns: turns are a tenth of a second apart."""


def _mss(family: int, small: bool = False) -> bytes:
    return b"\x02\x04" + (_SMALL_MSS if small else _MSS[family]).to_bytes(2, "big")


def _tcp(flags: int, options: Callable[[int], bytes] = lambda _family: b"") -> Callable[[int], Segment]:
    def segment(family: int) -> Segment:
        said = options(family)
        header = np.zeros(1, TCP_HEADER)
        header["data_offset"], header["flags"], header["window"] = (20 + len(said)) // 4 << 4, flags, 1024
        places = (Place(_SEQ), Place(_ACK)) if flags & ACK else (Place(_SEQ),)
        return Segment(TCP, header.tobytes() + said, places, sum_at=_CHECKSUM, tag_ip=False)

    return segment


def _echo(family: int) -> Segment:
    header = struct.pack(">BBHHH", _ECHO[family][0], ODD_CODE, 0, 0, 0)
    how = Sum.PLAIN if family == 4 else Sum.INTERNET
    return Segment(ICMP_OF[family], header + bytes(8), (Place(6, Form.U16),), 4, None, how, 2)


def _datagram(_family: int) -> Segment:
    header = struct.pack(">HHHH", 0, 0, 8 + UDP_DATA_BYTES, 0)
    return Segment(UDP, header + b"hatoba".ljust(UDP_DATA_BYTES, b"."), sum_at=6)


def _shaken(heard: Heard) -> Mask:
    """Answers to a SYN: SYN and ACK, RST, ICMP errors. A bare SYN may be our own, on an own address."""
    verdicts = syn.judge(heard, SYN)
    found: Mask = (verdicts.answer > 0) & (verdicts.answer != Answer.SYN)
    return found


def _refused(heard: Heard) -> Mask:
    """Answers to what belongs to no connection, a RST or an ICMP error."""
    found: Mask = maimon.METHOD.judge(heard).answer > 0
    return found


def _echoed(heard: Heard) -> Mask:
    wanted = _ECHO[heard.family][1]
    answers = heard.answers
    found: Mask = (
        (answers["kind"] == ICMP_REPLY) & (answers["icmp_type"] == wanted) & (answers["seq"] == (heard.cookies & 0xFFFF))
    )
    return found


def _quoted(heard: Heard) -> Mask:
    found: Mask = quotes(heard, UDP) & tagged(heard)
    return found


def _full(family: int) -> bytes:
    """Every option that a handshake may settle."""
    return _mss(family) + _SACK + _STAMP + _NOP + _SCALE


FULL, SMALL, NO_SCALE, BARE, ECN = "syn-full", "syn-small", "syn-no-scale", "syn-bare", "syn-ecn"
TO_ACK, TO_FIN, TO_SYN_ACK, ECHO, DATAGRAM = "ack", "fin-ack", "syn-ack", "echo", "udp"

PROBES: tuple[SystemProbe, ...] = (
    SystemProbe(FULL, 0, _tcp(SYN, _full), _shaken, ((To.OPEN, (0, 2, 5)), (To.OTHER_OPEN, (0, 2, 5)), (To.CLOSED, (1, 4)))),
    SystemProbe(
        SMALL,
        1,
        _tcp(SYN, lambda family: _mss(family, True) + _SACK + _STAMP + _NOP + _SCALE),
        _shaken,
        ((To.OPEN, (1,)), (To.OTHER_OPEN, (3,))),
    ),
    SystemProbe(
        NO_SCALE,
        2,
        _tcp(SYN, lambda family: _mss(family) + _NOP + _NOP + _STAMP + _NOP + _NOP + _SACK),
        _shaken,
        ((To.OPEN, (3,)),),
    ),
    SystemProbe(BARE, 3, _tcp(SYN), _shaken, ((To.OPEN, (4,)),)),
    SystemProbe(ECN, 4, _tcp(SYN | _ECE | _CWR, _full), _shaken, ((To.OPEN, (3,)),)),
    SystemProbe(TO_ACK, 8, _tcp(ACK), _refused, ((To.OPEN, (2,)), (To.CLOSED, (2,)), (To.FILTERED, (0,)))),
    SystemProbe(TO_FIN, 9, _tcp(FIN | ACK), _refused, ((To.OPEN, (4,)), (To.CLOSED, (3,)), (To.FILTERED, (1,)))),
    SystemProbe(TO_SYN_ACK, 10, _tcp(SYN | ACK), _refused, ((To.OPEN, (1,)), (To.CLOSED, (0,)))),
    SystemProbe(ECHO, 12, _echo, _echoed, ((To.HOST, (0, 3)),)),
    SystemProbe(DATAGRAM, 13, _datagram, _quoted, ((To.HOST, (1,)),)),
)
"""In no particular order."""
TURN_S = 0.1
