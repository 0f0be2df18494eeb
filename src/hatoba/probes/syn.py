"""SYN: ask for a connection and never finish the handshake.

::

    we                          target
    SYN seq=cookie  ---------->
                    <----------  SYN, ACK  ack=cookie+1      open
    (the kernel's RST) -------->
                    <----------  RST, ACK  ack=cookie+1      closed
                    <----------  ICMP unreachable            filtered
                    (silence)                                filtered

RFC 9293 section 3.10.7.1 (a closed port answers RST with ack = seq + 1) and 3.10.7.2 (a listening one answers SYN, ACK).
Some stacks answer with ack = seq; that is taken too. A bare SYN is the other half of a simultaneous open (section 3.5,
figure 8): it repeats no cookie, so only its addresses and ports speak for it.
"""

from __future__ import annotations

from hatoba.model import Answer, Reason, State
from hatoba.packets.layouts import ACK, RST, SYN
from hatoba.probes.method import Heard, Judgement
from hatoba.probes.tcp_segment import answering, flags_of, quoting, tcp_method
from hatoba.probes.unreachable import judge_errors


def judge(heard: Heard, asked_flags: int) -> Judgement:
    verdicts = Judgement.blank(len(heard.answers))
    flags, ours = flags_of(heard), answering(heard, asked_flags)
    verdicts.put(ours & (flags == SYN | ACK), State.OPEN, Reason.SYN_ACK, Answer.SYN_ACK)
    verdicts.put(ours & (flags & RST > 0), State.CLOSED, Reason.RESET, Answer.RST)
    verdicts.put(flags == SYN, State.OPEN, Reason.SYN, Answer.SYN)
    judge_errors(verdicts, heard, quoting(heard))
    return verdicts


METHOD = tcp_method("syn", SYN, judge, silence=State.FILTERED)
