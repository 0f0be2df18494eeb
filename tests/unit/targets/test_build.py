from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.errors import UsageError
from hatoba.model import Address, Protocol
from hatoba.targets.build import Built, build_targets
from hatoba.targets.ports import PortChoice, parse_ports, range_list

KNOWN = {
    "a.example": ["198.18.0.2"],
    "also.example": ["198.18.0.2"],
    "six.example": ["fd00:18::6"],
    "both.example": ["198.18.0.8", "198.18.0.9", "fd00:18::8"],
    "mapped.example": ["::ffff:198.18.0.7"],
    "sink.example": ["0.0.0.0"],
    "link.example": ["fe80::7"],
}


def resolver(name: str, family: int) -> list[Address]:
    return [a for a in map(ip_address, KNOWN.get(name, [])) if a.version == family]


def build(
    *expressions: str,
    ports: str = "22,80",
    exclude: tuple[str, ...] = (),
    exclude_ports: str | None = None,
    families: frozenset[int] = frozenset({4}),
    resolve_all: bool = False,
    interface: str | None = None,
) -> Built:
    return build_targets(
        expressions,
        ports=parse_ports(ports),
        exclude=exclude,
        exclude_ports=None if exclude_ports is None else parse_ports(exclude_ports),
        families=families,
        resolver=resolver,
        resolve_all=resolve_all,
        interface=interface,
    )


def asked(built: Built) -> dict[str, str]:
    """Every address with its ports; fails where an address comes twice."""
    found: dict[str, str] = {}
    for block in built.targets.blocks:
        for offset in range(block.count):
            address = str(block.address(offset))
            assert address not in found
            assert str(built.targets.address(block.first + offset)) == address
            found[address] = PortChoice(block.ports).describe()
    return found


def test_an_address_asked_in_several_ways_is_one_host_with_all_its_ports() -> None:
    built = build("198.18.0.0/30 198.18.0.2:8080", "a.example:U:53", "also.example", "198.18.0.1-2:443", "::ffff:198.18.0.3")
    assert asked(built) == {
        "198.18.0.0": "22,80",
        "198.18.0.1": "22,80,443",
        "198.18.0.2": "T:22,80,443,8080,U:53",
        "198.18.0.3": "22,80",
    }
    names = {str(built.targets.address(i)): built.targets.names(i) for i in range(len(built.targets))}
    assert names["198.18.0.2"] == ("a.example", "also.example")
    assert names["198.18.0.1"] == ()


def test_a_host_with_ports_of_its_own_is_asked_for_those_alone() -> None:
    assert asked(build("198.18.0.2:8080")) == {"198.18.0.2": "8080"}


def test_equal_ports_share_a_block() -> None:
    built = build("198.18.0.1:80,22", "198.18.0.9", "198.18.0.5:22,80")
    assert len(built.targets.blocks) == 1
    assert asked(built) == {f"198.18.0.{n}": "22,80" for n in (1, 5, 9)}


def test_own_ports_follow_the_scans_protocol() -> None:
    built = build("198.18.0.1:53", ports="U:161")
    assert list(built.targets.blocks[0].ports) == [Protocol.UDP]


def test_exclusions() -> None:
    built = build("198.18.0.0/29", "[fd00:18::6]:443", exclude=("198.18.0.0-1", "::ffff:198.18.0.4/126"))
    assert asked(built) == {"198.18.0.2": "22,80", "198.18.0.3": "22,80", "fd00:18::6": "443"}


def test_excluded_ports_hold_for_a_hosts_own_ports_too() -> None:
    built = build("198.18.0.1", "198.18.0.2:22,443", "198.18.0.3:22", exclude_ports="22")
    assert asked(built) == {"198.18.0.1": "80", "198.18.0.2": "443"}
    assert built.notes == ("198.18.0.3:22: left out, its ports are excluded",)
    with pytest.raises(UsageError, match="no port left"):
        build("198.18.0.1", exclude_ports="22,80")


def test_names_by_family() -> None:
    assert list(asked(build("both.example"))) == ["198.18.0.8"]
    assert list(asked(build("both.example", families=frozenset({4, 6})))) == ["198.18.0.8", "fd00:18::8"]
    assert list(asked(build("both.example", resolve_all=True))) == ["198.18.0.8", "198.18.0.9"]
    assert list(asked(build("six.example"))) == ["fd00:18::6"]
    assert list(asked(build("fd00:18::1"))) == ["fd00:18::1"]
    assert list(asked(build("both.example/30"))) == [f"198.18.0.{n}" for n in range(8, 12)]
    assert "fd00:18::8" in build("both.example").notes[0]


