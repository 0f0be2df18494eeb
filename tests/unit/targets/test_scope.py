from __future__ import annotations

from ipaddress import collapse_addresses, ip_address, ip_network

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.errors import NotInScope
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.ranges import Network
from hatoba.targets.scope import Grant, Permitted, Scope, network_text, short_list, unmapped_network
from hatoba.targets.target_set import TargetSet


def targets(*expressions: str) -> TargetSet:
    return build_targets(expressions, ports=parse_ports("80"), resolver=lambda *_: []).targets


def scope(*networks: str) -> Scope:
    return Scope([Grant(ip_network(network), "aoi", 0.0, "ours") for network in networks])


def refused(held: Scope, *expressions: str) -> list[str]:
    return [str(network) for network in held.refused(targets(*expressions))]


def pack(*addresses: str) -> np.ndarray:
    return np.array([list(ip_address(a).packed) for a in addresses], dtype=np.uint8)


def test_what_is_granted_and_what_is_not() -> None:
    held = scope("198.51.100.0/24", "2001:db8::/64")
    assert refused(held, "198.51.100.7", "2001:db8::1", "127.0.0.9", "::1") == []
    assert refused(held, "198.51.101.0", "2001:db8:0:1::1", "::2") == ["198.51.101.0/32", "::2/128", "2001:db8:0:1::1/128"]


def test_edges_of_a_network() -> None:
    held = scope("198.51.100.64/26")
    assert refused(held, "198.51.100.0/24") == ["198.51.100.0/26", "198.51.100.128/25"]
    assert refused(held, "198.51.100.63-128") == ["198.51.100.63/32", "198.51.100.128/32"]


def test_a_mapped_address_is_judged_as_the_ipv4_address() -> None:
    assert refused(scope("198.51.100.0/24"), "::ffff:198.51.100.7") == []
    assert refused(scope("198.51.100.0/24"), "::ffff:198.51.101.7") == ["198.51.101.7/32"]
    assert refused(scope("::ffff:198.51.100.0/120"), "198.51.100.7") == []
    assert refused(scope("::/0"), "198.51.100.7", "::ffff:198.51.100.8", "2001:db8::1") == [
        "198.51.100.7/32",
        "198.51.100.8/32",
    ]


def test_a_zone_does_not_matter_to_a_grant() -> None:
    assert refused(scope("fe80::/64"), "fe80::1%lo", "fe80::1%br0") == []
    assert refused(scope(), "fe80::1%lo", "fe80::1%br0") == ["fe80::1/128"]


def test_loopback_and_what_the_caller_adds_is_always_in() -> None:
    held = Scope([], always=[ip_network("198.18.0.0/15"), ip_network("::ffff:192.0.2.0/120")])
    assert held.refused(targets("127.0.0.0/8", "::1", "198.18.5.0/24", "192.0.2.9")) == []


def test_require_says_what_to_type() -> None:
    with pytest.raises(NotInScope) as caught:
        scope().require(targets("198.51.100.7", "203.0.113.0/28"))
    assert caught.value.networks == ("198.51.100.7/32", "203.0.113.0/28")
    assert 'hatoba scope add 198.51.100.7 203.0.113.0/28 --reason "' in str(caught.value)
    assert caught.value.exit_status == 3


def test_a_long_refusal_is_cut_short() -> None:
    with pytest.raises(NotInScope) as caught:
        scope().require(targets("198.51.100.1-15,17"))
    assert len(caught.value.networks) == 5
    with pytest.raises(NotInScope, match=r"and 3 more networks.*\.\.\. --reason") as caught:
        scope().require(targets("198.51.100.1,3,5,7,9,11,13,15"))
    assert len(caught.value.networks) == 8
    assert "198.51.100.11" not in str(caught.value)


def test_permitted_is_made_by_scope_alone() -> None:
    held = targets("127.0.0.1")
    for key in (None, object()):
        with pytest.raises(TypeError):
            Permitted(held, "scope", key)
    permitted = scope().require(held)
    with pytest.raises(AttributeError):
        permitted.targets = targets("198.51.100.7")
    with pytest.raises(AttributeError):
        del permitted.by
    assert permitted.targets is held
    assert permitted.by == "scope"


def test_waived_targets_are_held_to_themselves() -> None:
    permitted = Scope.waive(targets("198.51.100.7"))
    assert permitted.by == "--authorized"
    assert permitted.allows(4, pack("198.51.100.7", "198.51.100.8", "127.0.0.1")).tolist() == [True, False, False]


def test_the_gate_lets_targets_pass_and_nothing_else() -> None:
    permitted = scope("198.51.100.0/24", "2001:db8::/64").require(targets("198.51.100.4/30", "2001:db8::5", "2001:db8::5:80"))
    assert permitted.allows(4, pack("198.51.100.3", "198.51.100.4", "198.51.100.7", "198.51.100.8")).tolist() == [
        False,
        True,
        True,
        False,
    ]
    asked6 = pack("2001:db8::5", "2001:db8::6", "::ffff:198.51.100.4", "2001:db8:0:1::5")
    assert permitted.allows(6, asked6).tolist() == [True, False, False, False]
    assert permitted.allows(4, np.zeros((0, 4), dtype=np.uint8)).tolist() == []
    assert scope().require(targets("127.0.0.1")).allows(6, asked6).tolist() == [False] * 4


NETWORKS = st.tuples(st.sampled_from(["198.51.100.0", "2001:db8::"]), st.integers(0, 63), st.integers(0, 6)).map(
    lambda p: ip_network((int(ip_address(p[0])) + p[1], ip_address(p[0]).max_prefixlen - p[2]), strict=False)
)


@given(st.lists(NETWORKS, max_size=4), st.lists(NETWORKS, min_size=1, max_size=4))
def test_against_brute_force(granted: list[Network], wanted: list[Network]) -> None:
    missing = [a for n in wanted for a in n if not any(a in g for g in granted if g.version == a.version)]
    expected = [
        *collapse_addresses(a for a in missing if a.version == 4),
        *collapse_addresses(a for a in missing if a.version == 6),
    ]
    assert scope(*map(str, granted)).refused(targets(*map(str, wanted))) == expected


def test_texts() -> None:
    assert network_text("198.51.100.7/32") == "198.51.100.7"
    assert network_text(ip_network("2001:db8::7/128")) == "2001:db8::7"
    assert network_text("2001:db8::/32") == "2001:db8::/32"
    assert short_list(["198.51.100.7/32"]) == "198.51.100.7"
    assert str(unmapped_network(ip_network("::ffff:0:0/96"))) == "0.0.0.0/0"
    assert str(unmapped_network(ip_network("::/95"))) == "::/95"


@pytest.mark.parametrize(("hosts", "word"), [("203.0.113.5", "it"), ("203.0.113.5 203.0.113.9", "them")])
def test_a_refusal_names_the_command_and_counts(hosts: str, word: str) -> None:
    with pytest.raises(NotInScope) as caught:
        scope().require(targets(hosts))
    assert f"if you may scan {word}, type: hatoba scope add {hosts} --reason " in str(caught.value)
