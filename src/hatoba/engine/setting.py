"""What all legs of one scan share, and how a leg is set up from it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hatoba.engine.groups import Group
from hatoba.engine.legs.asks import Asks, Ports
from hatoba.engine.legs.connect_transport import ConnectTransport
from hatoba.engine.legs.kept_wire import KeptWire, Use
from hatoba.engine.legs.ledger import Ledger
from hatoba.engine.legs.leg import Leg
from hatoba.engine.legs.outages import MendedWire
from hatoba.engine.legs.packet_transport import PacketTransport, Wordings
from hatoba.engine.legs.responders import Responders
from hatoba.engine.legs.transport import Transport
from hatoba.engine.loop import LegRun
from hatoba.engine.pacing.loss import KnownLoss
from hatoba.engine.pacing.pace import Pace
from hatoba.engine.pacing.round_trip import INITIAL_NEAR_S, INITIAL_S, LATE_S
from hatoba.engine.tally import Tally
from hatoba.errors import UsageError, WireError
from hatoba.messages import _
from hatoba.model import Protocol, ScanPlan
from hatoba.packets.frames import FrameTemplate
from hatoba.packets.layouts import ETHERNET_BYTES
from hatoba.packets.segment import Segment
from hatoba.probes import METHODS, PINGS, method_named
from hatoba.probes.connect import CONNECT, KernelMethod
from hatoba.probes.method import Method
from hatoba.results.known import Known
from hatoba.targets.scope import Permitted
from hatoba.wire.gate import GatedConnects, GatedHandshakes, GatedPackets
from hatoba.wire.network import HeldPorts, Network
from hatoba.wire.routes import Route

if TYPE_CHECKING:
    from hatoba.wire.reverse_names import ReverseNames

AnyMethod = Method | KernelMethod
Mask = npt.NDArray[np.bool_]


def method_of(name: str, tcp_flags: int | None = None) -> AnyMethod:
    """The scan method of that name. Raises KeyError."""
    return CONNECT if name == CONNECT.name else method_named(name, tcp_flags)


def protocols_of(names: Sequence[str]) -> tuple[Protocol, ...]:
    """The protocols that these methods ask in. Raises UsageError for a name that is none, and for methods that don't go
    together."""
    asked: dict[Protocol, str] = {}
    for name in names:
        if name != CONNECT.name and name not in METHODS:
            known = ", ".join(sorted({*METHODS, CONNECT.name}))
            raise UsageError(_("there is no scan method {name!r}; there are: {names}").format(name=name, names=known))
        protocol = method_of(name).protocol
        if protocol in asked:
            raise UsageError(
                _("{first} and {second} ask the same ports in two ways: keep one of them").format(
                    first=asked[protocol], second=name
                )
            )
        asked[protocol] = name
    if Protocol.IP in asked and len(asked) > 1:
        raise UsageError(_("ip-protocol asks for protocols instead of ports: scan with it alone"))
    return tuple(sorted(asked))


def ping_of(name: str) -> AnyMethod:
    """The ping of that name. Raises KeyError."""
    return CONNECT if name == CONNECT.name else PINGS[name]


def _reverse_names() -> ReverseNames:
    from hatoba.wire.reverse_names import ReverseNames  # most scans ask for none

    return ReverseNames()


class Setting:
    """Of one scan."""

    def __init__(
        self,
        plan: ScanPlan,
        permitted: Permitted,
        network: Network,
        seed: int,
        clock: Callable[[], float],
        stopped: Callable[[], bool],
        known: Known | None = None,
    ) -> None:
        """*known*: what earlier runs of this scan have told, and is not asked again."""
        self.plan, self.permitted, self.network, self.clock, self.stopped = plan, permitted, network, clock, stopped
        draw = random.Random(seed)
        self.cookie_key = (draw.getrandbits(64), draw.getrandbits(64))
        self.order_key = draw.getrandbits(60)
        self.seed = seed
        self.tally = Tally()
        self.pace = Pace(clock(), plan.min_rate_pps, plan.max_rate_pps)
        self.known = known
        self.responders = Responders(() if known is None else known.responders)
        self.reverse_names = _reverse_names() if plan.reverse_names else None
        self.beside: list[Callable[[], None]] = []
        """What goes on beside a leg, a step at a time, without waiting."""
        self.problems: list[str] = []
        """What could not be done and ends nothing, a sentence each."""
        self._legs = 0
        self._losses: dict[Route, KnownLoss] = {}
        """What is known of each way that was asked."""
        self._source_ports: HeldPorts | None = None
        self._connects: GatedConnects | None = None
        self._kept_wire = KeptWire()

    def meanwhile(self) -> None:
        """Let what goes on beside do its next step."""
        for step in tuple(self.beside):
            step()

    @property
    def first_port(self) -> int:
        """The first of the source ports that this scan's packets leave from; they are its own until it is closed."""
        if self._source_ports is None:
            self._source_ports = self.network.source_ports(self.seed)
        return self._source_ports.first

    @property
    def connects(self) -> GatedConnects:
        """The way to ask by connect()."""
        if self._connects is None:
            self._connects = GatedConnects(self.network.open_connects(), self.permitted)
        return self._connects

    def open_handshakes(self) -> GatedHandshakes:
        """A way to complete connections and hold them. Raises WireError if this process may open no file any more."""
        return GatedHandshakes(self.network.handshakes(), self.permitted)

    def open_packets(
        self, route: Route, family: int, zone: str | None, segments: Sequence[Segment], questions: int
    ) -> GatedPackets:
        """A wire along *route* for packets with these *segments*, to ask so many questions at a time."""
        link_bytes = ETHERNET_BYTES if route.link.ethernet else 0
        template = FrameTemplate(family, link_bytes, route.link.mac, route.source, tuple(segments))
        use = Use(route, template, zone, questions)
        kept = self._kept_wire.take(use)
        wire, use = kept or (self.network.open_packets(route, template, self.first_port, zone, questions), use)
        return GatedPackets(wire, self.permitted, partial(self._kept_wire.keep, wire, use))

    def leg(
        self,
        group: Group,
        parts: Sequence[tuple[AnyMethod, Ports]],
        host_settles: bool = False,
        only: Mask | None = None,
        plan: ScanPlan | None = None,
        deadline_s: float = math.inf,
        again: bool = False,
        known: npt.NDArray[np.void] | None = None,
    ) -> tuple[LegRun, Transport]:
        """A leg that asks the hosts of *group* these ports by these methods: all of them connect, or none. *only* are the
        questions to ask, (hosts, asks); None: all. At *deadline_s* it ends with what is known; *again* says that all of it was
        told already; *known* are verdicts of the same hosts and methods that were told before. Close the transport after it."""
        leg = Leg(group.block, Asks(parts), group.offsets, group.macs)
        ledger = Ledger(len(leg))
        if only is not None:
            ledger.drop(np.flatnonzero(~only.ravel()))
        transport = self._transport(group, leg, ledger)
        self._legs += 1
        near = group.route.local or (group.route.link.ethernet and group.route.gateway is None)
        own_way = not isinstance(transport, ConnectTransport)
        strangers = not (near or again) and (host_settles or not self.plan.pings)
        self.pace.new_leg(hosts=len(group))
        run = LegRun(
            leg,
            transport,
            ledger,
            plan or self.plan,
            self.tally,
            self.clock,
            self.stopped,
            self.order_key,
            self.pace,
            initial_timeout_s=INITIAL_NEAR_S if near and own_way else INITIAL_S,
            host_settles=host_settles,
            deadline_s=deadline_s,
            again=again,
            meanwhile=self.meanwhile,
            late_s=self._late_s if strangers else 0.0,
            known_loss=self._losses.setdefault(group.route, KnownLoss()),
            check=partial(self._check_way, group.route) if own_way and not group.route.local else lambda: None,
        )
        if known is not None:
            run.recall(group.places(known["host"]), known)
        return run, transport

    def _transport(self, group: Group, leg: Leg, ledger: Ledger) -> Transport:
        methods = [method for method in leg.asks.methods if isinstance(method, Method)]
        if len(methods) < len(leg.asks.methods):
            return ConnectTransport(leg, self.connects, ledger, self.responders, self.network.refusals)
        ports = [leg.asks.port[leg.asks.method == number] for number in range(len(methods))]
        wordings = Wordings(methods, ports, leg.block.family)
        if any(method.protocol == Protocol.UDP for method in methods) and not group.route.local:
            self._hold_datagrams()
        route, block = group.route, leg.block
        wire = MendedWire(
            partial(self.open_packets, route, block.family, block.zone, wordings.segments, ledger.unanswered),
            route.link.name,
            partial(self.network.usable, route),
            self.tally.outages,
            self.clock,
        )
        own = (
            self.responders,
            self.first_port,
            self.cookie_key,
            group.route.local,
            self.plan.source_port is not None,
            self._legs,
        )
        return PacketTransport(methods, wordings, leg, wire, ledger, *own)

    @property
    def _late_s(self) -> float:
        return LATE_S if self.plan.max_rtt_timeout_s is None else self.plan.max_rtt_timeout_s

    def _check_way(self, route: Route) -> None:
        if not self.network.usable(route):
            text = _(
                "packets can't leave from {address} through {link} any more: what is silent may be open or closed as well; see "
                "what has changed with: ip address show {link}"
            )
            raise WireError(text.format(address=ip_address(route.source), link=route.link.name))

    def _hold_datagrams(self) -> None:
        """Answers that come to a port of ours are no errors to be told to who sent them. On an own address our ports stay as
        they are: they are among those that are asked for."""
        if self.first_port and self._source_ports is not None:
            self._source_ports.hold_datagrams()

    def close(self) -> None:
        self._kept_wire.close()
        if self._source_ports is not None:
            self._source_ports.close()
        if self._connects is not None:
            self._connects.close()
        if self.reverse_names is not None:
            self.reverse_names.close()
