"""A scan from end to end: permitted targets in, events out.

The events come in this order: ``ScanInfo``; any mix of ``VerdictBatch``, ``Host`` and ``Progress``; ``ScanEnd``. Each asked
port is in exactly one batch, each host is told once, after its last verdict. What was known is handed on before an error is.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from hatoba import __version__
from hatoba.engine.connect_transport import ConnectTransport
from hatoba.engine.gauge import Gauge
from hatoba.engine.host_book import HostBook
from hatoba.engine.ledger import Ledger
from hatoba.engine.leg import Leg
from hatoba.engine.legs import RoutedLeg, Unreachable, connect_legs, packet_legs
from hatoba.engine.loop import LegRun, Tally
from hatoba.engine.pace import Pace
from hatoba.engine.packet_transport import PacketTransport
from hatoba.engine.responders import Responders
from hatoba.engine.round_trip import INITIAL_NEAR_S, INITIAL_S
from hatoba.engine.transport import Transport
from hatoba.errors import HatobaError
from hatoba.messages import _, ngettext
from hatoba.model import Address, Host, Progress, Protocol, Reason, ScanEnd, ScanInfo, ScanPlan, State
from hatoba.packets.frames import FrameTemplate
from hatoba.packets.layouts import ETHERNET_BYTES
from hatoba.probes import METHODS
from hatoba.results.batch import VerdictBatch
from hatoba.targets.scope import Permitted
from hatoba.targets.target_set import Block
from hatoba.wire.gate import GatedConnects, GatedPackets
from hatoba.wire.network import KernelNetwork, Network

Event = ScanInfo | VerdictBatch | Host | Progress | ScanEnd
_SILENT_CONNECT = (State.FILTERED, Reason.NO_RESPONSE)


class Scan:
    """One run over *permitted* targets, which only ``targets.scope.Scope`` can give."""

    def __init__(
        self,
        plan: ScanPlan,
        permitted: Permitted,
        *,
        arguments: Sequence[str] = (),
        ports: str = "",
        network: Network | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._plan, self._permitted, self._targets = plan, permitted, permitted.targets
        self._arguments, self._ports = tuple(arguments), ports
        self._clock, self._wall_clock = clock, wall_clock
        self._network = network or KernelNetwork(clock, plan.interface)
        self._seed = plan.seed if plan.seed is not None else random.SystemRandom().getrandbits(63)
        draw = random.Random(self._seed)
        self._cookie_key = (draw.getrandbits(64), draw.getrandbits(64))
        self._order_key = draw.getrandbits(60)
        self._protocol = METHODS[plan.method].protocol if plan.method in METHODS else Protocol.TCP
        self._stop = False
        self._tally = Tally()
        self._pace = Pace(clock(), plan.min_rate_pps, plan.max_rate_pps)
        self._responders = Responders()
        self._hosts = {"up": 0, "down": 0, "unknown": 0}
        self._problems: list[str] = []
        self._no_way: dict[str, tuple[Address, int]] = {}
        """Problem: one of the hosts that it keeps us from, and how many more."""

    def stop(self) -> None:
        """Finish soon and report what is known; safe to call from a signal handler or another thread."""
        self._stop = True

    def events(self) -> Generator[Event]:
        """Run. A wire that fails ends the scan early: what was known comes first, then the failure among the problems."""
        started_s = self._clock()
        blocks = [block for block in self._targets.blocks if len(block.ports.get(self._protocol, ()))]
        total = sum(block.count * len(block.ports[self._protocol]) for block in blocks)
        yield self._info(blocks)
        gauge = Gauge(total, self._clock, self._tally)
        failed = False
        try:
            for event in self._legs(blocks):
                if isinstance(event, VerdictBatch):
                    gauge.settled(event.rows)
                    if len(event):
                        yield event
                    if (progress := gauge.due()) is not None:
                        yield progress
                    continue
                if isinstance(event, Unreachable):
                    gauge.left_out(len(event.offsets) * len(event.block.ports[self._protocol]))
                for host in self._unreachable(event) if isinstance(event, Unreachable) else (event,):
                    self._hosts[host.state] += 1
                    yield host
        except HatobaError as error:
            failed = True
            self._problems.append(str(error))
        yield gauge.now()
        yield self._end(gauge, started_s, failed)

    def _legs(self, blocks: list[Block]) -> Iterator[VerdictBatch | Host | Unreachable]:
        if self._plan.method == "connect":
            yield from self._connect(blocks)
        else:
            yield from self._packets(blocks)

    def _connect(self, blocks: list[Block]) -> Iterator[VerdictBatch | Host | Unreachable]:
        wire = GatedConnects(self._network.open_connects(), self._permitted)
        try:
            for block in blocks:
                for part in connect_legs(block, self._protocol, self._network):
                    if self._stop:
                        return
                    if isinstance(part, Unreachable):
                        yield part
                        continue
                    transport = ConnectTransport(part, wire, self._responders)
                    yield from self._run(part, transport, Ledger(len(part)), _SILENT_CONNECT)
        finally:
            wire.close()

    def _packets(self, blocks: list[Block]) -> Iterator[VerdictBatch | Host | Unreachable]:
        source_ports = self._network.source_ports(self._seed)
        try:
            for block in blocks:
                for part in packet_legs(block, self._protocol, self._network):
                    if self._stop:
                        return
                    if isinstance(part, RoutedLeg):
                        yield from self._packet_leg(part, source_ports.first)
                    else:
                        yield part
        finally:
            source_ports.close()

    def _packet_leg(self, part: RoutedLeg, first_port: int) -> Iterator[VerdictBatch | Host]:
        leg, route = part.leg, part.route
        method = METHODS[self._plan.method]
        link_bytes = ETHERNET_BYTES if route.link.ethernet else 0
        segment = method.segment(leg.block.family)
        template = FrameTemplate(leg.block.family, link_bytes, route.link.mac, route.source, segment, method.cookie_field)
        wire = GatedPackets(self._network.open_packets(route, template, first_port, leg.block.zone, len(leg)), self._permitted)
        ledger = Ledger(len(leg))
        transport = PacketTransport(
            method, leg, wire, ledger, self._responders, first_port, self._cookie_key, local=route.local
        )
        initial_s = INITIAL_NEAR_S if route.local or (route.link.ethernet and route.gateway is None) else INITIAL_S
        yield from self._run(leg, transport, ledger, method.silence, initial_s)

    def _run(
        self, leg: Leg, transport: Transport, ledger: Ledger, silence: tuple[State, Reason], initial_s: float = INITIAL_S
    ) -> Iterator[VerdictBatch | Host]:
        book = HostBook(leg, self._targets)
        told = self._tally, self._clock, lambda: self._stop, self._order_key
        self._pace.new_leg()
        run = LegRun(leg, transport, ledger, self._plan, silence, *told, self._pace, initial_s)
        whole = False
        try:
            for rows in run.batches():
                book.learn(rows)
                yield self._batch(rows)
            whole = not self._stop
        except HatobaError:
            rows = run.rest()
            book.learn(rows)
            yield self._batch(rows)
            yield from book.close(asked_only=True)
            raise
        finally:
            transport.close()
        yield from book.close(asked_only=not whole)

    def _batch(self, rows: npt.NDArray[np.void]) -> VerdictBatch:
        return VerdictBatch(self._plan.method, self._targets, rows, self._responders.addresses)

    def _unreachable(self, part: Unreachable) -> Iterator[Host]:
        if part.problem:
            first, more = self._no_way.get(part.problem, (part.block.address(int(part.offsets[0])), -1))
            self._no_way[part.problem] = first, more + len(part.offsets)
        for offset in part.offsets.tolist():
            index = part.block.first + offset
            yield Host(self._targets.address(index), self._targets.names(index), "down", part.reason)

    def _info(self, blocks: list[Block]) -> ScanInfo:
        return ScanInfo(
            version=__version__,
            arguments=self._arguments,
            method=self._plan.method,
            protocol=self._protocol,
            ports=self._ports,
            port_count=max((len(block.ports[self._protocol]) for block in blocks), default=0),
            address_count=len(self._targets),
            started_at=self._wall_clock(),
            seed=self._seed,
        )

    def _end(self, gauge: Gauge, started_s: float, failed: bool) -> ScanEnd:
        tally = self._tally
        for problem, (address, more) in self._no_way.items():
            text = (
                _("no way to {address}: {problem}")
                if not more
                else ngettext(
                    "no way to {address} and {count} more: {problem}", "no way to {address} and {count} more: {problem}", more
                )
            )
            self._problems.append(text.format(address=address, count=more, problem=problem))
        if tally.contradictions:
            text = ngettext(
                "{count} answer contradicted an earlier one of the same port",
                "{count} answers contradicted earlier ones of the same port",
                tally.contradictions,
            )
            self._problems.append(text.format(count=tally.contradictions))
        if tally.drops:
            text = ngettext(
                "this machine lost {count} arriving packet; what it may have answered was asked again",
                "this machine lost {count} arriving packets; what they may have answered was asked again",
                tally.drops,
            )
            self._problems.append(text.format(count=tally.drops))
        return ScanEnd(
            finished_at=self._wall_clock(),
            duration_s=self._clock() - started_s,
            hosts_up=self._hosts["up"],
            hosts_down=self._hosts["down"],
            hosts_total=sum(self._hosts.values()),
            counts=gauge.counts(),
            probes_sent=tally.probes_sent,
            loss=tally.loss,
            expected_missed=tally.expected_missed,
            capture_drops=tally.drops,
            interrupted=self._stop or failed,
            problems=tuple(self._problems),
        )
