"""``-O`` on real packets: Linux as itself, others by those who answer like them, and what stands in front of a host.

One scan asks all of them, over both families, and each test looks at one host of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from hatoba.lab import Host, Lab
from tests import needs
from tests.net.impersonator import HUSH
from tests.real_scans import Line, scan

pytestmark = pytest.mark.peer("nft")

PORTS = "22,25,80,443"
LISTENING = (22, 80)
STATEFUL = """
table inet wall {
  chain input {
    type filter hook input priority filter
    ct state invalid drop
    ct state established,related accept
    meta l4proto { icmp, ipv6-icmp } accept
    tcp dport { 22, 80 } accept
    meta l4proto tcp drop
  }
}
"""
SYN_ALONE = """
table inet wall {
  chain input {
    type filter hook input priority filter
    tcp dport 25 tcp flags & (syn|ack) == syn drop
  }
}
"""
PORT_ALONE = "table inet wall { chain input { type filter hook input priority filter; tcp dport 25 drop; }; }"
FORWARD = "table ip nat { chain prerouting { type nat hook prerouting priority dstnat; tcp dport 80 dnat to 198.18.1.2; }; }"
BALANCE = """
table ip nat {
  chain prerouting {
    type nat hook prerouting priority dstnat
    tcp dport 80 dnat to numgen inc mod 2 map { 0 : 198.18.1.2, 1 : 198.18.1.3 }
  }
}
"""
FORGED = {"windows-10": 11, "freebsd-14": 12, "openbsd": 14, "noise": 13}
WALLED = {"stateful": (20, STATEFUL), "syn-alone": (21, SYN_ALONE), "port-alone": (22, PORT_ALONE)}


def _addresses(number: int) -> list[str]:
    return [f"198.18.0.{number}/24", f"fd00:18::{number}/64"]


def _behind(lab: Lab, name: str, number: int, rules: str) -> list[Host]:
    """A router with one port of its own that hands another on to hosts behind it; the second of those is a station further."""
    router = lab.add_host(name, _addresses(number), sysctls={"net.ipv4.ip_forward": 1}, rules=rules)
    router.listen([22])
    first = lab.add_host(f"{name}-first", ["198.18.1.2/24"], routes=["default via 198.18.1.1"])
    second = lab.add_host(f"{name}-second", ["198.18.1.3/24"], routes=["default via 198.18.1.1"])
    second.sysctl({"net.ipv4.ip_default_ttl": 63})
    for host in (first, second):
        host.listen([80])
    return [router, first, second]


@pytest.fixture(scope="module")
def told() -> Iterator[dict[tuple[str, int], Line]]:
    """What was told of each host, by its name and the family."""
    needs.require_lab()
    needs.require_program("nft")
    with Lab("systems") as lab:
        scanner = lab.add_host("scanner", _addresses(1))
        numbers = {"linux": 10, **FORGED, **{name: number for name, (number, _rules) in WALLED.items()}}
        linux = lab.add_host("linux", _addresses(10))
        forged = [lab.add_host(name, _addresses(number), rules=HUSH) for name, number in FORGED.items()]
        walled = [lab.add_host(name, _addresses(number), rules=rules) for name, (number, rules) in WALLED.items()]
        nat, balancer = _behind(lab, "nat", 30, FORWARD), _behind(lab, "balancer", 31, BALANCE)
        lab.bridge("street", [scanner, linux, *forged, *walled, nat[0], balancer[0]])
        for name, hosts in (("yard-a", nat), ("yard-b", balancer)):
            lab.bridge(name, hosts, {hosts[0].name: ["198.18.1.1/24"]})
        for host in (linux, *walled):
            host.listen(LISTENING)
        for host in forged:
            host.serve([sys.executable, "-m", "tests.net.impersonator", "eth0", host.name], ready=r"^ready$")
        numbers |= {"nat": 30, "balancer": 31}
        names = {f"198.18.0.{number}": (name, 4) for name, number in numbers.items()}
        names |= {f"fd00:18::{number}": (name, 6) for name, number in numbers.items() if number < 30}
        done = scan(scanner, "-O", "-Pn", "-p", PORTS, "--explain", "-oN", "/dev/stderr", *names)
        assert done.status == 0, done.errors
        found: dict[tuple[str, int], Line] = {names[line["address"]]: line["systems"] for line in done.of_type("host")}
        found["explained", 0] = {"text": " ".join(done.errors.split())}
        yield found


def evidence(systems: Line) -> dict[str, Any]:
    return {trait["trait"]: trait["seen"] for trait in systems["found"][0]["evidence"]}


def shields(systems: Line) -> dict[str, list[int]]:
    return {shield["kind"]: shield.get("ports", []) for shield in systems.get("shields", ())}


@pytest.mark.parametrize("family", [4, 6])
def test_linux_as_itself_with_the_evidence(told: dict[tuple[str, int], Line], family: int) -> None:
    systems = told["linux", family]
    assert systems["ruling"] == "told"
    (system,) = systems["found"]
    assert (system["name"], system["confidence"]) == ("Linux 4.19 to 7.x", 10)
    assert evidence(systems)["options"] == "mss sack ts nop ws"
    assert shields(systems) == {}


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize(
    ("name", "system"),
    [("windows-10", "Windows 10, 11 or Server 2019 to 2025"), ("freebsd-14", "FreeBSD 12 to 15"), ("openbsd", "OpenBSD")],
)
def test_who_answers_like_another_system_is_told_as_that(
    told: dict[tuple[str, int], Line], name: str, system: str, family: int
) -> None:
    assert [found["name"] for found in told[name, family]["found"]] == [system]


@pytest.mark.parametrize("family", [4, 6])
def test_noise_can_t_be_told(told: dict[tuple[str, int], Line], family: int) -> None:
    assert told["noise", family]["ruling"] in ("unknown", "too-little")
    assert told["noise", family]["found"] == []


@pytest.mark.parametrize("family", [4, 6])
def test_walls(told: dict[tuple[str, int], Line], family: int) -> None:
    assert [*shields(told["stateful", family])] == ["stateful-firewall"]
    assert shields(told["syn-alone", family]) == {"packet-filter": [25]}
    assert shields(told["port-alone", family]) == {"filter": [25]}
    for name in WALLED:
        assert told[name, family]["found"][0]["family"] == "Linux"


def test_a_wall_is_explained(told: dict[tuple[str, int], Line]) -> None:
    text = told["explained", 0]["text"]
    assert "In front of it: a stateful firewall." in text
    assert "syn syn-ack, ack rst, fin-ack silence, syn-ack silence" in text


def test_a_port_that_a_router_hands_on(told: dict[tuple[str, int], Line]) -> None:
    systems = told["nat", 4]
    assert systems["ruling"] == "several"
    assert sorted(tuple(found["ports"]) for found in systems["found"]) == [(22,), (80,)]
    assert [*shields(systems)] == ["port-forward"]


def test_a_port_that_a_balancer_shares_out(told: dict[tuple[str, int], Line]) -> None:
    systems = told["balancer", 4]
    assert systems["ruling"] == "several"
    assert {tuple(found["ports"]) for found in systems["found"]} == {(22,), (80,)}
    assert len(systems["found"]) == 3
    assert shields(systems) == {"load-balancer": [80]}
