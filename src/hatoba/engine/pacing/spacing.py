"""``--scan-delay``: the time that each host is left in peace between two probes."""

from __future__ import annotations

import numpy as np

from hatoba.engine.legs.leg import Indices


class Spacing:
    """Of so many *hosts*, with so many questions each, numbered host by host as a leg's are. *begun_s* is when they may have
    been asked last; None: not yet."""

    def __init__(self, hosts: int, questions_each: int, delay_s: float, begun_s: float | None) -> None:
        self._each, self._delay_s = questions_each, delay_s
        self._next_s = np.full(hosts, -np.inf if begun_s is None else begun_s + delay_s)
        """When each may be asked again."""

    def in_turns(self, questions: Indices) -> Indices:
        """The same questions, so that hosts take turns."""
        hosts = questions // self._each
        by_host = np.argsort(hosts, kind="stable")
        turn = np.empty(len(questions), np.int64)
        turn[by_host] = np.arange(len(questions)) - np.searchsorted(hosts[by_host], hosts[by_host])
        return questions[np.lexsort((hosts, turn))]

    def due(self, questions: Indices, now_s: float) -> int:
        """How many of *questions*, from the first, may be asked now: each host once, if its time has come."""
        hosts = questions // self._each
        again = np.ones(len(hosts), bool)
        again[np.unique(hosts, return_index=True)[1]] = False
        blocked = np.flatnonzero(again | (self._next_s[hosts] > now_s))
        return int(blocked[0]) if blocked.size else len(questions)

    def wait_s(self, question: int, now_s: float) -> float:
        """Until the host of *question* may be asked."""
        return max(0.0, float(self._next_s[question // self._each]) - now_s)

    def asked(self, questions: Indices, now_s: float) -> None:
        self._next_s[questions // self._each] = now_s + self._delay_s
