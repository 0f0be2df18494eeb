"""Routes, neighbours, rings and raw IP against the kernel itself, between hosts of a lab."""

from __future__ import annotations

import os
from ipaddress import ip_address
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.inet6 import ICMPv6DestUnreach, IPv6
from scapy.packet import Packet

from hatoba.lab import Host
from hatoba.packets.answers import UDP_DATAGRAM
from tests import needs
from tests.net.conftest import MakeLab
from tests.net.wire_calls import FIRST_PORT, SEQ

CALLS = "tests.net.wire_calls:"
BOTH = pytest.mark.parametrize("family", [pytest.param(4, id="ipv4"), pytest.param(6, id="ipv6")])
US = {4: "198.18.0.1", 6: "fd00:18::1"}
THEM = {4: "198.18.0.2", 6: "fd00:18::2"}


def pair(make_lab: MakeLab) -> tuple[Host, Host]:
    lab = make_lab()
    us, them = (lab.add_host(f"host{n}", [f"198.18.0.{n}/24", f"fd00:18::{n}/64"]) for n in (1, 2))
    lab.link(us, them)
    return us, them


def need_tun() -> None:
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        needs.lacking("/dev/net/tun can't be opened by this user")


def crossroads(make_lab: MakeLab) -> Host:
    """A host on two links with a few odd routes into the first one's network, and a rule."""
    lab = make_lab()
    us = lab.add_host("us", ["198.18.0.1/24", "fd00:18::1/120"])
    left = lab.add_host("left", ["198.18.0.2/24", "fd00:18::2/120"])
    right = lab.add_host("right", ["198.18.1.2/24", "fd00:18::1:2/120"])
    lab.link(us, left)
    lab.link(us, right, first_addresses=["198.18.1.1/24", "fd00:18::1:1/120"])
    us.add_address("lo", "198.18.0.77/32", "fd00:18::4d/128")
    us.add_route(
        *("198.18.0.128/27 via 198.18.1.2", "198.18.0.200/32 via 198.18.1.2", "198.18.0.201/32 via 198.18.0.2"),
        *("blackhole 198.18.0.64/29", "unreachable 198.18.0.72/31", "prohibit 198.18.0.80/28"),
        *("fd00:18::80/123 via fd00:18::1:2", "fd00:18::c8/128 via fd00:18::1:2", "fd00:18::c9/128 via fd00:18::2"),
        *("blackhole fd00:18::40/125", "unreachable fd00:18::48/127", "prohibit fd00:18::50/124"),
    )
    for family, network, gateway in (("-4", "198.18.0.32/29", "198.18.1.2"), ("-6", "fd00:18::20/125", "fd00:18::1:2")):
        for words in (
            ["rule", "add", "to", network, "lookup", "100"],
            ["route", "add", "default", "via", gateway, "table", "100"],
        ):
            done = us.run(["ip", family, *words])
            assert done.returncode == 0, done.stderr
    return us


@BOTH
def test_ranges_split_as_each_address_asked_singly(make_lab: MakeLab, family: int) -> None:
    us = crossroads(make_lab)
    first = int(ip_address("198.18.0.0" if family == 4 else "fd00:18::"))
    told = us.call(CALLS + "ways", family, [(first, first + 255)])
    kind = type(ip_address(US[family]))
    expected = us.call(CALLS + "singly", [str(kind(first + n)) for n in range(256)])
    found: list[list[Any]] = []
    for start, end, device, source, gateway, local, _problem in told:
        assert start == first + len(found)
        found += [[device, source, gateway, local]] * (end - start + 1)
    assert found == expected
    assert len(told) < 30, "that was one question for each address"
    distinct = {tuple(way) for way in expected}
    assert len(distinct) >= 6, "the routes of this test are not what they should be"


