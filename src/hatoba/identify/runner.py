"""Hundreds of interviews at once, a few to each host, in a thread of their own, beside whatever else goes on.

The thread runs an asyncio loop. Ports are handed in and services taken out from the thread of who asks; what happens in between
touches nothing of theirs.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from hatoba.errors import HatobaError
from hatoba.identify.interview import Interview
from hatoba.identify.manner import Manner, Target
from hatoba.identify.room import Room
from hatoba.model import Address
from hatoba.service import Outcome, Service
from hatoba.wire.conversations import Dials

AT_ONCE = 128
PER_HOST = 12


@dataclass(frozen=True, slots=True)
class Limits:
    at_once: int = AT_ONCE
    """Interviews in all; each holds up to six descriptors."""
    per_host: int = PER_HOST
    delay_s: float = 0.0
    """At least so long between the beginnings of two interviews of one host."""
    host_s: float | None = None
    """How long one host may take; what is known by then is told."""


@dataclass(slots=True)
class _HostState:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    next_s: float = 0.0
    until_s: float | None = None


@dataclass(slots=True)
class _Begun:
    """An interview for which there is room."""

    target: Target
    interview: Interview
    at_s: float | None = None
    """When its first connection was opened; None: not yet."""


class Runner:
    """Takes open ports, gives services. Close it at the end, or to stop before."""

    def __init__(
        self,
        dials: Dials,
        manner: Manner,
        limits: Limits | None = None,
        wall_clock: Callable[[], float] = time.time,
        new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
    ) -> None:
        self._dials, self._manner, self._wall_clock = dials, manner, wall_clock
        self._limits = limits or Limits()
        self._done: queue.SimpleQueue[Service] = queue.SimpleQueue()
        self._waiting = 0
        self._loop = new_loop()
        self._tasks: set[asyncio.Task[Service | None]] = set()
        self._hosts: dict[Address, _HostState] = {}
        self._room: Room[Target] = Room(self._limits.at_once, self._limits.per_host)
        self._failure: HatobaError | None = None
        self._crash: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="hatoba-identify", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many ports have been handed in and not been given back."""
        return self._waiting

    @property
    def failure(self) -> HatobaError | None:
        """What this machine could not do, if that ended an interview."""
        return self._failure

    def ask(self, targets: Iterable[Target]) -> None:
        asked = list(targets)
        self._waiting += len(asked)
        self._loop.call_soon_threadsafe(self._line_up, asked)

    def found(self, timeout_s: float = 0.0) -> Iterator[Service]:
        """What has been found out since; waits up to *timeout_s* for the first. A mistake of ours in an interview is raised
        here, where somebody sees it."""
        while self._waiting:
            if self._crash is not None:
                raise self._crash
            try:
                service = self._done.get(block=timeout_s > 0, timeout=timeout_s or None)
            except queue.Empty:
                return
            self._waiting -= 1
            timeout_s = 0.0
            yield service

    def close(self) -> None:
        """Break off what is under way; each port that was handed in and not given back comes out of :meth:`found` all the
        same, with what was known of it."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._break_off)
            self._thread.join()

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _line_up(self, targets: Sequence[Target]) -> None:
        for target in targets:
            self._room.line_up(target.address, target)
        self._admit()

    def _admit(self) -> None:
        """Begin the interviews that there is room for. A target that waits is no more than that: millions may."""
        for target in self._room.admit():
            interview = Interview(self._dials, target, self._manner, self._wall_clock)
            host = self._hosts.setdefault(target.address, _HostState())
            begun = _Begun(target, interview)
            task = self._loop.create_task(self._interview(begun, host))
            self._tasks.add(task)
            # Not at the end of the task's own work: one that is broken off before its first step does none.
            task.add_done_callback(partial(self._end, begun))

    def _end(self, begun: _Begun, task: asyncio.Task[Service | None]) -> None:
        self._tasks.discard(task)
        address = begun.target.address
        self._room.leave(address, None if begun.at_s is None else self._loop.time() - begun.at_s)
        if address not in self._room:
            del self._hosts[address]
        result = None
        if not task.cancelled():
            self._crash = self._crash or task.exception()
            result = task.result() if task.exception() is None else None
        self._done.put(result or _unfinished(begun.interview.result))
        self._admit()

    def _break_off(self) -> None:
        for target in self._room.clear():
            self._done.put(Service(target.address, target.protocol, target.port, Outcome.UNFINISHED))
        for task in self._tasks:
            task.cancel()

        async def end() -> None:
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._loop.stop()

        self._last = self._loop.create_task(end())

    async def _interview(self, begun: _Begun, host: _HostState) -> Service | None:
        """Ask one port, in its turn; None where it could not be asked to the end."""
        try:
            await self._wait_for_turn(host)
            begun.at_s = self._loop.time()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(host.until_s):
                    return await begun.interview.run()
        except HatobaError as error:
            self._failure = self._failure or error
        return None

    async def _wait_for_turn(self, host: _HostState) -> None:
        if host.until_s is None and self._limits.host_s is not None:
            host.until_s = self._loop.time() + self._limits.host_s
        if self._limits.delay_s:
            async with host.turn:
                await asyncio.sleep(max(0.0, host.next_s - self._loop.time()))
                host.next_s = self._loop.time() + self._limits.delay_s


def _unfinished(service: Service) -> Service:
    return service if service.facts is not None else replace(service, outcome=Outcome.UNFINISHED)
