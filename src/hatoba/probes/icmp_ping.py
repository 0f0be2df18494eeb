"""What the three ICMP pings share: a query with identifier and sequence number, which the reply repeats (RFC 792).

The identifier stands where the source port does in other probes and tells the attempt; the sequence number is the cookie's
lower half.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from hatoba.model import Answer, Protocol, Reason, State
from hatoba.packets.answers import ICMP_REPLY
from hatoba.packets.layouts import ICMP_OF
from hatoba.packets.segment import Form, Place, Segment, Sum
from hatoba.probes.method import Heard, Judgement, Method, one
from hatoba.probes.unreachable import judge_errors, quotes

_IDENTIFIER_AT, _SEQUENCE_AT, _CHECKSUM_AT = 4, 6, 2


def ping(
    name: str, queries: Mapping[int, int], replies: Mapping[int, int], data: bytes, reason: Reason, answer: Answer
) -> Method:
    """A ping. *queries* and *replies* are its ICMP types by family, *data* what follows the eight bytes of the header."""

    def segment(family: int) -> Segment:
        header = struct.pack(">BBHHH", queries.get(family, queries[4]), 0, 0, 0, 0)
        how = Sum.PLAIN if family == 4 else Sum.INTERNET
        place = Place(_SEQUENCE_AT, Form.U16)
        return Segment(ICMP_OF[family], header + data, (place,), _IDENTIFIER_AT, None, how, _CHECKSUM_AT)

    def judge(heard: Heard) -> Judgement:
        answers = heard.answers
        verdicts = Judgement.blank(len(answers))
        sequence = heard.cookies & 0xFFFF
        wanted = replies.get(heard.family, -1)
        reply = (answers["kind"] == ICMP_REPLY) & (answers["icmp_type"] == wanted) & (answers["seq"] == sequence)
        verdicts.put(reply, State.OPEN, reason, answer)
        judge_errors(verdicts, heard, quotes(heard, ICMP_OF[heard.family]) & (answers["seq"] == sequence))
        return verdicts

    return Method(name, Protocol.ICMP, (State.FILTERED, Reason.NO_RESPONSE), one(segment), judge)
