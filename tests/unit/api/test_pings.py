"""Which pings look for hosts."""

from __future__ import annotations

import pytest

from hatoba.api.pings import DEFAULT_PORTS, FEW, by_connect, default_pings, ping
from hatoba.errors import UsageError
from hatoba.model import Ping
from hatoba.probes import PINGS


def test_a_few_addresses_are_asked_without_a_ping() -> None:
    for packets in (True, False):
        assert default_pings(FEW, packets, hosts_only=False) == ()
        assert default_pings(FEW + 1, packets, hosts_only=False) == default_pings(1, packets, hosts_only=True) != ()


def test_nmaps_defaults() -> None:
    assert [(one.method, one.ports) for one in default_pings(256, True, hosts_only=False)] == [
        ("icmp-echo", (0,)),
        ("syn", (443,)),
        ("ack", (80,)),
        ("icmp-timestamp", (0,)),
    ]
    assert default_pings(256, False, hosts_only=False) == (Ping("connect", (80, 443)),)


def test_connect_does_for_syn_and_ack() -> None:
    wanted = (Ping("icmp-echo"), Ping("syn", (80, 22)), Ping("ack", (80,)), Ping("connect", (443,)))
    assert by_connect(wanted) == (Ping("icmp-echo"), Ping("connect", (22, 80, 443)))
    assert by_connect([Ping("icmp-echo")]) == (Ping("icmp-echo"),)


@pytest.mark.parametrize(
    ("method", "ports", "asked"),
    [
        ("syn", "", (80,)),
        ("ack", "443,22", (22, 443)),
        ("udp", "", (40125,)),
        ("sctp-init", "", (80,)),
        ("ip-protocol", "", (1, 2, 4)),
        ("ip-protocol", "icmp,47", (1, 47)),
        ("connect", "http", (80,)),
        ("icmp-echo", "", (0,)),
    ],
)
def test_ports_of_a_ping(method: str, ports: str, asked: tuple[int, ...]) -> None:
    assert ping(method, ports) == Ping(method, asked)


def test_every_ping_with_ports_has_its_own() -> None:
    assert set(DEFAULT_PORTS) == {name for name in PINGS if not name.startswith("icmp")} | {"connect"}


@pytest.mark.parametrize(
    ("method", "ports", "words"),
    [
        ("window", "", "there is no ping 'window'; there are: ack, connect"),
        ("icmp-echo", "80", "icmp-echo has no ports"),
        ("syn", "80,U:53", "syn asks by TCP only: leave out the ports of UDP"),
        ("ip-protocol", "300", "protocols of IP run from 0 to 255"),
    ],
)
def test_what_is_no_ping_is_one_sentence(method: str, ports: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        ping(method, ports)
