"""What a scan learns of hosts as a whole while it goes through their ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from hatoba.engine.doubts import Doubts
from hatoba.engine.groups import Group
from hatoba.engine.setting import AnyMethod
from hatoba.model import Address, Answer, Found, Host, Protocol, Reason, State, Trace, Vanishing
from hatoba.packets.distinct import distinct, one_of
from hatoba.results.batch import HostBatch, HostTable

if TYPE_CHECKING:
    from hatoba.system import Observation

_IS_NOT_OWN = one_of(np.arange(256), (Answer.NONE, Answer.LOCAL))
"""Which codes of ``model.Answer`` don't come from the host."""
_WITHOUT_TTL = (Reason.ARP_RESPONSE, Reason.ND_RESPONSE, Reason.LOCALHOST_RESPONSE)
"""Reasons that no IP packet gave."""
_PARAMETER_PROBLEM = 4  # RFC 4443 section 3.4
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.void]
Numbers = npt.NDArray[np.int64]

_HINDERED = np.dtype([("reason", "u1"), ("responder", "u4")])
_RESPONDERS = 1 << 32
_ASKED = np.dtype([("method", "u1"), ("port", "u2"), ("attempt", "u1"), ("ttl", "u1")])
"""*method* is counted from 1; 0: there is none."""


class Asked(NamedTuple):
    """A probe that a host was asked with."""

    method: AnyMethod
    port: int
    attempt: int
    """Which one, from 0: a method may ask a port in several ways, in turn."""
    ttl: int
    """Time to live of the answer; 0 where it is not known, or there was none."""


