"""A scan that was written down beforehand, in the place of the engine's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

from hatoba.api.request import Request
from hatoba.engine.scan import Event, Scan
from hatoba.model import ScanEnd
from tests.unit.results.rows import Hosts, batch, closed, opened

HOSTS = Hosts("198.18.0.2", "198.18.0.3")
END = ScanEnd(finished_at=2.0, duration_s=1.0, hosts_up=1, hosts_down=0, hosts_total=1)


class ScriptedScan:
    """Yields the events of *script*, and notes whether it was stopped and closed."""

    def __init__(self, script: Callable[[ScriptedScan], Iterator[Event]]) -> None:
        self._script = script
        self.stopped = threading.Event()
        self.given = 0
        self.closed = False

    def events(self) -> Iterator[Event]:
        try:
            for event in self._script(self):
                self.given += 1
                yield event
        finally:
            self.closed = True

    def stop(self) -> None:
        self.stopped.set()


def scripted(*events: Event) -> ScriptedScan:
    return ScriptedScan(lambda _scan: iter(events))


def asked_for(scan: ScriptedScan, *, open_only: bool = False) -> Request:
    return Request(cast("Scan", scan), open_only)


def requester(scan: ScriptedScan) -> Callable[..., Request]:
    """In the place of ``hatoba.api.request.request``."""

    def request(_targets: object, **options: Any) -> Request:
        return asked_for(scan, open_only=options.get("open_only", False))

    return request


def ports_batch(*ports: int, shut: tuple[int, ...] = ()) -> Event:
    return batch(HOSTS, opened(ports), closed(shut))
