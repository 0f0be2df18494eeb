from __future__ import annotations

import numpy as np
from builders import CLOSED, OPEN, REFUSED, heard, leg

from hatoba.engine.legs.ledger import Ledger
from hatoba.engine.legs.pending import Pending
from hatoba.model import Answer, Protocol, Reason, State, Unsteady


def asked(questions: int = 40) -> tuple[Pending, Ledger]:
    ledger = Ledger(questions)
    ledger.note_asked(np.arange(questions), 0)
    return Pending(leg(), ledger), ledger


def codes(count: int, *values: int) -> list[np.ndarray]:
    return [np.full(count, value, np.uint8) for value in values]


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


def test_a_contradiction_that_comes_when_the_verdict_is_gone_is_told_with_the_host() -> None:
    pending, _ledger = asked()
    pending.add(heard((5, *OPEN), (12, *OPEN), (13, *OPEN)), np.zeros(3))
    pending.take()
    pending.add(heard((12, *CLOSED), (12, *OPEN), (5, *CLOSED), (13, *OPEN)), np.zeros(4))
    pending.add(heard((5, *REFUSED)), np.zeros(1))
    assert pending.contradictions == 3
    assert len(pending.take()) == 0
    differ = (State.OPEN, State.CLOSED)
    assert pending.unsteady() == {0: (Unsteady(Protocol.TCP, 6, differ),), 1: (Unsteady(Protocol.TCP, 3, differ),)}


def test_what_is_in_time_for_the_evidence_is_not_told_again() -> None:
    pending, _ledger = asked()
    pending.add(heard(*((number, *OPEN) for number in range(20))), np.zeros(20))
    pending.add(heard(*((number, *CLOSED) for number in range(19, 9, -1))), np.zeros(10))
    rows = pending.take()
    assert rows["contradicted"].tolist() == [Answer.NONE] * 10 + [Answer.RST] * 10
    assert pending.unsteady() == {}


def silent(count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full(count, State.FILTERED, np.uint8), np.full(count, Reason.NO_RESPONSE, np.uint8)


def test_an_error_that_says_nothing_of_the_port_is_noted_beside_the_silence() -> None:
    pending, ledger = asked()
    noted = heard((5, State.OPEN, Reason.SYN, Answer.ICMP))
    noted["state"], noted["icmp_type"], noted["icmp_code"] = 0, 3, 8
    assert pending.add(noted, np.zeros(1)).size == 0
    assert ledger.state[5] == 0, "it is asked again as if nothing had come"
    pending.silent(np.array([5, 6]), *silent(2))
    rows = pending.take()
    assert rows["answer"].tolist() == [Answer.ICMP, Answer.NONE]
    assert (rows["icmp_type"][0], rows["icmp_code"][0], rows["state"][0]) == (3, 8, State.FILTERED)


def test_silence_has_no_answer() -> None:
    pending, ledger = asked()
    pending.silent(np.array([0, 39]), *silent(2))
    rows = pending.take()
    assert rows["answer"].tolist() == [Answer.NONE] * 2
    assert np.isnan(rows["rtt_s"]).all()
    assert rows["probes"].tolist() == [1, 1]
    assert ledger.unanswered == 38


def test_an_error_that_says_nothing_stays_in_the_evidence_of_silence() -> None:
    pending, ledger = asked()
    noted = heard((5, State(1), Reason.SYN, Answer.ICMP), responder=3)
    noted["state"], noted["icmp_type"], noted["icmp_code"], noted["ttl"] = 0, 3, 8, 61
    assert pending.add(np.concatenate([noted, heard((6, *OPEN))]), np.zeros(2)).tolist() == [1]
    assert ledger.state[5] == 0, "it does not settle the question"
    pending.take()
    pending.silent(np.array([4, 5]), *codes(2, State.FILTERED, Reason.NO_RESPONSE))
    rows = pending.take()
    assert rows["state"].tolist() == [State.FILTERED] * 2
    assert rows["reason"].tolist() == [Reason.NO_RESPONSE] * 2
    assert rows[["answer", "icmp_type", "icmp_code", "responder", "ttl"]].tolist() == [
        (0, 0, 0, 0, 0),
        (Answer.ICMP, 3, 8, 3, 61),
    ]


def test_an_answer_beats_an_error_that_says_nothing() -> None:
    pending, _ledger = asked()
    noted = heard((5, State(1), Reason.SYN, Answer.ICMP))
    noted["state"], noted["icmp_code"] = 0, 8
    pending.add(noted, np.zeros(1))
    pending.add(heard((5, *OPEN)), np.zeros(1))
    (row,) = pending.take()
    assert (row["state"], row["answer"], row["icmp_code"]) == (State.OPEN, Answer.SYN_ACK, 0)
    assert pending.contradictions == 0


def test_what_nobody_waits_for_any_more_contradicts_nothing() -> None:
    """Pings: one answer of a host settled it, and those to its other questions come after it."""
    pending, ledger = asked()
    pending.add(heard((5, *OPEN)), np.zeros(1))
    ledger.drop(np.arange(10))
    assert pending.add(heard((6, *OPEN), (7, *CLOSED)), np.zeros(2)).size == 0
    assert pending.contradictions == 0
    assert len(pending.take()) == 1


def test_an_answer_names_the_probe_and_not_the_attempt() -> None:
    """The third probe of a question may belong to the hundredth attempt of its leg."""
    pending, ledger = asked()
    ledger.note_asked(np.array([5, 6]), 1)
    ledger.note_asked(np.array([5]), 99)
    pending.add(np.concatenate([heard((5, *OPEN), attempt=99), heard((6, *OPEN), attempt=0)]), np.zeros(2))
    rows = pending.take()
    assert rows[["probes", "answered_probe"]].tolist() == [(3, 3), (2, 1)]
