"""What earlier runs of a scan have told, for one that goes on where they ended: a value, wherever it was kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hatoba.model import Address, Found, Host, TakenOver
from hatoba.packets.items import joined
from hatoba.results.batch import VERDICT, HostBatch
from hatoba.results.collector import in_order

if TYPE_CHECKING:
    from hatoba.service import Service

Rows = npt.NDArray[np.void]
Mask = npt.NDArray[np.bool_]

_PIECE = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Of the targets of one scan. Hosts are named by their index in its target set."""

    rows: Rows
    """Verdicts of dtype ``results.batch.VERDICT``, by host, protocol and port, each question once: see :func:`each_once`."""
    responders: Sequence[Address]
    """Who answered in a target's stead: ``responder`` of a row counts them from 1."""
    finished: Mask
    """Which hosts nothing more is to be asked of, (hosts,)."""
    hosts: Iterable[Host | HostBatch]
    """What was told of each of these, once; read once for each scan that takes it over."""
    found: Mapping[int, Found] = field(default_factory=dict)
    """Hosts that have answered a ping, by index; those that are finished may be among them."""
    services: Sequence[Service] = ()
    """What ports said of themselves that are not to be asked again, each once."""

    @property
    def size(self) -> TakenOver:
        return TakenOver(len(self.rows), int(np.count_nonzero(self.finished)), len(self.services))

    def pieces(self) -> Iterator[Rows]:
        """All rows, in pieces that a report can take at once."""
        for first in range(0, len(self.rows), _PIECE):
            yield self.rows[first : first + _PIECE]

    def of(self, hosts: npt.NDArray[np.int64]) -> Rows:
        """The rows of these hosts, each once, in their order."""
        first, end = (np.searchsorted(self.rows["host"], hosts, side=side) for side in ("left", "right"))
        counts = end - first
        before = np.cumsum(counts) - counts
        rows: Rows = self.rows.take(np.repeat(first - before, counts) + np.arange(int(counts.sum())))
        return rows


def each_once(parts: Sequence[Rows]) -> Rows:
    """The rows of all *parts* as :class:`Known` wants them; of a question that was told twice the first."""
    rows = in_order(joined([np.zeros(0, VERDICT), *parts]))
    again = np.zeros(len(rows), bool)
    again[1:] = np.logical_and.reduce([rows[name][1:] == rows[name][:-1] for name in ("host", "protocol", "port")])
    return rows.compress(~again) if again.any() else rows


def unasked(asked: Mask, rows: Rows, places: npt.NDArray[np.int64], ports: npt.NDArray[np.uint16]) -> Mask:
    """*asked*, (hosts, ports), without the questions that *rows* answer, of hosts at these *places*. *ports* ascend."""
    columns = np.minimum(np.searchsorted(ports, rows["port"]), len(ports) - 1)
    told = ports[columns] == rows["port"]
    left = asked.copy()
    left[places[told], columns[told]] = False
    return left
