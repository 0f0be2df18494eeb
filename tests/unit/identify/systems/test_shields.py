from __future__ import annotations

import pytest

from hatoba.identify.systems.shields import Fate, fates, firewall
from hatoba.identify.systems.traits import heard_from
from hatoba.packets.layouts import ACK, FIN, SYN
from hatoba.system import Shield, ShieldKind
from tests.personalities import Personality
from tests.systems_seen import seen

ANY, FIN_ACK, SYN_ACK = (SYN, ACK, FIN | ACK, SYN | ACK), FIN | ACK, SYN | ACK


def shield(swallowed: set[tuple[int, int]], filtered: tuple[int, ...] = (25,)) -> Shield | None:
    return firewall(heard_from(seen(Personality(swallowed=frozenset(swallowed)), filtered=filtered)))


def all_of(port: int) -> set[tuple[int, int]]:
    return {(port, flags) for flags in ANY}


def test_nothing_in_front() -> None:
    assert shield(set(), filtered=()) is None


@pytest.mark.parametrize("swallowed", [(22, ACK), (22, SYN_ACK), (23, ACK), (23, FIN_ACK), (23, SYN_ACK)])
def test_what_knows_connections_swallows_strangers_on_ports_that_answer(swallowed: tuple[int, int]) -> None:
    found = shield({swallowed}, filtered=())
    assert found is not None
    assert (found.kind, found.ports) == (ShieldKind.STATEFUL_FIREWALL, (swallowed[0],))
    assert "silence" in found.evidence[0].seen


def test_a_listener_that_drops_fin_itself_is_no_firewall() -> None:
    """As systems of old BSD descent do."""
    assert shield({(22, FIN_ACK)}, filtered=()) is None


@pytest.mark.parametrize("passing", [ACK, FIN_ACK])
def test_what_looks_at_packets_one_by_one_lets_strangers_through(passing: int) -> None:
    found = shield(all_of(25) - {(25, passing)})
    assert found is not None
    assert (found.kind, found.ports) == (ShieldKind.PACKET_FILTER, (25,))


def test_what_swallows_all_on_some_ports_may_be_either() -> None:
    found = shield(all_of(25) | all_of(26), filtered=(25, 26))
    assert found is not None
    assert (found.kind, found.ports) == (ShieldKind.FILTER, (25, 26))


def test_what_knows_connections_on_one_port_does_on_all() -> None:
    found = shield(all_of(25) | {(22, SYN_ACK)})
    assert found is not None
    assert found.kind is ShieldKind.STATEFUL_FIREWALL


def test_one_answer_of_several_is_enough() -> None:
    observations = seen(Personality())
    lost = [one if number % 3 else one.__class__(one.probe, one.port, one.sent_s) for number, one in enumerate(observations)]
    assert fates(heard_from(lost))[22]["syn-full"] is Fate.SYN_ACK
