"""What a proxy server of either kind does for its clients: look a name up, decide whether they may go there, connect.

A proxy lends its place in the network to others, so it is careful: strangers are served only where the user has said who may
come (--allow) or what they must know (--proxy-auth), and what listens on this machine's loopback stays out of reach of other
machines.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address, ip_address

from hatoba.messages import _
from hatoba.netcat.console import Console
from hatoba.netcat.dialing import dial
from hatoba.netcat.ends import Dialer, End, NotConnected, Peer, SocketSettings, Transport
from hatoba.netcat.resolving import Place, places
from hatoba.netcat.socks import Account

HEAD_S = 30.0
"""How long a client may take to say where it wants to go."""
CONNECT_S = 20.0
_KEEPALIVE_S = 60

Places = Callable[[End, SocketSettings], list[Place]]


class Forbidden(NotConnected):
    """A client may not go there."""


@dataclass(frozen=True, slots=True)
class ProxyService:
    """How a proxy server treats its clients."""

    account: Account | None = None
    """What a client must know; None: it is not asked."""
    open_to_strangers: bool = False
    """Serve clients of other machines. Whoever says who may come, by --allow or by an account, wants that."""
    idle_s: float | None = None
    """Close a connection on which nothing moves for so long."""
    settings: SocketSettings = field(default_factory=SocketSettings)
    """For the connections that it makes."""
    dialer: Dialer = dial
    lookup: Places = places

    def serves(self, connection: socket.socket, peer: Peer, console: Console) -> bool:
        """Whether *peer* is served at all; it is told to the user where not."""
        if self.open_to_strangers or is_own(connection, peer):
            return True
        console.tell(
            _(
                "{peer} is turned away: the proxy serves this machine only, unless --allow or --proxy-auth says who else may"
            ).format(peer=peer)
        )
        return False

    def connect(self, host: str, port: int, connection: socket.socket, peer: Peer, console: Console) -> socket.socket:
        """A connection to where *peer*, who is on *connection*, wants to go. Raises NotConnected, and Forbidden."""
        settings = replace(self.settings, connect_timeout_s=self.settings.connect_timeout_s or CONNECT_S)
        end = End(Transport.TCP, host, port)
        found = list(dict.fromkeys(str(place.address[0]) for place in self.lookup(end, settings)))
        allowed = found if is_own(connection, peer) else [address for address in found if not _is_here(address)]
        if not allowed:
            raise Forbidden(_("{peer} may not reach this machine's own addresses through the proxy").format(peer=peer))
        for place, address in enumerate(allowed, 1):
            try:
                made = self.dialer(replace(end, host=address), settings, console)
            except NotConnected:
                if place == len(allowed):
                    raise
            else:
                _keep_alive(made)
                return made
        raise AssertionError("the last address either connected or raised")


def is_own(connection: socket.socket, peer: Peer) -> bool:
    """Whether *peer* is this very machine."""
    if connection.family == socket.AF_UNIX:
        return True
    return _is_here(peer.host) or Peer.of(connection.getsockname()).host == peer.host


def reason_number(fault: NotConnected) -> int:
    """The system's number for why no connection came about; that of an unknown host where it has none."""
    known = fault.fault.errno if fault.fault is not None else None
    return known if known is not None and known > 0 else errno.EHOSTUNREACH


def _is_here(address: str) -> bool:
    """Loopback, and the addresses that lead there: 0.0.0.0 and :: are this host too (RFC 1122 section 3.2.1.3)."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(known, IPv6Address):
        known = known.ipv4_mapped or known
    return known.is_loopback or known.is_unspecified


def _keep_alive(connection: socket.socket) -> None:
    """Have the kernel notice a peer that vanished, or its thread would wait for ever."""
    if connection.family == socket.AF_UNIX:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_S)
