"""Hosts that are not next door: a router on the way refuses, a lossy way loses."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from hatoba.lab import Host
from hatoba.lab.topologies import truth_host
from tests.labs import MakeLab
from tests.real_scans import scan

pytestmark = pytest.mark.peer("nft")

ROUTER, TARGET = {4: "198.18.1.254", 6: "fd00:18:1::fe"}, {4: "198.18.2.2", 6: "fd00:18:2::2"}
_FORWARD_RULES = """
table inet fence {
  chain forward {
    type filter hook forward priority 0;
    tcp dport 25 reject with icmpx type admin-prohibited
    tcp dport 81 reject with icmpx type host-unreachable
    tcp dport 110 reject with icmpx type port-unreachable
  }
}
"""
_LOSS_RULES = """
table inet loss {
  chain input {
    type filter hook input priority -10;
    numgen random mod 100 < 5 drop
  }
}
"""


@dataclass(frozen=True)
class Site:
    scanner: Host
    target: Host


@pytest.fixture
def behind_a_router(make_lab: MakeLab) -> Site:
    """scanner - router - target; the router refuses three ports."""
    lab = make_lab()
    forward = {"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1}
    unlimited = {"net.ipv4.icmp_ratelimit": 0, "net.ipv6.icmp.ratelimit": 0}
    scanner = lab.add_host(
        "scanner", ["198.18.1.1/24", "fd00:18:1::1/64"], routes=[f"default via {ROUTER[4]}", f"default via {ROUTER[6]}"]
    )
    router = lab.add_host("router", sysctls={**forward, **unlimited}, rules=_FORWARD_RULES)
    target = lab.add_host(
        "target",
        [f"{TARGET[4]}/24", f"{TARGET[6]}/64"],
        routes=["default via 198.18.2.254", "default via fd00:18:2::fe"],
    )
    lab.link(scanner, router, second_addresses=[f"{ROUTER[4]}/24", f"{ROUTER[6]}/64"])
    lab.link(target, router, second_addresses=["198.18.2.254/24", "fd00:18:2::fe/64"])
    target.listen([22, 25])
    return Site(scanner, target)


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("method", ["--syn", "--connect"])
def test_the_evidence_names_who_refused(behind_a_router: Site, method: str, family: int) -> None:
    address, router = TARGET[family], ROUTER[family]
    done = scan(behind_a_router.scanner, method, "-p", "22,23,25,81,110", address)
    assert done.status == 0, done.errors
    told = {
        port: (line["state"], line["reason"], line["evidence"]["answer"], line["evidence"]["responder"])
        for port, line in done.ports.items()
    }
    syn = method == "--syn"
    kinds = {25: ("admin-prohibited", "icmp 3/13"), 81: ("host-unreach", "icmp 3/1"), 110: ("port-unreach", "icmp 3/3")}
    if family == 6:
        kinds = {25: ("admin-prohibited", "icmp6 1/1"), 81: ("addr-unreach", "icmp6 1/3"), 110: ("port-unreach", "icmp6 1/4")}
    assert told == {
        22: ("open", "syn-ack", "syn-ack" if syn else "connected", address),
        23: ("closed", "reset" if syn else "conn-refused", "rst" if syn else "refused", address),
        **{port: ("filtered", reason, answer, router) for port, (reason, answer) in kinds.items()},
    }
    assert done.of_type("host")[0]["state"] == "up"


@pytest.mark.parametrize("method", ["--syn", "--connect"])
def test_a_host_that_a_router_alone_speaks_for_is_not_up(behind_a_router: Site, method: str) -> None:
    done = scan(behind_a_router.scanner, method, "-p", "25,81", TARGET[4])
    assert {line["evidence"]["responder"] for line in done.ports.values()} == {ROUTER[4]}
    assert [line["state"] for line in done.of_type("host")] == ["unknown"]
    assert done.end["hosts"] == {"up": 0, "down": 0, "total": 1}


@pytest.mark.slow
@pytest.mark.parametrize(("method", "ports"), [("syn", "1-65535"), ("connect", "1-1000,20000-20099,30000-30010")])
def test_one_packet_of_twenty_is_lost(make_lab: MakeLab, method: str, ports: str) -> None:
    site = truth_host(make_lab())
    site.target.rules(_LOSS_RULES)
    done = scan(site.scanner, f"--{method}", "-p", ports, site.address())
    truth = site.expected(4, method)
    told = {port: (line["state"], line["reason"]) for port, line in done.ports.items()}
    assert {port: what for port, what in told.items() if what != tuple(part.word for part in truth[port])} == {}
    assert (done.status, len(told)) == (0, done.lines[0]["scans"][0]["port_count"])
    if method == "syn":  # a lost SYN of connect()'s is the kernel's to repeat, and its secret
        assert 0.03 < done.end["loss"] < 0.07
    assert done.end["expected_missed"] < 0.01
