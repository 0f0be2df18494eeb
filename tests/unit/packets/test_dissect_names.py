"""Names of numbers agree with what scapy and the verdicts call them."""

from __future__ import annotations

import re

import pytest

from hatoba.model import Reason
from hatoba.packets.dissect_names import icmp_word, numbered
from hatoba.probes.unreachable import REASONS

ERROR = {4: 3, 6: 1}


@pytest.mark.parametrize(("family", "code"), [(family, code) for family, codes in REASONS.items() for code in codes])
def test_the_words_are_those_of_the_reasons(family: int, code: int) -> None:
    assert icmp_word(family, ERROR[family], code) == REASONS[family][code].word


def test_the_code_goes_before_the_type() -> None:
    assert icmp_word(4, 11, 0) == Reason.TIME_EXCEEDED.word == icmp_word(6, 3, 0)
    assert icmp_word(4, 8, 0) == "echo-request"
    assert icmp_word(4, 3, 200) == "unreachable"
    assert icmp_word(6, 200, 0) == ""


def test_numbers_without_a_name_stand_alone() -> None:
    assert numbered({1: "one"}, 1) == "1 (one)"
    assert re.fullmatch(r"\d+", numbered({1: "one"}, 2))
