"""Who is on a link: thousands of addresses, real kernels that answer, links that lose, and machines that lie."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from scapy.layers.l2 import ARP, Ether

from hatoba.lab import Host, Lab
from hatoba.lab.topologies.crowd import NETWORKS, crowd
from tests import needs
from tests.net.conftest import MakeLab
from tests.net.neighbour_calls import MANY
from tests.real_scans import scan

CALLS = "tests.net.neighbour_calls:"
BOTH = pytest.mark.parametrize("family", [pytest.param(4, id="ipv4"), pytest.param(6, id="ipv6")])


def pair(lab: Lab, first: list[str], second: list[str]) -> tuple[Host, Host]:
    us, them = lab.add_host("us", first), lab.add_host("them", second)
    lab.link(us, them)
    return us, them


def ip(host: Host, *words: str) -> None:
    done = host.run(["ip", *words])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("loss_percent", [0, pytest.param(5, marks=pytest.mark.slow)])
@BOTH
def test_300_hosts_among_65536_addresses(make_lab: MakeLab, family: int, loss_percent: int) -> None:
    if loss_percent:
        needs.require_program("nft")
    site = crowd(make_lab(), loss_percent=loss_percent)
    told = site.scanner.call(CALLS + "search", NETWORKS[family], site.addresses[family][0])
    mac = site.host.links[0].end(site.host).mac
    assert told["found"] == dict.fromkeys(site.addresses[family], mac)
    assert (told["drops"], told["problems"], told["untimed"]) == (0, [], 0)
    assert 0 <= told["rtt_s"][0] < 0.1, "on a busy machine most take longer; when each left is known to some microseconds only"
    assert told["sent"] <= (8 if loss_percent else 3) * 65_536
    assert told["signs"] == sorted(told["signs"], reverse=True)
    assert len(told["signs"]) > 5


def test_the_users_pace_holds(make_lab: MakeLab) -> None:
    us, _them = pair(make_lab(), ["198.18.0.1/24"], ["198.18.0.2/24"])
    told = us.call(CALLS + "search", "198.18.0.0/26", "198.18.0.2", 200.0)
    assert list(told["found"]) == ["198.18.0.2"]
    assert told["sent"] / told["took_s"] <= 200.0


@BOTH
def test_one_machine_that_answers_for_all(make_lab: MakeLab, family: int) -> None:
    """Proxy ARP: nothing wrong with it, and no answer lost though thousands come at once."""
    us, them = pair(make_lab(), ["198.18.0.1/16", "fd00:18::1/112"], ["198.18.0.2/16", "fd00:18::2/112"])
    if family == 4:
        them.add_route("local 198.18.128.0/17")
        network, there = "198.18.128.0/18", 16_384
    else:
        batch = "\n".join(f"address add fd00:18::{number:x}/112 dev eth0 nodad" for number in range(0x200, 0x400))
        done = them.run(["ip", "-batch", "-"], stdin=batch)
        assert done.returncode == 0, done.stderr
        network, there = "fd00:18::200/119", 512
    told = us.call(CALLS + "search", network, "198.18.0.2" if family == 4 else "fd00:18::2")
    assert set(told["found"].values()) == {them.links[0].end(them).mac}
    assert len(told["found"]) == there
    assert (told["drops"], told["problems"]) == (0, [])


@BOTH
def test_a_vlan(make_lab: MakeLab, family: int) -> None:
    """An interface with a tag is a link of its own: who has no tag, or another one, is not on it."""
    us, them = pair(make_lab(), [], [])
    if us.run(["ip", "link", "add", "link", "eth0", "name", "try", "type", "vlan", "id", "4"]).returncode:
        needs.beyond_reach("this kernel has no VLANs (8021q)")
    for host, last in ((us, 1), (them, 2)):
        for tag in (5, 6):
            ip(host, "link", "add", "link", "eth0", "name", f"eth0.{tag}", "type", "vlan", "id", str(tag))
            ip(host, "link", "set", f"eth0.{tag}", "up")
            host.add_address(f"eth0.{tag}", f"198.18.{tag}.{last}/24", f"fd00:18:{tag}::{last}/64")
    them.add_address("eth0.6", "198.18.5.77/32", "fd00:18:5::4d/128")
    them.sysctl({"net.ipv4.conf.all.arp_ignore": 1})  # answer for an address on its own link alone
    network, there = ("198.18.5.0/25", "198.18.5.2") if family == 4 else ("fd00:18:5::/121", "fd00:18:5::2")
    told = us.call(CALLS + "search", network, there)
    assert told["link"] == "eth0.5"
    assert told["found"] == {there: them.links[0].end(them).mac}


@BOTH
@pytest.mark.parametrize("state", ["permanent", "stale"])
def test_a_silent_gateway_that_the_kernel_knows(make_lab: MakeLab, family: int, state: str) -> None:
    """It answers no question for its hardware address, but forwards."""
    prefix = "198.18.{}.{}" if family == 4 else "fd00:18:{}::{}"
    lab, bits = make_lab(), 24 if family == 4 else 64
    us = lab.add_host("us", [f"{prefix.format(1, 1)}/{bits}"])
    router = lab.add_host("router", sysctls={"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1})
    them = lab.add_host("them", [f"{prefix.format(2, 2)}/{bits}"], routes=[f"default via {prefix.format(2, 254)}"])
    link = lab.link(us, router, second_addresses=[f"{prefix.format(1, 254)}/{bits}"])
    lab.link(them, router, second_addresses=[f"{prefix.format(2, 254)}/{bits}"])
    us.add_route(f"default via {prefix.format(1, 254)}")
    them.listen([22])
    gateway, near, target = prefix.format(1, 254), prefix.format(1, 7), prefix.format(2, 2)
    if family == 4:
        router.sysctl({"net.ipv4.conf.eth0.arp_ignore": 8})
    else:
        needs.require_program("nft")
        chain = "add table ip6 t; add chain ip6 t in { type filter hook input priority 0; }"
        done = router.run(["nft", f'{chain}; add rule ip6 t in iifname "eth0" icmpv6 type nd-neighbor-solicit drop'])
        assert done.returncode == 0, done.stderr
    ip(router, "neighbour", "replace", prefix.format(1, 1), "lladdr", link.end(us).mac, "dev", "eth0", "nud", "permanent")
    for address in (gateway, near):
        ip(us, "neighbour", "replace", address, "lladdr", link.end(router).mac, "dev", "eth0", "nud", state)
    told = scan(us, "--syn", "-p", "22", target)
    assert {port: line["state"] for port, line in told.ports.items()} == {22: "open"}
    (host,) = scan(us, "--syn", "-p", "22", near).of_type("host")
    assert host["state"] == ("down" if state == "stale" else "unknown")


def test_a_bridge_of_our_own(make_lab: MakeLab) -> None:
    us, them = pair(make_lab(), [], ["198.18.0.2/24"])
    ip(us, "link", "add", "bridge0", "type", "bridge")
    ip(us, "link", "set", "eth0", "master", "bridge0")
    ip(us, "link", "set", "bridge0", "up")
    us.add_address("bridge0", "198.18.0.1/24")
    told = us.call(CALLS + "search", "198.18.0.0/28", "198.18.0.2")
    assert (told["link"], list(told["found"])) == ("bridge0", ["198.18.0.2"])
    assert list(told["found"].values()) == [them.links[0].end(them).mac]


@BOTH
def test_an_interface_that_shares_its_card(make_lab: MakeLab, family: int) -> None:
    """A macvlan: answers come for its hardware address, not for the card's."""
    us, them = pair(make_lab(), [], ["198.18.0.2/24", "fd00:18::2/64"])
    ip(us, "link", "add", "link", "eth0", "name", "shared", "type", "macvlan", "mode", "bridge")
    ip(us, "link", "set", "shared", "up")
    us.add_address("shared", "198.18.0.1/24", "fd00:18::1/64")
    network, there = ("198.18.0.0/28", "198.18.0.2") if family == 4 else ("fd00:18::/124", "fd00:18::2")
    told = us.call(CALLS + "search", network, there)
    assert (told["link"], told["found"]) == ("shared", {there: them.links[0].end(them).mac})


