"""The contract of a scan method: verdicts are entered once, and the table of methods holds what it says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.model import Reason, State
from hatoba.packets.answers import ANSWER
from hatoba.packets.segment import Segment
from hatoba.probes import METHODS
from hatoba.probes.method import Judgement, one
from tests.unit.probes.judging import never


def flags(*values: int) -> np.ndarray:
    return np.array(values, np.bool_)


def test_blank_says_nothing_of_anything() -> None:
    judged = Judgement.blank(3)
    for codes in (judged.state, judged.reason, judged.answer):
        assert (codes.dtype, codes.tolist()) == (np.uint8, [0, 0, 0])
    judged.state[0] = 1
    assert judged.reason[0] == judged.answer[0] == 0, "the three share their memory"


def test_the_first_verdict_stands() -> None:
    judged = Judgement.blank(4)
    judged.put(flags(1, 1, 0, 0), State.OPEN, Reason.SYN_ACK, 1)
    judged.put(flags(0, 1, 1, 0), State.CLOSED, Reason.RESET, 3)
    assert judged.state.tolist() == [State.OPEN, State.OPEN, State.CLOSED, 0]
    assert judged.reason.tolist() == [Reason.SYN_ACK, Reason.SYN_ACK, Reason.RESET, 0]
    assert judged.answer.tolist() == [1, 1, 3, 0]


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 255), st.booleans()), max_size=20))
def test_reasons_may_differ_from_row_to_row(rows: list[tuple[bool, int, bool]]) -> None:
    judged = Judgement.blank(len(rows))
    judged.put(flags(*(taken for _where, _reason, taken in rows)), State.OPEN, Reason.SYN, 2)
    why = np.array([reason for _where, reason, _taken in rows], np.uint8)
    judged.put(flags(*(where for where, _reason, _taken in rows)), State.FILTERED, why, 4)
    expected = [Reason.SYN if taken else reason if where else 0 for where, reason, taken in rows]
    assert judged.reason.tolist() == expected


@pytest.mark.parametrize("family", [4, 6])
def test_a_method_with_one_question_asks_all_ports_alike(family: int) -> None:
    wording = one(lambda asked: Segment(6, bytes([asked])))
    segments, choice = wording(family, np.array([1, 2, 3], np.uint16))
    assert [segment.data for segment in segments] == [bytes([family])]
    assert choice.tolist() == [[0], [0], [0]]


def test_a_method_says_little_unless_it_has_more_to_say() -> None:
    method = METHODS["syn"]
    ports = np.array([53, 80], np.uint16)
    assert method.has_question(ports).tolist() == [False, False]
    answers = np.zeros(2, ANSWER)
    answers["dport"] = ports
    assert method.asked_port(answers, np.zeros((1, 8), np.uint8), never).tolist() == [53, 80]


def test_a_method_can_not_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        METHODS["syn"].name = "other"  # type: ignore[misc]
