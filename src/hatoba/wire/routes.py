"""Which way packets to an address leave: interface, source address, next hop. Asked of the kernel, so that its rules hold.

Between two neighbouring borders of the prefixes in any routing table or rule all addresses match the same entries, so one
question answers for the whole stretch, be it of one range of targets or of a list of a million single ones.
"""

from __future__ import annotations

import errno
import socket
import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from hatoba.errors import WireError
from hatoba.messages import _, system_words
from hatoba.wire.netlink import RTM_GETADDR, RTM_GETLINK, RTM_GETROUTE, RTM_GETRULE, Message, Netlink, attribute

_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
_BITS = {4: 32, 6: 128}
_RTMSG = struct.Struct("=BBBBBBBBI")
_IFINFO = struct.Struct("=BxHiII")
_IFADDR = struct.Struct("=BBBBI")
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PREFSRC, _RTA_VIA = 1, 4, 5, 7, 18
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU = 1, 3, 4
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS = 1, 2, 8
_RTN_UNICAST, _RTN_LOCAL, _RTN_BROADCAST = 1, 2, 3
_IFF_UP, _IFF_RUNNING, _IFF_NOARP = 0x1, 0x40, 0x80
_ARPHRD_ETHER = 1
_IFA_F_UNUSABLE = 0x08 | 0x40  # dadfailed, tentative
_AT_ONCE = 64
"""So many stretches are asked for with one message."""


@dataclass(frozen=True, slots=True)
class Link:
    """An interface."""

    index: int
    name: str
    mac: bytes
    ethernet: bool
    """Whether frames on it carry an Ethernet header and next hops are found by ARP or neighbour discovery."""
    up: bool


@dataclass(frozen=True, slots=True)
class Route:
    """The way to some addresses. ``gateway`` is None where they are on the link themselves."""

    link: Link
    source: bytes
    gateway: bytes | None
    local: bool
    """The addresses are this machine's own: packets go through the loopback device."""


@dataclass(frozen=True, slots=True)
class Way:
    """A stretch of addresses with its route; None where there is none. *first* and *last*, as integers, both were asked for;
    between them may be some that were not."""

    first: int
    last: int
    route: Route | None
    problem: str = ""
    """The kernel's words where there is no route; nothing for a link's broadcast address, which is nobody's."""


def find_ways(family: int, ranges: Iterable[tuple[int, int]], zone_index: int = 0) -> Iterator[Way]:
    """Which stretches of the addresses of *ranges*, which ascend, leave the same way. *zone_index* binds the look-up to one
    interface."""
    with Netlink() as netlink:
        links = {link.index: link for link in _links(netlink)}
        borders = _borders(netlink, family)
        for stretches in _at_once(_stretches(ranges, borders)):
            questions = [_question(family, first, zone_index) for first, _last in stretches]
            answers = netlink.ask(RTM_GETROUTE, questions, _RTMSG.size)
            for (first, last), answer in zip(stretches, answers, strict=True):
                yield _way(netlink, family, first, last, answer, links)


