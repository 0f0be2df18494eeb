"""Ranges are cut where routes change and nowhere wrongly: beside asking a made-up kernel for each address singly."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.errors import WireError
from hatoba.wire import routes
from hatoba.wire.netlink import RTM_GETADDR, RTM_GETLINK, RTM_GETROUTE, RTM_GETRULE, Message
from hatoba.wire.routes import Link, Way, find_ways, link_index

ETHERNET, LOOPBACK, NONE = 1, 772, 0xFFFE
RUNNING, NOARP = 0x40, 0x80
UP = 1 | RUNNING
UNICAST, LOCAL, BROADCAST = 1, 2, 3
MACS = {1: bytes(6), 2: bytes.fromhex("020000000002"), 3: b"", 4: bytes.fromhex("020000000004")}
BITS = {4: 32, 6: 128}
BASE = {4: 0xC6120000, 6: 0xFD000018 << 96}


@dataclass(frozen=True)
class Entry:
    """A made-up kernel's route: *prefix* of *length* bits. A refusal where *error* is set."""

    prefix: int
    length: int
    link: int = 2
    gateway: bytes | None = None
    source: bytes | None = b"self"
    kind: int = UNICAST
    error: int = 0
    via: bytes | None = None


@dataclass
class Kernel:
    """Longest prefix first, in place of rtnetlink."""

    family: int
    entries: Sequence[Entry]
    rules: Sequence[tuple[int, int]] = ()
    addresses: Sequence[tuple[int, bytes, int]] = ()
    """(interface, address, flags)"""
    asked: list[bytes] = field(default_factory=list)

    def __call__(self) -> Kernel:
        return self

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *_exc: object) -> None: ...

    def dump(self, kind: int, body: bytes, body_bytes: int) -> list[Message]:
        number = socket.AF_INET if self.family == 4 else socket.AF_INET6
        if kind == RTM_GETLINK:
            kinds = {1: (LOOPBACK, UP, b"lo"), 2: (ETHERNET, UP, b"eth0"), 3: (NONE, NOARP, b"tun0")}
            kinds[4] = (ETHERNET, UP & ~RUNNING, b"eth1")
            return [
                Message(struct.pack("=BxHiII", 0, hardware, index, flags, 0), {1: MACS[index], 3: name + b"\0"})
                for index, (hardware, flags, name) in kinds.items()
            ]
        assert body[0] == number
        if kind == RTM_GETADDR:
            return [
                Message(struct.pack("=BBBBI", number, 24, 0, 0, index), {1: address, 8: struct.pack("=I", flags)})
                for index, address, flags in self.addresses
            ]
        entries = [(e.prefix, e.length) for e in self.entries] if kind == RTM_GETROUTE else self.rules
        assert kind in (RTM_GETROUTE, RTM_GETRULE)
        return [
            Message(self.head(length), {1: prefix.to_bytes(BITS[self.family] // 8, "big")} if length else {})
            for prefix, length in entries
        ]

    def head(self, length: int, kind: int = UNICAST) -> bytes:
        return struct.pack("=BBBBBBBBI", 0, length, 0, 0, 254, 0, 0, kind, 0)

    def ask(self, kind: int, bodies: Sequence[bytes], body_bytes: int) -> list[Message]:
        assert (kind, body_bytes) == (RTM_GETROUTE, 12)
        self.asked += bodies
        return [self.route_to(int.from_bytes(body[16 : 16 + BITS[self.family] // 8], "big")) for body in bodies]

    def entry_for(self, address: int) -> Entry | None:
        bits = BITS[self.family]
        matching = [e for e in self.entries if address >> (bits - e.length) == e.prefix >> (bits - e.length)]
        return max(matching, key=lambda e: e.length, default=None)

    def route_to(self, address: int) -> Message:
        entry = self.entry_for(address)
        if entry is None:
            return Message(b"", {}, errno.ENETUNREACH)
        if entry.error:
            return Message(b"", {}, entry.error)
        attributes = {4: struct.pack("=I", entry.link)}
        named = {5: entry.gateway, 7: entry.source, 18: entry.via}
        attributes |= {number: value for number, value in named.items() if value is not None}
        return Message(self.head(BITS[self.family], entry.kind), attributes)


def ways(kernel: Kernel, *ranges: tuple[int, int], zone_index: int = 0) -> list[Way]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(routes, "Netlink", kernel)
        return list(find_ways(kernel.family, ranges, zone_index))


@st.composite
def tables(draw: st.DrawFn, family: int) -> list[Entry]:
    """Prefixes in a space of 256 addresses, so that every one of them can be asked singly; each a gateway of its own."""
    entries = []
    for number in range(draw(st.integers(0, 6))):
        length = draw(st.integers(0, 8))
        prefix = BASE[family] + (draw(st.integers(0, 255)) >> (8 - length) << (8 - length))
        error = draw(st.sampled_from([0, 0, 0, errno.EHOSTUNREACH, errno.EACCES]))
        entries.append(Entry(prefix, BITS[family] - 8 + length, gateway=bytes([number]), error=error))
    if draw(st.booleans()):
        entries.append(Entry(0, 0, gateway=b"default"))
    return entries


@pytest.mark.parametrize("family", [4, 6])
@settings(deadline=None)
@given(data=st.data())
def test_a_stretch_is_what_each_of_its_addresses_gets(family: int, data: st.DataObject) -> None:
    kernel = Kernel(family, data.draw(tables(family)))
    borders = sorted(data.draw(st.lists(st.integers(0, 256), min_size=2, max_size=6, unique=True)))
    ranges = [(BASE[family] + a, BASE[family] + b - 1) for a, b in zip(borders[::2], borders[1::2], strict=False)]
    asked = {address for first, last in ranges for address in range(first, last + 1)}
    found = ways(kernel, *ranges)
    assert {way.first for way in found} | {way.last for way in found} <= asked
    assert all(way.last < following.first for way, following in pairwise(found))
    assert asked <= {address for way in found for address in range(way.first, way.last + 1)}
    for way in found:
        for address in range(way.first, way.last + 1):
            entry = kernel.entry_for(address)
            if entry is None or entry.error:
                assert way.route is None
                assert way.problem == os.strerror(entry.error if entry else errno.ENETUNREACH)
            else:
                assert way.route is not None
                assert way.route.gateway == entry.gateway


def test_a_list_of_single_addresses_costs_one_question_for_each_stretch() -> None:
    base = BASE[4]
    kernel = Kernel(4, [Entry(0, 0, gateway=b"a"), Entry(base + 128, 25, gateway=b"b")])
    found = ways(kernel, *((base + n, base + n) for n in range(0, 256, 3)))
    assert [(way.first - base, way.last - base, way.route and way.route.gateway) for way in found] == [
        (0, 126, b"a"),
        (129, 255, b"b"),
    ]
    assert len(kernel.asked) == 2


def test_a_rule_is_a_border_too() -> None:
    base = BASE[4]
    found = ways(Kernel(4, [Entry(0, 0)], rules=[(base + 64, 27), (0, 0)]), (base, base + 255))
    assert [(way.first - base, way.last - base) for way in found] == [(0, 63), (64, 95), (96, 255)]


@pytest.mark.parametrize("family", [4, 6])
def test_the_last_addresses_of_all(family: int) -> None:
    top = (1 << BITS[family]) - 1
    kernel = Kernel(family, [Entry(0, 0, gateway=b"a"), Entry(top, BITS[family], gateway=b"b")])
    found = ways(kernel, (0, top))
    assert [(way.first, way.last, way.route and way.route.gateway) for way in found] == [(0, top - 1, b"a"), (top, top, b"b")]


def test_links_as_the_kernel_has_them() -> None:
    kernel = Kernel(4, [Entry(n << 24, 8, link=n) for n in (1, 2, 3, 4)])
    links = [way.route.link for n in (1, 2, 3, 4) for way in ways(kernel, (n << 24, n << 24)) if way.route]
    assert links == [
        Link(1, "lo", MACS[1], ethernet=False, up=True),
        Link(2, "eth0", MACS[2], ethernet=True, up=True),
        Link(3, "tun0", b"", ethernet=False, up=False),
        Link(4, "eth1", MACS[4], ethernet=True, up=False),
    ], "the last has lost its carrier"


def test_a_broadcast_address_is_nobodys_which_is_no_problem() -> None:
    (way,) = ways(Kernel(4, [Entry(0, 0, kind=BROADCAST)]), (9, 9))
    assert (way.route, way.problem) == (None, "")


@pytest.mark.parametrize("kind", [5, 6, 7, 8])
def test_only_hosts_have_a_way(kind: int) -> None:
    (way,) = ways(Kernel(4, [Entry(0, 0, kind=kind)]), (9, 9))
    assert (way.route, way.problem) == (None, os.strerror(errno.EHOSTUNREACH))


def test_an_own_ipv6_address_is_its_own_source() -> None:
    kernel = Kernel(6, [Entry(BASE[6], 128, link=1, kind=LOCAL, source=None)], addresses=[(1, b"other", 0)])
    (way,) = ways(kernel, (BASE[6], BASE[6]))
    assert way.route is not None
    assert (way.route.local, way.route.source) == (True, BASE[6].to_bytes(16, "big"))


def test_an_own_ipv4_address_has_the_source_that_the_kernel_says() -> None:
    (way,) = ways(Kernel(4, [Entry(127 << 24, 8, link=1, kind=LOCAL, source=b"\x7f\0\0\1")]), (127 << 24, (127 << 24) + 5))
    assert way.route is not None
    assert (way.route.local, way.route.source) == (True, b"\x7f\0\0\1")


def test_without_a_source_an_address_of_the_interface_that_may_be_used() -> None:
    dad_failed, tentative = 0x08, 0x40
    addresses = [(3, b"elsewhere", 0), (2, b"tentative", tentative), (2, b"failed", dad_failed), (2, b"good", 0)]
    (way,) = ways(Kernel(6, [Entry(0, 0, source=None)], addresses=addresses), (9, 9))
    assert way.route is not None
    assert way.route.source == b"good"


def test_no_address_to_send_from_is_no_way() -> None:
    (way,) = ways(Kernel(4, [Entry(0, 0, source=None)]), (9, 9))
    assert (way.route, way.problem) == (None, os.strerror(errno.EADDRNOTAVAIL))


@pytest.mark.parametrize(("family", "number", "gateway"), [(4, socket.AF_INET, b"gate"), (4, socket.AF_INET6, None)])
def test_a_next_hop_of_the_other_family_is_none_of_ours(family: int, number: int, gateway: bytes | None) -> None:
    (way,) = ways(Kernel(family, [Entry(0, 0, via=struct.pack("=H", number) + b"gate")]), (9, 9))
    assert way.route is not None
    assert way.route.gateway == gateway


@pytest.mark.parametrize("family", [4, 6])
def test_the_question_names_address_and_zone(family: int) -> None:
    kernel = Kernel(family, [Entry(0, 0)])
    ways(kernel, (77, 77))
    ways(kernel, (77, 77), zone_index=5)
    size = BITS[family] // 8
    plain, bound = kernel.asked
    assert plain[1] == BITS[family]
    assert plain[12:] == struct.pack("=HH", 4 + size, 1) + (77).to_bytes(size, "big")
    assert bound == plain + struct.pack("=HHI", 8, 4, 5)


def test_no_range_no_way() -> None:
    def none() -> Iterator[tuple[int, int]]:
        yield from ()

    assert ways(Kernel(4, [Entry(0, 0)]), *none()) == []


def test_an_interface_has_a_number() -> None:
    assert socket.if_indextoname(link_index("lo")) == "lo"
    with pytest.raises(WireError, match=r"^there is no interface no-such-link; see: ip link$"):
        link_index("no-such-link")
