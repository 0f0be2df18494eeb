"""A scan from end to end: permitted targets in, events out.

The events come in this order: ``ScanInfo``; any mix of ``VerdictBatch``, ``Found``, ``Host``, ``HostBatch`` and ``Progress``;
``ScanEnd``.
Each asked port is in exactly one batch, each host is told once, after its last verdict. What was known is handed on before an
error is.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import chain

import numpy as np

from hatoba import __version__
from hatoba.engine.crowds import Crowd, crowds
from hatoba.engine.gauge import Gauge
from hatoba.engine.group_scan import GroupScan
from hatoba.engine.groups import Group, Part, Sought, Unreachable, connect_groups, packet_groups
from hatoba.engine.legs.leg import MAX_QUESTIONS
from hatoba.engine.neighbour_search import NeighbourSearch, Searching
from hatoba.engine.problems import (
    contradictions,
    drops,
    echoed,
    no_ways,
    other_way,
    outages,
    rationing,
    refused,
    reset_rationing,
    silenced,
)
from hatoba.engine.setting import Setting, method_of
from hatoba.engine.stages.discovery import pings_for
from hatoba.errors import HatobaError
from hatoba.model import Address, Doing, Found, Host, PortsAsked, Progress, Protocol, ScanEnd, ScanInfo, ScanPlan
from hatoba.probes.connect import CONNECT
from hatoba.results.batch import VERDICT, HostBatch, VerdictBatch
from hatoba.results.known import Known
from hatoba.targets.ports import range_list
from hatoba.targets.scope import Permitted
from hatoba.targets.target_set import Block
from hatoba.targets.written import names_of, written
from hatoba.wire.network import KernelNetwork, Network

Event = ScanInfo | VerdictBatch | Found | Host | HostBatch | Progress | ScanEnd

_PINGED_ONLY = 64
"""What a host without ports to ask counts for among the questions of a leg, at least: what is known of it takes room too."""


class Scan:
    """One run over *permitted* targets, which only ``targets.scope.Scope`` can give."""

    def __init__(
        self,
        plan: ScanPlan,
        permitted: Permitted,
        *,
        arguments: Sequence[str] = (),
        network: Network | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        known: Known | None = None,
    ) -> None:
        """*known*: what earlier runs of the same scan have told. It comes first among the events, and is not asked again."""
        self._plan, self._targets = plan, permitted.targets
        self._arguments = tuple(arguments)
        self._clock, self._wall_clock = clock, wall_clock
        self._seed = plan.seed if plan.seed is not None else random.SystemRandom().getrandbits(63)
        self._stop = False
        network = network or KernelNetwork(clock, plan.interface, plan.source_port)
        self._setting = Setting(plan, permitted, network, self._seed, clock, lambda: self._stop, known)
        self._known = known
        self._search = NeighbourSearch(network, clock, self._setting.pace, lambda: self._stop, self._setting.order_key)
        self._setting.beside.append(self._search.step)
        self._methods = [method_of(name, plan.tcp_flags) for name in plan.methods]
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
        blocks = [block for block in self._targets.blocks if not self._methods or self._port_count(block)]
        yield self._info(blocks)
        gauge = Gauge(sum(block.count * self._port_count(block) for block in blocks), self._clock, self._setting.tally)
        failed = False
        try:
            for event in chain(self._taken_over(gauge), self._groups(self._unfinished(blocks))):
                if isinstance(event, VerdictBatch):
                    gauge.settled(event.rows)
                    if len(event):
                        yield event
                    if (progress := gauge.due()) is not None:
                        yield progress
                    continue
                if isinstance(event, Found):
                    yield event
                    continue
                if isinstance(event, Sought):
                    gauge.doubtful(self._ports_of(event), event.pinged)
                    continue
                if isinstance(event, Unreachable):
                    gauge.left_out(self._ports_of(event))
                told = self._unreachable(event) if isinstance(event, Unreachable) else event
                self._hosts[told.state] += len(told) if isinstance(told, HostBatch) else 1
                yield told
            if self._plan.interface is not None and not self._hosts["up"] and not self._stop:
                self._problems += other_way(self._plan.interface, self._targets, self._setting.network)
        except HatobaError as error:
            failed = True
            self._problems.append(str(error))
        finally:
            self._setting.close()
        yield gauge.now()
        yield self._end(gauge, started_s, failed)

    def _taken_over(self, gauge: Gauge) -> Iterator[VerdictBatch | Host | HostBatch]:
        """What was told before, as though it came now."""
        if self._known is None:
            return
        methods = {method.protocol.value: method.name for method in self._methods}
        for rows in self._known.pieces():
            yield VerdictBatch("", self._targets, rows, self._setting.responders.addresses, methods)
        finished = sum(
            self._port_count(block) * int(np.count_nonzero(self._known.finished[block.first : block.first + block.count]))
            for block in self._targets.blocks
        )
        gauge.left_out(finished - int(np.count_nonzero(self._known.finished[self._known.rows["host"]])))
        yield from self._known.hosts

    def _unfinished(self, blocks: Sequence[Block]) -> list[Block]:
        """The blocks with those of their hosts alone of which something is to be asked yet."""
        if self._known is None or not self._known.finished.any():
            return list(blocks)
        left = ((block, np.flatnonzero(~self._known.finished[block.first : block.first + block.count])) for block in blocks)
        return [block if len(its) == block.count else block.part(its) for block, its in left if len(its)]

    def _port_count(self, block: Block) -> int:
        """How many ports each host of a block is asked for."""
        return sum(len(block.ports.get(method.protocol, ())) for method in self._methods)

    def _ports_of(self, part: Unreachable | Sought) -> int:
        """How many ports of these hosts would be asked for yet."""
        blocks, indices = self._targets.blocks, part.block.index(part.offsets)
        its = np.searchsorted([block.first for block in blocks], indices, side="right") - 1
        told = 0 if self._known is None else len(self._known.of(indices))
        return int(np.array([self._port_count(block) for block in blocks])[its].sum()) - told

    def _groups(self, blocks: Sequence[Block]) -> Iterator[VerdictBatch | Found | Host | HostBatch | Unreachable | Sought]:
        names = {*self._plan.methods, *(ping.method for ping in self._plan.pings)}
        own_packets = names != {CONNECT.name} or self._plan.traceroute or self._plan.systems
        for crowd in crowds(blocks, self._methods, MAX_QUESTIONS):
            most = self._most(crowd)
            parts: Iterator[Part]
            if own_packets:
                parts = packet_groups(crowd.block, self._setting.network, most, self._search)
            else:
                parts = connect_groups(crowd.block, self._setting.network, most)
            for part in parts:
                if self._stop and not (isinstance(part, Group) and part.neighbours):
                    # What a search found that was stopped comes yet; that the others were silent says nothing.
                    if isinstance(part, Group):
                        return
                elif isinstance(part, Searching):
                    self._setting.tally.doing = Doing.NEIGHBOURS
                    yield VerdictBatch("", self._targets, np.zeros(0, VERDICT))
                elif isinstance(part, Group):
                    yield from GroupScan(part, crowd.asked_of(part.offsets), self._setting, self._targets).events()
                else:
                    yield part
            if self._stop:
                return

    def _most(self, crowd: Crowd) -> int:
        """How many hosts of a crowd fit into a leg."""
        pinged = sum(len(ports) for _ping, ports in pings_for(crowd.block.family, self._plan.pings))
        asked = max((len(questions.ports) for questions in crowd.asked), default=_PINGED_ONLY)
        return max(1, MAX_QUESTIONS // max(pinged, asked))

    def _unreachable(self, part: Unreachable) -> HostBatch:
        if part.problem:
            first, more = self._no_way.get(part.problem, (part.block.address(int(part.offsets[0])), -1))
            self._no_way[part.problem] = first, more + len(part.offsets)
        return HostBatch(self._targets, part.block.index(part.offsets), "down", part.reason, part.responder)

    def _info(self, blocks: Sequence[Block]) -> ScanInfo:
        asked = []
        for method in self._methods:
            lists = [block.ports[method.protocol] for block in blocks if len(block.ports.get(method.protocol, ()))]
            longest = max(lists, key=len, default=())
            asked.append(PortsAsked(method.name, method.protocol, range_list(longest), len(longest)))
        return ScanInfo(
            version=__version__,
            arguments=self._arguments,
            asked=tuple(asked),
            address_count=len(self._targets),
            started_at=self._wall_clock(),
            seed=self._seed,
            shard=self._targets.shard,
            all_addresses=self._targets.all_addresses,
            plan=self._plan,
            targets=written(self._targets),
            names=names_of(self._targets),
            taken_over=None if self._known is None else self._known.size,
        )

    def _end(self, gauge: Gauge, started_s: float, failed: bool) -> ScanEnd:
        tally = self._setting.tally
        names = self._setting.reverse_names
        self._problems += [
            *no_ways(self._no_way),
            *self._search.problems,
            *dict.fromkeys(self._setting.problems),
            *([names.problem] if names is not None and names.problem is not None else []),
            *echoed(tally),
            *rationing(tally, self._targets, any(method.protocol == Protocol.IP for method in self._methods)),
            *reset_rationing(tally, self._targets),
            *(() if failed else silenced(tally, self._targets)),
            *contradictions(tally),
            *outages(tally),
            *drops(tally),
            *refused(self._setting.network.refusals),
        ]
        return ScanEnd(
            finished_at=self._wall_clock(),
            duration_s=self._clock() - started_s,
            hosts_up=self._hosts["up"],
            hosts_down=self._hosts["down"],
            hosts_total=sum(self._hosts.values()),
            counts=gauge.counts(),
            probes_sent=tally.probes_sent + (0 if self._methods else self._search.sent),
            loss=tally.loss,
            expected_missed=tally.expected_missed,
            capture_drops=tally.drops,
            interrupted=self._stop or failed,
            problems=tuple(self._problems),
        )
