from __future__ import annotations

from dataclasses import replace

import pytest

from hatoba.identify.systems.ranking import LEAST_SCORE, best, matches, weight_of
from hatoba.identify.systems.table import Row, rows
from hatoba.identify.systems.traits import Shown, Traits
from hatoba.system import Known, Trait


def row(name: str, family: str = "", versions: tuple[str, str] | None = None, **fits: str) -> Row:
    forms = {key: frozenset({value}) for key, value in fits.items()}
    return Row(name, "v", family or name, "1", "router", ("o", "v", "p"), forms, ("s",), versions)


def shown(**texts: str) -> Traits:
    return {name: Shown(name, text, frozenset({text})) for name, text in texts.items()}


SEEN = shown(ttl="64", options="mss", window="100", id="zero", clock="none", df="yes")


def test_a_score_is_the_share_of_what_fits_by_weight() -> None:
    (match,) = matches(SEEN, [row("x", ttl="64", options="mss", window="7")])
    assert (match.score, match.weight, match.hard) == (7 / 10, 7.0, True)
    assert matches(SEEN, [row("x", unseen="1")]) == []
    assert weight_of(SEEN) == 15


def test_what_is_written_into_a_kernel_must_fit() -> None:
    other = row("other", ttl="128", options="mss", window="100", id="zero", clock="none", df="yes")
    assert best(SEEN, [other]) == []
    much = SEEN | shown(**{f"t{number}": "1" for number in range(12)})
    nearly = row("nearly", **{name: trait.text for name, trait in much.items() if name != "ttl"}, ttl="128")
    assert matches(much, [nearly])[0].score > LEAST_SCORE
    assert best(much, [nearly]) == []
    (guessed,) = best(SEEN, [other], guess=True)
    assert guessed.confidence == 4


def test_the_best_one_is_named() -> None:
    good, worse = (
        row("good", ttl="64", options="mss", window="100", id="zero"),
        row("worse", ttl="64", options="mss", window="7"),
    )
    assert [system.name for system in best(SEEN, [worse, good])] == ["good"]


def test_too_little_names_nothing() -> None:
    assert best(shown(ttl="64"), rows()) == []


def test_two_families_that_fit_alike_are_both_told_and_neither_is_sure() -> None:
    fits = {"ttl": "64", "options": "mss", "window": "100", "id": "zero"}
    found = best(SEEN, [row("a", **fits), row("b", **fits)])
    assert [(system.name, system.confidence) for system in found] == [("a", 5), ("b", 5)]


def test_versions_that_fit_alike_are_one_system() -> None:
    fits = {"ttl": "64", "options": "mss", "window": "100"}
    (system,) = best(SEEN, [row("x 3", "x", ("3", "4"), **fits), row("x 1", "x", ("1", "2"), **fits)])
    assert (system.name, system.generation) == ("x 1 to 4", "")
    (unordered,) = best(SEEN, [row("x new", "x", **fits), row("x old", "x", **fits)])
    assert unordered.name == "x"


def test_what_explains_little_is_not_the_equal_of_what_explains_much() -> None:
    little = row("little", ttl="64", options="mss")
    much = row("much", ttl="64", options="mss", window="100", id="zero", clock="none")
    assert [system.name for system in best(SEEN, [little, much])] == ["much"]


def test_more_evidence_is_surer() -> None:
    (little,) = best(SEEN, [row("x", ttl="64", options="mss")])
    (much,) = best(SEEN, [row("x", ttl="64", options="mss", window="100", id="zero", clock="none")])
    assert little.confidence < much.confidence == 10
    assert 0.8 < LEAST_SCORE < 1


@pytest.mark.parametrize(("known", "most"), [(Known.RUN, 10), (Known.PUBLISHED, 9), (Known.READ, 7)])
def test_one_that_was_never_run_here_is_not_wholly_sure(known: Known, most: int) -> None:
    fits = {"ttl": "64", "options": "mss", "window": "100", "id": "zero", "clock": "none", "df": "yes"}
    (system,) = best(SEEN, [replace(row("x", **fits), known=known)])
    assert system.confidence == most
    assert (Trait("known", known.value) in system.evidence) is (known is not Known.RUN)


def test_of_versions_that_fit_alike_the_best_known_counts() -> None:
    fits = {"ttl": "64", "options": "mss", "window": "100", "id": "zero", "clock": "none", "df": "yes"}
    new, old = row("x 3", "x", ("3", "4"), **fits), replace(row("x 1", "x", ("1", "2"), **fits), known=Known.READ)
    (system,) = best(SEEN, [new, old])
    assert system.confidence == 10
