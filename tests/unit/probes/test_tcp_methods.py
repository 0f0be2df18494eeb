"""The methods that ask with one TCP segment: every combination of flags and numbers, beside the specification's table."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.model import Protocol
from hatoba.packets.answers import ICMP_ERROR, TCP_SEGMENT
from hatoba.packets.layouts import ACK, FIN, PSH, RST, SYN, TCP, URG
from hatoba.probes import ack, fin, maimon, method_named, null, syn, tcp_segment, window, xmas
from tests.unit.probes.judging import BOTH, COOKIES, NOTHING, ROUTER, Told, errors, judged, rows, specified_errors

METHODS = {module.METHOD.name: module.METHOD for module in (syn, fin, null, xmas, maimon, ack, window)}
ASKED = {"syn": SYN, "fin": FIN, "null": 0, "xmas": FIN | PSH | URG, "maimon": FIN | ACK, "ack": ACK, "window": ACK}
COUNTED = {"syn": 1, "fin": 1, "null": 0, "xmas": 1, "maimon": 1, "ack": 0, "window": 0}
"""What the probe adds to its sequence number: SYN and FIN count one each."""
SILENCE = {
    **dict.fromkeys(("syn", "ack", "window"), "filtered"),
    **dict.fromkeys(("fin", "null", "xmas", "maimon"), "open|filtered"),
}
OFFSETS = (0, 1, 2, -1, -2, 1 << 31, 1 << 30, 1 << 16)
EACH = pytest.mark.parametrize("name", METHODS)


def specified(name: str, flags: int, ack_offset: int, seq_offset: int, window_bytes: int) -> Told:
    """RFC 9293 section 3.10.7, and whose answer it is: by the number acknowledged, or, of a RST to a segment with ACK, by its
    sequence number."""
    ours = bool(flags & ACK) and ack_offset in (0, COUNTED[name])
    if name in ("maimon", "ack", "window"):
        ours |= bool(flags & RST) and seq_offset == 0
    refused = ours and bool(flags & RST)
    match name:
        case "syn":
            if ours and not flags & RST and flags & (SYN | ACK | FIN) == SYN | ACK:
                return ("open", "syn-ack", "syn-ack")
            if flags & (SYN | ACK | RST | FIN) == SYN:
                return ("open", "syn", "syn")
            return ("closed", "reset", "rst") if refused else NOTHING
        case "ack":
            return ("unfiltered", "reset", "rst") if refused else NOTHING
        case "window" if window_bytes:
            return ("open", "reset", "rst") if refused else NOTHING
    return ("closed", "reset", "rst") if refused else NOTHING


@EACH
@BOTH
@pytest.mark.parametrize("window_bytes", [0, 1, 0x100, 0xFFFF])
def test_every_combination_of_flags_and_numbers(name: str, family: int, window_bytes: int) -> None:
    cases = list(itertools.product(range(256), OFFSETS, (0, 1, -1, 1 << 31), COOKIES))
    answers = rows(len(cases), kind=TCP_SEGMENT, protocol=TCP, window=window_bytes)
    answers["flags"] = [flags for flags, _ack, _seq, _cookie in cases]
    answers["ack"] = [(cookie + offset) & 0xFFFFFFFF for _flags, offset, _seq, cookie in cases]
    answers["seq"] = [(cookie + offset) & 0xFFFFFFFF for _flags, _ack, offset, cookie in cases]
    told = judged(METHODS[name], family, answers, [case[3] for case in cases])
    assert told == [specified(name, flags, ack_offset, seq_offset, window_bytes) for flags, ack_offset, seq_offset, _c in cases]


@EACH
@BOTH
@pytest.mark.parametrize("source", ["target", "router"])
def test_every_error_about_our_segment(name: str, family: int, source: str) -> None:
    for cookie in COOKIES:
        answers = errors(TCP, seq=cookie, flags=SYN | ACK, ack=cookie + 1 & 0xFFFFFFFF)
        if source == "router":
            answers["source"][:, 3] = ROUTER
        assert judged(METHODS[name], family, answers, cookie) == specified_errors(family)


@EACH
@BOTH
def test_an_error_about_another_s_segment_or_protocol_is_nothing(name: str, family: int) -> None:
    nothing = [NOTHING] * (1 << 16)
    for offset in (1, -1, 1 << 16):
        assert judged(METHODS[name], family, errors(TCP, seq=8, ack=8), (8 + offset) & 0xFFFFFFFF) == nothing
    for protocol in (1, 17, 58, 132, 0):
        assert judged(METHODS[name], family, errors(protocol, seq=8, tag=8), 8) == nothing


@EACH
@BOTH
def test_the_fields_of_one_kind_do_not_count_for_the_other(name: str, family: int) -> None:
    numbers = {"ack": 8, "seq": 7, "protocol": TCP, "icmp_type": 3 if family == 4 else 1, "icmp_code": 1}
    for kind in (ICMP_ERROR, 0, 3, 4, 5, 6):
        told = judged(METHODS[name], family, rows(kind=kind, flags=SYN | ACK | RST, **numbers), 7)
        assert told == ([("filtered", "host-unreach" if family == 4 else "admin-prohibited", f"icmp{'6' * (family == 6)}")]
                        if kind == ICMP_ERROR else [NOTHING])  # fmt: skip
    assert judged(METHODS[name], family, rows(kind=TCP_SEGMENT, flags=FIN, **numbers), 7) == [NOTHING]


@EACH
@BOTH
def test_the_segment_that_is_asked_with(name: str, family: int) -> None:
    (segment,), choice = METHODS[name].wording(family, np.array([80, 443, 65535], np.uint16))
    assert choice.tolist() == [[0]] * 3
    assert segment.data[13] == ASKED[name]
    assert len(segment.data) == 20 + 4 * (name == "syn")
    assert {place.at for place in segment.cookies} == ({4, 8} if ASKED[name] & ACK else {4})
    assert METHODS[name].protocol is Protocol.TCP
    assert METHODS[name].tells_attempt
    assert (METHODS[name].silence[0].word, METHODS[name].silence[1].word) == (SILENCE[name], "no-response")
    assert METHODS[name].rationed_silence is None


@EACH
@given(asked=st.integers(0, 63), family=st.sampled_from([4, 6]))
def test_flags_of_one_s_own_are_asked_with_and_judged_as_ever(name: str, asked: int, family: int) -> None:
    """``--scanflags``: the method says what an answer means, the flags what it has to acknowledge."""
    method = method_named(name, asked)
    (segment,) = method.wording(family, np.array([80], np.uint16)).segments
    assert segment.data[13] == asked
    assert (method.name, method.silence) == (name, METHODS[name].silence)
    counted = bool(asked & SYN) + bool(asked & FIN)
    good = {0: RST | ACK, counted: RST | ACK}
    answers = rows(8, kind=TCP_SEGMENT, protocol=TCP, seq=12345)
    answers["ack"], answers["flags"] = 500 + np.arange(-2, 6), RST | ACK
    expected = {"ack": "unfiltered"}.get(name, "closed")
    told = [state for state, _reason, _answer in judged(method, family, answers, 500)]
    assert told == [expected if offset in good else "" for offset in range(-2, 6)]
    bare = judged(method, family, rows(kind=TCP_SEGMENT, flags=RST, seq=500, ack=0), 500)
    assert bare[0][0] == (expected if asked & ACK else "")


def test_only_flags_that_are_given_replace_a_method_s_own() -> None:
    assert all(method_named(name) is METHODS[name] for name in METHODS)
    assert method_named("syn", 0) is not METHODS["syn"]
    assert method_named("udp", SYN).name == "udp"


@BOTH
def test_only_a_syn_has_an_option(family: int) -> None:
    sizes = {flags: len(tcp_segment.segment(family, flags).data) for flags in range(64)}
    assert sizes == {flags: 24 if flags & SYN else 20 for flags in range(64)}
    assert tcp_segment.segment(family, SYN).data[20:] == bytes([2, 4]) + (1460 if family == 4 else 1440).to_bytes(2, "big")


@EACH
@BOTH
def test_no_answers_no_verdicts(name: str, family: int) -> None:
    assert judged(METHODS[name], family, rows(0), 0) == []
