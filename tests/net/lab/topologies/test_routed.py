"""nmap sees the two routers, the one that filters, and the network behind them."""

from __future__ import annotations

import re

import pytest

from hatoba.lab.topologies import Routed, routed
from hatoba.lab.topologies.routed import DROPPED_PORT, HOPS, NETWORKS, OPEN_PORTS, REJECTED_PORT
from tests.net.conftest import MakeLab

pytestmark = pytest.mark.peer("nft", "nmap")


def nmap(site: Routed, *arguments: str) -> str:
    family = ["-6"] if any(":" in argument for argument in arguments) else []
    done = site.scanner.run(["nmap", *family, "-n", "-T4", "--reason", *arguments])
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("filtering", ["first", "second"])
def test_the_hops_and_who_filters(make_lab: MakeLab, filtering: str, version: int) -> None:
    site = routed(make_lab(), filtering=filtering)
    target = site.live(version)[7]
    told = nmap(site, "-Pn", "-sS", "-p", f"23,{','.join(map(str, OPEN_PORTS))}", "--traceroute", target)
    assert re.findall(r"^\d+ +[\d.]+ ms (\S+)", told, re.MULTILINE) == [*HOPS[version], target]
    refusing = HOPS[version][("first", "second").index(filtering)]
    assert site.hop(site.filtering, version) == refusing
    assert re.search(rf"^{REJECTED_PORT}/tcp +filtered +\S+ +admin-prohibited from {refusing} ", told, re.MULTILINE)
    assert re.search(rf"^{DROPPED_PORT}/tcp +filtered +\S+ +no-response", told, re.MULTILINE)
    assert re.findall(r"^(\d+)/tcp +open", told, re.MULTILINE) == ["22", "443"]
    assert re.findall(r"^(\d+)/tcp +closed", told, re.MULTILINE) == ["23"]


@pytest.mark.parametrize("version", [4, 6])
def test_thirty_addresses_and_the_routers_own_are_up_and_the_rest_is_silent(make_lab: MakeLab, version: int) -> None:
    site = routed(make_lab())
    told = nmap(site, "-sn", "-PE", NETWORKS[version])
    own = "198.18.64.254" if version == 4 else "fd00:18:64::fe"
    assert re.findall(r"^Nmap scan report for (\S+)", told, re.MULTILINE) == [*site.live(version), own]
    silence = nmap(site, "-Pn", "-sS", "-p", "22", "--max-retries", "0", "198.18.64.4" if version == 4 else "fd00:18:64::4")
    assert "no-response" in silence


def test_the_second_router_tells_of_missing_neighbours_where_asked_to(make_lab: MakeLab) -> None:
    site = routed(make_lab(), silent=False)
    told = nmap(site, "-Pn", "-sS", "-p", "22", "--initial-rtt-timeout", "6s", "--max-rtt-timeout", "6s", "198.18.64.4")
    assert f"host-unreach from {HOPS[4][1]}" in told


def test_limits_of_icmp_errors(make_lab: MakeLab) -> None:
    site = routed(make_lab(), icmp_limit=True)
    for host in (site.first, site.second, site.site):
        assert host.run(["cat", "/proc/sys/net/ipv4/icmp_ratelimit"]).stdout.strip() == "1000"
