from __future__ import annotations

from ipaddress import ip_address

import pytest

from hatoba.errors import UsageError
from hatoba.model import HostsAsked, Protocol
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.target_set import TargetSet
from hatoba.targets.written import names_of, read_targets, written


def built(targets: str, ports: str = "22,80-90,U:53") -> TargetSet:
    addresses = {"web": [ip_address("198.18.0.9")], "six": [ip_address("fd00:18::9")]}
    return build_targets(
        targets.split(),
        ports=parse_ports(ports),
        families=frozenset({4, 6}),
        resolver=lambda name, family: [found for found in addresses[name] if found.version == family],
    ).targets


@pytest.mark.parametrize(
    "targets",
    [
        "198.18.0.2",
        "198.18.0.0/24 198.18.7.1 fd00:18::/120",
        "198.18.0.3:1-10 198.18.0.0/30 198.18.0.9:U:53",
        "fe80::1%lo fe80::5%lo 198.18.0.1",
        "web six 198.18.0.1",
    ],
)
def test_there_and_back(targets: str) -> None:
    before = built(targets)
    after = read_targets(written(before), names_of(before))
    assert len(after) == len(before)
    assert [after.address(index) for index in range(len(after))] == [before.address(index) for index in range(len(before))]
    assert after.asked_names == before.asked_names
    for mine, theirs in zip(after.blocks, before.blocks, strict=True):
        assert {name: ports.tolist() for name, ports in mine.ports.items()} == {
            name: ports.tolist() for name, ports in theirs.ports.items()
        }


def test_as_people_read_it() -> None:
    (first, second) = written(built("198.18.0.2 198.18.0.8-11 fe80::2%lo"))
    assert list(first.addresses) == ["198.18.0.2", "198.18.0.8-198.18.0.11"]
    assert list(first.addresses) == ["198.18.0.2", "198.18.0.8-198.18.0.11"], "may be read again"
    assert (first.ports, first.zone) == ({Protocol.TCP: "22,80-90", Protocol.UDP: "53"}, None)
    assert (list(second.addresses), second.zone) == (["fe80::2"], "lo")


@pytest.mark.parametrize(
    "blocks",
    [
        [["198.18.0"]],
        [["198.18.0.9-198.18.0.2"]],
        [["198.18.0.2-fd00::1"]],
        [["198.18.0.2", "fd00::1"]],
        [["224.0.0.1"]],
        [["::-ffff:ffff:ffff::"]],
        [[]],
        [["198.18.0.0-198.18.0.9"], ["198.18.0.9"]],
    ],
)
def test_what_can_not_have_been_written(blocks: list[list[str]]) -> None:
    with pytest.raises(ValueError, match=r"address|range|IPv|does not appear"):
        read_targets([HostsAsked(addresses, {Protocol.TCP: "22"}) for addresses in blocks], {})


def test_a_port_list_that_is_none() -> None:
    with pytest.raises(UsageError):
        read_targets([HostsAsked(["198.18.0.2"], {Protocol.TCP: "22-x"})], {})
