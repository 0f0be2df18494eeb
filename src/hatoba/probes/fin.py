"""FIN: end a connection that there is not.

::

    we                          target
    FIN seq=cookie  ---------->
                    <----------  RST, ACK  ack=cookie+1      closed
                    <----------  ICMP unreachable            filtered
                    (silence)                                open|filtered

RFC 9293 section 3.10.7.1: a closed port answers RST to whatever has no RST itself; section 3.10.7.2: a listening one drops
a segment that has neither SYN, ACK nor RST. So it is the *closed* port that answers, and an open one that is silent. Windows,
many printers and some routers answer RST for both: all their ports look closed.
"""

from __future__ import annotations

from hatoba.model import Answer, Protocol, Reason, State
from hatoba.packets.layouts import FIN, RST
from hatoba.probes.method import Heard, Judgement, Method, one
from hatoba.probes.tcp_segment import answering, flags_of, quoting, segment
from hatoba.probes.unreachable import judge_errors


def with_flags(name: str, asked_flags: int) -> Method:
    """A method that asks with these flags, and to which only closed ports answer."""

    def judge(heard: Heard) -> Judgement:
        verdicts = Judgement.blank(len(heard.answers))
        refused = answering(heard, asked_flags) & (flags_of(heard) & RST > 0)
        verdicts.put(refused, State.CLOSED, Reason.RESET, Answer.RST)
        judge_errors(verdicts, heard, quoting(heard))
        return verdicts

    silence = State.OPEN_FILTERED, Reason.NO_RESPONSE
    return Method(name, Protocol.TCP, silence, one(lambda family: segment(family, asked_flags)), judge)


METHOD = with_flags("fin", FIN)
