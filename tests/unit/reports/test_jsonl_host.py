from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from hatoba.model import Host
from hatoba.reports.jsonl_host import host_facts
from tests.unit.reports.scans import SERVICES, doubtful, hosts_only


def facts(events: list[Any]) -> list[dict[str, Any]]:
    return [host_facts(event, SERVICES.vendor) for event in events if isinstance(event, Host)]


def test_hardware_addresses_and_their_vendors() -> None:
    raspberry, made_up, nobody, _far = facts(hosts_only())
    assert raspberry == {"mac": "b8:27:eb:00:00:01", "vendor": "Raspberry Pi Foundation"}
    assert made_up == {"mac": "52:54:00:12:34:56"}
    assert nobody == {}


def test_a_vendor_is_text_that_others_wrote() -> None:
    host = next(event for event in hosts_only() if isinstance(event, Host))
    assert host_facts(host, lambda _mac: "\ud800")["vendor"] == "\ufffd" * 3


def test_the_way_has_a_gap_where_nobody_told() -> None:
    assert facts(hosts_only())[3]["trace"] == {
        "method": "icmp-echo",
        "port": 0,
        "hops": [
            {"ttl": 1, "address": "198.18.0.1", "rtt_s": 0.0004},
            {"ttl": 2, "address": None},
            {"ttl": 3, "address": "198.18.2.2", "rtt_s": 0.0115},
        ],
    }


def test_doubts() -> None:
    proxy, tarpit, everything = facts(doubtful())
    assert (proxy["deception"], proxy["held_ports"], proxy["timed_out"]) == ("syn-proxy", [22, 80], True)
    assert proxy["unsteady"] == [{"protocol": "tcp", "port": 23, "states": ["closed", "open"]}]
    assert proxy["vanishing"] == {
        "protocol": "tcp",
        "port": 25,
        "hop": {"ttl": 1, "address": "198.18.0.1", "rtt_s": 0.0004},
    }
    assert proxy["tried_ports"] == [22, 25, 80, 61_000]
    assert tarpit == {
        "deception": "tarpit",
        "tried_ports": [22, 61_000],
        "held_ports": [],
        "vanishing": {"protocol": "tcp", "port": 25, "hop": None},
    }
    assert everything == {"deception": "answers-everything"}, "no connection was tried: that is not the same as none that held"


def test_who_gave_the_reason_and_how_its_packet_arrived() -> None:
    address = ip_address("198.18.0.2")
    assert facts([Host(address, (), "down", "host-unreach", responder=ip_address("198.18.0.1"))]) == [
        {"responder": "198.18.0.1"}
    ]
    assert facts([Host(address, (), "up", "reset", ttl=63)]) == [{"ttl": 63}]
