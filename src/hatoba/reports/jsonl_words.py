"""The words of verdicts in JSON Lines, back to the codes that they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hatoba.model import Answer, Reason, State
from hatoba.results.batch import answer_word

STATES: Mapping[str, State] = {state.word: state for state in State}

REASONS: Mapping[str, Reason] = {reason.word: reason for reason in reversed(Reason)}
"""A word that two of them share (``syn-ack`` is also connect()'s) is the first one's: see :func:`reason_of`."""

ANSWERS: Mapping[str, Answer] = {
    word: answer for answer in Answer if (word := answer_word(answer, 0, 0)) is not None and "/" not in word
}

_ICMP = re.compile(r"(icmp6?) (\d+)/(\d+)")


def answer_of(word: str | None) -> tuple[Answer, int, int]:
    """What came back, with type and code if it was an ICMP error. Raises KeyError for a word that is none."""
    if word is None:
        return Answer.NONE, 0, 0
    if (error := _ICMP.fullmatch(word)) is not None:
        return Answer.ICMP6 if error[1] == "icmp6" else Answer.ICMP, int(error[2]), int(error[3])
    return ANSWERS[word], 0, 0


def reason_of(word: str, answer: Answer) -> Reason:
    """The reason of that word, of a verdict that rests on this *answer*. Raises KeyError for a word that is none."""
    if answer is Answer.CONNECTED and word == Reason.CONNECTED.word:
        return Reason.CONNECTED
    return REASONS[word]
