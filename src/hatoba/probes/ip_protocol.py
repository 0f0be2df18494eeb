"""IP protocol: which protocols above IP does a host understand? The "ports" are protocol numbers, 0 to 255.

::

    we                          target
    packet of protocol p ------>
                    <----------  anything in protocol p      open
                    <----------  ICMP port unreachable       open (UDP is understood, only nobody listens there)
                    <----------  ICMP protocol unreachable   closed
                    <----------  ICMP unreachable, other     filtered
                    (silence)                                open|filtered

RFC 1122 section 3.2.2.1: a host answers protocol unreachable for a protocol that it does not have; for IPv6 it is a
parameter problem, unrecognized next header (RFC 4443 section 3.4), which points to the field that names it. TCP, UDP, ICMP and
SCTP get a sound header of their own, so that they are answered; all others eight bytes that mean nothing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hatoba.model import Answer, Protocol, Reason, State
from hatoba.packets.answers import ICMP_ERROR, ICMP_REPLY, OTHER_PACKET, SCTP_PACKET, TCP_SEGMENT, UDP_DATAGRAM
from hatoba.packets.distinct import distinct
from hatoba.packets.layouts import ACK, ICMP_OF, SCTP, TCP, UDP
from hatoba.packets.segment import Place, Segment, Sum
from hatoba.probes import icmp_echo, sctp_init, tcp_segment, udp
from hatoba.probes.method import Asked, Heard, Judgement, Mask, Method, Ports, Wording
from hatoba.probes.unreachable import ICMP_ANSWER, from_target, judge_errors, reasons, recognised

_ASKED_PORT = 80
"""Where a protocol has ports: any will do, as an open one and a closed one both show that the protocol is understood."""
_SUM_AT = 6
_PARAMETER_PROBLEM, _UNKNOWN_NEXT_HEADER = 4, 1


def segment(family: int, protocol: int) -> Segment:
    """A packet of *protocol*; its source port, where it has one, is the scan's."""
    match protocol:
        case number if number == TCP:
            found = _aimed(replace(tcp_segment.segment(family, ACK), tag_ip=True))
        case number if number == UDP:
            found = _aimed(udp.segment(None))
        case number if number == SCTP:
            found = _aimed(sctp_init.segment(family))
        case number if number == ICMP_OF[family]:
            found = icmp_echo.METHOD.wording(family, np.zeros(1, np.uint16)).segments[0]
        case _:
            # Eight bytes that add up: a packet filter may check that before it refuses, as Linux' nft does.
            how = Sum.PLAIN if family == 4 else Sum.INTERNET
            found = Segment(protocol, bytes(8), (Place(0),), None, None, how, _SUM_AT)
    return found


def _aimed(found: Segment) -> Segment:
    """The segment with its destination port in the constant part: what varies is the protocol."""
    data = found.data[:2] + _ASKED_PORT.to_bytes(2, "big") + found.data[4:]
    return replace(found, data=data, dport_at=None)


def wording(family: int, ports: Ports) -> Wording:
    segments = tuple(segment(family, protocol) for protocol in ports.tolist())
    return Wording(segments, np.arange(len(ports))[:, None])


def judge(heard: Heard) -> Judgement:
    answers = heard.answers
    verdicts = Judgement.blank(len(answers))
    kind = answers["kind"]
    spoken = (kind == OTHER_PACKET) | (kind == UDP_DATAGRAM)
    spoken |= (kind == TCP_SEGMENT) & tcp_segment.answering(heard, ACK)
    spoken |= (kind == SCTP_PACKET) & (answers["seq"] == heard.cookies)
    spoken |= (kind == ICMP_REPLY) & (answers["seq"] == heard.cookies & np.uint32(0xFFFF))
    verdicts.put(spoken, State.OPEN, Reason.PROTO_RESPONSE, Answer.PACKET)

    ours = _quoting(heard)
    why = reasons(heard.family, answers["icmp_type"], answers["icmp_code"])
    icmp = ICMP_ANSWER[heard.family]
    from_it = ours & from_target(heard)
    verdicts.put(from_it & (why == Reason.PORT_UNREACH), State.OPEN, Reason.PORT_UNREACH, icmp)
    verdicts.put(from_it & (why == Reason.PROTO_UNREACH), State.CLOSED, Reason.PROTO_UNREACH, icmp)
    if heard.family == 6:
        unknown = (answers["icmp_type"] == _PARAMETER_PROBLEM) & (answers["icmp_code"] == _UNKNOWN_NEXT_HEADER)
        verdicts.put(from_it & unknown, State.CLOSED, Reason.PARAMETER_PROBLEM, icmp)
    judge_errors(verdicts, heard, ours)
    return verdicts


def _quoting(heard: Heard) -> Mask:
    """ICMP errors that quote a packet with the cookie: behind its IP header, or in it."""
    errors: Mask = heard.answers["kind"] == ICMP_ERROR
    cookies = (
        (heard.ports == protocol, place)
        for protocol in distinct(heard.ports[errors]).tolist()
        for place in segment(heard.family, protocol).cookies[:1]
    )
    return recognised(heard, errors, cookies)


def asked_protocol(answers: npt.NDArray[np.void], _frames: npt.NDArray[np.uint8], _asked: Asked) -> Ports:
    """The protocol that each answer would be about: its own, or that of the packet that it quotes."""
    return answers["protocol"].astype(np.uint16)


METHOD = Method(
    "ip-protocol",
    Protocol.IP,
    (State.OPEN_FILTERED, Reason.NO_RESPONSE),
    wording,
    judge,
    asked_port=asked_protocol,
    rationed_silence=(State.OPEN_FILTERED, Reason.NO_RESPONSE),  # no other than ever; but it is worth a word
    tells_attempt=False,
)
