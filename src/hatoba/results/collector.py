"""All verdicts of a scan, kept as rows of an array and found again by host.

Rows cost 24 bytes each. They arrive in batches in which hosts are interleaved, and are asked for host by host, often while
the scan still runs. So they are kept in a few runs, each sorted by (host, protocol, port); a new run is merged with the one
before it while that is not more than twice as long, so there are at most log2(n) runs and each row is moved at most log2(n)
times (the logarithmic method of Bentley and Saxe, 1980).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from hatoba.model import Address, Answer, Host, Protocol, Reason
from hatoba.packets.distinct import among, distinct
from hatoba.packets.items import joined
from hatoba.results.batch import VERDICT, HostBatch, HostTable, VerdictBatch

if TYPE_CHECKING:
    from hatoba.service import Service

Rows = npt.NDArray[np.void]

_NO_ROWS = np.zeros(0, VERDICT)


class _Run(NamedTuple):
    rows: Rows
    hosts: npt.NDArray[np.uint32]  # each host in it once, ascending
    starts: npt.NDArray[np.intp]  # where each begins in rows; one more at the end

    def of(self, host: int) -> Rows:
        at = int(self.hosts.searchsorted(host))
        if at == len(self.hosts) or self.hosts[at] != host:
            return self.rows[:0]
        return self.rows[self.starts[at] : self.starts[at + 1]]


class _NoHosts:
    """The host table of a scan that has not said anything yet."""

    def __len__(self) -> int:
        return 0

    def address(self, index: int) -> Address:
        raise IndexError(index)

    def names(self, index: int) -> tuple[str, ...]:
        raise IndexError(index)

    def find(self, addresses: Sequence[Address]) -> npt.NDArray[np.int64]:
        return np.full(len(addresses), -1, np.int64)


class Collector:
    """Takes the events of one scan. With ``keep=False`` all that is known of a host is let go once it has been reported, which
    is what a report that prints host by host wants: memory holds the hosts that are scanned together, however many follow. With
    ``keep=True`` the whole result stays, for :meth:`as_array`."""

    def __init__(self, *, keep: bool = True) -> None:
        self._keep = keep
        self._methods: dict[int, str] = {}
        self._hosts: HostTable = _NoHosts()
        self._responders: Sequence[Address] = ()
        self._pending: list[Rows] = []
        self._runs: list[_Run] = []
        self._reported = array("I")
        """Indices of hosts whose rows are still here, or were when the hosts were told."""
        self._services: dict[Address, dict[tuple[Protocol, int], Service]] = {}
        self._last: tuple[Address, VerdictBatch] | None = None  # several reports ask for the same host in turn
        self._found: tuple[Address, int | None] | None = None  # each of them several times

    @property
    def hosts(self) -> HostTable:
        """The host table that the ``host`` field of the rows points into."""
        return self._hosts

    def verdicts(self, batch: VerdictBatch) -> None:
        """Take a batch. All batches of a scan share one host table."""
        if isinstance(self._hosts, _NoHosts):
            self._hosts, self._found = batch.hosts, None
        elif self._hosts is not batch.hosts:
            raise ValueError("a collector takes the verdicts of one scan: this batch has another host table")
        self._responders = batch.responders
        if not len(batch):
            return
        self._methods |= {protocol: batch.method_for(protocol) for protocol in distinct(batch.rows["protocol"]).tolist()}
        self._last = None
        # Whenever half of the hosts are to go, so that a row is looked at twice on the average; and before new ones come.
        if not self._keep and 2 * len(self._reported) >= sum(len(run.hosts) for run in self._runs):
            self._let_go(distinct(np.array(self._reported, np.uint32)))
        self._pending.append(joined([batch.rows]))

    def service(self, service: Service) -> None:
        """Take what a port said of itself."""
        self._services.setdefault(service.address, {})[service.protocol, service.port] = service

    def services_of(self, address: Address) -> Mapping[tuple[Protocol, int], Service]:
        """What ports of one address said of themselves, by protocol and port."""
        return self._services.get(address, {})

    def host(self, host: Host) -> None:
        """Note that *host* has been reported; call it after the reports have had it. It has no verdict afterwards."""
        if not self._keep:
            self._services.pop(host.address, None)
        if (index := self._index_of(host.address)) is not None:
            self._note(np.array([index], np.uint32))

    def hosts_told(self, batch: HostBatch) -> None:
        """As :meth:`host`, for each of them."""
        self._settle()
        self._note(batch.indices.astype(np.uint32))

    def _note(self, indices: npt.NDArray[np.uint32]) -> None:
        """Of hosts without rows there is nothing to let go, and a search for hosts has no others."""
        for run in self._runs:
            self._reported.frombytes(indices[among(indices, run.hosts)].tobytes())

    def of(self, address: Address) -> VerdictBatch:
        """What is known of one address, by protocol and port; empty where nothing is."""
        if self._last is not None and self._last[0] == address:
            return self._last[1]
        if not self._runs and not self._pending:
            return self.batch(_NO_ROWS)  # of a million hosts that were looked for, or listed, and asked nothing
        index = self._index_of(address)
        pieces = [] if index is None else [piece for run in self._runs if len(piece := run.of(index))]
        rows = pieces[0] if len(pieces) == 1 else in_order(joined([_NO_ROWS, *pieces]))
        self._last = (address, batch := self.batch(rows))
        return batch

    def asked_names(self, address: Address) -> tuple[str, ...] | None:
        """The names by which the user asked for *address*; None where nobody did, or nothing is known yet."""
        index = self._index_of(address)
        return None if index is None else self._hosts.names(index)

    def unreported(self) -> Iterator[Host]:
        """Hosts that have verdicts but were never reported, as a scan leaves them that was stopped in the middle."""
        self._settle()
        waiting = distinct(np.concatenate([np.zeros(0, np.uint32), *(run.hosts for run in self._runs)]))
        reported = distinct(np.array(self._reported, np.uint32))
        for index in waiting[~among(waiting, reported)].tolist():
            address = self._hosts.address(index)
            yield _host_from(address, self._hosts.names(index), self.of(address).rows)

    def as_array(self) -> Rows:
        """Every verdict, sorted by host, protocol and port, of dtype :data:`~hatoba.results.batch.VERDICT`.

        The address is the ``host`` field, an index: an address column as text would be three times the rest. :meth:`addresses`
        turns a selection of it into text, :meth:`batch` into frozen verdicts.
        """
        self._settle()
        return in_order(joined([_NO_ROWS, *(run.rows for run in self._runs)]))

    def addresses(self, hosts: npt.NDArray[np.uint32]) -> npt.NDArray[np.str_]:
        """The addresses of these host indices as text, in the same order."""
        distinct, inverse = np.unique(hosts, return_inverse=True)
        texts = np.array([str(self._hosts.address(index)) for index in distinct.tolist()], np.str_)
        return texts[inverse]

    def batch(self, rows: Rows) -> VerdictBatch:
        """Rows selected from :meth:`as_array` with what they point into, to read as :class:`~hatoba.model.Verdict`."""
        return VerdictBatch("", self._hosts, rows, self._responders, self._methods)

    def _index_of(self, address: Address) -> int | None:
        self._settle()
        if self._found is None or self._found[0] != address:
            index = int(self._hosts.find((address,))[0])
            self._found = address, None if index < 0 else index
        return self._found[1]

    def _settle(self) -> None:
        if not self._pending:
            return
        rows = joined(self._pending)
        self._pending = []
        while self._runs and len(self._runs[-1].rows) <= 2 * len(rows):
            rows = joined([self._runs.pop().rows, rows])
        self._runs.append(_run(in_order(rows)))

    def _let_go(self, reported: npt.NDArray[np.uint32]) -> None:
        left = (run.rows.compress(~among(run.rows["host"], reported)) for run in self._runs)
        self._runs = [_run(rows) for rows in left if len(rows)]
        self._reported = array("I")


def _run(rows: Rows) -> _Run:
    """*rows* in order."""
    hosts, first = rows["host"], np.ones(len(rows), bool)
    np.not_equal(hosts[1:], hosts[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    return _Run(rows, hosts[starts], np.append(starts, len(rows)))


def in_order(rows: Rows) -> Rows:
    """*rows* by host, protocol and port."""
    host = rows["host"]
    low, high = host.astype(np.uint16), (host >> np.uint32(16)).astype(np.uint16)  # NumPy sorts 16 bits by radix
    ordered: Rows = rows.take(np.lexsort((rows["port"], rows["protocol"], low, high)))
    return ordered


def _host_from(address: Address, names: tuple[str, ...], rows: Rows) -> Host:
    """A host's own answers say that it is up; an ICMP error from a router says nothing about it."""
    own = rows[(rows["answer"] != Answer.NONE) & (rows["answer"] != Answer.LOCAL) & (rows["responder"] == 0)]
    if not len(own):
        return Host(address, names, unfinished=True)
    timed = own["rtt_s"][~np.isnan(own["rtt_s"])]
    rtt_s = float(np.median(timed)) if len(timed) else None
    return Host(address, names, "up", Reason(int(own["reason"][0])).word, rtt_s, unfinished=True)
