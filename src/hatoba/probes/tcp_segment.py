"""What the methods share that ask with a single TCP segment: how it is built, and whose segments answer it.

The cookie stands in the sequence number and, where ACK is set, in the acknowledgement number too: who answers a segment
without ACK acknowledges ``seq`` and what it counts (SYN and FIN one each; some stacks count nothing), who refuses one with
ACK takes ``ack`` for the sequence number of his RST (RFC 9293 section 3.10.7.1). ICMP errors quote the sequence number.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hatoba.model import Answer, Protocol, Reason, State
from hatoba.packets.answers import TCP_SEGMENT
from hatoba.packets.layouts import ACK, FIN, RST, SYN, TCP, TCP_HEADER
from hatoba.packets.segment import Place, Segment
from hatoba.probes.method import Heard, Judgement, Mask, Method, one
from hatoba.probes.unreachable import judge_errors, quotes

_MSS = {4: 1460, 6: 1440}  # what Ethernet's 1500 bytes leave; RFC 9293 section 3.7.1
_SEQ, _ACK, _CHECKSUM = 4, 8, 16


def segment(family: int, flags: int) -> Segment:
    """A segment without data. Only a SYN has an option, the maximum segment size: some firewalls drop one without."""
    options = bytes([2, 4]) + _MSS[family].to_bytes(2, "big") if flags & SYN else b""
    header = np.zeros(1, TCP_HEADER)
    header["data_offset"] = (20 + len(options)) // 4 << 4
    header["flags"] = flags
    header["window"] = 1024
    places = (Place(_SEQ), Place(_ACK)) if flags & ACK else (Place(_SEQ),)
    return Segment(TCP, header.tobytes() + options, places, sum_at=_CHECKSUM, tag_ip=False)


def flags_of(heard: Heard) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """The flags that tell what a segment is for; 0 for what is none."""
    flags = heard.answers["flags"] & (SYN | RST | ACK | FIN)
    return np.where(heard.answers["kind"] == TCP_SEGMENT, flags, np.uint8(0))


def answering(heard: Heard, asked_flags: int) -> Mask:
    """Segments that repeat the cookie of a probe with *asked_flags*.

    A RST to a segment with ACK need not have ACK itself, and its sequence number is the cookie; every other answer
    acknowledges it.
    """
    answers = heard.answers
    flags = flags_of(heard)
    acknowledged = answers["ack"] - heard.cookies
    counted = int(bool(asked_flags & SYN)) + int(bool(asked_flags & FIN))
    repeats = (flags & ACK > 0) & ((acknowledged == counted) | (acknowledged == 0))
    if asked_flags & ACK:
        repeats |= (flags & RST > 0) & (answers["seq"] == heard.cookies)
    found: Mask = (answers["kind"] == TCP_SEGMENT) & repeats
    return found


def resetting(heard: Heard, asked_flags: int) -> Mask:
    """Those of them that are a RST."""
    found: Mask = answering(heard, asked_flags) & (flags_of(heard) & RST > 0)
    return found


def quoting(heard: Heard) -> Mask:
    """ICMP errors that quote a segment with the cookie."""
    found: Mask = quotes(heard, TCP) & (heard.answers["seq"] == heard.cookies)
    return found


def tcp_method(name: str, flags: int, judge: Callable[[Heard, int], Judgement], silence: State) -> Method:
    """A method that asks with these flags; ``judge(heard, flags)`` says what the answers mean, whichever flags they were."""
    return Method(
        name,
        Protocol.TCP,
        (silence, Reason.NO_RESPONSE),
        one(lambda family: segment(family, flags)),
        lambda heard: judge(heard, flags),
        with_flags=lambda others: tcp_method(name, others, judge, silence),
    )


def answered_by_reset(name: str, flags: int, reset: State, silence: State) -> Method:
    """A method to which there is but one answer, a RST, which means *reset*."""

    def judge(heard: Heard, asked_flags: int) -> Judgement:
        verdicts = Judgement.blank(len(heard.answers))
        verdicts.put(resetting(heard, asked_flags), reset, Reason.RESET, Answer.RST)
        judge_errors(verdicts, heard, quoting(heard))
        return verdicts

    return tcp_method(name, flags, judge, silence)
