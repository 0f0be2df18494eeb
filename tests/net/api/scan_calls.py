"""What the tests of the API run on the lab's scanning host."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any

import hatoba

Row = list[Any]


def by_scan(target: str, ports: str, method: str) -> list[Row]:
    found = hatoba.scan(target, ports=ports, method=method)
    return [[str(v.address), v.port, int(v.state), int(v.reason), v.evidence.probes > 0] for v in found]


def by_array(target: str, ports: str, method: str) -> list[Row]:
    table = hatoba.scan_array(target, ports=ports, method=method)
    rows = table[["address", "port", "state", "reason"]].tolist()
    return [[*row, probes > 0] for row, probes in zip(rows, table["probes"].tolist(), strict=True)]


def by_async(target: str, ports: str, method: str) -> list[Row]:
    async def gather() -> list[Row]:
        found = hatoba.scan_async(target, ports=ports, method=method)
        return [[str(v.address), v.port, int(v.state), int(v.reason), v.evidence.probes > 0] async for v in found]

    return asyncio.run(gather())


def by_events(target: str, ports: str, method: str) -> list[str]:
    return [type(event).__name__ for event in hatoba.scan_events(target, ports=ports, method=method)]


def leave_early(target: str, method: str) -> dict[str, int]:
    """Leave a scan of every port after its first verdict; what is held before and after."""
    list(hatoba.scan(target, ports="1", method=method))  # what is opened once and kept is open by now
    before = _held()
    for _verdict in hatoba.scan(target, ports="-", method=method):
        break
    return _growth(before)


def cancel(target: str, method: str) -> dict[str, int]:
    """Cancel a scan of every port after its first verdict; what is held before and after."""
    list(hatoba.scan(target, ports="1", method=method))
    before = _held()

    async def first_verdict() -> None:
        came = asyncio.Event()

        async def read() -> None:
            async for _verdict in hatoba.scan_async(target, ports="-", method=method):
                came.set()

        task = asyncio.create_task(read())
        await came.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(first_verdict())
    return _growth(before)


def _held() -> tuple[int, int]:
    for thread in threading.enumerate():
        if thread.name == "packet socket":  # which waits until the kernel lets go of a ring, and nobody for it
            thread.join(timeout=30)
    return len(os.listdir("/proc/self/fd")), threading.active_count()


def _growth(before: tuple[int, int]) -> dict[str, int]:
    files, threads = _held()
    return {"files": files - before[0], "threads": threads - before[1]}
