"""The hosts of a scan that asks for no ports come in the order of the targets, however they were found."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from builders import target_set
from hypothesis import given
from hypothesis import strategies as st
from scanning import one_by_one, run_scan
from worlds import FaultyWorld

from hatoba.engine import scan as scan_module
from hatoba.engine.in_order import InOrder
from hatoba.model import Host, Ping, ScanPlan
from hatoba.results.batch import HostBatch
from hatoba.wire.fake import FakeClock, FakeNetwork
from hatoba.wire.routes import Route, Way

PLAN = ScanPlan(methods=(), pings=(Ping("icmp-echo"),), seed=1)
TARGETS = "198.18.0.0/27 198.18.1.0/28 fd00:18::/124"


class HalfBehindARouter(FakeNetwork):
    """Every other stretch of four addresses is on the link, where those that end in 1 are absent."""

    def ways(self, family, ranges, zone):  # type: ignore[no-untyped-def]
        for way in super().ways(family, ranges, zone):
            assert way.route is not None
            for first in range(way.first, way.last + 1, 4):
                gateway = ip_address("198.18.9.254" if family == 4 else "fd00:18:9::fe").packed if first & 4 else None
                route = Route(way.route.link, way.route.source, gateway, False)
                yield Way(first, min(first + 3, way.last), route)


def network() -> HalfBehindARouter:
    absent = frozenset(str(ip_address(f"198.18.{net}.{last}")) for net in (0, 1) for last in range(1, 32, 10))
    return HalfBehindARouter(FaultyWorld({}), FakeClock(), absent=absent)


def test_hosts_come_in_the_order_of_the_targets() -> None:
    outcome = run_scan(TARGETS, "1", network(), PLAN)
    order = [(host.address.version, host.address) for host in outcome.hosts]
    assert len(order) == 32 + 16 + 16
    assert order == sorted(order, key=lambda pair: (pair[0], int(pair[1])))
    assert {host.state for host in outcome.hosts} == {"up", "down"}


def test_of_very_many_they_come_as_they_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_module, "MOST", 10)
    outcome = run_scan(TARGETS, "1", network(), PLAN)
    order = [(host.address.version, int(host.address)) for host in outcome.hosts]
    assert len(set(order)) == len(order) == 64
    assert order != sorted(order)


def test_who_is_found_on_a_link_has_been_asked() -> None:
    outcome = run_scan("198.18.0.0/29", "1", FakeNetwork(FaultyWorld({}), FakeClock(), frozenset({"198.18.0.3"})), PLAN)
    (asker,) = outcome.network.askers
    assert outcome.end.probes_sent == len(asker.asked) >= 8
    assert outcome.network.sent == []


@given(st.lists(st.sampled_from(["host", "silent", "rejected"]), max_size=30))
def test_every_host_is_told_once_and_in_order(kinds: list[str]) -> None:
    targets = target_set("198.18.0.0/27", "1")
    held = InOrder(targets, hold=True)
    for kind in ("silent", "rejected"):
        its = [place for place, one in enumerate(kinds) if one == kind]
        if its:
            batch = HostBatch(targets, targets.find([targets.address(place) for place in its]), "down", kind)
            assert list(held.add(batch)) == []
    for place in reversed(range(len(kinds))):
        if kinds[place] == "host":
            assert list(held.add(Host(targets.address(place), (), "up", "host", None, None))) == []
    told = list(held.held())
    hosts = [host for host in one_by_one(told) if isinstance(host, Host)]
    assert [host.reason for host in hosts] == kinds
    assert [host.address for host in hosts] == [targets.address(place) for place in range(len(kinds))]
    assert len(told) <= max(1, len(kinds))
