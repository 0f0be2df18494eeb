"""SYN: the bytes that it asks with, and what each answer means, beside a plain table of the specification.

``HATOBA_RENEW_GOLDEN=1 python -m pytest tests/unit/probes`` writes the golden file anew.
"""

from __future__ import annotations

import itertools
import os
from ipaddress import ip_address
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hatoba.model import Answer, Reason, State
from hatoba.packets.answers import ANSWER, ICMP_ERROR, TCP_SEGMENT, read_answers
from hatoba.packets.frames import FrameTemplate
from hatoba.packets.layouts import ACK, ETHERNET_BYTES, FIN, RST, SYN
from hatoba.packets.siphash import cookie
from hatoba.probes.syn import METHOD, judge
from hatoba.probes.unreachable import REASONS

GOLDEN = Path(__file__).parents[2] / "golden" / "probes" / "syn.txt"
FAMILIES = pytest.mark.parametrize("family", [4, 6])
COOKIES = (0, 1, 0x12345678, 0xFFFFFFFF)
KEY = (1, 2)

Told = tuple[int, int, int]
NOTHING: Told = (0, 0, 0)


def frame(family: int) -> tuple[FrameTemplate, bytes]:
    """The probe that a scan with the key (1, 2) sends from port 61440 to port 443."""
    source, target = ("198.18.0.1", "198.18.0.2") if family == 4 else ("fd00:18::1", "fd00:18::2")
    template = FrameTemplate(
        family, ETHERNET_BYTES, bytes.fromhex("020000000001"), ip_address(source).packed, METHOD.segment(family)
    )
    frames = np.frombuffer(template.frame(), np.uint8)[None, :].copy()
    dst = np.frombuffer(ip_address(target).packed, np.uint8)[None, :]
    mac = np.frombuffer(bytes.fromhex("020000000002"), np.uint8)[None, :]
    sport, dport = np.array([61440], np.uint16), np.array([443], np.uint16)
    template.filler().fill(frames, dst, sport, dport, cookie(KEY, dst, sport, dport), mac)
    return template, frames[0].tobytes()


def annotated(template: FrameTemplate, raw: bytes) -> str:
    """A line for each field: offset, bytes, name."""
    fields = template.layout.fields or {}
    lines = [f"SYN over IPv{template.family}, key (1, 2): {len(raw)} bytes"]
    for name, (kind, offset, *_title) in fields.items():
        lines.append(f"{offset:4}  {raw[offset : offset + kind.itemsize].hex(' '):<48}{name}".rstrip())
    return "\n".join(lines) + "\n"


def test_golden_bytes() -> None:
    text = "\n".join(annotated(*frame(family)) for family in (4, 6))
    if os.environ.get("HATOBA_RENEW_GOLDEN"):
        GOLDEN.parent.mkdir(parents=True, exist_ok=True)
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def row(**fields: int) -> npt.NDArray[np.void]:
    answers = np.zeros(1, ANSWER)
    for name, value in fields.items():
        answers[name] = value
    return answers


def judged(family: int, answers: npt.NDArray[np.void], cookies: list[int]) -> list[Told]:
    verdicts = judge(family, answers, np.array(cookies, np.uint32))
    return list(zip(verdicts.state.tolist(), verdicts.reason.tolist(), verdicts.answer.tolist(), strict=True))


def specified_segment(flags: int, offset: int) -> Told:
    """RFC 9293 section 3.10.7, and whose answer it is: ack = cookie + 1, or cookie."""
    wanted = flags & (SYN | RST | ACK | FIN)
    if wanted == SYN:
        return (State.OPEN, Reason.SYN, Answer.SYN)
    if not flags & ACK or offset not in (0, 1):
        return NOTHING
    if flags & RST:
        return (State.CLOSED, Reason.RESET, Answer.RST)
    return (State.OPEN, Reason.SYN_ACK, Answer.SYN_ACK) if wanted == SYN | ACK else NOTHING


