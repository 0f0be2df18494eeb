"""Answers of real systems, recorded: ``tests/captures/systems/``, one file for each system and family.

``linux-*``: recorded in the lab by ``tools/record_systems.py``.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hatoba.identify.systems.judge import judge
from hatoba.system import Observation, Opinion, Ruling

FOLDER = Path(__file__).parents[3] / "captures" / "systems"
TRUTH = {"linux-6.18-ipv4": "Linux 4.19 to 6.x", "linux-6.18-ipv6": "Linux 4.19 to 6.x"}


def recorded(name: str) -> tuple[Observation, ...]:
    lines = map(json.loads, (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    return tuple(
        Observation(line["probe"], line["port"], line["sent_s"], line["at_s"], bytes.fromhex(line["packet"])) for line in lines
    )


def test_each_recording_has_its_truth() -> None:
    assert {path.stem for path in FOLDER.glob("*.jsonl")} == TRUTH.keys()


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_each_is_told_as_what_it_is(name: str) -> None:
    told = judge(recorded(name))
    (system,) = told.systems
    assert (told.ruling, system.name, system.confidence) == (Ruling.TOLD, TRUTH[name], 10)
    assert [trait.name for trait in system.evidence if trait.opinion is Opinion.DIFFERS] == []
    assert told.shields == ()