def test_ways_of_all_kinds(make_lab: MakeLab) -> None:
    us = crossroads(make_lab)
    addresses = [
        "198.18.0.9",
        "198.18.0.130",
        "198.18.0.1",
        "127.0.0.5",
        "198.18.0.77",
        "198.18.0.255",
        "198.18.0.80",
        "198.19.0.1",
    ]
    told = us.call(CALLS + "ways", 4, [[int(ip_address(address))] * 2 for address in addresses])
    assert [way[2:6] for way in told] == [
        ["eth0", "198.18.0.1", None, False],  # on the link
        ["eth1", "198.18.1.1", "198.18.1.2", False],  # by a gateway
        ["lo", "198.18.0.1", None, True],  # our own
        ["lo", "127.0.0.1", None, True],  # loopback
        ["lo", "198.18.0.77", None, True],  # our own, on another device
        [None] * 4,  # a broadcast
        [None] * 4,  # prohibited by a route
        [None] * 4,  # nowhere
    ]
    assert all(way[6] for way in told[6:]), "a reason in words"
    assert told[5][6] == "", "that a broadcast is nobody's address is no problem"


def test_ways_of_all_kinds_in_ipv6(make_lab: MakeLab) -> None:
    us = crossroads(make_lab)
    addresses = ["fd00:18::9", "fd00:18::90", "fd00:18::1", "::1", "fd00:18::4d", "ff02::1", "fd00:18::50", "fd00:19::1"]
    told = us.call(CALLS + "ways", 6, [[int(ip_address(address))] * 2 for address in addresses])
    assert [way[2:6] for way in told] == [
        ["eth0", "fd00:18::1", None, False],
        ["eth1", "fd00:18::1:1", "fd00:18::1:2", False],
        ["lo", "fd00:18::1", None, True],
        ["lo", "::1", None, True],
        ["lo", "fd00:18::4d", None, True],
        [None] * 4,  # a group of hosts
        [None] * 4,
        [None] * 4,
    ]


def test_a_zone_binds_the_way(make_lab: MakeLab) -> None:
    us = crossroads(make_lab)
    for device in ("eth0", "eth1"):
        us.add_address(device, "fe80::1/64")
    first = int(ip_address("fe80::2"))
    devices = [us.call(CALLS + "ways", 6, [(first, first)], device)[0][2] for device in ("eth0", "eth1")]
    assert devices == ["eth0", "eth1"]


@BOTH
def test_neighbours_that_are_there_and_those_that_are_not(make_lab: MakeLab, family: int) -> None:
    lab = make_lab()
    hosts = [lab.add_host(f"host{n}", [f"198.18.0.{n}/24", f"fd00:18::{n:x}/64"]) for n in range(1, 5)]
    lab.bridge("switch", hosts)
    us, *others = hosts
    others[2].rules("table netdev quiet {\n chain in { type filter hook ingress device eth0 priority 0; policy drop; }\n}")
    base = US[family].removesuffix("1")
    asked = [f"{base}{n}" for n in range(2, 10)]
    found = us.call(CALLS + "neighbours", family, base + "2", asked)
    assert found == {host.address(family): host.links[0].end(host).mac for host in others[:2]}


