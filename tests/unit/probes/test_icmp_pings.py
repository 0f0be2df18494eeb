"""The three ICMP pings: which reply answers which question, beside RFC 792, RFC 950 and RFC 4443."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hatoba.model import Protocol
from hatoba.packets.answers import ICMP_REPLY
from hatoba.probes import icmp_echo, icmp_mask, icmp_timestamp
from tests.unit.probes.judging import BOTH, COOKIES, NOTHING, ROUTER, errors, judged, rows, specified_errors

METHODS = {module.METHOD.name: module.METHOD for module in (icmp_echo, icmp_timestamp, icmp_mask)}
REPLIES = {
    ("icmp-echo", 4): (0, "echo-reply"),
    ("icmp-echo", 6): (129, "echo-reply"),
    ("icmp-timestamp", 4): (14, "timestamp-reply"),
    ("icmp-mask", 4): (18, "addressmask-reply"),
}
EACH = pytest.mark.parametrize("name", METHODS)
NUMBER = {4: 1, 6: 58}


@EACH
@BOTH
def test_every_type_and_sequence_number(name: str, family: int) -> None:
    wanted, word = REPLIES.get((name, family), (None, ""))
    cases = list(itertools.product(range(256), (0, 1, -1, 1 << 15), COOKIES))
    answers = rows(len(cases), kind=ICMP_REPLY, protocol=NUMBER[family])
    answers["icmp_type"] = [kind for kind, _offset, _cookie in cases]
    answers["seq"] = [(cookie + offset) & 0xFFFF for _kind, offset, cookie in cases]
    told = judged(METHODS[name], family, answers, [cookie for _kind, _offset, cookie in cases])
    assert told == [("open", word, word) if kind == wanted and not offset else NOTHING for kind, offset, _cookie in cases]


@EACH
@BOTH
@pytest.mark.parametrize("source", ["target", "router"])
def test_every_error_about_our_ping(name: str, family: int, source: str) -> None:
    for cookie in COOKIES:
        answers = errors(NUMBER[family], seq=cookie & 0xFFFF)
        if source == "router":
            answers["source"][:, 3] = ROUTER
        assert judged(METHODS[name], family, answers, cookie) == specified_errors(family)


@EACH
@BOTH
def test_an_error_about_another_s_packet_is_nothing(name: str, family: int) -> None:
    nothing = [NOTHING] * (1 << 16)
    assert judged(METHODS[name], family, errors(NUMBER[family], seq=9, tag=8), 8) == nothing
    for protocol in (6, 17, 132, NUMBER[10 - family]):
        assert judged(METHODS[name], family, errors(protocol, seq=8, tag=8), 8) == nothing


@EACH
@BOTH
def test_other_kinds_of_packets_are_nothing(name: str, family: int) -> None:
    for kind in (0, 1, 3, 4, 6):
        for icmp_type in (0, 14, 18, 129):
            assert judged(METHODS[name], family, rows(kind=kind, icmp_type=icmp_type, seq=8, tag=8), 8) == [NOTHING]


@EACH
def test_silence_tells_nothing(name: str) -> None:
    assert [code.word for code in METHODS[name].silence] == ["filtered", "no-response"]
    assert METHODS[name].protocol is Protocol.ICMP


@EACH
@BOTH
def test_the_protocol_is_that_of_the_family(name: str, family: int) -> None:
    (segment,) = METHODS[name].wording(family, np.zeros(1, np.uint16)).segments
    assert segment.protocol == NUMBER[family]
