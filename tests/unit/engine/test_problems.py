from __future__ import annotations

import errno
from ipaddress import ip_address

import pytest
from builders import target_set

from hatoba.engine.problems import contradictions, drops, echoed, no_ways, other_way, rationing, refused
from hatoba.engine.tally import Tally
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.wire.fake import FakeClock, FakeNetwork
from hatoba.wire.faults import Refusals

HOSTS = target_set("198.18.0.0/30", "1")


def test_nothing_to_say() -> None:
    told = [*no_ways({}), *rationing(Tally(), HOSTS), *contradictions(Tally()), *drops(Tally())]
    assert told == []


def test_no_way_names_one_host_and_counts_the_rest() -> None:
    address = ip_address("198.18.0.1")
    assert list(no_ways({"gone": (address, 0)})) == ["no way to 198.18.0.1: gone"]
    assert list(no_ways({"gone": (address, 999_999)})) == ["no way to 198.18.0.1 and 999,999 more: gone"]


def test_rationing_names_the_host_that_it_costs_most_and_the_time() -> None:
    (alone,) = rationing(Tally(rationing={1: 1948}), HOSTS)
    assert alone.startswith(
        "198.18.0.1 rations its ICMP errors, so 1,948 of its silent ports can't be told apart: most are closed"
    )
    assert "closed or filtered" not in alone
    assert "34 min" in alone
    (several,) = rationing(Tally(rationing={1: 5, 2: 20}), HOSTS)
    assert several.startswith("198.18.0.2 and 1 more host ration")
    assert "up to 20" in several


def test_what_can_not_be_told_apart_may_be_protocols() -> None:
    (alone,) = rationing(Tally(rationing={1: 249}), HOSTS, protocols=True)
    assert "so 249 of its silent protocols can't be told apart" in alone
    (several,) = rationing(Tally(rationing={1: 5, 2: 20}), HOSTS, protocols=True)
    assert "and 1 more host ration their ICMP errors, so up to 20 silent protocols of each" in several


def test_counts() -> None:
    assert list(contradictions(Tally(contradictions=2))) == ["2 answers contradicted earlier ones of the same port"]
    (lost,) = drops(Tally(drops=1))
    assert lost.startswith("this machine lost 1 arriving packet;")


def test_pings_that_a_family_has_not() -> None:
    (told,) = echoed(Tally(echoed=True))
    assert "IPv6" in told
    assert list(echoed(Tally())) == []


@pytest.mark.parametrize(("targets", "other"), [(["fe80::9%fake1"], None), (["fe80::9%fake1", "fd00:18::9"], "fd00:18::9")])
def test_a_zone_names_its_own_interface(targets: list[str], other: str | None) -> None:
    built = build_targets(targets, ports=parse_ports("80")).targets
    told = list(other_way("fake1", built, FakeNetwork(lambda probe: [], FakeClock())))
    assert [text.partition(" through")[0] for text in told] == ([f"the routing table reaches {other}"] if other else [])


def test_what_this_machine_refuses_is_one_sentence_for_each_reason() -> None:
    refusals = Refusals()
    for last in (1, 2, 3):
        refusals.add(errno.EHOSTUNREACH, ip_address(f"198.18.0.{last}").packed)
    refusals.add(errno.EPERM, ip_address("fd00:18::1").packed)
    several, alone = refused(refusals)
    assert several.startswith(
        "this machine itself refused 3 probes, the first of them to 198.18.0.1: No route to host; look at"
    )
    assert "ip route get 198.18.0.1" in several
    assert alone.startswith("this machine itself refused 1 probe, to fd00:18::1: Operation not permitted; look at")
    assert list(refused(Refusals())) == []
