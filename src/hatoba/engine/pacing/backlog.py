"""Questions whose turn has come, to hosts that may not be asked that fast: they wait here, host by host, first come first
served, while the others are asked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hatoba.engine.legs.leg import Indices

Numbers = npt.NDArray[np.float64]

_BURST_S = 0.004
"""How much unused time of a host may be made up for at once."""


class Backlog:
    """Of so many *hosts*, with so many questions to each, numbered host by host as a leg's are."""

    def __init__(self, hosts: int, questions_each: int, now_s: float) -> None:
        self._each = questions_each
        self._queue = np.zeros(0, np.int64)
        """By host; of each, those from ``_first`` to ``_end`` wait."""
        self._first, self._end = np.zeros((2, hosts), np.int64)
        self._new: list[Indices] = []
        self._counts = np.zeros(hosts, np.int64)
        """How many wait, those of ``_new`` among them."""
        self._tokens = np.ones(hosts)
        self._refilled_s = now_s
        self._turn = 0

    def __len__(self) -> int:
        return int(self._counts.sum())

    @property
    def waiting(self) -> npt.NDArray[np.bool_]:
        """Hosts of which some wait."""
        return self._counts > 0

    def add(self, questions: Indices) -> None:
        if questions.size:
            self._new.append(questions)
            self._counts += self._by_host(questions)

    def _by_host(self, questions: Indices) -> Indices:
        return np.bincount(questions // self._each, minlength=len(self._counts))

    def _sort_in(self) -> None:
        hosts = np.repeat(np.arange(len(self._first)), self._end - self._first)
        kept = self._queue[_runs(self._first, self._end - self._first)]
        questions = np.concatenate([kept, *self._new])
        hosts = np.concatenate([hosts, *(new // self._each for new in self._new)])
        self._queue = questions[np.argsort(hosts, kind="stable")]
        self._end = np.cumsum(np.bincount(hosts, minlength=len(self._first)))
        self._first = np.concatenate([[0], self._end[:-1]])
        self._new = []

    def due(self, now_s: float, limits_pps: Numbers, most: int, last: bool) -> Indices:
        """Up to *most* questions that may be asked now, where each host takes no more than its limit. *last*: no more will be
        added."""
        new = sum(map(len, self._new))
        if new and (last or 3 * new >= len(self)):  # seldom: to sort in is work for all that wait
            self._sort_in()
        elapsed_s, self._refilled_s = now_s - self._refilled_s, now_s
        self._tokens += elapsed_s * np.minimum(limits_pps, 1e9)
        np.minimum(self._tokens, 1.0 + _BURST_S * limits_pps, out=self._tokens)
        waiting = np.flatnonzero(self._end > self._first)
        waiting = np.roll(waiting, -self._turn)  # so that nobody is always the last, where *most* is not enough for all
        self._turn = (self._turn + 1) % max(1, len(waiting))
        counts = np.minimum(self._tokens[waiting], self._end[waiting] - self._first[waiting]).astype(np.int64)
        return self._queue[_runs(self._first[waiting], counts)[:most]]

    def asked(self, questions: Indices) -> None:
        """These, the first ones that were due, wait no more."""
        counts = self._by_host(questions)
        self._first += counts
        self._counts -= counts
        self._tokens -= counts

    def wait_s(self, limits_pps: Numbers) -> float:
        """Until the next one may be asked."""
        waiting = self.waiting
        return float(np.maximum(0.0, (1.0 - self._tokens[waiting]) / limits_pps[waiting]).min(initial=np.inf))


def _runs(starts: Indices, counts: Indices) -> Indices:
    """``starts[i], starts[i] + 1, ...``, so many of each."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - counts), counts) + np.arange(total)
