"""What a scan learns of hosts as a whole while it goes through their ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from hatoba.engine.doubts import Doubts
from hatoba.engine.groups import Group
from hatoba.model import Answer, Host, Reason, State, Trace, Vanishing
from hatoba.results.batch import HostTable

_NOT_OWN = (Answer.NONE, Answer.LOCAL)
Mask = npt.NDArray[np.bool_]

_ANSWERED = np.dtype([("protocol", "u1"), ("port", "u2"), ("ttl", "u1")])


class HostBook:
    """For the hosts of one group: who answered, with what first, after how long. Arrays, one entry a host."""

    def __init__(self, group: Group, hosts: HostTable) -> None:
        self._group, self._hosts = group, hosts
        count = len(group)
        self._reason = np.zeros(count, np.uint8)
        self._answers = np.zeros(count, np.int64)
        self._rtt_sum_s = np.zeros(count)
        self._link_rtt_s = np.full(count, np.nan, np.float32) if group.rtt_s is None else group.rtt_s
        self._nobody = np.zeros(count, bool)
        self._asked = np.zeros(count, bool)
        self._timed_out = np.zeros(count, bool)
        self._answered = np.zeros(count, _ANSWERED)
        self._traces: dict[int, Trace] = {}
        self._vanishing: dict[int, Vanishing] = {}
        self._doubts = Doubts()
        self._silent: dict[int, tuple[int, int]] = {}

    @property
    def up(self) -> Mask:
        """Which hosts are known to be there, (hosts,)."""
        return self._reason > 0

    def there(self, which: Mask, reason: Reason) -> None:
        """These hosts are there, and not because of an answer to a port's question."""
        self._reason[which & (self._reason == 0)] = reason

    def learn(self, rows: npt.NDArray[np.void]) -> None:
        """Take in verdict rows of this group's hosts."""
        if not len(rows):
            return
        places = np.searchsorted(self._group.offsets, rows["host"].astype(np.int64) - self._group.block.first)
        self._asked[places] = True
        self._nobody[places[rows["reason"] == Reason.NO_NEIGHBOUR]] = True
        # An ICMP error that the host itself sent shows it as well as its RST does.
        from_host = ~np.isin(rows["answer"], _NOT_OWN) & (rows["responder"] == 0)
        own, places = rows[from_host], places[from_host]
        self._note_silent(rows)
        first_places, first_rows = np.unique(places, return_index=True)
        new = self._reason[first_places] == 0
        self._reason[first_places[new]] = own["reason"][first_rows[new]]
        untold = self._answered["ttl"][first_places] == 0
        for name in ("protocol", "port", "ttl"):
            self._answered[name][first_places[untold]] = own[name][first_rows[untold]]
        np.add.at(self._answers, places, 1)
        np.add.at(self._rtt_sum_s, places, np.nan_to_num(own["rtt_s"]))

    def answered(self, place: int) -> tuple[int, int, int]:
        """(protocol, port, time to live) of the first answer of the host at *place*; zeros where it gave none."""
        protocol, port, ttl = self._answered[place].item()
        return protocol, port, ttl

    def traced(self, traces: Mapping[int, Trace]) -> None:
        """The ways to hosts, by place."""
        self._traces |= traces

    def vanish(self, where: Mapping[int, Vanishing]) -> None:
        """Where the probes for silent ports of hosts get lost, by place."""
        self._vanishing |= where

    def doubt(self, doubts: Doubts) -> None:
        """What is to be said against the hosts' answers."""
        self._doubts.add(doubts)

    def time_out(self, places: npt.NDArray[np.int64]) -> None:
        """The time of the hosts at *places* was up before all was known of them."""
        self._timed_out[places] = True

    def _note_silent(self, rows: npt.NDArray[np.void]) -> None:
        """Keep one filtered port of each host that was silent."""
        silent = rows[(rows["reason"] == Reason.NO_RESPONSE) & (rows["state"] == State.FILTERED) & (rows["answer"] == 0)]
        first = np.unique(silent["host"], return_index=True)[1]
        for host, protocol, port in silent[["host", "protocol", "port"]][first].tolist():
            place = int(np.searchsorted(self._group.offsets, host - self._group.block.first))
            self._silent.setdefault(place, (protocol, port))

    def silent(self, place: int) -> tuple[int, int] | None:
        """(protocol, port) of a filtered port of the host at *place* that was silent; None where there was none."""
        return self._silent.get(place)

    def of(self, places: npt.NDArray[np.int64]) -> HostBook:
        """A book for the group's hosts at *places*, with what this one knows."""
        book = HostBook(self._group.part(places), self._hosts)
        for name in ("_reason", "_answers", "_rtt_sum_s", "_nobody", "_asked", "_timed_out", "_answered"):
            setattr(book, name, getattr(self, name)[places])
        return book

    def close(self, asked_only: bool = False, absent: str | None = None) -> Iterator[Host]:
        """One value for each host; with *asked_only* for those alone of which something is known. *absent* is the reason for
        calling a silent host down; None leaves it unknown."""
        for place in range(len(self._group)):
            if not asked_only or self._asked[place] or self._reason[place]:
                yield self._host(place, absent)

    def _host(self, place: int, absent: str | None) -> Host:
        index = int(self._group.offsets[place]) + self._group.block.first
        state, reason, rtt_s, mac = "unknown", Reason.NO_RESPONSE.word, None, None
        if self._reason[place]:
            state, reason = "up", Reason(int(self._reason[place])).word
            if self._answers[place]:
                rtt_s = float(self._rtt_sum_s[place] / self._answers[place])
            elif not np.isnan(self._link_rtt_s[place]):
                rtt_s = float(self._link_rtt_s[place])
            if self._group.neighbours and self._group.macs is not None:
                mac = self._group.macs[place].tobytes()
        elif self._nobody[place]:
            state, reason = "down", Reason.NO_NEIGHBOUR.word
        elif absent is not None:
            state, reason = "down", absent
        return Host(
            self._hosts.address(index),
            self._hosts.names(index),
            state,
            reason,
            rtt_s,
            mac,
            self._traces.get(place),
            self._vanishing.get(place),
            self._doubts.deceptions.get(place),
            self._doubts.held.get(place, ()),
            self._doubts.unsteady.get(place, ()),
            bool(self._timed_out[place]),
        )
