"""Window: ACK, and look at the window of the RST.

::

    we                          target
    ACK ack=cookie  ---------->
                    <----------  RST  seq=cookie, window > 0   open
                    <----------  RST  seq=cookie, window = 0   closed
                    <----------  ICMP unreachable              filtered
                    (silence)                                  filtered

Nothing in RFC 9293 speaks of a window in a RST. Some systems (old BSD, AIX, HP-UX) left the window of the listening socket in
it; Linux and most others send zero for every port, which then all look closed.
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
        verdicts.put(refused & (heard.answers["window"] > 0), State.OPEN, Reason.RESET, Answer.RST)
        verdicts.put(refused, State.CLOSED, Reason.RESET, Answer.RST)
        judge_errors(verdicts, heard, quoting(heard))
        return verdicts

    silence = State.FILTERED, Reason.NO_RESPONSE
    return Method("window", Protocol.TCP, silence, one(lambda family: segment(family, asked_flags)), judge)


METHOD = with_flags(ACK)
