"""A scan whose open ports are asked for their services: the engine's events, and a :class:`~hatoba.service.Service` for each
open TCP and UDP port, after the port's verdict and before its host.

What an earlier run has told of services comes first, right after its verdicts, and those ports are not asked again.
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
from hatoba.identify.runner import Runner
from hatoba.model import Address, Doing, Host, Progress, Protocol, ScanEnd, ScanInfo, State, TakenOver
from hatoba.results.batch import HostBatch, VerdictBatch
from hatoba.service import Outcome, Service

Event = EngineEvent | Service

_LOOK_S = 0.25
"""How often a scan that waits for interviews shows a sign of life."""
_ASKED = (Protocol.TCP, Protocol.UDP)


class Scans(Interface):
    """What this file needs of ``hatoba.engine.scan.Scan``."""

    def events(self) -> Iterator[Event]: ...

    def stop(self) -> None: ...


@dataclass(slots=True)
class _Held:
    """A host whose interviews are under way."""

    host: Host
    waiting: int


@dataclass(slots=True)
class _Known:
    """What the verdicts said of a host that has not been told of yet."""

    names: tuple[str, ...]
    ports: list[tuple[Protocol, int]] = field(default_factory=list)


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
                    case VerdictBatch():
                        self._note(event)
                        yield event
                        yield from self._told_earlier(event)
                    case Host() if self._left.hosts > 0:
                        self._left = replace(self._left, hosts=self._left.hosts - 1)
                        self._known.pop(event.address, None)
                        yield event
                    case HostBatch() if self._left.hosts > 0:
                        self._left = replace(self._left, hosts=self._left.hosts - len(event))
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

    def _note(self, batch: VerdictBatch) -> None:
        rows = batch.rows[(batch.rows["state"] == State.OPEN) & np.isin(batch.rows["protocol"], _ASKED)]
        for index, protocol, port in zip(rows["host"].tolist(), rows["protocol"].tolist(), rows["port"].tolist(), strict=True):
            address = batch.hosts.address(index)
            known = self._known.setdefault(address, _Known(batch.hosts.names(index)))
            known.ports.append((Protocol(protocol), port))

    def _told_earlier(self, batch: VerdictBatch) -> Sequence[Service]:
        """What is to come after *batch*, if that is the last of those that were told already."""
        if not self._left.ports:
            return ()
        self._left = replace(self._left, ports=max(0, self._left.ports - len(batch)))
        return () if self._left.ports else self._earlier

    def _begin(self, runner: Runner, host: Host) -> Iterator[Host]:
        known = self._known.pop(host.address, None)
        targets = [] if known is None else _targets(host, known)
        targets = [one for one in targets if (one.address, one.protocol, one.port) not in self._asked]
        if not targets or self._stop:
            yield replace(host, unfinished=host.unfinished or bool(targets))
            return
        self._held[host.address] = _Held(host, len(targets))
        runner.ask(targets)

    def _told(self, services: Iterator[Service]) -> Iterator[Service | Host]:
        for service in services:
            yield service
            held = self._held[service.address]
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
        more_s = self._clock() - began_s
        failures: tuple[HatobaError, ...] = (runner.failure,) if runner.failure is not None else ()
        yield replace(
            end,
            finished_at=end.finished_at + more_s,
            duration_s=end.duration_s + more_s,
            interrupted=end.interrupted or self._stop,
            problems=(*end.problems, *map(str, failures)),
        )


def _targets(host: Host, known: _Known) -> list[Target]:
    believed = known.ports
    if host.deception is not None:
        believed = [(kind, port) for kind, port in believed if kind != Protocol.TCP or port in (host.held_ports or ())]
    return [Target(host.address, kind, port, known.names) for kind, port in believed]
