"""A scan whose open ports are asked for their services: the engine's events, and a :class:`~hatoba.service.Service` for each
open TCP and UDP port, after the port's verdict and before its host.

What an earlier run has told of services comes first, right after its verdicts, and those ports are not asked again.

UDP ports that are open or filtered are asked as well, since silence to the scan's one question says little: their verdicts
are held back until then, and who answers is open.

The interviews of a host begin when the scan has told of it, and go on beside the scan; hosts wait for theirs, and for nobody
else's. Of a host where something answers for every port only those are asked on which a connection held.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol as Interface

import numpy as np

from hatoba.engine.scan import Event as EngineEvent
from hatoba.errors import HatobaError
from hatoba.identify.manner import Target
from hatoba.identify.protocols import PROTOCOLS
from hatoba.identify.runner import Runner
from hatoba.model import Address, Answer, Doing, Host, Progress, Protocol, Reason, ScanEnd, ScanInfo, State, TakenOver
from hatoba.packets.distinct import distinct
from hatoba.results.batch import HostBatch, VerdictBatch
from hatoba.service import Outcome, Service

Event = EngineEvent | Service

_LOOK_S = 0.25
"""How often a scan that waits for interviews shows a sign of life."""
_ASKED = (Protocol.TCP, Protocol.UDP)
_FEW_PORTS = 32
"""So many ports of one host that are open or filtered are asked whatever their numbers are; of more, those whose number speaks
for a protocol: where a filter is silent for all of them, each would take its time for nothing."""
_SPOKEN_FOR = frozenset(port for one in PROTOCOLS if one.protocol == Protocol.UDP for port in one.ports)


class Scans(Interface):
    """What this file needs of ``hatoba.engine.scan.Scan``."""

    def events(self) -> Iterator[Event]: ...

    def stop(self) -> None: ...


@dataclass(slots=True)
class _Held:
    """A host whose interviews are under way."""

    host: Host
    waiting: int
    maybe: dict[int, VerdictBatch]
    """Verdicts of UDP ports that are open or filtered, until they have been asked."""


@dataclass(slots=True)
class _Known:
    """What the verdicts said of a host that has not been told of yet."""

    names: tuple[str, ...]
    ports: list[tuple[Protocol, int]] = field(default_factory=list)
    maybe: list[VerdictBatch] = field(default_factory=list)
    """Of UDP ports that are open or filtered, held back."""


class IdentifiedScan:
    def __init__(
        self,
        scan: Scans,
        new_runner: Callable[[], Runner],
        clock: Callable[[], float] = time.monotonic,
        told: Sequence[Service] = (),
    ) -> None:
        """*told*: the services that an earlier run told, ``results.known.Known.services``."""
        self._scan, self._new_runner, self._clock = scan, new_runner, clock
        self._earlier = told
        self._asked = {(service.address, service.protocol, service.port) for service in told}
        self._left = TakenOver(0, 0)
        """What of the earlier run is yet to come."""
        self._known: dict[Address, _Known] = {}
        self._held: dict[Address, _Held] = {}
        self._stop = False
        self._last: Progress | None = None

    def stop(self) -> None:
        """Finish soon and report what is known; safe to call from a signal handler or another thread."""
        self._stop = True
        self._scan.stop()

    def events(self) -> Generator[Event]:
        runner = self._new_runner()
        try:
            for event in self._scan.events():
                match event:
                    case ScanInfo():
                        yield event
                        self._left = event.taken_over or self._left
                        if not self._left.ports:
                            yield from self._earlier
                    case VerdictBatch() if self._left.ports > 0:
                        self._note_open(event)
                        yield event
                        yield from self._told_earlier(event)
                    case VerdictBatch():
                        yield from self._note(event)
                    case Host() if self._left.hosts > 0:
                        self._left = replace(self._left, hosts=self._left.hosts - 1)
                        self._known.pop(event.address, None)
                        yield event
                    case HostBatch() if self._left.hosts > 0:
                        self._left = replace(self._left, hosts=self._left.hosts - len(event))
                        yield event
                    case HostBatch():
                        yield from self._let_go(event)
                        yield event
                    case Host():
                        yield from self._begin(runner, event)
                    case ScanEnd():
                        yield from self._finish(runner, event)
                    case _:
                        self._last = event if isinstance(event, Progress) else self._last
                        yield event
                yield from self._told(runner.found())
        finally:
            runner.close()

    def _note(self, batch: VerdictBatch) -> Iterator[VerdictBatch]:
        held = (batch.rows["state"] == State.OPEN_FILTERED) & (batch.rows["protocol"] == Protocol.UDP)
        for index in distinct(batch.rows["host"][held]).tolist():
            known = self._known.setdefault(batch.hosts.address(index), _Known(batch.hosts.names(index)))
            known.maybe.append(replace(batch, rows=batch.rows[held & (batch.rows["host"] == index)]))
        if not held.all():
            yield replace(batch, rows=batch.rows.compress(~held)) if held.any() else batch
        self._note_open(batch)

    def _note_open(self, batch: VerdictBatch) -> None:
        rows = batch.rows[(batch.rows["state"] == State.OPEN) & np.isin(batch.rows["protocol"], _ASKED)]
        for index, protocol, port in zip(rows["host"].tolist(), rows["protocol"].tolist(), rows["port"].tolist(), strict=True):
            address = batch.hosts.address(index)
            known = self._known.setdefault(address, _Known(batch.hosts.names(index)))
            known.ports.append((Protocol(protocol), port))

    def _told_earlier(self, batch: VerdictBatch) -> Sequence[Service]:
        """What is to come after *batch*, if that is the last of those that were told already."""
        self._left = replace(self._left, ports=max(0, self._left.ports - len(batch)))
        return () if self._left.ports else self._earlier

    def _let_go(self, batch: HostBatch | None = None) -> Iterator[VerdictBatch]:
        """The verdicts that were held back for hosts that say nothing at all; without *batch*, for all that are left."""
        waiting = [address for address, known in self._known.items() if known.maybe]
        if batch is not None and waiting:
            gone = np.isin(batch.hosts.find(waiting), batch.indices)
            waiting = [address for address, is_gone in zip(waiting, gone.tolist(), strict=True) if is_gone]
        for address in waiting:
            yield from self._known.pop(address).maybe

    def _begin(self, runner: Runner, host: Host) -> Iterator[Event]:
        known = self._known.pop(host.address, None)
        maybe: dict[int, VerdictBatch] = {}
        if known is not None:
            asked = [] if self._stop or host.deception is not None else _worth_asking(known.maybe)
            for batch in known.maybe:
                of_these = np.isin(batch.rows["port"], asked)
                maybe |= {int(row["port"]): replace(batch, rows=row[None]) for row in batch.rows[of_these]}
                if not of_these.all():
                    yield replace(batch, rows=batch.rows.compress(~of_these))
            known.ports += [(Protocol.UDP, port) for port in maybe]
        targets = [] if known is None else _targets(host, known)
        targets = [one for one in targets if (one.address, one.protocol, one.port) not in self._asked]
        if not targets or self._stop:
            yield replace(host, unfinished=host.unfinished or bool(targets))
            return
        self._held[host.address] = _Held(host, len(targets), maybe)
        runner.ask(targets)

    def _told(self, services: Iterator[Service]) -> Iterator[Event]:
        for service in services:
            held = self._held[service.address]
            verdict = held.maybe.pop(service.port, None) if service.protocol == Protocol.UDP else None
            answered = service.outcome in (Outcome.RECOGNISED, Outcome.UNRECOGNISED)
            if verdict is not None:
                yield _answered(verdict) if answered else verdict
            if verdict is None or answered:
                yield service
            held.waiting -= 1
            if self._stop and service.outcome is Outcome.UNFINISHED:
                held.host = replace(held.host, unfinished=True)
            if not held.waiting:
                del self._held[service.address]
                yield held.host

    def _finish(self, runner: Runner, end: ScanEnd) -> Iterator[Event]:
        """Wait for what is under way; then the end, later by as much."""
        began_s = self._clock()
        while runner.waiting and not self._stop:
            yield from self._told(runner.found(_LOOK_S))
            if runner.waiting and self._last is not None:
                yield replace(self._last, doing=Doing.IDENTIFYING, left_s=None)
        runner.close()
        yield from self._told(runner.found())
        yield from self._let_go()
        more_s = self._clock() - began_s
        failures: tuple[HatobaError, ...] = (runner.failure,) if runner.failure is not None else ()
        yield replace(
            end,
            finished_at=end.finished_at + more_s,
            duration_s=end.duration_s + more_s,
            interrupted=end.interrupted or self._stop,
            problems=(*end.problems, *map(str, failures)),
        )


def _worth_asking(maybe: list[VerdictBatch]) -> list[int]:
    ports = [int(port) for batch in maybe for port in batch.rows["port"]]
    return ports if len(ports) <= _FEW_PORTS else [port for port in ports if port in _SPOKEN_FOR]


def _answered(verdict: VerdictBatch) -> VerdictBatch:
    """A verdict of one port that was silent to the scan, and answered when it was asked in its own protocol."""
    row = verdict.rows.copy()
    row["state"], row["reason"], row["answer"] = State.OPEN, Reason.UDP_RESPONSE, Answer.UDP
    row["probes"] = np.minimum(row["probes"].astype(int) + 1, 255)
    row["answered_probe"] = row["probes"]
    return replace(verdict, rows=row)


def _targets(host: Host, known: _Known) -> list[Target]:
    believed = known.ports
    if host.deception is not None:
        believed = [(kind, port) for kind, port in believed if kind != Protocol.TCP or port in (host.held_ports or ())]
    return [Target(host.address, kind, port, known.names) for kind, port in believed]
