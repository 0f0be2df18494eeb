from __future__ import annotations

from ipaddress import ip_address

import pytest

from hatoba.targets.collector import RangeCollector, fault_of, never_hosts
from hatoba.targets.ranges import from_pairs


@pytest.mark.parametrize("family", [4, 6])
def test_ranges_come_out_joined(family: int) -> None:
    collector = RangeCollector(family)
    assert list(collector.ranges().pairs()) == []
    collector.add(5, 5)
    assert list(collector.ranges().pairs()) == [(5, 5)]
    collector.add(1, 4)
    collector.add_ranges(from_pairs(family, [(6, 9), (20, 21)]))
    assert list(collector.ranges().pairs()) == [(1, 9), (20, 21)]


def test_the_top_of_ipv6() -> None:
    collector = RangeCollector(6)
    collector.add((1 << 128) - 1, (1 << 128) - 1)
    collector.add((1 << 128) - 3, (1 << 128) - 1)
    assert list(collector.ranges().pairs()) == [((1 << 128) - 3, (1 << 128) - 2)]


@pytest.mark.parametrize(
    ("first", "last", "fault"),
    [
        ("0.0.0.0", "0.0.0.0", "unspecified"),
        ("::", "::", "unspecified"),
        ("224.0.0.1", "239.255.255.255", "multicast"),
        ("ff02::1", "ff02::1", "multicast"),
        ("255.255.255.255", "255.255.255.255", "broadcast"),
        ("0.0.0.0", "0.0.0.1", None),
        ("223.255.255.255", "224.0.0.0", None),
        ("239.255.255.255", "240.0.0.0", None),
        ("240.0.0.1", "240.0.0.1", None),
        ("198.18.0.255", "198.18.0.255", None),
        ("feff::", "ff00::", None),
    ],
)
def test_addresses_that_are_no_hosts(first: str, last: str, fault: str | None) -> None:
    start, stop = ip_address(first), ip_address(last)
    assert fault_of(start.version, int(start), int(stop)) == fault
    if fault is not None and last != "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff":
        assert any(a <= int(start) and int(stop) <= b for a, b in never_hosts(start.version).pairs())
