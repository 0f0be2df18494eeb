from __future__ import annotations

import json
from typing import Any

import pytest

from hatoba.reports.jsonl_host import host_of
from hatoba.reports.jsonl_systems import systems_facts, systems_of
from hatoba.system import Ruling, SystemsTold
from tests.unit.reports.scans import report
from tests.unit.reports.systems import TOLD, hostile_system, systems
from tests.unit.reports.test_jsonl import validator


def host_lines(events: list[Any]) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in report("jsonl", events).splitlines()]
    for line in lines:
        validator().validate(line)
    return [line for line in lines if line["type"] == "host"]


def test_json_lines_follow_the_schema_and_are_read_back() -> None:
    lines = host_lines(systems())
    assert {line["address"]: host_of(line).systems for line in lines} == TOLD


def test_what_is_not_known_is_left_out() -> None:
    assert systems_facts(SystemsTold(Ruling.TOO_LITTLE)) == {"ruling": "too-little", "found": []}
    (system,) = systems_facts(TOLD["198.18.0.2"])["found"]
    assert "generation" not in system
    assert {"trait": "scale", "seen": "7"} in system["evidence"]


@pytest.mark.parametrize("words", ["\x1b[2J", "波止場\ud800", '"}{'])
def test_hostile_words(words: str) -> None:
    (line,) = host_lines(hostile_system(words))
    assert line["systems"]["found"][0]["confidence"] == 3


@pytest.mark.parametrize(
    "said", [{}, {"ruling": "other", "found": []}, {"ruling": "told", "found": [{}]}, {"ruling": "told", "found": 7}]
)
def test_what_is_none_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        systems_of(said)