def test_link_local_addresses_with_a_zone(make_lab: MakeLab) -> None:
    """The same address on two links is two hosts."""
    lab = make_lab()
    us = lab.add_host("us")
    others = [lab.add_host(name) for name in ("left", "right")]
    for other in others:
        lab.link(us, other)
        other.add_address("eth0", "fe80::18:2/64")
    for device in ("eth0", "eth1"):
        us.add_address(device, "fe80::18:1/64")
    for device, other in zip(("eth0", "eth1"), others, strict=True):
        told = us.call(CALLS + "search", "fe80::18:0/124", "fe80::18:2", None, device)
        assert told["link"] == device
        assert told["found"] == {"fe80::18:2": other.links[0].end(other).mac}


def test_two_machines_with_one_address_are_told_of(make_lab: MakeLab) -> None:
    lab = make_lab()
    hosts = [lab.add_host(name) for name in ("us", "first", "second")]
    lab.bridge("switch", hosts)
    us, first, second = hosts
    us.add_address("eth0", "198.18.0.1/24")
    for host in (first, second):
        host.add_address("eth0", "198.18.0.9/24")
    told = us.call(CALLS + "search", "198.18.0.0/28", "198.18.0.9")
    macs = {host.links[0].end(host).mac for host in (first, second)}
    assert list(told["found"]) == ["198.18.0.9"]
    assert told["found"]["198.18.0.9"] in macs
    (sentence,) = told["problems"]
    assert sentence.startswith("two machines answer for 198.18.0.9, ")
    assert all(mac in sentence for mac in macs)


