"""ACK: acknowledge what was never sent, to learn what a packet filter lets through.

::

    we                          target
    ACK ack=cookie  ---------->
                    <----------  RST  seq=cookie             unfiltered
                    <----------  ICMP unreachable            filtered
                    (silence)                                filtered

RFC 9293 section 3.10.7: closed and listening ports alike answer RST, so it tells nothing of who listens. A filter that keeps
state drops such a segment, one that looks at flags alone takes it for part of a connection.
"""

from __future__ import annotations

from hatoba.model import Answer, Protocol, Reason, State
from hatoba.packets.layouts import ACK, RST
from hatoba.probes.method import Heard, Judgement, Method, one
from hatoba.probes.tcp_segment import answering, flags_of, quoting, segment
from hatoba.probes.unreachable import judge_errors


def with_flags(asked_flags: int) -> Method:
    """The method, asking with these flags instead of ACK alone."""

    def judge(heard: Heard) -> Judgement:
        verdicts = Judgement.blank(len(heard.answers))
        refused = answering(heard, asked_flags) & (flags_of(heard) & RST > 0)
        verdicts.put(refused, State.UNFILTERED, Reason.RESET, Answer.RST)
        judge_errors(verdicts, heard, quoting(heard))
        return verdicts

    silence = State.FILTERED, Reason.NO_RESPONSE
    return Method("ack", Protocol.TCP, silence, one(lambda family: segment(family, asked_flags)), judge)


METHOD = with_flags(ACK)
