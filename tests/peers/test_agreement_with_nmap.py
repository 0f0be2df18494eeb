"""All 65,535 ports of a host of which every one is known: hatoba tells the truth, and where nmap tells something else, it is
known why. ``python benchmarks/agreement.py`` does the same many times and writes the table of ``docs/agreement.md``."""

from __future__ import annotations

import pytest

from benchmarks.agreement import FAMILIES, METHODS, ask_hatoba, ask_nmap, truth, why
from hatoba.lab.topologies import TruthHost, truth_host
from tests.labs import MakeLab


def wrong(told: dict[int, tuple[str, str]], expected: dict[int, tuple[str, str]]) -> dict[int, object]:
    """Ports that are told otherwise than expected: (expected, told)."""
    ports = sorted(expected.keys() | told.keys())
    return {port: (expected.get(port), told.get(port)) for port in ports if told.get(port) != expected.get(port)}


@pytest.mark.slow
@pytest.mark.peer("nmap", "nft")
@pytest.mark.exhaustive
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("method", METHODS)
def test_every_state_is_true_and_every_difference_explained(truth_lab: TruthHost, method: str, family: int) -> None:
    ours = ask_hatoba(truth_lab, method, family)
    assert wrong(ours, truth(truth_lab, method, family)) == {}
    theirs = ask_nmap(truth_lab, method, family)
    assert theirs.keys() == ours.keys()
    differences = {(ours[port], theirs[port]) for port in ours if ours[port] != theirs[port]}
    assert [pair for pair in differences if not why(method, family, *pair)] == []


@pytest.mark.slow
@pytest.mark.peer("nft")
def test_rationed_icmp_errors_change_nothing(make_lab: MakeLab) -> None:
    """Linux lets one peer have six ICMP errors at once, then one a second; seven ports are refused by one."""
    site = truth_host(make_lab(), icmp_limit=True)
    assert wrong(ask_hatoba(site, "syn", 4), truth(site, "syn", 4)) == {}
