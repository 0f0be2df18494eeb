from __future__ import annotations

from ipaddress import ip_address

import pytest

from hatoba.errors import UsageError
from hatoba.model import Address
from hatoba.targets.exclusions import Exclusions


def resolver(name: str, family: int) -> list[Address]:
    known = {"a.example": ["198.18.0.1", "198.18.0.9", "fd00:18::1"]}
    return [a for a in map(ip_address, known.get(name, [])) if a.version == family]


def held(exclusions: Exclusions, family: int, zone: str | None = None) -> list[tuple[str, str]]:
    return [(str(ip_address(a)), str(ip_address(b))) for a, b in exclusions.of(family, zone).pairs()]


def test_everything_that_names_a_host_can_be_excluded() -> None:
    made = Exclusions.parse(["198.18.1.0/24 198.18.2.1-2", "a.example", "::ffff:198.18.3.1", "224.0.0.1"], resolver)
    assert held(made, 4) == [
        ("198.18.0.1", "198.18.0.1"),
        ("198.18.0.9", "198.18.0.9"),
        ("198.18.1.0", "198.18.1.255"),
        ("198.18.2.1", "198.18.2.2"),
        ("198.18.3.1", "198.18.3.1"),
        ("224.0.0.1", "224.0.0.1"),
    ]
    assert held(made, 6) == [("fd00:18::1", "fd00:18::1")]


def test_commas_separate_hosts_too() -> None:
    made = Exclusions.parse(["198.18.1.0/31,198.18.0-1.5,7-8,a.example"], resolver)
    assert [first for first, _last in held(made, 4)] == [f"198.18.{n}" for n in ("0.1", "0.5", "0.7", "1.0", "1.5", "1.7")]


def test_a_zone_narrows_an_exclusion() -> None:
    made = Exclusions.parse(["fe80::1%eth0", "fe80::2"], resolver)
    assert held(made, 6, "eth0") == [("fe80::1", "fe80::2")]
    assert held(made, 6, "eth1") == [("fe80::2", "fe80::2")]


def test_a_long_prefix_of_a_name_is_its_ipv6_networks() -> None:
    made = Exclusions.parse(["a.example/120"], resolver)
    assert held(made, 4) == [("198.18.0.1", "198.18.0.1"), ("198.18.0.9", "198.18.0.9")]
    assert held(made, 6) == [("fd00:18::", "fd00:18::ff")]


@pytest.mark.parametrize(
    ("text", "said"), [("nosuch.example", "no such name"), ("198.18.0.1:80", "--exclude-ports"), ("1.2", "four")]
)
def test_what_cannot_be_excluded_stops_the_scan(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Exclusions.parse([text], resolver)
