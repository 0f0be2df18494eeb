"""A scan whose hosts are told with their operating systems: its events, each host with the verdict of ``identify.systems``.

That rests on what the engine observed, and on what the host's services said before the host was told.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import Protocol as Interface

from hatoba.engine.scan import Event as EngineEvent
from hatoba.identify.systems.judge import judge
from hatoba.model import Address, Host
from hatoba.service import Service

Event = EngineEvent | Service


class Scans(Interface):
    """What this file needs of ``hatoba.engine.scan.Scan`` and of ``identify.identified_scan.IdentifiedScan``."""

    def events(self) -> Iterator[Event]: ...

    def stop(self) -> None: ...


class JudgedScan:
    def __init__(self, scan: Scans, guess: bool = False) -> None:
        """*guess*: name what fits badly, too, where nothing fits well."""
        self._scan, self._guess = scan, guess

    def stop(self) -> None:
        """Finish soon and report what is known; safe to call from a signal handler or another thread."""
        self._scan.stop()

    def events(self) -> Generator[Event]:
        said: dict[Address, list[Service]] = {}
        events = self._scan.events()
        try:
            for event in events:
                if isinstance(event, Service):
                    said.setdefault(event.address, []).append(event)
                yield self._judged(event, said.pop(event.address, [])) if isinstance(event, Host) else event
        finally:
            if isinstance(events, Generator):
                events.close()

    def _judged(self, host: Host, services: Sequence[Service]) -> Host:
        if not host.observations:
            return host
        told = judge(host.observations, services, host.deception, self._guess)
        return replace(host, systems=told, observations=())