def _stretches(ranges: Iterable[tuple[int, int]], borders: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The lowest and the highest address of *ranges* between each two neighbouring *borders*, where there are any."""
    place, lowest, highest = -1, 0, 0
    for first, last in ranges:
        begin, end = bisect_right(borders, first), bisect_right(borders, last)
        for at in range(begin, end + 1):
            if at != place:
                if place >= 0:
                    yield lowest, highest
                place, lowest = at, first if at == begin else borders[at - 1]
            highest = last if at == end else borders[at] - 1
    if place >= 0:
        yield lowest, highest


def _at_once(stretches: Iterator[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    while found := list(islice(stretches, _AT_ONCE)):
        yield found


def link_index(name: str) -> int:
    """The kernel's number of an interface. Raises WireError where there is none of that name."""
    try:
        return socket.if_nametoindex(name)
    except OSError:
        raise WireError(_("there is no interface {name}; see: ip link").format(name=name)) from None


def _links(netlink: Netlink) -> Iterator[Link]:
    for message in netlink.dump(RTM_GETLINK, _IFINFO.pack(socket.AF_UNSPEC, 0, 0, 0, 0), _IFINFO.size):
        _family, hardware, index, flags, _change = _IFINFO.unpack(message.body)
        name = message.attributes[_IFLA_IFNAME].rstrip(b"\0").decode(errors="replace")
        mac = message.attributes.get(_IFLA_ADDRESS, b"")
        works = flags & _IFF_UP and flags & _IFF_RUNNING  # without a carrier it is up, and does not run
        yield Link(index, name, mac, hardware == _ARPHRD_ETHER and not flags & _IFF_NOARP, bool(works))


def usable(route: Route) -> bool:
    """Whether packets can leave along *route* as when it was found: its interface is up, its source address is ours."""
    with Netlink() as netlink:
        if not any(link.index == route.link.index and link.up for link in _links(netlink)):
            return False
    family = _FAMILY[4 if len(route.source) == 4 else 6]
    where = socket.inet_ntop(family, route.source)
    with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as ours:
        try:
            ours.bind((where, 0) if family == socket.AF_INET else (where, 0, 0, route.link.index))
        except OSError as fault:
            if fault.errno != errno.EADDRNOTAVAIL:
                raise
            return False
    return True


def _borders(netlink: Netlink, family: int) -> list[int]:
    """First addresses of all stretches: where a prefix begins, and just behind where one ends."""
    bits = _BITS[family]
    body = _RTMSG.pack(_FAMILY[family], 0, 0, 0, 0, 0, 0, 0, 0)
    borders: set[int] = set()
    for kind in (RTM_GETROUTE, RTM_GETRULE):
        for message in netlink.dump(kind, body, _RTMSG.size):
            prefix = message.attributes.get(_RTA_DST)
            if prefix is None:
                continue
            first = int.from_bytes(prefix, "big")
            borders.update((first, first + (1 << (bits - message.body[1]))))
    return sorted(borders)


def _question(family: int, address: int, zone_index: int) -> bytes:
    bits = _BITS[family]
    body = _RTMSG.pack(_FAMILY[family], bits, 0, 0, 0, 0, 0, 0, 0) + attribute(_RTA_DST, address.to_bytes(bits // 8, "big"))
    return body + attribute(_RTA_OIF, struct.pack("=I", zone_index)) if zone_index else body


def _way(netlink: Netlink, family: int, first: int, last: int, answer: Message, links: dict[int, Link]) -> Way:
    if answer.error:
        return Way(first, last, None, system_words(answer.error))
    kind = answer.body[7]
    if kind == _RTN_BROADCAST:
        return Way(first, last, None)
    if kind not in (_RTN_UNICAST, _RTN_LOCAL):
        return Way(first, last, None, system_words(errno.EHOSTUNREACH))
    found = answer.attributes
    link = links.get(struct.unpack("=I", found[_RTA_OIF])[0])
    if link is None:  # it came up a moment ago
        return Way(first, last, None, system_words(errno.ENETUNREACH))
    gateway = found.get(_RTA_GATEWAY)
    via = found.get(_RTA_VIA)
    if via is not None and struct.unpack_from("=H", via)[0] == _FAMILY[family]:
        gateway = via[2:]
    source = found.get(_RTA_PREFSRC) or _source_on(netlink, family, link.index)
    if source is None:
        return Way(first, last, None, system_words(errno.EADDRNOTAVAIL))
    local = kind == _RTN_LOCAL
    if local and family == 6 and first == last:
        source = first.to_bytes(16, "big")
    return Way(first, last, Route(link, source, gateway, local))


def _source_on(netlink: Netlink, family: int, index: int) -> bytes | None:
    """An own address on an interface, for routes that name none."""
    for message in netlink.dump(RTM_GETADDR, _IFADDR.pack(_FAMILY[family], 0, 0, 0, 0), _IFADDR.size):
        flags = struct.unpack("=I", message.attributes.get(_IFA_FLAGS, bytes(4)))[0]
        if _IFADDR.unpack(message.body)[4] == index and not flags & _IFA_F_UNUSABLE:
            return message.attributes.get(_IFA_LOCAL) or message.attributes.get(_IFA_ADDRESS)
    return None
