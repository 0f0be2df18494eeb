"""Links, addresses and routes of one network namespace over rtnetlink (rtnetlink(7)); pyroute2 knows the messages.

Only pyroute2's message classes are used, on a plain socket: a socket stays in the namespace in which it was opened, so one
process can serve many namespaces.
"""

from __future__ import annotations

import importlib.machinery
import itertools
import os
import socket
import struct
import sys
import types
from collections.abc import Sequence
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network
from typing import Any

from hatoba.lab.kernel import settle_link

Attributes = Sequence[tuple[str, Any]]

RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_SETLINK = 16, 17, 18, 19
RTM_NEWADDR, RTM_NEWROUTE = 20, 24
_NLMSG_ERROR = 2
_F_REQUEST, _F_ACK, _F_REPLACE, _F_EXCL, _F_CREATE = 0x1, 0x4, 0x100, 0x200, 0x400
_SOL_NETLINK, _NETLINK_CAP_ACK, _NETLINK_EXT_ACK = 270, 10, 11
_IFF_UP = 1
_IFA_F_NODAD = 2
ROUTE_KINDS = {"unicast": 1, "local": 2, "blackhole": 6, "unreachable": 7, "prohibit": 8}
_TABLE_MAIN, _TABLE_LOCAL = 254, 255
_SCOPE_UNIVERSE, _SCOPE_LINK, _SCOPE_HOST = 0, 253, 254
_PROTOCOL_STATIC = 4


class Refused(OSError):
    """The kernel refused a request: errno, and its own words where it gave some (extended acknowledgement)."""


def _message_classes() -> tuple[Any, Any, Any]:
    """``ifinfmsg, ifaddrmsg, rtmsg`` of pyroute2.

    ``import pyroute2`` loads some two hundred modules and takes longer than all the rest of making a lab. This runs in the
    keeper, a process of its own, so the package is entered beside its ``__init__``; where that does not work, through it.
    """
    if "pyroute2" not in sys.modules and (spec := importlib.machinery.PathFinder.find_spec("pyroute2")) is not None:
        package = types.ModuleType("pyroute2")
        package.__spec__ = spec
        package.__path__ = list(spec.submodule_search_locations or ())
        sys.modules["pyroute2"] = package
        try:
            return _import_messages()
        except (ImportError, AttributeError):
            for name in [name for name in sys.modules if name.partition(".")[0] == "pyroute2"]:
                del sys.modules[name]
    return _import_messages()


def _import_messages() -> tuple[Any, Any, Any]:
    from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
    from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
    from pyroute2.netlink.rtnl.rtmsg import rtmsg

    return ifinfmsg, ifaddrmsg, rtmsg