FORGED = "02:00:00:00:00:66"
FORGERIES = {
    "gratuitous": {"psrc": "198.18.0.5", "pdst": "198.18.0.5", "hwdst": "ff:ff:ff:ff:ff:ff"},
    "to another machine": {"psrc": "198.18.0.5", "pdst": "198.18.0.1", "hwdst": "02:00:00:00:00:77"},
    "to another address": {"psrc": "198.18.0.5", "pdst": "198.18.0.77"},
    "beyond what is asked for": {"psrc": "198.18.0.200", "pdst": "198.18.0.1"},
    "a request": {"psrc": "198.18.0.5", "pdst": "198.18.0.1", "op": 1},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_who_only_claims_an_address_does_not_have_it(make_lab: MakeLab, forgery: str) -> None:
    """It tells so a thousand times a second while we look."""
    us, them = pair(make_lab(), ["198.18.0.1/24"], ["198.18.0.2/24"])
    fields = {"op": 2, "hwsrc": FORGED, "hwdst": us.links[0].end(us).mac, **FORGERIES[forgery]}
    frame = bytes(Ether(src=FORGED, dst="ff:ff:ff:ff:ff:ff") / ARP(**fields))
    command = [sys.executable, "-m", "tests.net.forger", "eth0", frame.hex()]
    forger = them.serve(command, ready="^ready$", env={"PYTHONPATH": str(Path(__file__).parents[2])})
    try:
        told = us.call(CALLS + "search_beside_a_forger", "198.18.0.0/28", "198.18.0.2", FORGED)
    finally:
        forger.kill()
    assert told["forged"] > MANY
    assert told["found"] == {"198.18.0.2": them.links[0].end(them).mac}
    assert told["problems"] == []


@pytest.mark.parametrize("descriptors", [1100])
def test_with_a_thousand_descriptors_open(make_lab: MakeLab, descriptors: int) -> None:
    us, _them = pair(make_lab(), ["198.18.0.1/24"], ["198.18.0.2/24"])
    assert list(us.call(CALLS + "search_with_many_descriptors", "198.18.0.0/28", "198.18.0.2", descriptors)) == ["198.18.0.2"]


@pytest.mark.parametrize("what", ["down", "gone", "no carrier"])
@BOTH
def test_a_link_that_breaks_is_one_sentence(make_lab: MakeLab, family: int, what: str) -> None:
    us, them = pair(make_lab(), ["198.18.0.1/16", "fd00:18::1/112"], ["198.18.0.2/16", "fd00:18::2/112"])
    if what == "no carrier":
        ip(them, "link", "set", "eth0", "down")
    network, there = ("198.18.0.0/24", "198.18.0.2") if family == 4 else ("fd00:18::/120", "fd00:18::2")
    sentence = us.call(CALLS + "search_on_a_link_that_breaks", network, there, what)
    assert sentence.startswith("interface eth0 does not work: ")
    assert sentence.endswith("; check it with: ip link show eth0")