class HostBook:
    """For the hosts of one group: who answered, with what first, after how long. Arrays, one entry a host."""

    def __init__(self, group: Group, hosts: HostTable, responders: Sequence[Address] = ()) -> None:
        """*responders* are the addresses that rows name by number, counted from 1; they may become more."""
        self._group, self._hosts, self._responders = group, hosts, responders
        count = len(group)
        self._reason = np.zeros(count, np.uint8)
        self._answers = np.zeros(count, np.int64)
        self._rtt_sum_s = np.zeros(count)
        self._link_rtt_s = np.full(count, np.nan, np.float32) if group.rtt_s is None else group.rtt_s
        self._hindered = np.zeros(count, _HINDERED)
        self._asked = np.zeros(count, bool)
        self._timed_out = np.zeros(count, bool)
        self._told = np.zeros(count, bool)
        """Which were told to be there, or are known to have been."""
        self._methods: list[AnyMethod] = []
        self._answered, self._silent = np.zeros(count, _ASKED), np.zeros(count, _ASKED)
        self._traces: dict[int, Trace] = {}
        self._vanishing: dict[int, Vanishing] = {}
        self._observations: dict[int, tuple[Observation, ...]] = {}
        self._doubts = Doubts()

    @property
    def up(self) -> Mask:
        """Which hosts are known to be there, (hosts,)."""
        return self._reason > 0

    @property
    def absent_from_link(self) -> Mask:
        """Whose link says that nobody has the address, (hosts,)."""
        absent: Mask = self._hindered["reason"] == Reason.NO_NEIGHBOUR
        return absent

    @property
    def timed_out(self) -> Mask:
        """Whose time was up before all was known, (hosts,)."""
        return self._timed_out

    def there(self, which: Mask, reason: Reason) -> None:
        """These hosts are there, and not because of an answer to a port's question."""
        self._reason[which & (self._reason == 0)] = reason

    def recall(self, place: int, found: Found) -> None:
        """The host at *place* has answered a ping before this run of the scan."""
        self._reason[place], self._told[place] = found.reason, True
        self._answered["ttl"][place] = found.ttl or 0
        if found.rtt_s is not None:
            self._answers[place], self._rtt_sum_s[place] = 1, found.rtt_s

    def found(self) -> Iterator[Found]:
        """Those that are there and were not told of yet."""
        for place in np.flatnonzero(self.up & ~self._told).tolist():
            host = self._host(place, int(self._group.block.index(self._group.offsets[[place]])[0]), None, False)
            yield Found(host.address, Reason(int(self._reason[place])), host.rtt_s, host.ttl)
        self._told |= self.up

    def learn(self, rows: Rows, methods: Sequence[AnyMethod], asked_by: Numbers | None = None) -> None:
        """Take in verdict rows of this group's hosts. *asked_by* says of each which of the *methods* asked; None: the first."""
        if not len(rows):
            return
        asked_by = np.zeros(len(rows), np.int64) if asked_by is None else asked_by
        places = self._group.places(rows["host"])
        self._asked[places] = True
        self._note_hindrances(rows, places)
        # An ICMP error that the host itself sent shows it as well as its RST does.
        from_host = ~_IS_NOT_OWN[rows["answer"]] & (rows["responder"] == 0)
        silent = (rows["reason"] == Reason.NO_RESPONSE) & (rows["state"] == State.FILTERED) & (rows["answer"] == Answer.NONE)
        silent &= rows["protocol"] != Protocol.ICMP
        numbers = np.array([self._number(method) for method in methods])[asked_by]
        _keep_first(self._silent, silent & (self._silent["method"][places] == 0), places, rows, numbers)
        unknown = np.flatnonzero(from_host & (self._reason[places] == 0))
        first_places, first = np.unique(places[unknown], return_index=True)
        self._reason[first_places] = _reasons(rows[unknown[first]])
        _keep_first(self._answered, from_host & (self._answered["ttl"][places] == 0), places, rows, numbers)
        timed = from_host & ~np.isnan(rows["rtt_s"])
        np.add.at(self._answers, places[timed], 1)
        np.add.at(self._rtt_sum_s, places[timed], rows["rtt_s"][timed].astype(np.float64))

    def answered(self, place: int) -> Asked | None:
        """The probe that the host at *place* answered first; None where it answered none."""
        return self._asked_with(self._answered[place])

    def silent(self, place: int) -> Asked | None:
        """A probe to a port of the host at *place* that is filtered, as it was silent; None where there is none."""
        return self._asked_with(self._silent[place])

    def _asked_with(self, asked: np.void) -> Asked | None:
        number, port, attempt, ttl = asked.item()
        return Asked(self._methods[number - 1], port, attempt, ttl) if number else None

    def _number(self, method: AnyMethod) -> int:
        if method not in self._methods:
            self._methods.append(method)
        return self._methods.index(method) + 1

    def traced(self, traces: Mapping[int, Trace]) -> None:
        """The ways to hosts, by place. One that leads to the host shows that it is there."""
        self._traces |= traces
        for place, its_trace in traces.items():
            last = its_trace.hops[-1] if its_trace.hops and not self._reason[place] else None
            if last is None or last.rtt_s is None or its_trace.method != "icmp-echo":
                continue
            if last.address == self._group.block.address(int(self._group.offsets[place])):
                self._reason[place] = Reason.ECHO_REPLY
                self._answers[place], self._rtt_sum_s[place] = 1, last.rtt_s

    def observed(self, observations: Mapping[int, tuple[Observation, ...]]) -> None:
        """What hosts answered about their systems, by place."""
        self._observations |= observations

    def vanish(self, where: Mapping[int, Vanishing]) -> None:
        """Where the probes for silent ports of hosts get lost, by place."""
        self._vanishing |= where

    def doubt(self, doubts: Doubts) -> None:
        """What is to be said against the hosts' answers."""
        self._doubts.add(doubts)

    def time_out(self, places: npt.NDArray[np.int64]) -> None:
        """The time of the hosts at *places* was up before all was known of them."""
        self._timed_out[places] = True

    def time_out_silent(self, places: npt.NDArray[np.int64]) -> None:
        """The same, for those of them alone that have not shown themselves: it is not known whether they are there."""
        self.time_out(places[~self.up[places]])

    def _note_hindrances(self, rows: Rows, places: Numbers) -> None:
        """Keep the first word of each host's routers, or of this machine, on why it can't be reached."""
        self._hindered[places[rows["reason"] == Reason.NO_NEIGHBOUR]] = Reason.NO_NEIGHBOUR, 0
        telling = (rows["reason"] != Reason.NO_RESPONSE) & ((rows["responder"] > 0) | (rows["answer"] == Answer.LOCAL))
        first_places, first_rows = np.unique(places[telling], return_index=True)
        new = self._hindered["reason"][first_places] == 0
        for name in _HINDERED.names or ():
            self._hindered[name][first_places[new]] = rows[name][telling][first_rows[new]]

    def of(self, places: Numbers) -> HostBook:
        """A book for the group's hosts at *places*, with what this one knows."""
        book = HostBook(self._group.part(places), self._hosts, self._responders)
        book._methods = self._methods
        for name in ("_reason", "_answers", "_rtt_sum_s", "_hindered", "_asked", "_timed_out", "_told", "_answered", "_silent"):
            setattr(book, name, getattr(self, name)[places])
        return book

    def absent(self, which: Mask) -> Iterator[tuple[npt.NDArray[np.int64], str, Address | None]]:
        """The places of these hosts, which have not shown themselves, by why that is, and the router that said so."""
        silent = np.flatnonzero(which)
        why = self._why()[silent]
        for kind in distinct(why).tolist():
            yield silent[why == kind], *self._hindrance(*divmod(kind, _RESPONDERS))

    def _why(self) -> Numbers:
        """The first word on why each host can't be reached, and who said it, in one number."""
        why: Numbers = self._hindered["reason"] * np.int64(_RESPONDERS) + self._hindered["responder"]
        return why

    def _hindrance(self, reason: int, responder: int) -> tuple[str, Address | None]:
        return Reason(reason or Reason.NO_RESPONSE).word, self._responders[responder - 1] if responder else None

    def close(self, stopped: bool = False, absent: str | None = None) -> Iterator[Host | HostBatch]:
        """Every host once, those of a kind that follow each other in a batch; of a scan that was *stopped* those alone of which
        something is known, each by itself, and none is finished. *absent* is the reason for calling a host down of which
        nothing was heard; None leaves it unknown, as one is whose time was up."""
        places = np.flatnonzero(self._asked | self.up) if stopped else np.arange(len(self._group))
        alike = np.full(len(places), -1) if stopped else self._alike()
        indices = self._group.block.index(self._group.offsets[places])
        starts = np.flatnonzero((alike[1:] != alike[:-1]) | (alike[1:] < 0)) + 1
        for first, end in pairwise([0, *starts.tolist(), len(places)] if len(places) else []):
            host = self._host(int(places[first]), int(indices[first]), absent, stopped)
            if alike[first] < 0:
                yield host
            else:
                yield HostBatch(self._hosts, indices[first:end], host.state, host.reason, host.responder)

    def _alike(self) -> Numbers:
        """A number for each host that tells which ones there is the same to tell of; -1 where there is more to tell."""
        alike = self._why()
        alike[self.up | self._timed_out] = -1
        doubts = self._doubts
        for told in (
            self._traces,
            self._vanishing,
            doubts.deceptions,
            doubts.held,
            doubts.unsteady,
            doubts.tried,
            self._observations,
        ):
            alike[list(told)] = -1
        return alike

    def _host(self, place: int, index: int, absent: str | None, stopped: bool) -> Host:
        state, rtt_s, mac, ttl = "unknown", None, None, None
        reason, responder = self._hindrance(*self._hindered[place].item())
        if self._reason[place]:
            state, reason, responder = "up", Reason(int(self._reason[place])).word, None
            ttl = int(self._answered["ttl"][place]) or None if self._reason[place] not in _WITHOUT_TTL else None
            if self._answers[place]:
                rtt_s = float(self._rtt_sum_s[place] / self._answers[place])
            elif not np.isnan(self._link_rtt_s[place]):
                rtt_s = float(self._link_rtt_s[place])
            if self._group.macs is not None and self._group.route.gateway is None:
                mac = self._group.macs[place].tobytes()
        elif self._hindered["reason"][place] == Reason.NO_NEIGHBOUR:
            state = "down"
        elif absent is not None and not self._timed_out[place]:
            state, reason = "down", reason if self._hindered["reason"][place] else absent
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
            self._doubts.held.get(place),
            self._doubts.unsteady.get(place, ()),
            bool(self._timed_out[place]),
            tried_ports=self._doubts.tried.get(place, ()),
            responder=responder,
            ttl=ttl,
            unfinished=stopped,
            observations=self._observations.get(place, ()),
        )


