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

from hatoba.model import Answer, Reason, State
from hatoba.packets.layouts import ACK
from hatoba.probes.method import Heard, Judgement
from hatoba.probes.tcp_segment import quoting, resetting, tcp_method
from hatoba.probes.unreachable import judge_errors


def judge(heard: Heard, asked_flags: int) -> Judgement:
    verdicts = Judgement.blank(len(heard.answers))
    reset = resetting(heard, asked_flags)
    verdicts.put(reset & (heard.answers["window"] > 0), State.OPEN, Reason.RESET, Answer.RST)
    verdicts.put(reset, State.CLOSED, Reason.RESET, Answer.RST)
    judge_errors(verdicts, heard, quoting(heard))
    return verdicts


METHOD = tcp_method("window", ACK, judge, silence=State.FILTERED)
