"""Hosts in the order of the targets: for a scan that asks for no ports, whose report is little else than a list of them.

Which of them are found first depends on the way to them and on how soon they answer. So they are held back until all are known,
unless there are so many that nobody would read through them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from hatoba.model import Host
from hatoba.results.batch import HostBatch
from hatoba.targets.target_set import TargetSet

MOST = 1 << 16
"""Of more addresses than these the hosts are told as they are found."""


class InOrder:
    """Of one scan."""

    def __init__(self, targets: TargetSet, hold: bool) -> None:
        """*hold*: whether they are held back at all."""
        self._targets, self._hold = targets, hold
        self._hosts: list[Host] = []
        self._batches: list[HostBatch] = []

    def add(self, told: Host | HostBatch) -> Iterator[Host | HostBatch]:
        """What can be told at once."""
        if not self._hold:
            yield told
        elif isinstance(told, Host):
            self._hosts.append(told)
        else:
            self._batches.append(told)

    def held(self) -> Iterator[Host | HostBatch]:
        """All of them, by ascending index; those of a batch that follow each other in one batch again."""
        indices = [self._targets.find([host.address for host in self._hosts]), *(batch.indices for batch in self._batches)]
        ours = len(self._hosts)
        sources = np.concatenate(
            [np.arange(ours), *(np.full(len(its), ours + place) for place, its in enumerate(indices[1:]))]
        ).astype(np.int64)
        joined = np.concatenate(indices).astype(np.int64)
        order = np.argsort(joined, kind="stable")
        sources, joined = sources[order], joined[order]
        starts = [0, *(np.flatnonzero(np.diff(sources)) + 1).tolist(), len(sources)]
        for first, end in pairwise(starts):
            if first == end:  # there are none
                return
            source = int(sources[first])
            if source < ours:
                yield self._hosts[source]
                continue
            batch = self._batches[source - ours]
            yield HostBatch(batch.hosts, joined[first:end], batch.state, batch.reason, batch.responder)
