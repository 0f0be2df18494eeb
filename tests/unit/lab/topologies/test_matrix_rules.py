"""The matrix's numbers are apart from one another, and the firewall refuses what the table says."""

from __future__ import annotations

import re

import pytest

from hatoba.lab.topologies.matrix_rules import (
    CLOSED,
    CROWD,
    DROPPED,
    FAMILIES,
    METHODS,
    OPEN,
    REJECTED_CROWD,
    RESET,
    SILENT,
    numbers,
    ruleset,
)
from hatoba.lab.topologies.truth import REJECTS

BURST, FEW = 6, 64
"""ICMP errors that Linux sends to one peer at once; silent ports that a scan asks again in any case."""


def of_family(text: str, version: int, asked: str) -> dict[int, str]:
    """Number -> kind of the rejections of one family."""
    kind = {4: "icmp", 6: "icmpv6"}[version]
    found = re.findall(rf"meta nfproto ipv{version} {asked} (\d+) reject with {kind} type (\S+)", text)
    return {int(number): words for number, words in found}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("method", METHODS)
def test_each_condition_has_its_own_number(method: str, family: int) -> None:
    found = numbers(method, family)
    assert len(set(found.values())) == len(found)
    assert not {*found.values()} & {*REJECTED_CROWD, *CROWD.get(method, ())}
    assert {OPEN, CLOSED, DROPPED, *(words for words, _reason in REJECTS[family])} <= found.keys()
    assert (RESET in found, SILENT in found) == {
        "udp": (False, True),
        "ip-protocol": (False, True),
        "sctp-init": (False, False),
        "sctp-cookie": (False, False),
    }.get(method, (True, False))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("method", "asked"), [("syn", "meta l4proto { tcp, udp, sctp } th dport"), ("ip-protocol", "meta l4proto")]
)
def test_each_rejection_has_its_rule(method: str, asked: str, family: int) -> None:
    words = {name for name, _reason in REJECTS[family]}
    table = {number: name for name, number in numbers(method, family).items() if name in words}
    assert of_family(ruleset("input", "eth0"), family, re.escape(asked)) == table


@pytest.mark.parametrize(("hook", "arriving"), [("input", "lo"), ("forward", "eth0")])
def test_answers_pass(hook: str, arriving: str) -> None:
    """Every rule is about what arrives from the scanner's side; an answer's port may be any."""
    lines = [line.strip() for line in ruleset(hook, arriving).splitlines() if "drop" in line or "reject" in line]
    assert len(lines) == 4 + 2 * sum(map(len, REJECTS.values()))
    assert all(line.startswith(f'iifname "{arriving}" ') for line in lines)
    assert f"type filter hook {hook} priority 0" in ruleset(hook, arriving)


def test_crowds_are_larger_than_a_ration() -> None:
    assert len(REJECTED_CROWD) > BURST
    assert all(len(crowd) > BURST + FEW for crowd in CROWD.values())