def test_a_name_that_gives_a_mapped_address_is_the_ipv4_host() -> None:
    built = build("mapped.example")
    assert asked(built) == {"198.18.0.7": "22,80"}
    assert built.targets.blocks[0].family == 4


def test_an_unknown_name_is_a_note_while_other_targets_remain() -> None:
    built = build("nosuch.example", "198.18.0.1")
    assert asked(built) == {"198.18.0.1": "22,80"}
    assert built.notes == ("nosuch.example: no such name; check its spelling, or write the address",)
    with pytest.raises(UsageError, match=r"^no target left: nosuch\.example: no such name"):
        build("nosuch.example")


def test_a_name_without_a_host_behind_it_is_a_note() -> None:
    assert "unspecified" in build("sink.example", "198.18.0.1").notes[0]
    with pytest.raises(UsageError, match=r"no target left: link\.example: "):
        build("link.example")


def test_link_local_addresses_have_their_interface() -> None:
    assert list(asked(build("fe80::1%lo"))) == ["fe80::1%lo"]
    assert list(asked(build("fe80::1", "link.example", interface="lo"))) == ["fe80::1%lo", "fe80::7%lo"]
    with pytest.raises(UsageError, match="write fe80::1%eth0"):
        build("fe80::1")
    built = build("fe80::/126", "fe80::1%br0", interface="lo", exclude=("fe80::1%lo", "fe80::2"))
    assert list(asked(built)) == ["fe80::1%br0", "fe80::%lo", "fe80::3%lo"]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("::ffff:0.0.0.0", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("224.0.0.0/8", "multicast"),
        ("225-230.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("fd00:18::/64", "more than 2\\^32"),
        ("fd00:18::/95", "more than 2\\^32"),
        ("198.18.0.1:70000", "0 to 65535"),
        ("", "no target given"),
    ],
)
def test_what_is_no_host_is_refused_in_one_sentence(expression: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        build(expression)


def test_what_is_no_host_is_cut_out_of_a_network() -> None:
    built = build("0.0.0.0/0")
    assert len(built.targets) == 2**32 - 2**28 - 2
    assert "268435458 addresses are left out" in built.notes[0]


def test_more_than_a_scan_can_number_is_refused() -> None:
    with pytest.raises(UsageError, match="together: more than"):
        build("0.0.0.0/0", "fd00:18::/96")


def test_nothing_left_and_nothing_given() -> None:
    with pytest.raises(UsageError, match="every address that was asked for is excluded"):
        build("198.18.0.1", exclude=("198.18.0.0/24",))
    with pytest.raises(UsageError, match="no target given"):
        build()


def test_huge_networks_cost_nothing() -> None:
    built = build("198.18.0.0/8", "10.0.0.0/8", exclude=("198.18.0.1",))
    assert len(built.targets) == 2 * 2**24 - 1
    assert sum(len(block.addresses) for block in built.targets.blocks) == 3


NETWORKS = st.tuples(st.integers(0, 63), st.integers(26, 32)).map(
    lambda p: ip_network((int(IPv4Address("198.18.0.0")) + p[0], p[1]), strict=False)
)


@given(
    st.lists(st.tuples(NETWORKS, st.sampled_from(["", "22", "443", "80,443"])), min_size=1, max_size=6),
    st.lists(NETWORKS, max_size=3),
)
def test_against_sets_of_addresses(wanted: list[tuple[object, str]], unwanted: list[object]) -> None:
    expected: dict[str, set[int]] = {}
    excluded = {str(a) for network in unwanted for a in network}  # type: ignore[attr-defined]
    for network, own in wanted:
        for address in map(str, network):  # type: ignore[call-overload]
            if address not in excluded:
                expected.setdefault(address, set()).update(parse_ports(own or "22,80").ports[Protocol.TCP].tolist())
    texts = [f"{network}:{own}" if own else str(network) for network, own in wanted]
    try:
        found = asked(build(*texts, exclude=tuple(map(str, unwanted))))
    except UsageError:
        found = {}
    assert found == {address: range_list(sorted(ports)) for address, ports in expected.items()}
