"""Sockets as the settings say; none of them sends anything."""

from __future__ import annotations

import socket

import pytest

from hatoba.errors import UsageError
from hatoba.netcat.ends import SocketSettings, Transport
from hatoba.netcat.resolving import Place
from hatoba.netcat.sockets import IP_MINTTL, IPV6_MINHOPCOUNT, bind_source, open_socket, refuse_source

IPV4, IPV6 = Place(socket.AF_INET, ("198.18.0.2", 80)), Place(socket.AF_INET6, ("fd00:18::2", 80, 0, 0))


def test_numbers_of_ipv4_and_ipv6() -> None:
    settings = SocketSettings(traffic_class=0x10, ttl=9, min_ttl=8, broadcast=True)
    with open_socket(Transport.UDP, IPV4, settings) as opened:
        found = [opened.getsockopt(socket.IPPROTO_IP, number) for number in (socket.IP_TOS, socket.IP_TTL, IP_MINTTL)]
        assert found == [0x10, 9, 8]
        assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST) == 1
    with open_socket(Transport.TCP, IPV6, settings) as opened:
        numbers = (socket.IPV6_TCLASS, socket.IPV6_UNICAST_HOPS, IPV6_MINHOPCOUNT)
        assert [opened.getsockopt(socket.IPPROTO_IPV6, number) for number in numbers] == [0x10, 9, 8]


def test_buffers_are_as_wanted() -> None:
    settings = SocketSettings(receive_buffer_bytes=20_000, send_buffer_bytes=30_000)
    with open_socket(Transport.TCP, IPV4, settings) as opened:
        # The kernel doubles what is asked for (socket(7), SO_RCVBUF).
        assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 40_000
        assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 60_000


def test_a_unix_datagram_socket_can_be_answered_and_leaves_no_file() -> None:
    with open_socket(Transport.UNIX_DATAGRAM, Place(socket.AF_UNIX, "/nowhere"), SocketSettings()) as opened:
        bind_source(opened, Transport.UNIX_DATAGRAM, socket.AF_UNIX, SocketSettings())
        assert opened.getsockname()[:1] == b"\0"


def test_the_source_is_as_wanted() -> None:
    settings = SocketSettings(source="127.0.0.1", source_port=0)
    with open_socket(Transport.TCP, IPV4, settings) as opened:
        bind_source(opened, Transport.TCP, socket.AF_INET, settings)
        assert opened.getsockname()[0] == "127.0.0.1"


def test_a_source_that_is_no_address_is_the_user_s_mistake() -> None:
    refuse_source(SocketSettings())
    for source in ("198.18.0.1", "fd00:18::1"):
        refuse_source(SocketSettings(source=source, numeric=True))
    with pytest.raises(UsageError, match=r"-s 198\.18\.0\.300: .*; name an address of this machine"):
        refuse_source(SocketSettings(source="198.18.0.300", numeric=True))


def test_a_link_local_address_without_its_interface_is_told_what_lacks() -> None:
    for address in ("fe80::1", "FE80::1", "febf::1"):
        place = Place(socket.AF_INET6, (address, 80, 0, 0))
        with pytest.raises(OSError, match=f"a link-local address needs its interface behind it: {address}%"):
            open_socket(Transport.TCP, place, SocketSettings())
        # Where we come from may say it as well.
        open_socket(Transport.TCP, place, SocketSettings(source="fe80::2%lo")).close()
    for place in (IPV6, Place(socket.AF_INET6, ("fe80::1", 80, 0, 1))):
        open_socket(Transport.TCP, place, SocketSettings()).close()


def test_what_the_kernel_lacks_is_its_own_error() -> None:
    with pytest.raises(OSError, match="not supported"):
        open_socket(Transport.SCTP, Place(socket.AF_UNIX, "/nowhere"), SocketSettings())