@BOTH
def test_many_neighbours_over_a_slow_link(make_lab: MakeLab, family: int) -> None:
    """A queue that is full for a moment costs no answer and no error."""
    us, them = pair(make_lab)
    them.add_route("local 198.18.9.0/24")  # it answers for all of these
    them.add_address("eth0", "fd00:18:9::2/64")
    done = us.run(["tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "2mbit", "burst", "2000", "limit", "10000000"])
    assert done.returncode == 0, done.stderr
    there = [f"198.18.9.{n}" for n in range(1, 101)] if family == 4 else ["fd00:18:9::2"]
    absent = int(ip_address("198.18.3.0" if family == 4 else "fd00:18:3::"))  # these are asked first
    gone = [str(ip_address(absent + n)) for n in range(1, 601)]
    found = us.call(CALLS + "neighbours", family, THEM[family], [*gone, *there])
    assert found == dict.fromkeys(there, them.links[0].end(them).mac)


@BOTH
def test_a_ring_asks_65535_ports_and_reads_every_answer(make_lab: MakeLab, family: int) -> None:
    us, them = pair(make_lab)
    listening = [1, 22, 1024, 40_000, 65_535]
    them.listen(listening)
    told = us.call(CALLS + "scan", THEM[family], 1, 65_535)
    assert told == {
        "syn_ack": listening,
        "rst": 65_535 - len(listening),
        "from_target": True,
        "acknowledged": True,
        "to_us": True,
        "times": True,
        "ttl": [64],
        "drops": 0,
        "wire": "RingWire",
    }


@BOTH
@pytest.mark.parametrize("step", [1, 700, 5000])
def test_batches_of_any_size_wrap_around_the_rings(make_lab: MakeLab, family: int, step: int) -> None:
    us, _them = pair(make_lab)
    last = 300 if step == 1 else 10_000
    told = us.call(CALLS + "scan", THEM[family], 1, last, step)
    assert (told["rst"], told["drops"], told["times"]) == (last, 0, True)


@BOTH
@pytest.mark.parametrize("where", ["link", "own"])
def test_the_kernel_answers_every_kind_of_probe(make_lab: MakeLab, family: int, where: str) -> None:
    """It answers nothing whose checksums are wrong. Long frames and short ones take turns in the same slots."""
    us, them = pair(make_lab)
    target = THEM[family] if where == "link" else US[family]
    for host in (us, them):
        host.listen([80])
        host.sysctl({"net.ipv4.icmp_ratelimit": 0, "net.ipv6.icmp.ratelimit": 0})
    told = us.call(CALLS + "every_kind", target, 80, 4, 3)
    number, identification = (1, SEQ & 0xFFFF) if family == 4 else (58, SEQ & 0xFFFF)
    unreachable = [3, 3] if family == 4 else [1, 4]
    expected = {
        "icmp-echo": [5, 0 if family == 4 else 129, 0, number, identification],
        "udp": [2, *unreachable, 17],
        "long udp": [2, *unreachable, 17],
        "ack": [1, 4, 0, 6, SEQ],
        "syn": [1, 0x12, 0, 6],
    }
    if where == "link":
        expected["ip-protocol"] = [2, *((3, 2) if family == 4 else (4, 1)), 253]
    if family == 4:
        expected["icmp-timestamp"] = [5, 14, 0, 1, identification]
    assert {name: [answer[: len(expected[name])] for answer in answers] for name, answers in told.items()} == {
        name: [answer] * 3 for name, answer in expected.items()
    }


def test_other_threads_run_while_the_kernel_makes_a_ring(make_lab: MakeLab) -> None:
    """Or a scan would stand still while a lane is added, and rings would not be made side by side."""
    assert make_lab().add_host("us").call(CALLS + "another_thread_runs_while_a_ring_is_made")


def test_answers_that_nobody_took_out_in_time_are_counted(make_lab: MakeLab) -> None:
    us, _them = pair(make_lab)
    read, drops = us.call(CALLS + "unread", THEM[4], 5000, 1)
    assert 0 < read < 5000
    assert read + drops == 5000


@BOTH
def test_an_error_of_a_router_is_read_with_its_sender(make_lab: MakeLab, family: int) -> None:
    us, router = pair(make_lab)
    router.sysctl({"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1})
    router.add_route("unreachable 198.18.5.0/24", "unreachable fd00:18:5::/64")
    us.add_route("198.18.5.0/24 via 198.18.0.2", "fd00:18:5::/64 via fd00:18::2")
    target = "198.18.5.5" if family == 4 else "fd00:18:5::5"
    assert us.call(CALLS + "icmp_error", target, 443) == {
        "answer": [3, 1] if family == 4 else [1, 0],
        "source": THEM[family],
        "target": target,
        "ports": [FIRST_PORT, 443],
        "seq": SEQ,
        "time": True,
    }


@BOTH
def test_the_first_fragment_of_a_long_answer_is_heard(make_lab: MakeLab, family: int) -> None:
    us, them = pair(make_lab)
    them.listen([], udp=[7])
    width = "32" if family == 4 else "128"
    done = them.run(["ip", f"-{family}", "route", "add", f"{US[family]}/{width}", "dev", "eth0", "mtu", "1280"])
    assert done.returncode == 0, done.stderr
    assert us.call(CALLS + "long_answer", THEM[family], 7) == [[1, UDP_DATAGRAM, 7, FIRST_PORT]]


@pytest.mark.parametrize("what", ["send", "receive"])
def test_a_link_that_goes_down_in_mid_use_is_one_sentence(make_lab: MakeLab, what: str) -> None:
    us, _them = pair(make_lab)
    sentence = us.call(CALLS + "goes_down", THEM[4], what)
    assert sentence.startswith("interface eth0 does not work: ")
    assert sentence.endswith("; check it with: ip link show eth0")


def test_a_link_that_loses_its_carrier_does_not_hold_us(make_lab: MakeLab) -> None:
    sentence = make_lab().add_host("us").call(CALLS + "loses_carrier")
    assert sentence.startswith("interface near does not work: it takes no more packets;")


@pytest.mark.parametrize("reads", [True, False])
def test_a_queue_that_is_full_is_waited_for_but_not_for_ever(make_lab: MakeLab, reads: bool) -> None:
    need_tun()
    told = make_lab().add_host("us").call(CALLS + "full_queue", reads)
    if reads:
        assert told == {"sentence": "", "in_order": True, "came": 3000}
    else:
        assert told["sentence"].startswith("interface tun0 does not work: it takes no more packets;")


@pytest.mark.parametrize("target", ["127.0.0.1", "127.9.9.9", "198.18.0.1", "::1", "fd00:18::1"])
def test_own_addresses_are_asked_over_loopback(make_lab: MakeLab, target: str) -> None:
    us, _them = pair(make_lab)
    assert us.call(CALLS + "own_addresses", target, 80, 81) == {
        "syn_ack": [80],
        "rst": 1,
        "from_target": True,
        "acknowledged": True,
        "to_us": True,
        "times": True,
        "ttl": [64],
        "wire": "RawIpWire",
    }


@BOTH
def test_65535_ports_of_loopback(make_lab: MakeLab, family: int) -> None:
    us = make_lab().add_host("us")
    us.listen([80])
    told = us.call(CALLS + "scan", "127.0.0.1" if family == 4 else "::1", 1, 65_535)
    assert told["syn_ack"] == [80]
    # A probe from our port to our port meets itself, and brings an answer to nobody.
    assert told["rst"] in (65_533, 65_534)
    assert (told["drops"], told["wire"]) == (0, "RawIpWire")


@BOTH
def test_a_link_without_ethernet_gets_packets_without_ethernet(make_lab: MakeLab, family: int) -> None:
    need_tun()
    network = IP if family == 4 else IPv6
    head: Packet = network(src=THEM[family], dst=US[family])
    segment = TCP(sport=80, dport=FIRST_PORT, flags="SA", seq=5, ack=SEQ + 1)
    quoted = network(src=US[family], dst=THEM[family]) / TCP(sport=FIRST_PORT, dport=80, seq=SEQ, flags="S")
    error = (ICMP(type=3, code=13) if family == 4 else ICMPv6DestUnreach(code=1)) / quoted
    told = (
        make_lab()
        .add_host("us")
        .call(CALLS + "over_tun", family, THEM[family], [bytes(head / segment).hex(), bytes(head / error).hex()])
    )
    assert told["wire"] == "RawIpWire"
    raw = bytes.fromhex(told["packet"])
    packet = network(raw)
    assert (packet.version, packet.src, packet.dst) == (family, US[family], THEM[family])
    assert (packet[TCP].sport, packet[TCP].dport, packet[TCP].seq, packet[TCP].flags) == (FIRST_PORT, 80, SEQ, "S")
    if family == 4:
        del packet.chksum
    del packet[TCP].chksum
    assert bytes(packet) == raw, "scapy works out other checksums"
    ttl = 64
    assert told["answers"] == [[1, 80, 0x12, SEQ + 1, 0, 0, ttl], [2, 80, 0, 0, *((3, 13) if family == 4 else (1, 1)), ttl]]


@BOTH
def test_the_kernel_closes_what_a_syn_ack_opened(make_lab: MakeLab, family: int) -> None:
    """It answers for the held source ports with RST, so that no half-open connection stays at the target."""
    us, them = pair(make_lab)
    them.listen([80])
    assert us.call(CALLS + "held_port_answers_rst", THEM[family], 80) == [80, SEQ + 1]
