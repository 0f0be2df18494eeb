"""``--traceroute`` names the routers on the way, and ``--explain`` the one that filtered."""

from __future__ import annotations

import re

import pytest

from hatoba.lab import Host
from hatoba.lab.topologies import Routed, routed
from hatoba.lab.topologies.routed import DROPPED_PORT, HOPS, NETWORKS, OPEN_PORTS, REJECTED_PORT
from tests.labs import MakeLab
from tests.real_scans import COMMAND, Line, Scanned, scan

pytestmark = pytest.mark.peer("nft")

ALL = ",".join(map(str, (23, *OPEN_PORTS)))
OWN = {4: "198.18.64.254", 6: "fd00:18:64::fe"}
"""The second router's address in the network behind it."""


def hops(line: Line) -> list[tuple[int, str | None]]:
    """Distance and address of each station of a host's trace."""
    return [(hop["ttl"], hop["address"]) for hop in line["trace"]["hops"]]


def way(address: str, version: int) -> list[tuple[int, str]]:
    return list(enumerate((*HOPS[version], address), 1))


def by_address(done: Scanned) -> dict[str, Line]:
    return {line["address"]: line for line in done.of_type("host")}


@pytest.mark.parametrize("icmp_limit", [False, True], ids=["unlimited", "limited"])
@pytest.mark.parametrize("version", [4, 6])
def test_the_way_to_each_host_of_a_network(make_lab: MakeLab, version: int, icmp_limit: bool) -> None:
    site = routed(make_lab(), icmp_limit=icmp_limit)
    done = scan(site.scanner, "-sS", "-p", "22,23", "--traceroute", "-n", NETWORKS[version])
    assert done.status == 0, done.errors
    hosts = by_address(done)
    up = {address for address, line in hosts.items() if line["state"] == "up"}
    assert up == {*site.live(version), OWN[version]}
    for address in site.live(version):
        assert hops(hosts[address]) == way(address, version), address
        assert hosts[address]["trace"]["method"]
        for hop in hosts[address]["trace"]["hops"]:
            assert hop.get("rtt_s") is None or 0 < hop["rtt_s"] < 5
    assert hops(hosts[OWN[version]]) == [(1, HOPS[version][0]), (2, OWN[version])]
    assert all("trace" not in line for address, line in hosts.items() if address not in up)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("filtering", ["first", "second"])
def test_the_evidence_and_the_sentence_name_the_router_that_filters(make_lab: MakeLab, filtering: str, version: int) -> None:
    site = routed(make_lab(), filtering=filtering)
    target, router = site.live(version)[7], site.hop(site.filtering, version)
    done = scan(site.scanner, "-sS", "-p", ALL, "--traceroute", "-Pn", target)
    assert done.ports[REJECTED_PORT]["state"] == "filtered"
    assert done.ports[REJECTED_PORT]["reason"] == "admin-prohibited"
    assert done.ports[REJECTED_PORT]["evidence"]["responder"] == router
    assert done.ports[DROPPED_PORT]["reason"] == "no-response"
    assert hops(by_address(done)[target]) == way(target, version)
    told = table(site, "-sS", "-p", ALL, "--explain", "-Pn", target)
    (sentence,) = (line for line in told.splitlines() if "prohibited" in line and router in line and "filtered" in line)
    assert sentence


@pytest.mark.parametrize("filtering", ["first", "second"])
def test_where_the_probes_for_a_silent_port_vanish(make_lab: MakeLab, filtering: str) -> None:
    """Linux looks at the time to live before it asks the rules for forwarding, so the filtering router is the last to tell."""
    site = routed(make_lab(), filtering=filtering)
    target = site.live()[0]
    done = scan(site.scanner, "-sS", "-p", f"22,{DROPPED_PORT}", "--traceroute", "-Pn", target)
    vanishing = by_address(done)[target]["vanishing"]
    assert (vanishing["protocol"], vanishing["port"]) == ("tcp", DROPPED_PORT)
    last = vanishing["hop"]
    assert (last["ttl"], last["address"]) == (HOPS[4].index(site.hop(site.filtering)) + 1, site.hop(site.filtering))


@pytest.mark.parametrize(
    "arguments", [["-sn", "-PE"], ["-sU", "-p", "40000"], ["-sT", "-p", "22,23"], ["-sA", "-p", "22"]], ids=str
)
def test_the_way_by_whatever_the_host_answers(make_lab: MakeLab, arguments: list[str]) -> None:
    site = routed(make_lab())
    target = site.live()[3]
    done = scan(site.scanner, *arguments, "--traceroute", "-n", target)
    assert done.status == 0, done.errors
    assert hops(by_address(done)[target]) == way(target, 4)


def test_shared_hops_are_not_asked_for_each_host(make_lab: MakeLab) -> None:
    """A way is followed from its host backwards, until a station is met that is known: the last router is asked once for each
    host, the one before it hardly ever."""
    site = routed(make_lab())
    rules = "table inet seen {\n  counter expiring { }\n  chain prerouting {\n    type filter hook prerouting priority -300\n"
    rules += "    iifname eth0 ip ttl 1 ip daddr 198.18.64.0/24 counter name expiring\n  }\n}\n"
    for host in (site.first, site.second):
        host.rules(rules)
    done = scan(site.scanner, "-sS", "-p", "22", "--traceroute", "-n", NETWORKS[4])
    assert len([line for line in done.of_type("host") if "trace" in line]) == len(site.live()) + 1
    assert 1 <= expired(site.first) <= 4
    assert 1 <= expired(site.second) <= len(site.live()) + 4


def expired(router: Host) -> int:
    """How many probes ended at a router."""
    listed = router.run(["nft", "list", "counter", "inet", "seen", "expiring"]).stdout
    found = re.search(r"packets (\d+)", listed)
    assert found is not None, listed
    return int(found[1])


@pytest.mark.parametrize("version", [4, 6])
def test_a_router_that_spends_its_errors_on_missing_hosts_is_named_all_the_same(make_lab: MakeLab, version: int) -> None:
    """Of the second router's ration, host unreachable for the silent addresses takes most."""
    site = routed(make_lab(), icmp_limit=True, silent=False)
    done = scan(site.scanner, "-sS", "-p", "22,23", "--traceroute", "-n", NETWORKS[version])
    hosts = by_address(done)
    assert {address: hops(hosts[address]) for address in site.live(version)} == {
        address: way(address, version) for address in site.live(version)
    }


def table(site: Routed, *arguments: str) -> str:
    done = site.scanner.run([*COMMAND, *arguments])
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("version", [4, 6])
def test_the_table_lists_the_stations_in_order(make_lab: MakeLab, version: int) -> None:
    site = routed(make_lab())
    first, second = site.live(version)[:2]
    told = table(site, "-sS", "-p", "22", "--traceroute", "-n", first, second)
    positions = [told.rindex(station) for station in (*HOPS[version], second)]
    assert all(told.count(address) >= 2 for address in (first, second)), "in its head and as its last station"
    assert positions == sorted(positions) or told.index(HOPS[version][0]) < told.index(HOPS[version][1])
