from __future__ import annotations

import pytest

from hatoba.model import Answer, Reason, State
from hatoba.reports.jsonl_words import REASONS, STATES, answer_of, reason_of
from hatoba.results.batch import answer_word


def test_every_word_leads_back() -> None:
    assert {STATES[state.word] for state in State} == set(State)
    for reason in Reason:
        answer = Answer.CONNECTED if reason is Reason.CONNECTED else Answer.SYN_ACK
        assert reason_of(reason.word, answer) is reason
    for answer in set(Answer) - {Answer.ICMP, Answer.ICMP6}:
        assert answer_of(answer_word(answer, 0, 0)) == (answer, 0, 0)
    assert answer_of("icmp 3/13") == (Answer.ICMP, 3, 13)
    assert answer_of("icmp6 1/4") == (Answer.ICMP6, 1, 4)


def test_words_that_are_none() -> None:
    for word in ("", "icmp", "icmp 3", "maybe"):
        with pytest.raises(KeyError):
            answer_of(word)
    with pytest.raises(KeyError):
        reason_of("maybe", Answer.NONE)
    assert REASONS["syn-ack"] is Reason.SYN_ACK
