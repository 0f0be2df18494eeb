"""Whole connections to many hosts at once, by the rules of the scan: its pace, the delay of each host, its end."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

import numpy as np
import numpy.typing as npt

from hatoba.engine.groups import Group
from hatoba.engine.legs.leg import Indices
from hatoba.engine.setting import Setting
from hatoba.errors import WireError
from hatoba.probes.connect import Handshake
from hatoba.wire.routes import link_index

_STEP_S = 0.1
_GRAIN_S = 1e-4
"""The least wait, longer than what a clock's rounding could swallow."""

Ended = list[Handshake | None]
"""None: it was not tried, or the time was up before it had ended."""


def hold(
    group: Group, places: Indices, ports: npt.NDArray[np.uint16], setting: Setting, deadline_s: float
) -> Generator[None, None, Ended]:
    """Complete a connection to each of *ports* (n,) of the host of *group* at the same entry of *places* (n,), the first
    ones first, and hold it. Ends when all have ended, when the scan is stopped, or at *deadline_s*. Each None is a sign of
    life."""
    ended: Ended = [None] * len(ports)
    try:
        handshakes = setting.open_handshakes()
    except WireError as problem:
        setting.problems.append(str(problem))
        return ended
    packed = group.block.packed(group.offsets[places])
    zone_index = link_index(group.block.zone) if group.block.zone else 0
    turns = _Turns(places, setting.plan.scan_delay_s, setting.clock())
    with closing(handshakes):
        while (len(turns.left) or turns.under_way) and not setting.stopped() and (now_s := setting.clock()) < deadline_s:
            rows = turns.due(now_s)[: min(setting.pace.allowance(now_s), handshakes.room)]
            started = 0
            if len(rows):
                try:
                    started = handshakes.start(rows, packed[rows], ports[rows], zone_index)
                except WireError as problem:
                    setting.problems.append(str(problem))
                    break
                setting.pace.spent(started, setting.clock())
                setting.tally.probes_sent += started
                turns.begun(rows[:started])
            wait_s = max(setting.pace.wait_s(), turns.wait_s(now_s), _GRAIN_S) if handshakes.room else _STEP_S
            for row, handshake in handshakes.poll(0.0 if started else min(wait_s, _STEP_S)):
                ended[row] = handshake
                turns.over(row, setting.clock())
            yield None
    return ended


class _Turns:
    """Which connection may be begun when: one after the other, or, where each host is to be left in peace for *delay_s*, one at
    a time of each host."""

    def __init__(self, places: Indices, delay_s: float | None, now_s: float) -> None:
        self._places, self._delay_s = places, delay_s
        self.left: Indices = np.arange(len(places))
        """Those that were not begun yet, in order."""
        self.under_way = 0
        self._ready_s = np.full(int(places.max(initial=0)) + 1, now_s + (delay_s or 0.0))
        """When each host may be asked again; never, while a connection to it is under way."""

    def due(self, now_s: float) -> Indices:
        if self._delay_s is None:
            return self.left
        first = self.left[np.sort(np.unique(self._places[self.left], return_index=True)[1])]
        return first[self._ready_s[self._places[first]] <= now_s]

    def wait_s(self, now_s: float) -> float:
        """Until one may be begun; endless where none will before another has ended."""
        if self._delay_s is None and len(self.left):
            return 0.0
        return float(self._ready_s[self._places[self.left]].min(initial=np.inf)) - now_s

    def begun(self, rows: Indices) -> None:
        """*rows*, each once, were begun; they are among the first that were :meth:`due`."""
        self.under_way += len(rows)
        self.left = np.setdiff1d(self.left, rows, assume_unique=True) if self._delay_s is not None else self.left[len(rows) :]
        self._ready_s[self._places[rows]] = np.inf

    def over(self, row: int, now_s: float) -> None:
        self.under_way -= 1
        self._ready_s[self._places[row]] = now_s + (self._delay_s or 0.0)
