"""SCTP INIT: ask for an association and never finish it.

::

    we                          target
    INIT tag=cookie ---------->
                    <----------  INIT ACK  vtag=cookie       open
                    <----------  ABORT     vtag=cookie       closed
                    <----------  ICMP unreachable            filtered
                    (silence)                                filtered

RFC 9260 section 5.1: who listens answers INIT ACK, carrying the initiate tag of the INIT as verification tag, and keeps no
state until its cookie comes back. Section 8.4 (3): who does not, answers ABORT with that same tag (section 8.5.1 B).
"""

from __future__ import annotations

import struct

from hatoba.model import Answer, Protocol, Reason, State
from hatoba.packets.segment import Place, Segment
from hatoba.probes.method import Heard, Judgement, Method, one
from hatoba.probes.sctp_packet import ABORT, COMMON_HEADER_BYTES, INIT, INIT_ACK, answering, packet, quoting
from hatoba.probes.unreachable import judge_errors

_INITIATE_TAG = Place(COMMON_HEADER_BYTES + 4)
_FIRST_TSN = Place(COMMON_HEADER_BYTES + 16)
_WINDOW_BYTES, _STREAMS = 32_768, 10


def segment(_family: int) -> Segment:
    """An INIT chunk (RFC 9260 section 3.3.2) without parameters: the answer goes to the address that it came from."""
    value = struct.pack(">IIHHI", 0, _WINDOW_BYTES, _STREAMS, _STREAMS, 0)
    return packet(INIT, value, (_INITIATE_TAG, _FIRST_TSN))


def judge(heard: Heard) -> Judgement:
    verdicts = Judgement.blank(len(heard.answers))
    verdicts.put(answering(heard, INIT_ACK), State.OPEN, Reason.INIT_ACK, Answer.INIT_ACK)
    verdicts.put(answering(heard, ABORT), State.CLOSED, Reason.ABORT, Answer.ABORT)
    judge_errors(verdicts, heard, quoting(heard, _INITIATE_TAG))
    return verdicts


METHOD = Method("sctp-init", Protocol.SCTP, (State.FILTERED, Reason.NO_RESPONSE), one(segment), judge)
