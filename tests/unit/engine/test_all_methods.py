"""Every method over a network that loses, doubles, delays and forges: the states are those of the specification."""

from __future__ import annotations

import random

import pytest
from scanning import fake_scan
from worlds import FaultyWorld

from hatoba.model import ScanPlan
from hatoba.probes import METHODS

BOTH = pytest.mark.parametrize("family", [4, 6])
TARGETS = {4: "198.18.0.2 198.18.0.9", 6: "fd00:18::2 fd00:18::9"}
PORTS = range(50, 110)
TRUTHS = ("open", "closed", "dropped", "rejected")

SPECIFIED: dict[str, tuple[str, str, str, str]] = {
    # open, closed, dropped, rejected
    "syn": ("open", "closed", "filtered", "filtered"),
    "fin": ("open|filtered", "closed", "open|filtered", "filtered"),
    "null": ("open|filtered", "closed", "open|filtered", "filtered"),
    "xmas": ("open|filtered", "closed", "open|filtered", "filtered"),
    "maimon": ("closed", "closed", "open|filtered", "filtered"),
    "ack": ("unfiltered", "unfiltered", "filtered", "filtered"),
    "window": ("closed", "closed", "filtered", "filtered"),
    "udp": ("open", "closed", "open|filtered", "filtered"),
    "sctp-init": ("open", "closed", "filtered", "filtered"),
    "sctp-cookie": ("open|filtered", "closed", "open|filtered", "filtered"),
    "ip-protocol": ("open", "closed", "open|filtered", "filtered"),
}
OLD_BSD = {
    "maimon": ("open|filtered", "closed", "open|filtered", "filtered"),
    "window": ("open", "closed", "filtered", "filtered"),
}
CASES = [(name, words, False) for name, words in SPECIFIED.items()] + [(name, words, True) for name, words in OLD_BSD.items()]
EACH = pytest.mark.parametrize(("name", "words", "old_bsd"), CASES, ids=[f"{n}{'-bsd' * b}" for n, _w, b in CASES])


def wrong(name: str, words: tuple[str, ...], family: int, world: FaultyWorld, seed: int) -> dict[int, tuple[str, str, str]]:
    """(truth, told, specified) of the ports whose state is not what it should be."""
    expected = dict(zip(TRUTHS, words, strict=True))
    asked = ",".join(map(str, PORTS))
    outcome = fake_scan(TARGETS[family], asked, world, ScanPlan(methods=(name,), seed=seed))
    assert len(outcome.states()) == 2 * len(PORTS)
    found = {}
    for (_address, _protocol, port), state in outcome.states().items():
        truth = world.truth.get(port, "closed")
        if state != expected[truth]:
            found[port] = truth, state, expected[truth]
    assert not outcome.end.problems
    return found


def truth_of(seed: int) -> dict[int, str]:
    draw = random.Random(seed)
    return {port: draw.choice(TRUTHS) for port in PORTS}


def test_every_method_has_its_row() -> None:
    assert set(SPECIFIED) == set(METHODS)


@EACH
@BOTH
def test_a_network_without_faults(name: str, words: tuple[str, ...], old_bsd: bool, family: int) -> None:
    world = FaultyWorld(truth_of(1), old_bsd=old_bsd, protocols=name == "ip-protocol")
    assert wrong(name, words, family, world, 1) == {}


@EACH
@BOTH
@pytest.mark.parametrize("seed", range(6))
def test_loss_duplicates_reordering_and_forgeries(
    name: str, words: tuple[str, ...], old_bsd: bool, family: int, seed: int
) -> None:
    world = FaultyWorld(
        truth_of(seed),
        seed,
        loss=0.2,
        duplicates=0.3,
        forgeries=0.5,
        max_delay_s=(0.005, 0.05, 0.3)[seed % 3],
        old_bsd=old_bsd,
        protocols=name == "ip-protocol",
    )
    assert wrong(name, words, family, world, seed) == {}


@pytest.mark.parametrize("family", [4, 6])
def test_several_methods_in_one_plan(family: int) -> None:
    truth = truth_of(7)
    world = FaultyWorld(truth, 7, duplicates=0.3, forgeries=0.3)
    names = ("sctp-init", "syn", "udp")
    outcome = fake_scan(TARGETS[family], "50-109", world, ScanPlan(methods=names, seed=7))
    states = outcome.states()
    assert len(states) == 2 * 3 * len(PORTS)
    for (_address, protocol, port), state in states.items():
        name = {"tcp": "syn", "udp": "udp", "sctp": "sctp-init"}[protocol]
        assert state == SPECIFIED[name][TRUTHS.index(truth[port])], (name, port)
    assert {v.evidence.method for v in outcome.verdicts} == set(names)
    assert [host.state for host in outcome.hosts] == ["up", "up"]
    assert len(outcome.hosts) == 2, "a host is told once, however many methods asked it"
