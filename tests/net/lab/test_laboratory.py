"""A lab joins hosts by links, bridges and routers."""

from __future__ import annotations

from ipaddress import ip_interface

import pytest

from hatoba.lab import MARK, Host, Lab, LabError
from tests.net.conftest import MakeLab
from tests.net.lab_pair import pair

CONNECT = "tests.net.lab_calls:connect"
FAMILIES = [pytest.param(4, id="ipv4"), pytest.param(6, id="ipv6")]


def test_names_of_hosts_are_known(make_lab: MakeLab) -> None:
    first, second = pair(make_lab())
    second.listen([80])
    assert first.call(CONNECT, "second", 80) == "connected"


@pytest.mark.parametrize("version", FAMILIES)
def test_bridge_joins_three_hosts(make_lab: MakeLab, version: int) -> None:
    lab = make_lab()
    hosts = [lab.add_host(name, [f"198.18.0.{n}/24", f"fd00:18::{n}/64"]) for n, name in enumerate("abc", 1)]
    lab.bridge("lan", hosts)
    for host in hosts:
        host.listen([80])
    reached = [a.call(CONNECT, b.address(version), 80) for a in hosts for b in hosts if a is not b]
    assert reached == ["connected"] * 6


def routed(lab: Lab, forward: bool) -> tuple[Host, Host]:
    near = lab.add_host("near", ["198.18.0.2/24", "fd00:18::2/64"], routes=["default via 198.18.0.1", "default via fd00:18::1"])
    far = lab.add_host(
        "far", ["198.18.1.2/24", "fd00:18:1::2/64"], routes=["default via 198.18.1.1", "default6 via fd00:18:1::1"]
    )
    router = lab.add_host("router", sysctls={"net.ipv4.ip_forward": int(forward), "net.ipv6.conf.all.forwarding": int(forward)})
    lab.link(router, near, first_addresses=["198.18.0.1/24", "fd00:18::1/64"])
    lab.link(router, far, first_addresses=["198.18.1.1/24", "fd00:18:1::1/64"])
    return near, far


@pytest.mark.parametrize("version", FAMILIES)
@pytest.mark.parametrize("forward", [True, False], ids=["forwards", "does not forward"])
def test_router_forwards_if_told_to(make_lab: MakeLab, version: int, forward: bool) -> None:
    near, far = routed(make_lab(), forward)
    far.listen([80])
    assert (near.call(CONNECT, far.address(version), 80, 5 if forward else 0.2) == "connected") is forward


@pytest.mark.parametrize("version", FAMILIES)
def test_link_goes_down_and_up_again_with_addresses_and_routes(make_lab: MakeLab, version: int) -> None:
    near, far = routed(make_lab(), True)
    far.listen([80])
    link = near.links[0]
    link.down(near)
    assert near.call(CONNECT, far.address(version), 80, 0.2) in ("ENETUNREACH", "EADDRNOTAVAIL")
    link.up()
    assert near.call(CONNECT, far.address(version), 80) == "connected"


def test_carrier_is_lost_where_the_other_end_goes_down(make_lab: MakeLab) -> None:
    first, second = pair(make_lab())
    second.listen([80])
    second.links[0].down(second)
    assert first.call(CONNECT, "198.18.0.2", 80, 0.2) != "connected"
    second.links[0].up()
    assert first.call(CONNECT, "198.18.0.2", 80) == "connected"


def test_interfaces_are_marked_and_shown_in_sys(make_lab: MakeLab) -> None:
    first, _second = pair(make_lab("marks"))
    done = first.run(["cat", "/sys/class/net/eth0/ifalias"])
    assert done.stdout.strip() == f"{MARK} marks first eth0"
    assert first.call("tests.net.lab_calls:about_itself", "hello") == {
        "greeting": "hello",
        "name": "first",
        "interfaces": ["eth0", "lo"],
    }


def test_a_host_sees_nothing_of_the_machine(make_lab: MakeLab) -> None:
    first, _second = pair(make_lab())
    assert first.call(CONNECT, "192.0.2.1", 80) == "ENETUNREACH"
    processes = first.run(["sh", "-c", "echo /proc/[0-9]*"]).stdout.split()
    assert len(processes) <= 3, processes


def test_fifty_hosts(make_lab: MakeLab) -> None:
    lab = make_lab()
    hosts = [lab.add_host(f"host{n}", [f"198.18.0.{n}/24", f"fd00:18::{n}/64"]) for n in range(1, 51)]
    lab.bridge("lan", hosts)
    hosts[49].listen([80])
    assert hosts[0].call(CONNECT, hosts[49].address(6), 80) == "connected"
    assert hosts[24].call(CONNECT, "host50", 80) == "connected"
    assert {ip_interface(a).ip for host in hosts for a in host.addresses if a.version == 4} == {
        ip_interface(f"198.18.0.{n}").ip for n in range(1, 51)
    }


@pytest.mark.parametrize("name", ["", "Web", "-x", "a b", "x" * 40, "../up"])
def test_bad_host_name(make_lab: MakeLab, name: str) -> None:
    with pytest.raises(LabError, match="can't name a host"):
        make_lab().add_host(name)


def test_names_are_given_once(make_lab: MakeLab) -> None:
    lab = make_lab()
    one = lab.add_host("one")
    lab.bridge("lan", [one])
    with pytest.raises(LabError, match="already has a host named one"):
        lab.add_host("one")
    with pytest.raises(LabError, match="can't name a bridge"):
        lab.bridge("lan", [])
