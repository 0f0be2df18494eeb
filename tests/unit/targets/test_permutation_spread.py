"""Load spreads: consecutive questions go to hosts, networks and ports as if they were drawn, for any key, at sizes of scans.

Each statistic is a chi-square over equal bins, told in its standard deviations from its mean; six either way are allowed, which
a drawn order leaves about once in ten million. Keys are fixed, so a good order passes always. Orders that are known to be bad
are held against the same bound, and leave it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from hatoba.targets.permutation import Permutation

Numbers = npt.NDArray[np.int64]
Order = Callable[[Numbers], Numbers]

ALLOWED = 6.0
DRAWN = 1 << 16
"""Consecutive positions that are looked at: a tenth of a second of a scan."""
SWEEP = 1 << 32
HOSTS, PORTS = 1 << 20, 1000
STARTS = (0, 123_456_789, 900_000_000)


def deviations(places: Numbers, bins: int) -> float:
    """How far *places*, each from 0 to *bins* - 1, are from being drawn evenly: above 0 clustered, below 0 too regular."""
    counts = np.bincount(places, minlength=bins)
    assert len(counts) == bins
    expected = len(places) / bins
    statistic = float(((counts - expected) ** 2 / expected).sum())
    return (statistic - (bins - 1)) / (2 * (bins - 1)) ** 0.5


def pairs(places: Numbers, others: Numbers, bins: int) -> float:
    """The same for two places, each from 0 to *bins* - 1, together."""
    return deviations(places * bins + others, bins * bins)


def of_a_sweep(order: Order, start: int) -> dict[str, float]:
    """2**32 addresses, one port each: by network and by host, and neighbours together."""
    address = order(np.arange(start, start + DRAWN))
    return {
        "/8": deviations(address >> 24, 256),
        "/16 of a /8": deviations(address >> 16 & 255, 256),
        "/24 of a /16": deviations(address >> 8 & 255, 256),
        "hosts of a /24": deviations(address & 255, 256),
        "network after network": pairs(address[:-1] >> 28, address[1:] >> 28, 16),
        "host after host": pairs(address[:-1] & 15, address[1:] & 15, 16),
        "steps": deviations((np.diff(address) % SWEEP) >> 24, 256),
    }


def of_many_ports(order: Order, start: int) -> dict[str, float]:
    """A thousand ports of a million hosts."""
    host, port = np.divmod(order(np.arange(start, start + DRAWN)), PORTS)
    sixteenth, tenth = host * 16 // HOSTS, port // 100
    return {
        "networks": deviations(host >> 12, 256),
        "hosts of a network": deviations(host & 255, 256),
        "ports": deviations(port, PORTS),
        "ports of hosts": deviations(sixteenth * 10 + tenth, 160),
        "host after host": pairs(sixteenth[:-1], sixteenth[1:], 16),
        "port after port": pairs(tenth[:-1], tenth[1:], 10),
    }


SCANS = {"sweep": (SWEEP, of_a_sweep), "ports": (HOSTS * PORTS, of_many_ports)}


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("key", [0, 1, 2, (1 << 62) - 1, 0x1234_5678_9ABC_DEF])
def test_consecutive_questions_are_spread(scan: str, key: int) -> None:
    size, told = SCANS[scan]
    for start in STARTS:
        uneven = {name: far for name, far in told(Permutation(size, key), start).items() if abs(far) > ALLOWED}
        assert not uneven, (key, start)


def _in_turn(positions: Numbers) -> Numbers:
    return positions


def _stride(size: int) -> Order:
    """A linear congruence, as the cheapest of orders are: every number once, and each step the same."""
    return lambda positions: (positions * 2_654_435_761 + 12_345) % size


def _backwards_in_bits(positions: Numbers) -> Numbers:
    """The first half of a bit-reversed count."""
    found = np.zeros_like(positions)
    for bit in range(32):
        found |= (positions >> bit & 1) << (31 - bit)
    return found


def _one_round(size: int) -> Order:
    """The network of the permutation with a single round in the place of four: half of the number stays as it was."""
    permutation = Permutation(size, 7)
    permutation._keys = permutation._keys[:1]
    return permutation


@pytest.mark.parametrize(
    ("scan", "order"),
    [
        *(("sweep", order) for order in (_in_turn, _stride(SWEEP), _backwards_in_bits, _one_round(SWEEP))),
        *(("ports", order) for order in (_in_turn, _stride(HOSTS * PORTS), _one_round(HOSTS * PORTS))),
    ],
)
def test_orders_that_are_bad_do_not_pass(scan: str, order: Order) -> None:
    _size, told = SCANS[scan]
    assert max(map(abs, told(order, 0).values())) > 2 * ALLOWED


@pytest.mark.parametrize("size", [1 << 17, SWEEP, HOSTS * PORTS, (1 << 32) + 12_345])
def test_keys_that_differ_by_a_bit_give_orders_that_know_nothing_of_each_other(size: int) -> None:
    """Neither by the numbers of one position, nor by the steps that they take."""
    positions = np.arange(DRAWN)
    first = Permutation(size, 0)(positions)
    for bit in range(62):
        other = Permutation(size, 1 << bit)(positions)
        assert abs(pairs(first * 16 // size, other * 16 // size, 16)) < ALLOWED, bit
        assert abs(deviations((first - other) % size * 256 // size, 256)) < ALLOWED, bit
        assert (first == other).sum() < 10, bit


def test_a_batch_asks_no_host_and_no_network_too_often() -> None:
    """4,096 packets, as they leave together, over a /16: of a host one at most a handful, of each /24 its sixteen or so."""
    order = Permutation((1 << 16) * PORTS, 5)
    for start in range(0, 40 * 4096, 4096):
        host = order(np.arange(start, start + 4096)) // PORTS
        assert np.bincount(host).max() <= 5, "one in a million batches has a host six times"
        assert np.bincount(host >> 8, minlength=256).max() <= 45, "sixteen are expected"
