"""Three machines with a shard each find together what is there: every host once, every port with its true state."""

from __future__ import annotations

import pytest

from hatoba.lab.topologies import crowd
from hatoba.lab.topologies.crowd import NETWORKS, SCANNERS, Crowd
from tests.labs import MakeLab
from tests.real_scans import Scanned, scan

COUNT = 3


def shards(site: Crowd, *arguments: str, privileged: bool = True) -> list[Scanned]:
    """Each draws its own seed. Fails where one did not end well."""
    found = []
    for number in range(1, COUNT + 1):
        done = scan(site.scanner, "-n", f"--shard={number}/{COUNT}", *arguments, privileged=privileged)
        assert done.status == 0, done.errors
        first = done.lines[0]
        assert first["shard"] == {"number": number, "count": COUNT, "all_addresses": first["shard"]["all_addresses"]}
        assert first["address_count"] == done.end["hosts"]["total"]
        found.append(done)
    assert sum(done.lines[0]["address_count"] for done in found) == found[0].lines[0]["shard"]["all_addresses"]
    return found


def ports(found: list[Scanned]) -> dict[tuple[str, int], str]:
    """State by address and port; fails where two shards told of one."""
    told = [((line["address"], line["port"]), line["state"]) for done in found for line in done.of_type("port")]
    assert len(told) == len(dict(told))
    return dict(told)


@pytest.mark.parametrize("version", [4, pytest.param(6, marks=pytest.mark.exhaustive)])
def test_three_shards_of_a_network_find_all_of_the_crowd(make_lab: MakeLab, version: int) -> None:
    site = crowd(make_lab(), count=60)
    found = shards(site, "-sS", "-p", "22,23", NETWORKS[version])
    told = {key: state for key, state in ports(found).items() if key[0] != SCANNERS[version]}
    assert told == {
        (address, port): state for address in site.addresses[version] for port, state in ((22, "open"), (23, "closed"))
    }
    homes = [{line["address"] for line in done.of_type("host") if line["state"] == "up"} for done in found]
    assert all(len(home) > 5 for home in homes), "a machine has next to nothing to do"
    up = [line["address"] for done in found for line in done.of_type("host") if line["state"] == "up"]
    assert sorted(up) == sorted({*site.addresses[version], SCANNERS[version]})


def test_three_shards_of_a_list_with_ports_by_connect(make_lab: MakeLab) -> None:
    """Both families, hosts with ports of their own, no privilege."""
    site = crowd(make_lab(), count=12)
    own = {address: (22,) if place % 2 else (22, 23) for place, address in enumerate(site.addresses[4])}
    own |= {f"[{address}]": (23,) for address in site.addresses[6]}
    targets = [f"{address}:{','.join(map(str, its))}" for address, its in own.items()]
    found = shards(site, "-sT", "-Pn", *targets, privileged=False)
    words = {22: "open", 23: "closed"}
    assert ports(found) == {(address.strip("[]"), port): words[port] for address, its in own.items() for port in its}
