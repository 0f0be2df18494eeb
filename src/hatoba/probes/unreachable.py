"""What ICMP errors mean for a port, for all methods alike: which codes make it filtered, and the reason's name for each.

A code that is not in these tables is noted and leaves the state as it was.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from hatoba.model import Answer, Reason, State
from hatoba.packets.answers import ICMP_ERROR
from hatoba.packets.frames import cookie_bytes, ip_tag
from hatoba.packets.segment import Place
from hatoba.probes.method import Heard, Judgement, Mask

_TIME_EXCEEDED = {4: 11, 6: 3}
_UNREACHABLE = {4: 3, 6: 1}
ICMP_ANSWER = {4: Answer.ICMP, 6: Answer.ICMP6}

REASONS: dict[int, dict[int, Reason]] = {
    # RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1
    4: {
        0: Reason.NET_UNREACH,
        1: Reason.HOST_UNREACH,
        2: Reason.PROTO_UNREACH,
        3: Reason.PORT_UNREACH,
        9: Reason.NET_PROHIBITED,
        10: Reason.HOST_PROHIBITED,
        13: Reason.ADMIN_PROHIBITED,
    },
    # RFC 4443 section 3.1
    6: {
        0: Reason.NO_ROUTE,
        1: Reason.ADMIN_PROHIBITED,
        2: Reason.BEYOND_SCOPE,
        3: Reason.ADDR_UNREACH,
        4: Reason.PORT_UNREACH,
        5: Reason.POLICY_FAIL,
        6: Reason.REJECT_ROUTE,
    },
}


def _table(family: int) -> npt.NDArray[np.uint8]:
    table = np.zeros((256, 256), np.uint8)
    for code, reason in REASONS[family].items():
        table[_UNREACHABLE[family], code] = reason
    table[_TIME_EXCEEDED[family], :] = Reason.TIME_EXCEEDED
    return table


_TABLES = {family: _table(family) for family in (4, 6)}


def reasons(family: int, icmp_type: npt.NDArray[np.uint8], icmp_code: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The reason's code for each type and code; 0 where the error says nothing about the port."""
    found: npt.NDArray[np.uint8] = _TABLES[family][icmp_type, icmp_code]
    return found


def judge_errors(verdicts: Judgement, heard: Heard, ours: Mask) -> None:
    """Enter what ICMP errors say; *ours* tells which of the answers quote a probe of this method."""
    answers = heard.answers
    errors = ours & (answers["kind"] == ICMP_ERROR)
    if not errors.any():
        return
    why = reasons(heard.family, answers["icmp_type"], answers["icmp_code"])
    verdicts.put(errors & (why > 0), State.FILTERED, why, ICMP_ANSWER[heard.family])
    verdicts.put(errors, np.zeros(len(answers), np.uint8), why, ICMP_ANSWER[heard.family])


def quotes(heard: Heard, protocol: int) -> Mask:
    """ICMP errors that quote a probe in *protocol*."""
    found: Mask = (heard.answers["kind"] == ICMP_ERROR) & (heard.answers["protocol"] == protocol)
    return found


def tagged(heard: Heard) -> Mask:
    """Whose quoted IP header carries the cookie (``Segment.tag_ip``)."""
    found: Mask = heard.answers["tag"] == ip_tag(heard.family, heard.cookies)
    return found


def recognised(heard: Heard, errors: Mask, cookies: Iterable[tuple[Mask, Place]]) -> Mask:
    """Those of *errors* that quote a probe of ours. *cookies* says where its cookie stands, for the errors of each mask.

    Where so much of the segment is quoted that its cookie can be seen, that decides: the IP header has but 16 bits of it in
    version 4, which an error about somebody else's packet may have by chance, and which pf's random-id and the like write anew.
    What is quoted no further than that is taken by its IP header. Zeros in the cookie's place are no cookie: RFC 4884 section 5
    has a short quote filled up with them.
    """
    seen, found = np.zeros((2, len(errors)), bool)
    for where, place in cookies:
        size = place.form.value
        rows = np.flatnonzero(errors & where & (heard.answers["data_bytes"] >= place.at + size))
        if not rows.size:
            continue
        at = heard.answers["data_at"][rows].astype(np.intp) + place.at
        quoted = heard.frames[heard.answers["row"][rows][:, None], at[:, None] + np.arange(size)]
        same = (quoted == cookie_bytes(place.form, heard.cookies[rows])).all(axis=1)
        found[rows] |= same
        seen[rows] |= same | quoted.any(axis=1)
    ours: Mask = found | (errors & ~seen & tagged(heard))
    return ours


def from_target(heard: Heard) -> Mask:
    """Errors that the probed address itself sent."""
    found: Mask = (heard.answers["source"] == heard.answers["target"]).all(axis=1)
    return found