class Netlink:
    """Requests to the network namespace in which this object was made. Each method raises :class:`Refused`."""

    _classes: tuple[Any, Any, Any] | None = None

    def __init__(self) -> None:
        if Netlink._classes is None:
            Netlink._classes = _message_classes()
        self._link, self._address, self._route = Netlink._classes
        self._sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._sock.setsockopt(_SOL_NETLINK, _NETLINK_EXT_ACK, 1)
        self._sock.setsockopt(_SOL_NETLINK, _NETLINK_CAP_ACK, 1)
        self._sock.bind((0, 0))
        self._numbers = itertools.count(1)

    def add_veth(self, name: str, mac: str, peer_name: str, peer_mac: str, peer_namespace: int) -> None:
        """A veth pair, one end here, the other in the network namespace that the descriptor *peer_namespace* refers to."""
        peer = [("IFLA_IFNAME", peer_name), ("IFLA_ADDRESS", peer_mac), ("IFLA_NET_NS_FD", peer_namespace)]
        self._new_link("veth", name, mac, {"attrs": [("VETH_INFO_PEER", {"attrs": peer})]})

    def add_bridge(self, name: str) -> None:
        """A bridge that forwards at once and floods multicast: no spanning tree, no snooping."""
        options = [("IFLA_BR_STP_STATE", 0), ("IFLA_BR_FORWARD_DELAY", 0), ("IFLA_BR_MCAST_SNOOPING", 0)]
        self._new_link("bridge", name, None, {"attrs": options})

    def _new_link(self, kind: str, name: str, mac: str | None, data: Any) -> None:
        info = {"attrs": [("IFLA_INFO_KIND", kind), ("IFLA_INFO_DATA", data)]}
        attributes: list[tuple[str, Any]] = [("IFLA_IFNAME", name), ("IFLA_LINKINFO", info)]
        if mac is not None:
            attributes.append(("IFLA_ADDRESS", mac))
        self._ask(self._link, RTM_NEWLINK, {}, attributes, _F_CREATE | _F_EXCL)

    def set_link(self, name: str, *, up: bool, alias: str | None = None, master: str | None = None) -> None:
        """Bring a link up or down; give it an alias (IFLA_IFALIAS); make it a port of the bridge *master*."""
        attributes: list[tuple[str, Any]] = [("IFLA_IFNAME", name)]
        if alias is not None:
            attributes.append(("IFLA_IFALIAS", alias))
        if master is not None:
            attributes.append(("IFLA_MASTER", self.index(master)))
        self._ask(self._link, RTM_SETLINK, {"flags": _IFF_UP if up else 0, "change": _IFF_UP}, attributes)

    def settle(self, name: str) -> None:
        settle_link(self._sock, name)

    def delete_link(self, name: str) -> None:
        self._ask(self._link, RTM_DELLINK, {}, [("IFLA_IFNAME", name)])

    def index(self, name: str) -> int:
        """The interface's number here."""
        reply = self._ask(self._link, RTM_GETLINK, {}, [("IFLA_IFNAME", name)])
        return int(struct.unpack_from("i", reply, 20)[0])  # nlmsghdr (16 bytes), then ifinfomsg: family, type, index

    def add_address(self, name: str, interface: IPv4Interface | IPv6Interface) -> None:
        """An address, usable at once: without duplicate address detection."""
        fields = {
            "family": socket.AF_INET if interface.version == 4 else socket.AF_INET6,
            "prefixlen": interface.network.prefixlen,
            "index": self.index(name),
            "flags": _IFA_F_NODAD if interface.version == 6 else 0,
        }
        attributes = [("IFA_LOCAL", str(interface.ip)), ("IFA_ADDRESS", str(interface.ip))]
        self._ask(self._address, RTM_NEWADDR, fields, attributes, _F_CREATE | _F_REPLACE)

    def add_route(self, kind: str, network: IPv4Network | IPv6Network, gateway: str | None, device: str | None) -> None:
        """A route of one of :data:`ROUTE_KINDS`. ``local`` ones make the host answer for the whole network."""
        is_local = kind == "local"
        scope = _SCOPE_HOST if is_local else _SCOPE_LINK if kind == "unicast" and gateway is None else _SCOPE_UNIVERSE
        fields = {
            "family": socket.AF_INET if network.version == 4 else socket.AF_INET6,
            "dst_len": network.prefixlen,
            "table": _TABLE_LOCAL if is_local else _TABLE_MAIN,
            "proto": _PROTOCOL_STATIC,
            "scope": scope,
            "type": ROUTE_KINDS[kind],
        }
        attributes: list[tuple[str, Any]] = []
        if network.prefixlen:
            attributes.append(("RTA_DST", str(network.network_address)))
        if gateway is not None:
            attributes.append(("RTA_GATEWAY", gateway))
        if device is not None:
            attributes.append(("RTA_OIF", self.index(device)))
        self._ask(self._route, RTM_NEWROUTE, fields, attributes, _F_CREATE | _F_REPLACE)

    def _ask(self, kind: Any, number: int, fields: dict[str, int], attributes: Attributes, flags: int = 0) -> bytes:
        message = kind()
        for name, value in fields.items():
            message[name] = value
        message["attrs"] = list(attributes)
        message["header"]["type"] = number
        message["header"]["flags"] = _F_REQUEST | flags | (_F_ACK if number != RTM_GETLINK else 0)
        message["header"]["sequence_number"] = next(self._numbers)
        message.encode()
        self._sock.send(bytes(message.data))
        reply = self._sock.recv(65536)
        if struct.unpack_from("H", reply, 4)[0] == _NLMSG_ERROR and (code := -struct.unpack_from("i", reply, 16)[0]):
            raise Refused(code, _kernels_words(reply) or os.strerror(code))
        return reply


def _kernels_words(reply: bytes) -> str:
    """NLMSGERR_ATTR_MSG of a refusal (with NETLINK_CAP_ACK: 16 bytes header, 4 error, 16 our header, then attributes)."""
    at = 36
    while at + 4 <= len(reply):
        length, kind = struct.unpack_from("HH", reply, at)
        if length < 4:
            break
        if kind == 1:
            return reply[at + 4 : at + length].rstrip(b"\0").decode(errors="replace")
        at += (length + 3) & ~3
    return ""
