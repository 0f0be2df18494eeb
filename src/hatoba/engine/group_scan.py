"""The scan of one group of hosts: who is there, ports method by method, a closer look, then what there is to tell of each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hatoba.engine.discovery import Found, discover
from hatoba.engine.groups import Group, Unreachable
from hatoba.engine.hop_probes import Aim
from hatoba.engine.host_book import Asked, HostBook
from hatoba.engine.second_look import look_again, worth_it
from hatoba.engine.setting import AnyMethod, Setting
from hatoba.engine.traceroute import trace, vanish
from hatoba.errors import HatobaError
from hatoba.model import Doing, Host, Reason, Trace
from hatoba.probes import METHODS, PINGS
from hatoba.probes.method import Method
from hatoba.results.batch import VERDICT, HostTable, VerdictBatch

PortsOf = Sequence[tuple[AnyMethod, npt.NDArray[np.uint16]]]
Told = Iterator[VerdictBatch | Host | Unreachable]

_LOOKED_AT_AGAIN = ("syn", "connect")
_FEW_SILENT = 16
"""Up to so many hosts that never answered have the way to them traced as well."""


class GroupScan:
    """Everything about the hosts of *group*, of which each is asked what *asked* says."""

    def __init__(self, group: Group, asked: PortsOf, setting: Setting, hosts: HostTable) -> None:
        self._group, self._asked, self._setting, self._hosts = group, asked, setting, hosts
        self._book = HostBook(group, hosts)
        self._named = np.zeros(len(group), bool)
        patience_s = setting.plan.host_timeout_s
        self._deadline_s = math.inf if patience_s is None else setting.clock() + patience_s

    def events(self) -> Told:
        """Verdicts as they become known, then the hosts, with the names that their addresses have."""
        for event in self._events():
            if isinstance(event, Host) and self._setting.reverse_names is not None and event.state == "up":
                name = self._setting.reverse_names.name(event.address)
                yield replace(event, names=(*event.names, name)) if name and name not in event.names else event
            else:
                yield event

    def _events(self) -> Told:
        plan = self._setting.plan
        if plan.pings or not self._asked:
            yield from self._discover()
        if not len(self._group):
            return
        absent = None if self._asked else Reason.NO_RESPONSE.word
        link_shows = Reason.ARP_RESPONSE if self._group.block.family == 4 else Reason.ND_RESPONSE
        try:
            for method, ports in self._asked:
                yield from self._ask(method, ports)
            if plan.traceroute and not self._setting.stopped():
                yield from self._trace()
        except HatobaError:
            yield from self._book.close(asked_only=True)
            raise
        if self._group.neighbours:
            self._book.there(np.ones(len(self._group), bool), link_shows)
        yield from self._book.close(asked_only=self._setting.stopped(), absent=absent)

    def _discover(self) -> Told:
        """Keep those hosts alone that are there, if they are to be asked for ports."""
        self._setting.tally.doing = Doing.DISCOVERY
        found = None
        for found in discover(self._group, self._setting, self._hosts, self._setting.plan.pings):
            if found is None:
                yield self._nothing()
        assert isinstance(found, Found)
        self._book = found.book
        self._ask_names()
        if not self._asked or self._setting.stopped() or found.there.all():
            return
        yield Unreachable(self._group.block, self._group.offsets[~found.there], Reason.NO_RESPONSE.word)
        there = np.flatnonzero(found.there)
        self._group, self._book, self._named = self._group.part(there), found.book.of(there), self._named[there]

    def _ask(self, method: AnyMethod, ports: npt.NDArray[np.uint16]) -> Iterator[VerdictBatch]:
        if self._setting.stopped():
            return
        self._setting.tally.doing = Doing.ASKING
        run, transport = self._setting.leg(self._group, [(method, ports)], deadline_s=self._deadline_s)
        found = [np.zeros(0, VERDICT)]
        try:
            for rows in run.batches():
                found.append(worth_it(rows, len(self._group) * len(ports)))
                yield self._learnt(method, rows)
        except HatobaError:
            yield self._learnt(method, run.rest())
            raise
        finally:
            transport.close()
        self._book.doubt(run.doubts())
        if run.timed_out:
            self._book.time_out(run.unanswered_hosts())
        elif self._setting.plan.second_look and method.name in _LOOKED_AT_AGAIN:
            yield from self._doubt(method, ports, np.concatenate(found))

    def _doubt(self, method: AnyMethod, ports: npt.NDArray[np.uint16], found: npt.NDArray[np.void]) -> Iterator[VerdictBatch]:
        if self._setting.stopped():
            return
        self._setting.tally.doing = Doing.DOUBTING
        for doubts in look_again(self._group, method, ports, found, self._setting):
            if doubts is None:
                yield self._nothing()
            else:
                self._book.doubt(doubts)

    def _learnt(self, method: AnyMethod, rows: npt.NDArray[np.void]) -> VerdictBatch:
        self._book.learn(rows, [method])
        self._ask_names()
        return VerdictBatch(method.name, self._hosts, rows, self._setting.responders.addresses)

    def _trace(self) -> Iterator[VerdictBatch]:
        self._setting.tally.doing = Doing.TRACING
        aims, traces = self._aims(), None
        for traces in trace(self._group, aims, self._setting, self._deadline_s):
            if traces is None:
                yield self._nothing()
        traces = traces or {}
        self._book.traced(traces)
        lost = None
        for lost in vanish(self._group, self._silent_aims(traces), self._setting, self._deadline_s):
            if lost is None:
                yield self._nothing()
        self._book.vanish(lost or {})
        if self._setting.clock() >= self._deadline_s:
            self._book.time_out(np.array([aim.place for aim, _ttl in aims], np.int64))

    def _silent_aims(self, traces: Mapping[int, Trace]) -> list[tuple[Aim, int]]:
        """For each traced host a port of it that is filtered by silence, and the host's distance."""
        aims = []
        for place, its_trace in traces.items():
            silent = self._book.silent(place)
            address = self._group.block.address(int(self._group.offsets[place]))
            reached = bool(its_trace.hops) and its_trace.hops[-1].address == address
            if silent is not None and reached:
                aims.append((_aim(place, silent), len(its_trace.hops)))
        return aims

    def _aims(self) -> list[tuple[Aim, int]]:
        """For each host the probe that it has answered, and the time to live of its answer; ICMP echo for the silent ones,
        if they are few."""
        silent = np.flatnonzero(~self._book.up)
        traced = np.arange(len(self._group)) if len(silent) <= _FEW_SILENT else np.flatnonzero(self._book.up)
        aims = []
        for place in traced.tolist():
            answered = self._book.answered(place) or Asked(PINGS["icmp-echo"], 0, 0, 0)
            aims.append((_aim(place, answered), answered.ttl))
        return aims

    def _ask_names(self) -> None:
        """Ask for the names of hosts as soon as they are known to be there: the answers come while ports are asked."""
        if self._setting.reverse_names is None:
            return
        for place in np.flatnonzero(self._book.up & ~self._named).tolist():
            self._setting.reverse_names.ask(self._group.block.address(int(self._group.offsets[place])))
        self._named |= self._book.up

    def _nothing(self) -> VerdictBatch:
        """A sign of life."""
        return VerdictBatch("", self._hosts, np.zeros(0, VERDICT), self._setting.responders.addresses)


def _aim(place: int, asked: Asked) -> Aim:
    """The same probe once more; for those of connect() SYN stands in."""
    method = asked.method if isinstance(asked.method, Method) else METHODS["syn"]
    return Aim(place, method, asked.port, asked.attempt)
