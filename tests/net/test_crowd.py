"""A /16 on the link with three hundred hosts: exactly these are found, also where the link loses packets."""

from __future__ import annotations

import pytest

from hatoba.lab.topologies import Crowd, crowd
from hatoba.lab.topologies.crowd import NETWORKS, SCANNERS, scattered
from tests.labs import MakeLab
from tests.real_scans import Line, scan

LOSS_PERCENT = 5


def up(site: Crowd, *arguments: str) -> dict[str, Line]:
    """The lines of hosts that are up, without the scanner's own address."""
    done = scan(site.scanner, "-sn", "-n", *arguments)
    assert done.status == 0, done.errors
    found = {line["address"]: line for line in done.of_type("host") if line["state"] == "up"}
    assert done.end["hosts"]["up"] == len(found)
    return {address: line for address, line in found.items() if address not in SCANNERS.values()}


def the_same(found: dict[str, Line], site: Crowd, version: int) -> None:
    missing, false = set(site.addresses[version]) - found.keys(), found.keys() - set(site.addresses[version])
    assert (missing, false) == (set(), set())


@pytest.mark.parametrize("version", [4, 6])
def test_all_of_the_crowd_and_nobody_else(make_lab: MakeLab, version: int) -> None:
    site = crowd(make_lab())
    found = up(site, NETWORKS[version])
    the_same(found, site, version)
    (mac,) = {line["mac"] for line in found.values()}
    assert mac == site.host.links[0].end(site.host).mac
    assert {line["reason"] for line in found.values()} == {"arp-response" if version == 4 else "nd-response"}


@pytest.mark.peer("nft")
@pytest.mark.parametrize("seed", [11])
@pytest.mark.parametrize("version", [4, pytest.param(6, marks=pytest.mark.exhaustive)])
def test_all_of_the_crowd_over_a_link_that_loses(make_lab: MakeLab, version: int, seed: int) -> None:
    site = crowd(make_lab(), loss_percent=LOSS_PERCENT, seed=seed)
    the_same(up(site, NETWORKS[version]), site, version)


@pytest.mark.peer("nft")
@pytest.mark.parametrize("version", [4, 6])
def test_a_port_scan_finds_the_crowd_first(make_lab: MakeLab, version: int) -> None:
    """Without -Pn, ports are asked of those that are there, and of nobody else."""
    site = crowd(make_lab(), count=40, loss_percent=LOSS_PERCENT)
    done = scan(site.scanner, "-sS", "-n", "-p", "22,23", NETWORKS[version])
    assert done.status == 0, done.errors
    ports = {(line["address"], line["port"]): line["state"] for line in done.of_type("port")}
    expected = {(address, port): state for address in site.addresses[version] for port, state in ((22, "open"), (23, "closed"))}
    assert {key: state for key, state in ports.items() if key[0] != SCANNERS[version]} == expected


def test_who_answers_late_or_once_is_not_taken_for_somebody_else(make_lab: MakeLab) -> None:
    """Addresses beside those of the crowd, asked alone, are nobody's."""
    site = crowd(make_lab(), count=10)
    others = sorted(set(scattered(4, 50, seed=99)) - set(site.addresses[4]))
    assert up(site, *others) == {}
