from __future__ import annotations

import pytest

from hatoba.identify.systems.bodies import divided, echo_ttl, open_ports
from hatoba.identify.systems.traits import heard_from
from tests.personalities import Personality, personality
from tests.systems_seen import seen


def test_one_host_is_one_body() -> None:
    found = divided(heard_from(seen(Personality(), open_ports=(22, 80))))
    assert [sorted(body.ports) for body in found.bodies] == [[22, 80]]
    assert (found.evidence, found.shared_port, found.own_ttl) == ((), None, None)


def test_nothing_open_is_none() -> None:
    heard = heard_from(seen(Personality(), open_ports=()))
    assert open_ports(heard) == []
    assert divided(heard).bodies == ()
    assert echo_ttl(heard) == 64


def test_a_clock_for_each_connection_says_nothing_of_hosts() -> None:
    """Offsets that are drawn anew differ between ports as they do between connections to one."""
    hosts = {0: personality("openbsd"), 80: personality("openbsd")}
    assert len(divided(heard_from(seen(hosts))).bodies) == 1


def test_rsts_that_begin_elsewhere_come_from_no_other_distance() -> None:
    """Some systems send RSTs with another time to live than the rest."""
    assert divided(heard_from(seen(Personality(ttl=64, rst_ttl=255)))).own_ttl is None
    assert divided(heard_from(seen(Personality(ttl=63, rst_ttl=64)))).own_ttl == 64


def test_many_kinds_of_answers_from_one_port_are_noise() -> None:
    assert divided(heard_from(seen(Personality(noisy=True)))).bodies == ()


@pytest.mark.parametrize(
    ("ttls", "count"), [((64, 63), 2), ((128, 127), 2), ((63, 62), 1), ((52, 50), 1), ((52, 49), 2), ((60, 60), 1)]
)
def test_two_ways_to_one_host_differ_by_little(ttls: tuple[int, int], count: int) -> None:
    """Who is on our link has but one."""
    hosts = {0: Personality(ttl=ttls[0]), 80: Personality(ttl=ttls[1])}
    assert len(divided(heard_from(seen(hosts))).bodies) == count


def test_over_one_way_each_station_counts() -> None:
    turns = [Personality(ttl=53), Personality(ttl=52)]

    class Balancer(Personality):
        def answers(self, packet: bytes, now_s: float) -> bytes | None:
            return turns[int(now_s * 10) % 2].answers(packet, now_s)

    found = divided(heard_from(seen(Balancer())))
    assert (found.shared_port, [body.ttl for body in found.bodies][:2]) == (22, [53, 52])


@pytest.mark.parametrize(("ttl", "rst_ttl", "own"), [(63, 64, 64), (51, 52, None), (49, 52, 52)])
def test_refused_from_nearer(ttl: int, rst_ttl: int, own: int | None) -> None:
    assert divided(heard_from(seen(Personality(ttl=ttl, rst_ttl=rst_ttl)))).own_ttl == own
