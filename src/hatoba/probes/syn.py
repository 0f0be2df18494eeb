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

import numpy as np
import numpy.typing as npt

from hatoba.model import Answer, Protocol, Reason, State
from hatoba.packets import layouts
from hatoba.packets.answers import ICMP_ERROR, TCP_SEGMENT
from hatoba.probes.method import Judgement, Method
from hatoba.probes.unreachable import reasons

_MSS = {4: 1460, 6: 1440}  # what Ethernet's 1500 bytes leave; RFC 9293 section 3.7.1


def segment(family: int) -> bytes:
    header = np.zeros(1, layouts.TCP)
    header["data_offset"] = 6 << 4
    header["flags"] = layouts.SYN
    header["window"] = 1024
    return header.tobytes() + bytes([2, 4]) + _MSS[family].to_bytes(2, "big")


def judge(family: int, answers: npt.NDArray[np.void], cookies: npt.NDArray[np.uint32]) -> Judgement:
    verdicts = Judgement.blank(len(answers))
    flags = answers["flags"] & (layouts.SYN | layouts.RST | layouts.ACK | layouts.FIN)
    segment_rows = answers["kind"] == TCP_SEGMENT
    acknowledged = answers["ack"] - cookies
    ours = segment_rows & (answers["flags"] & layouts.ACK > 0) & ((acknowledged == 1) | (acknowledged == 0))
    verdicts.put(ours & (flags == layouts.SYN | layouts.ACK), State.OPEN, Reason.SYN_ACK, Answer.SYN_ACK)
    verdicts.put(ours & (flags & layouts.RST > 0), State.CLOSED, Reason.RESET, Answer.RST)
    verdicts.put(segment_rows & (flags == layouts.SYN), State.OPEN, Reason.SYN, Answer.SYN)
    why = reasons(family, answers["icmp_type"], answers["icmp_code"])
    quoted = (answers["kind"] == ICMP_ERROR) & (answers["seq"] == cookies) & (why > 0)
    verdicts.put(quoted, State.FILTERED, why, Answer.ICMP if family == 4 else Answer.ICMP6)
    return verdicts


METHOD = Method(
    name="syn",
    protocol=Protocol.TCP,
    silence=(State.FILTERED, Reason.NO_RESPONSE),
    segment=segment,
    cookie_field="seq",
    judge=judge,
)
