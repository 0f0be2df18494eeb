"""Hosts that were pinged and are silent yet: they are listened for while those that were found are scanned.

Two hops by satellite, or a crowded radio link, take seconds, where all others have answered within milliseconds. Nobody is
waited for but at the end of their group, if their time is not up by then.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from hatoba.engine.host_book import HostBook
from hatoba.engine.legs.transport import Transport
from hatoba.engine.loop import LegRun
from hatoba.engine.setting import AnyMethod, Setting

Batches = Generator[npt.NDArray[np.void]]

_STEP_S = 0.02
"""Answers to what goes on beside it come in here, too, and the ring may be small."""


class Latecomers:
    """Those of one group, whose *book* they are entered in."""

    def __init__(self, book: HostBook, setting: Setting) -> None:
        self.book, self._setting = book, setting
        self._legs: list[tuple[LegRun, Transport, Batches, Sequence[AnyMethod]]] = []
        self._stepped_s = -math.inf

    def __len__(self) -> int:
        """How many legs wait for some."""
        return len(self._legs)

    def take(self, run: LegRun, transport: Transport, batches: Batches, asked: Sequence[AnyMethod]) -> None:
        """Go on with a leg that waits for nothing but strangers."""
        run.go_beside(True)
        self._legs.append((run, transport, batches, asked))

    def step(self) -> None:
        """Take in what has come, without waiting."""
        now_s = self._setting.clock()
        if now_s - self._stepped_s < _STEP_S:
            return
        self._stepped_s = math.inf  # this leg, too, lets others do a step
        for run, _transport, batches, asked in self._legs:
            if now_s < run.strangers_until_s and (rows := next(batches, None)) is not None:
                self.book.learn(rows, asked, run.asked_by)
        self._stepped_s = now_s

    @property
    def over(self) -> bool:
        """Whether their time is up."""
        now_s = self._setting.clock()
        return all(now_s >= run.strangers_until_s for run, *_rest in self._legs)

    def rest(self) -> Iterator[None]:
        """To the end, with nothing beside it. Each None is a sign of life."""
        while self._legs:
            run, transport, batches, asked = self._legs[0]
            run.go_beside(False)
            for rows in batches:
                self.book.learn(rows, asked, run.asked_by)
                yield None
            if run.timed_out:
                self.book.time_out_silent(run.unanswered_hosts())
            del self._legs[0]
            transport.close()

    def close(self) -> None:
        """Who has not answered yet stays unknown."""
        for run, transport, batches, _asked in self._legs:
            run.go_beside(False)
            batches.close()
            transport.close()
        self._legs.clear()
