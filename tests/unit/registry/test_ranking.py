"""The ranking behind -F and --top-ports."""

from __future__ import annotations

import pytest

from hatoba.model import Protocol
from hatoba.registry import ranking_place, ranking_reason, service_name, top_ports
from hatoba.registry.entry import UNKNOWN
from hatoba.registry.ranking import DEFAULT, FAST
from hatoba.registry.store import WITH_PORTS

MATTERS = [80, 443, 22, 21, 23, 25, 53, 110, 143, 445, 3389, 8080, 8443, 3306, 5432, 6379, 27017, 9200, 2375, 11211]
TODAY = [6443, 10250, 2379, 9092, 8883, 1883, 5985, 5986, 5601, 15672, 3000, 5000, 8000, 8888, 9090, 9100, 1433, 1521]


@pytest.mark.parametrize("protocol", WITH_PORTS)
def test_the_whole_order_has_every_port_once(protocol: Protocol) -> None:
    order = top_ports(65536, protocol)
    assert sorted(order) == list(range(65536))
    assert order[-1] == 0


@pytest.mark.parametrize("protocol", WITH_PORTS)
@pytest.mark.parametrize("count", [1, FAST, DEFAULT, 5000])
def test_a_shorter_ranking_begins_a_longer_one(protocol: Protocol, count: int) -> None:
    ports = top_ports(count, protocol)
    assert len(ports) == len(set(ports)) == count
    assert top_ports(65536, protocol)[:count] == ports


def test_the_fast_ports_hold_what_matters() -> None:
    assert set(MATTERS + TODAY) <= set(top_ports(FAST, Protocol.TCP))
    assert {53, 67, 123, 161, 137, 500, 1194, 51820, 5353, 1900, 69, 11211} <= set(top_ports(FAST, Protocol.UDP))


def test_newcomers_find_first_what_they_expect() -> None:
    assert top_ports(3, Protocol.TCP) == (80, 443, 22)
    assert top_ports(1, Protocol.UDP) == (53,)


def test_every_default_port_of_tcp_has_its_reason() -> None:
    for place, port in enumerate(top_ports(DEFAULT, Protocol.TCP), 1):
        assert ranking_reason(port, Protocol.TCP)
        assert ranking_place(port, Protocol.TCP) == place


def test_the_tables_of_the_other_protocols() -> None:
    assert all(ranking_reason(port, Protocol.UDP) for port in top_ports(400, Protocol.UDP))
    assert all(ranking_reason(port, Protocol.SCTP) for port in top_ports(50, Protocol.SCTP))
    assert ranking_reason(5004, Protocol.DCCP)


@pytest.mark.parametrize("protocol", WITH_PORTS)
def test_beyond_the_table_names_come_first_then_numbers(protocol: Protocol) -> None:
    beyond = [port for port in top_ports(65536, protocol) if ranking_place(port, protocol) is None]
    assert all(ranking_reason(port, protocol) is None for port in beyond)
    named = [service_name(port, protocol) != UNKNOWN for port in beyond[:-1]]
    assert named == sorted(named, reverse=True)
    split = named.count(True)
    assert beyond[:split] == sorted(beyond[:split])
    assert beyond[split:-1] == sorted(beyond[split:-1])


@pytest.mark.parametrize("count", [0, -1, 65537])
def test_an_impossible_number_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="no number of ports"):
        top_ports(count, Protocol.TCP)