def _keep_first(kept: Rows, wanted: Mask, places: Numbers, rows: Rows, methods: npt.NDArray[np.intp]) -> None:
    """Enter into *kept* (of dtype ``_ASKED``) the first of the probes that the *wanted* rows tell of, for each place."""
    wanted_rows = np.flatnonzero(wanted)
    of, first = np.unique(places[wanted_rows], return_index=True)
    first = wanted_rows[first]
    kept["method"][of], kept["port"][of], kept["ttl"][of] = methods[first], rows["port"][first], rows["ttl"][first]
    kept["attempt"][of] = np.maximum(rows["answered_probe"][first], 1) - 1


def _reasons(rows: Rows) -> npt.NDArray[np.uint8]:
    """Why the hosts of these rows, which are answers of their own, are up. An ICMP error that says nothing of the port left
    the port's reason as it was."""
    noted = rows["reason"] == Reason.NO_RESPONSE
    parameters = (rows["answer"] == Answer.ICMP6) & (rows["icmp_type"] == _PARAMETER_PROBLEM)
    found: npt.NDArray[np.uint8] = rows["reason"].copy()
    found[noted] = np.where(parameters, np.uint8(Reason.PARAMETER_PROBLEM), np.uint8(Reason.DEST_UNREACH))[noted]
    return found
