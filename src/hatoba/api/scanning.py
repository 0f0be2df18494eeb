"""The functions of ``import hatoba``."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import closing
from typing import TypeVar, Unpack

import numpy as np
import numpy.typing as npt

from hatoba.api.course import Event, batches_of, events_of
from hatoba.api.request import Request, ScanOptions, Targets, request
from hatoba.api.table import table_of
from hatoba.model import Verdict
from hatoba.results.collector import Collector

Function = TypeVar("Function", bound=Callable[..., object])


def _spelled_out(function: Function) -> Function:
    """Show every option in ``help()`` and in notebooks, not only ``**options``."""
    returned = inspect.signature(function).return_annotation
    function.__signature__ = inspect.signature(request).replace(return_annotation=returned)  # type: ignore[attr-defined]
    return function


@_spelled_out
def scan(targets: Targets = (), **options: Unpack[ScanOptions]) -> Generator[Verdict, None, None]:
    """Verdicts as they become known, one for each port asked. Of an address that nobody on the link
    answers for, SYN, which looks first, asks no port; connect() asks, and tells ``filtered``. Of more than 16 addresses those
    that answer no ping are asked for no port, unless *pings* is ``()``.

    *targets* as on the command line: names, addresses, networks, ranges, ``host:port``; one text or several. The options are
    those of :class:`ScanOptions`. Closing the generator early stops the scan.

    Raises at the call NotInScope for targets that nobody gave permission for, UsageError for arguments that are wrong, and
    NotPermitted for SYN without the right to it; and WireError once all that was known has come, where packets could no
    longer leave or arrive.
    """
    return _verdicts(request(targets, **options))


@_spelled_out
def scan_events(targets: Targets = (), **options: Unpack[ScanOptions]) -> Generator[Event, None, None]:
    """All that a scan tells: a ScanInfo; any mix of VerdictBatch, Service, Found, Host and Progress; a ScanEnd.

    A Host comes after its last verdict and, with *version_intensity*, its last Service. What went wrong on the way stands in
    the ScanEnd and is not raised; else as :func:`scan`.
    """
    return events_of(request(targets, **options))


@_spelled_out
def scan_array(targets: Targets = (), **options: Unpack[ScanOptions]) -> npt.NDArray[np.void]:
    """The whole result as one structured array, sorted by target, protocol and port.

    Its fields are ``address`` (text, as wide as the longest), ``port``, ``protocol``, ``state``, ``reason`` and ``answer`` (the
    numbers of the enumerations Protocol, State, Reason and Answer), ``probes`` and ``answered_probe`` (how often it was asked
    and which of these was answered, from 1; 0 for silence), ``rtt_s`` (seconds; NaN for silence), ``ttl`` (0 where unknown),
    ``icmp_type``, ``icmp_code``, ``contradicted`` (the Answer of a later one that said otherwise; 0 for none) and
    ``responder`` (text: who answered in the target's stead; empty where nobody did). Raises as :func:`scan`.
    """
    collector = Collector()
    with closing(batches_of(request(targets, **options))) as batches:
        for batch in batches:
            collector.verdicts(batch)
    return table_of(collector)


@_spelled_out
async def scan_async(targets: Targets = (), **options: Unpack[ScanOptions]) -> AsyncGenerator[Verdict, None]:
    """As :func:`scan`, for asyncio: the scan runs in a thread of its own, never far ahead of its reader.

    Whatever is to be refused is raised at the first step. Cancelling the task, or closing the generator, stops the scan and
    waits for its thread to end.
    """
    from hatoba.api.relay import Relay  # asyncio, and ssl with it, which scans on the command line should not wait for

    relay = Relay(targets, options)
    try:
        while (batch := await relay.next()) is not None:
            for verdict in batch.verdicts():
                yield verdict
    finally:
        await relay.close()


def _verdicts(wanted: Request) -> Generator[Verdict, None, None]:
    with closing(batches_of(wanted)) as batches:
        for batch in batches:
            yield from batch.verdicts()
