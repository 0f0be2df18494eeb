"""How what was told is held against the truth."""

from __future__ import annotations

import pytest

from benchmarks.truth import HostStates, differences, open_differences

ASKED = range(20, 30)
TRUTH = {"198.18.0.2": HostStates({22: "open", 25: "filtered"}, "closed")}


def told(ports: dict[int, str], rest: str = "closed", address: str = "198.18.0.2") -> dict[str, HostStates]:
    return {address: HostStates(ports, rest)}


def test_the_truth_differs_in_nothing() -> None:
    assert not differences(told({22: "open", 25: "filtered"}), TRUTH, ASKED)
    assert not differences(told(dict.fromkeys(ASKED, "closed") | {22: "open", 25: "filtered"}, "missing"), TRUTH, ASKED)


@pytest.mark.parametrize(
    ("found", "counted"),
    [
        (told({22: "closed", 25: "filtered"}), {"open as closed": 1}),
        (told({22: "open", 25: "filtered", 26: "open"}), {"closed as open": 1}),
        (told({22: "open"}), {"filtered as closed": 1}),
        (told({22: "open", 25: "filtered"}, "missing"), {"closed as missing": 8}),
        ({}, {"closed as missing": 8, "open as missing": 1, "filtered as missing": 1}),
        (
            told({22: "open", 25: "filtered"}) | told({80: "open", 21: "open"}, "missing", "198.18.0.9"),
            {"missing as open": 1},  # port 80 was not asked
        ),
    ],
)
def test_every_difference_is_counted(found: dict[str, HostStates], counted: dict[str, int]) -> None:
    assert differences(found, TRUTH, ASKED) == counted


def test_who_tells_of_open_ports_only_is_held_against_those() -> None:
    assert not open_differences(told({22: "open"}, "missing"), TRUTH, ASKED)
    assert open_differences(told({23: "open"}, "missing"), TRUTH, ASKED) == {"open as missing": 1, "missing as open": 1}
