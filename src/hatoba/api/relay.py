"""A scan in a thread, for a coroutine that reads it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from hatoba.api.course import batches_of
from hatoba.api.request import ScanOptions, Targets, request
from hatoba.engine.scan import Scan
from hatoba.results.batch import VerdictBatch

if TYPE_CHECKING:
    from hatoba.identify.identified_scan import IdentifiedScan
    from hatoba.identify.judged_scan import JudgedScan

LEAD = 8
"""How many batches a scan may be ahead of its reader."""
_LOOK_S = 1.0
"""How often a scan that waits for its reader looks whether the reader's loop still is."""


class Relay:
    """A scan in a thread, which hands its batches over to a coroutine."""

    def __init__(self, targets: Targets, options: ScanOptions) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived: asyncio.Queue[VerdictBatch | None] = asyncio.Queue()
        self._ended = asyncio.Event()
        self._room = threading.Semaphore(LEAD)
        self._left = threading.Event()
        self._run: Scan | IdentifiedScan | JudgedScan | None = None
        self._failure: BaseException | None = None
        # A daemon: a loop that is thrown away without closing its generators must not keep the interpreter from its end.
        self._thread = threading.Thread(target=self._work, args=(targets, options), name="hatoba-scan", daemon=True)
        self._thread.start()

    async def next(self) -> VerdictBatch | None:
        """The next batch, None after the last. Raises what the scan raised."""
        batch = await self._arrived.get()
        self._room.release()
        if batch is None and self._failure is not None:
            raise self._failure
        return batch

    async def close(self) -> None:
        """Stop the scan and wait for its thread."""
        self._left.set()
        if self._run is not None:
            self._run.stop()
        self._room.release()
        if not self._loop.is_closed():  # else there is nothing to wait with, and the thread ends by itself
            await self._ended.wait()
            self._thread.join()

    def _work(self, targets: Targets, options: ScanOptions) -> None:
        try:
            wanted = request(targets, **options)
            self._run = wanted.scan
            with closing(batches_of(wanted)) as batches:
                while not self._left.is_set() and (batch := next(batches, None)) is not None:
                    if self._wait_for_room():
                        self._tell(self._arrived.put_nowait, batch)
        except BaseException as error:  # noqa: BLE001 - raised again in the coroutine
            self._failure = error
        self._tell(self._arrived.put_nowait, None)
        self._tell(self._ended.set)

    def _wait_for_room(self) -> bool:
        """True once the reader has room, False where nobody reads any more."""
        while not self._room.acquire(timeout=_LOOK_S):
            if self._loop.is_closed():
                self._left.set()
                break
        return not self._left.is_set()

    def _tell(self, function: Callable[..., object], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # the loop is closed: nobody listens any more
            self._left.set()
