"""Which pings look for hosts before their ports are asked, where nothing else was said: nmap's, but never for a few addresses.

Up to :data:`FEW` addresses are somebody's own choice. They are asked for their ports whether or not they answer a ping, so a
host that is silent to strangers is never taken for one that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable

from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.model import Ping, Protocol
from hatoba.probes import PINGS
from hatoba.probes.connect import CONNECT
from hatoba.targets.ports import PortChoice, choice, parse_ports

FEW = 16

DEFAULT_PORTS = {"syn": "80", "ack": "80", "udp": "40125", "sctp-init": "80", "ip-protocol": "1,2,4", "connect": "80"}
"""What a ping asks where nothing is written behind it, nmap's figures. The others have no ports."""

NO_PORTS = choice({Protocol.TCP: [0]})
"""What targets have whose ports nobody asks: targets without any would be left out."""

_BY_PACKETS = (Ping("icmp-echo"), Ping("syn", (443,)), Ping("ack", (80,)), Ping("icmp-timestamp"))
_BY_CONNECT = (Ping("connect", (80, 443)),)


def default_pings(addresses: int, packets: bool, hosts_only: bool) -> tuple[Ping, ...]:
    """The pings for so many *addresses*. *packets*: whether packets of our own may be sent; *hosts_only*: whether no ports are
    asked afterwards."""
    if addresses <= FEW and not hosts_only:
        return ()
    return _BY_PACKETS if packets else _BY_CONNECT


def by_connect(pings: Iterable[Ping]) -> tuple[Ping, ...]:
    """*pings* for who may send no packets of his own: connect() does instead of SYN and ACK, the others stay."""
    kept = tuple(ping for ping in pings if ping.method not in ("syn", "ack", CONNECT.name))
    ports = sorted({port for ping in pings if ping.method in ("syn", "ack", CONNECT.name) for port in ping.ports})
    return (*kept, Ping(CONNECT.name, tuple(ports))) if ports else kept


def ping(method: str, ports: str = "") -> Ping:
    """The ping of that name with *ports* as after ``-PS``; its own where there are none. Raises UsageError."""
    if method != CONNECT.name and method not in PINGS:
        known = ", ".join(sorted({*PINGS, CONNECT.name}))
        raise UsageError(_("there is no ping {name!r}; there are: {names}").format(name=method, names=known))
    if method not in DEFAULT_PORTS:
        if ports:
            raise UsageError(_("{method} has no ports: leave out what follows it").format(method=method))
        return Ping(method)
    protocol = CONNECT.protocol if method == CONNECT.name else PINGS[method].protocol
    chosen = parse_ports(ports or DEFAULT_PORTS[method], default=protocol)
    if chosen.protocols != (protocol,):
        written = ", ".join(other.name for other in chosen.protocols if other != protocol)
        raise UsageError(
            _("{method} asks by {protocol} only: leave out the ports of {others}").format(
                method=method, protocol=protocol.name, others=written
            )
        )
    return Ping(method, tuple(chosen.ports[protocol].tolist()))


def only_asked(ports: PortChoice, asked: PortChoice) -> None:
    """Raise UsageError if *ports*, which stand behind a target, are none that a scan for *asked* would ask."""
    ports.only(asked.protocols)
    if asked is NO_PORTS and ports != asked:
        told = _("ports are written behind a target, but no ports are asked: leave out {ports}")
        raise UsageError(told.format(ports=ports.describe()))
