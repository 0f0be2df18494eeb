from __future__ import annotations

import numpy as np
from builders import CLOSED, OPEN, REFUSED, heard, leg

from hatoba.engine.ledger import Ledger
from hatoba.engine.pending import Pending
from hatoba.model import Answer, Reason, State


def asked(questions: int = 40) -> tuple[Pending, Ledger]:
    ledger = Ledger(questions)
    ledger.note_asked(np.arange(questions), 0, np.zeros(questions))
    return Pending(leg(), ledger), ledger


def test_an_answer_becomes_a_row_with_its_host_and_port() -> None:
    pending, ledger = asked()
    fresh = pending.add(heard((12, *OPEN)), np.array([0.25]))
    (row,) = pending.take()
    assert fresh.tolist() == [0]
    assert (row["host"], row["port"], row["state"], row["probes"], row["answered_probe"]) == (1, 3, State.OPEN, 1, 1)
    assert row["rtt_s"] == 0.25
    assert ledger.state[12] == State.OPEN
    assert len(pending) == 0


def test_a_duplicate_changes_nothing() -> None:
    pending, ledger = asked()
    pending.add(heard((5, *CLOSED), (5, *CLOSED)), np.zeros(2))
    assert pending.add(heard((5, *CLOSED)), np.zeros(1)).size == 0
    assert len(pending.take()) == 1
    assert ledger.unanswered == 39
    assert pending.contradictions == 0


def test_the_first_definite_answer_stands_and_the_other_is_kept() -> None:
    pending, _ledger = asked()
    pending.add(heard((5, *OPEN)), np.zeros(1))
    pending.add(heard((5, *CLOSED), (6, *CLOSED)), np.zeros(2))
    rows = pending.take()
    assert rows["state"].tolist() == [State.OPEN, State.CLOSED]
    assert rows["contradicted"].tolist() == [Answer.RST, Answer.NONE]
    assert pending.contradictions == 1


def test_the_host_itself_is_believed_before_an_error_on_the_way() -> None:
    pending, _ledger = asked()
    pending.add(heard((5, *REFUSED), (5, *OPEN)), np.zeros(2))
    (row,) = pending.take()
    assert row["state"] == State.OPEN
    assert row["contradicted"] == Answer.ICMP


def test_a_contradiction_that_comes_too_late_is_still_counted() -> None:
    pending, _ledger = asked()
    pending.add(heard((5, *OPEN)), np.zeros(1))
    pending.take()
    pending.add(heard((5, *CLOSED)), np.zeros(1))
    assert pending.contradictions == 1
    assert len(pending.take()) == 0


def test_silence_has_no_answer() -> None:
    pending, ledger = asked()
    pending.silent(np.array([0, 39]), State.FILTERED, Reason.NO_RESPONSE)
    rows = pending.take()
    assert rows["answer"].tolist() == [Answer.NONE] * 2
    assert np.isnan(rows["rtt_s"]).all()
    assert rows["probes"].tolist() == [1, 1]
    assert ledger.unanswered == 38
