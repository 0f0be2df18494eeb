"""SCTP COOKIE ECHO: finish an association that was never begun.

::

    we                          target
    COOKIE ECHO vtag=cookie -->
                    <----------  ABORT  vtag=cookie          closed
                    <----------  ICMP unreachable            filtered
                    (silence)                                open|filtered

RFC 9260 section 5.1.5: who listens drops a cookie that it did not sign. Section 8.4 (8): who does not listen answers ABORT
and reflects the verification tag. Packet filters that only stop INIT let this one through.
"""

from __future__ import annotations

from hatoba.model import Answer, Protocol, Reason, State
from hatoba.packets.segment import Segment
from hatoba.probes.method import Heard, Judgement, Method, one
from hatoba.probes.sctp_packet import ABORT, COOKIE_ECHO, VERIFICATION_TAG, answering, packet, quoting
from hatoba.probes.unreachable import judge_errors

_STATE_COOKIE = bytes(4)  # what the target would have to know, and can't


def segment(_family: int) -> Segment:
    return packet(COOKIE_ECHO, _STATE_COOKIE, (VERIFICATION_TAG,))


def judge(heard: Heard) -> Judgement:
    verdicts = Judgement.blank(len(heard.answers))
    verdicts.put(answering(heard, ABORT), State.CLOSED, Reason.ABORT, Answer.ABORT)
    judge_errors(verdicts, heard, quoting(heard, VERIFICATION_TAG))
    return verdicts


METHOD = Method("sctp-cookie", Protocol.SCTP, (State.OPEN_FILTERED, Reason.NO_RESPONSE), one(segment), judge)
