"""The course of a scan as its callers want it: everything, or the batches of verdicts alone."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace

from hatoba.api.request import LOG, Request
from hatoba.engine.scan import Event as EngineEvent
from hatoba.errors import WireError
from hatoba.model import ScanEnd, State
from hatoba.results.batch import HostBatch, VerdictBatch
from hatoba.service import Service

Event = EngineEvent | Service


def batches_of(wanted: Request) -> Generator[VerdictBatch, None, None]:
    """The verdicts of a scan. Raises WireError at the end of one that broke off: results that stop short look complete."""
    with closing(events_of(wanted)) as events:
        for event in events:
            if isinstance(event, VerdictBatch):
                yield event
            elif isinstance(event, ScanEnd):
                if event.interrupted:
                    raise WireError(" ".join(event.problems))
                for problem in event.problems:
                    LOG.warning("%s", problem)


def events_of(wanted: Request) -> Generator[Event, None, None]:
    events = wanted.scan.events()
    try:
        for event in events:
            if isinstance(event, HostBatch):
                yield from event
            elif not (wanted.open_only and isinstance(event, VerdictBatch)):
                yield event
            elif len(rows := event.rows[event.rows["state"] == State.OPEN]):
                yield replace(event, rows=rows)
    finally:
        if isinstance(events, Generator):
            events.close()
