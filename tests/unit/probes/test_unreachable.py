"""Every type and code of ICMP, beside the specification's table."""

from __future__ import annotations

import numpy as np
import pytest

from hatoba.model import Reason
from hatoba.probes.method import Heard, Judgement
from hatoba.probes.unreachable import from_target, judge_errors, quotes, reasons, tagged
from tests.unit.probes.judging import ICMP_WORD, UNREACHABLE, judged_words, rows


@pytest.mark.parametrize("family", [4, 6])
def test_every_type_and_code(family: int) -> None:
    icmp_type, icmp_code = (grid.ravel().astype(np.uint8) for grid in np.meshgrid(np.arange(256), np.arange(256)))
    found = reasons(family, icmp_type, icmp_code)
    told = {
        (int(kind), int(code)): Reason(why).word
        for kind, code, why in zip(icmp_type, icmp_code, found.tolist(), strict=True)
        if why
    }
    assert told == UNREACHABLE[family]


@pytest.mark.parametrize("family", [4, 6])
def test_nothing_asked_nothing_told(family: int) -> None:
    none = np.zeros(0, np.uint8)
    assert reasons(family, none, none).shape == (0,)


def heard(family: int, count: int, cookie: int = 0, **fields: object) -> Heard:
    answers = rows(count, **fields)
    return Heard(family, answers, np.full(count, cookie, np.uint32), np.zeros((1, 192), np.uint8), answers["dport"])


@pytest.mark.parametrize("family", [4, 6])
def test_only_errors_that_are_ours_are_entered_and_only_once(family: int) -> None:
    known = {"icmp_type": 3 if family == 4 else 1, "icmp_code": 1}
    told = heard(family, 4, kind=[2, 2, 1, 2], **known)
    verdicts = Judgement.blank(4)
    verdicts.put(np.array([False, False, False, True]), 1, 2, 3)
    judge_errors(verdicts, told, np.array([True, False, True, True]))
    word = "host-unreach" if family == 4 else "admin-prohibited"
    assert judged_words(verdicts) == [
        ("filtered", word, ICMP_WORD[family]),
        ("", "", ""),
        ("", "", ""),
        ("open", "syn-ack", "rst"),
    ]


@pytest.mark.parametrize("family", [4, 6])
def test_an_error_that_says_nothing_of_the_port_is_noted(family: int) -> None:
    verdicts = Judgement.blank(1)
    judge_errors(verdicts, heard(family, 1, kind=2, icmp_type=3 if family == 4 else 1, icmp_code=8), np.array([True]))
    assert judged_words(verdicts) == [("", "", ICMP_WORD[family])]


def test_whose_probe_is_quoted() -> None:
    told = heard(4, 4, kind=[2, 2, 1, 0], protocol=[17, 6, 17, 17])
    assert quotes(told, 17).tolist() == [True, False, False, False]


@pytest.mark.parametrize(("family", "cookie", "tag"), [(4, 0xABCD1234, 0x1234), (6, 0xABCD1234, 0xD1234), (4, 0x10000, 1)])
def test_a_tag_is_what_the_header_can_hold_of_the_cookie(family: int, cookie: int, tag: int) -> None:
    told = heard(family, 3, cookie, tag=[tag, tag + 1, 0])
    assert tagged(told).tolist() == [True, False, False]


def test_the_target_s_own_errors() -> None:
    told = heard(6, 17)
    for place in range(16):
        told.answers["source"][place, place] ^= 0x80
    assert from_target(told).tolist() == [False] * 16 + [True]
