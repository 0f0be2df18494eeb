"""Traits held against the table: how well each system explains what a host shows, and which of them stand out.

Each trait has a weight: how much it tells systems apart, and how seldom anything but the system changes it. A system's score is
the weight of the traits that fit over that of all that it says something of. The initial time to live and the order of options
are written into a kernel: a system that has others is no candidate unless guesses were asked for. One that was never run here
is not wholly sure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from hatoba.identify.systems.table import Row
from hatoba.identify.systems.traits import Shown, Traits
from hatoba.system import Known, Opinion, System, Trait

_WEIGHTS = {"options": 4.0, "ttl": 3.0, "window": 3.0, "id": 2.0, "clock": 2.0}
_ELSE = 1.0
_HARD = ("ttl", "options")
LEAST_SCORE, LEAST_GUESS = 0.85, 0.6
LEAST_WEIGHT = 6.0
"""What fits has to weigh so much for a system to be named."""
_FULL_WEIGHT = 14.0
"""From here on more evidence makes nothing surer."""
_NEAR = 0.03
"""Scores that differ by less say nothing of which is the better."""
_AS_MUCH = 0.8
"""A system that explains less than this share of what another does is not its equal."""
_UNSURE_CONFIDENCE, _GUESS_CONFIDENCE = 5, 4
_MOST_GUESSES = 3
_MOST_CONFIDENCE = {Known.RUN: 10, Known.PUBLISHED: 9, Known.READ: 7}


@dataclass(frozen=True, slots=True)
class Match:
    row: Row
    score: float
    """0 to 1."""
    weight: float
    """Of what fits."""
    hard: bool
    """Nothing of what is written into a kernel differs."""


def weight_of(traits: Traits) -> float:
    return sum(_WEIGHTS.get(name, _ELSE) for name in traits)


def matches(traits: Traits, rows: Sequence[Row]) -> list[Match]:
    """Every row that says something of these *traits*, the best one first."""
    found = []
    for row in rows:
        fitting = against = 0.0
        hard = True
        for name, shown in traits.items():
            if name not in row.fits:
                continue
            weight = _WEIGHTS.get(name, _ELSE)
            if shown.forms & row.fits[name]:
                fitting += weight
            else:
                against += weight
                hard &= name not in _HARD
        if fitting:
            found.append(Match(row, fitting / (fitting + against), fitting, hard))
    return sorted(found, key=lambda match: (-match.score, -match.weight))


def best(traits: Traits, rows: Sequence[Row], guess: bool = False) -> list[System]:
    """The systems that stand out, the likeliest first: one, or several families that nothing tells apart. None: nothing fits.
    With *guess* also what fits badly."""
    ranked = matches(traits, rows)
    sound = [match for match in ranked if match.hard and match.score >= LEAST_SCORE and match.weight >= LEAST_WEIGHT]
    if not sound:
        guesses = [match for match in ranked if match.score >= LEAST_GUESS and match.weight >= LEAST_WEIGHT] if guess else []
        return [_system([match], traits, _GUESS_CONFIDENCE) for match in guesses[:_MOST_GUESSES]]
    most_weight = max(match.weight for match in sound)
    near = [match for match in sound if sound[0].score - match.score < _NEAR]
    top = [match for match in near if match.weight >= _AS_MUCH * most_weight] or near
    top.sort(key=lambda match: (match.row.family, rows.index(match.row)))
    families = [list(its) for _family, its in groupby(top, lambda match: match.row.family)]
    families.sort(key=lambda its: -max(match.score for match in its))
    most = 10 if len(families) == 1 else _UNSURE_CONFIDENCE
    return [_system(its, traits, most) for its in families]


def _system(its: Sequence[Match], traits: Traits, most: int) -> System:
    """One system, of versions that fit equally well."""
    row, match = its[0].row, its[0]
    confidence = round(10 * match.score * min(1.0, match.weight / _FULL_WEIGHT))
    alike = [one.row for one in its]
    known = max((one.known for one in alike), key=lambda known: _MOST_CONFIDENCE[known])
    evidence = [_held(shown, row) for shown in traits.values()]
    evidence += [] if known is Known.RUN else [Trait("known", known.value)]
    return System(
        name=_name(alike),
        vendor=row.vendor,
        family=row.family,
        generation=row.generation if len(alike) == 1 else "",
        device=row.device,
        confidence=max(1, min(confidence, most, _MOST_CONFIDENCE[known])),
        cpe23=row.cpe23,
        evidence=tuple(evidence),
    )


def _name(alike: Sequence[Row]) -> str:
    """``Linux 2.6 to 7.x`` of several versions, in whose order the table has the newest first."""
    if len(alike) == 1:
        return alike[0].name
    spans = [row.versions for row in alike if row.versions is not None]
    if len(spans) < len(alike):
        return alike[0].family
    return f"{alike[0].family} {spans[-1][0]} to {spans[0][1]}"


def _held(shown: Shown, row: Row) -> Trait:
    forms = row.fits.get(shown.name)
    if forms is None:
        return Trait(shown.name, shown.text)
    return Trait(shown.name, shown.text, Opinion.FITS if shown.forms & forms else Opinion.DIFFERS)
