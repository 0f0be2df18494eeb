"""What belongs to this machine, as the kernel's network namespace shows it: own addresses, and a lab's marks."""

from __future__ import annotations

import socket
import sys
from ipaddress import IPv4Network, IPv6Network, ip_network

from hatoba.wire.netlink import RTM_GETADDR, RTM_GETLINK, Netlink

Network = IPv4Network | IPv6Network

LAB_MARK = "hatoba-lab"
"""How the alias of every interface of a lab begins."""
_LAB_NETWORKS: tuple[Network, ...] = (IPv4Network("198.18.0.0/15"), IPv6Network("fd00:18::/32"))
_IFINFO_BYTES = 16
_IFLA_IFALIAS = 20
_IFADDR_BYTES = 8
_IFA_ADDRESS, _IFA_LOCAL = 1, 2


def own_addresses() -> frozenset[bytes]:
    """This machine's addresses, packed: 4 or 16 bytes each."""
    return _addresses_by_netlink() if sys.platform == "linux" else _addresses_by_psutil()


def _addresses_by_netlink() -> frozenset[bytes]:
    with Netlink() as netlink:
        told = netlink.dump(RTM_GETADDR, bytes(_IFADDR_BYTES), _IFADDR_BYTES)
    # On a point-to-point link IFA_ADDRESS is the other end's address and IFA_LOCAL ours.
    found = (entry.attributes.get(_IFA_LOCAL) or entry.attributes.get(_IFA_ADDRESS) for entry in told)
    return frozenset(address for address in found if address is not None and len(address) in (4, 16))


def _addresses_by_psutil() -> frozenset[bytes]:
    import psutil

    families = (socket.AF_INET, socket.AF_INET6)
    return frozenset(
        socket.inet_pton(entry.family, entry.address.partition("%")[0])
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family in families
    )


def own_networks() -> list[Network]:
    """Each own address as a network of one, the smallest first, IPv4 before IPv6."""
    packed = sorted(own_addresses(), key=lambda address: (len(address), address))
    return [ip_network((address, 8 * len(address))) for address in packed]


def lab_networks() -> list[Network]:
    """The lab's address ranges, if an interface of this network namespace carries a lab's mark; else none.

    The ranges alone prove nothing: 198.18.0.0/15 (RFC 2544) is also where many a proxy invents addresses.
    """
    return list(_LAB_NETWORKS) if any(alias.startswith(LAB_MARK) for alias in interface_aliases()) else []


def interface_aliases() -> list[str]:
    """The aliases (``ip link set dev ... alias``) of all interfaces that have one. None outside Linux.

    Asked over netlink: /sys may show the interfaces of another namespace than this process's.
    """
    if sys.platform != "linux":
        return []
    with Netlink() as netlink:
        links = netlink.dump(RTM_GETLINK, bytes(_IFINFO_BYTES), _IFINFO_BYTES)
    aliases = (link.attributes.get(_IFLA_IFALIAS, b"") for link in links)
    return [alias.rstrip(b"\0").decode(errors="replace") for alias in aliases if alias]