@FAMILIES
@pytest.mark.parametrize("high", [0, 0x40, 0x80, 0xC0], ids=["", "ECE", "CWR", "ECE CWR"])
def test_every_combination_of_flags_and_acknowledgements(family: int, high: int) -> None:
    cases = list(itertools.product(range(64), (-(1 << 31), -2, -1, 0, 1, 2, 1 << 30), COOKIES))
    answers = np.zeros(len(cases), ANSWER)
    answers["kind"] = TCP_SEGMENT
    answers["flags"] = [flags | high for flags, _offset, _cookie in cases]
    answers["ack"] = [(number + offset) & 0xFFFFFFFF for _flags, offset, number in cases]
    told = judged(family, answers, [number for _flags, _offset, number in cases])
    assert told == [specified_segment(flags, offset) for flags, offset, _cookie in cases]


@FAMILIES
def test_every_type_and_code_of_an_error_about_our_probe(family: int) -> None:
    cases = list(itertools.product(range(256), range(256)))
    answers = np.zeros(len(cases), ANSWER)
    answers["kind"], answers["seq"] = ICMP_ERROR, 0x12345678
    answers["icmp_type"], answers["icmp_code"] = zip(*cases, strict=True)
    answer = Answer.ICMP if family == 4 else Answer.ICMP6
    unreachable, exceeded = (3, 11) if family == 4 else (1, 3)
    expected = [
        (State.FILTERED, Reason.TIME_EXCEEDED, answer)
        if kind == exceeded
        else (State.FILTERED, REASONS[family][code], answer)
        if kind == unreachable and code in REASONS[family]
        else NOTHING
        for kind, code in cases
    ]
    assert judged(family, answers, [0x12345678] * len(cases)) == expected
    assert judged(family, answers, [0x12345679] * len(cases)) == [NOTHING] * len(cases), "a foreign cookie counted"


@FAMILIES
@settings(deadline=None)
@given(st.integers(0, 255), st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF), st.integers(1, 0xFFFFFFFE))
def test_what_repeats_no_cookie_of_ours_is_nothing(family: int, flags: int, number: int, seq: int, off: int) -> None:
    assume(flags & (SYN | RST | ACK | FIN) != SYN)  # the other half of a simultaneous open repeats nothing
    segment = row(kind=TCP_SEGMENT, flags=flags, ack=(number + 1 + off) & 0xFFFFFFFF, seq=seq)
    assert judged(family, segment, [number]) == [NOTHING]
    error = row(kind=ICMP_ERROR, icmp_type=3 if family == 4 else 1, icmp_code=1, seq=(number + off) & 0xFFFFFFFF, flags=flags)
    assert judged(family, error, [number]) == [NOTHING]


@FAMILIES
def test_the_fields_of_one_kind_do_not_count_for_the_other(family: int) -> None:
    numbers = {"ack": 8, "seq": 7}
    error = row(kind=ICMP_ERROR, flags=SYN | ACK, icmp_type=99, **numbers)
    segment = row(kind=TCP_SEGMENT, flags=FIN, icmp_type=3 if family == 4 else 1, icmp_code=1, **numbers)
    assert judged(family, error, [7]) == judged(family, segment, [7]) == [NOTHING]


@FAMILIES
def test_our_own_probe_read_back_is_a_bare_syn(family: int) -> None:
    """On an own address it comes back in: who listens there must know that it is no answer."""
    _template, raw = frame(family)
    packet = np.frombuffer(raw[ETHERNET_BYTES:], np.uint8)[None, :]
    (answer,) = read_answers(family, packet, np.array([packet.shape[1]], np.uint32), np.zeros(1))
    assert answer["flags"] == SYN
    assert (answer["dport"], answer["sport"]) == (61440, 443)


def test_silence_is_filtered() -> None:
    assert METHOD.silence == (State.FILTERED, Reason.NO_RESPONSE)
    assert (METHOD.name, METHOD.cookie_field) == ("syn", "seq")


@FAMILIES
def test_no_answers_no_verdicts(family: int) -> None:
    assert judged(family, np.zeros(0, ANSWER), []) == []
