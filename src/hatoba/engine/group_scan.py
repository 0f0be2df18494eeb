"""The scan of one group of hosts: who is there, ports method by method, a closer look, then what there is to tell of each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hatoba.engine.crowds import Questions
from hatoba.engine.groups import Group, Sought, Unreachable
from hatoba.engine.host_book import Asked, HostBook
from hatoba.engine.setting import AnyMethod, Mask, Setting
from hatoba.engine.stages.discovery import discover
from hatoba.engine.stages.latecomers import Latecomers
from hatoba.engine.stages.port_samples import PortSamples
from hatoba.engine.stages.second_look import look_again, worth_it
from hatoba.engine.stages.still_there import look_whether_there, own_words
from hatoba.errors import HatobaError
from hatoba.model import Answer, Doing, Found, Host, Reason, State, Trace
from hatoba.packets.distinct import one_of
from hatoba.packets.items import joined
from hatoba.probes import METHODS, PINGS
from hatoba.probes.method import Method
from hatoba.results.batch import VERDICT, HostBatch, HostTable, VerdictBatch
from hatoba.results.known import Known, unasked

if TYPE_CHECKING:
    from hatoba.engine.stages.hop_probes import Aim

Told = Iterator[VerdictBatch | Found | Host | HostBatch | Unreachable | Sought]

_LOOKED_AT_AGAIN = ("syn", "connect")
_FEW_SILENT = 16
"""Up to so many hosts that never answered have the way to them traced as well."""
_LIKELY_CLOSED_UDP = 30_000, 60_000
"""Where the UDP port is drawn from that hosts are taken to have closed."""


class GroupScan:
    """Everything about the hosts of *group*, which are *asked* these questions, method by method."""

    def __init__(
        self, group: Group, asked: Sequence[Questions], setting: Setting, hosts: HostTable, book: HostBook | None = None
    ) -> None:
        """*book*: of hosts that have been looked for already."""
        self._group, self._asked, self._setting, self._hosts = group, asked, setting, hosts
        self._looked_for = book is not None
        self._book = book or HostBook(group, hosts, setting.responders.addresses)
        self._late: tuple[Latecomers, Group, Sequence[Questions], Mask] | None = None
        self._named = np.zeros(len(group), bool)
        self._samples = PortSamples(len(group))
        self._known = np.zeros(0, VERDICT)
        if setting.known is not None:
            indices = group.block.index(group.offsets)
            self._known = setting.known.of(indices)
            if not self._looked_for:
                self._recall(indices, setting.known)
        self._sample(self._known)
        patience_s = setting.plan.host_timeout_s
        self._deadline_s = math.inf if patience_s is None else setting.clock() + patience_s

    def _recall(self, indices: npt.NDArray[np.int64], known: Known) -> None:
        for place in np.flatnonzero(one_of(indices, tuple(known.found))).tolist():
            self._book.recall(place, known.found[int(indices[place])])
        for questions in self._asked:
            self._book.learn(self._of(questions), [questions.method])

    def events(self) -> Told:
        """Verdicts as they become known, then the hosts, with the names that their addresses have; then the same of those that
        have answered late."""
        try:
            try:
                yield from self._with_names()
            except HatobaError:
                with suppress(HatobaError):  # the first failure is the one to be told
                    yield from self._latecomers()
                raise
            yield from self._latecomers()
        finally:
            if self._late is not None:
                self._setting.beside.remove(self._late[0].step)
                self._late[0].close()

    def _with_names(self) -> Told:
        for event in self._events():
            if isinstance(event, Host) and self._setting.reverse_names is not None and event.state == "up":
                name = self._setting.reverse_names.name(event.address)
                yield replace(event, names=(*event.names, name)) if name and name not in event.names else event
            else:
                yield event

    def _events(self) -> Told:
        plan = self._setting.plan
        link_shows = Reason.ARP_RESPONSE if self._group.block.family == 4 else Reason.ND_RESPONSE
        try:
            if (plan.pings or not self._asked) and not self._looked_for:
                yield from self._discover()
            for questions in self._asked:
                yield from self._ask(questions)
            if plan.systems and not self._setting.stopped() and self._setting.clock() < self._deadline_s:
                yield from self._observe()
            if plan.traceroute and not self._setting.stopped() and self._setting.clock() < self._deadline_s:
                yield from self._trace()
        except HatobaError:
            yield from self._book.close(stopped=True)
            raise
        if self._group.neighbours:
            self._book.there(np.ones(len(self._group), bool), link_shows)
        absent = Reason.NO_RESPONSE.word if self._pinged_only and not self._setting.stopped() else None
        yield from self._book.close(stopped=self._setting.stopped(), absent=absent)

    @property
    def _pinged_only(self) -> bool:
        """Whether who answers no ping is down."""
        return bool(self._setting.plan.pings) and not self._asked

    def _discover(self) -> Told:
        """Who is to be asked for ports and is not there is told of at once, and left out of the group."""
        self._setting.tally.doing = Doing.DISCOVERY
        pinged = not (self._group.route.local or self._group.neighbours)
        late = Latecomers(self._book, self._setting) if self._asked else None
        for _sign in discover(self._group, self._setting, self._book, self._setting.plan.pings, self._deadline_s, late):
            yield self._nothing()
            yield from self._book.found() if pinged else ()
        self._ask_names()
        kept = self._book.up | self._book.timed_out
        if not self._asked or self._setting.stopped() or kept.all():
            return
        if late:
            self._late = late, self._group, self._asked, ~kept
            self._setting.beside.append(late.step)
            yield Sought(self._group.block, self._group.offsets[~kept], pinged=True)
        else:
            yield from self._absent(self._group, self._book, ~kept)
        places = np.flatnonzero(kept)
        self._group, self._book, self._named = self._group.part(places), self._book.of(places), self._named[places]
        self._samples = self._samples.part(places)
        self._asked = [questions.of(places) for questions in self._asked]

    @staticmethod
    def _absent(group: Group, book: HostBook, absent: Mask) -> Iterator[Unreachable]:
        for places, reason, responder in book.absent(absent):
            yield Unreachable(group.block, group.offsets[places], reason, responder=responder)

    def _latecomers(self) -> Told:
        """Who was silent when the others were found, and may have answered since. Of a scan that is stopped before their time
        is up nothing is known of those that are silent yet."""
        if self._late is None:
            return
        (late, group, asked, silent), self._late = self._late, None
        self._setting.beside.remove(late.step)
        in_time = late.over or not self._setting.stopped()
        self._setting.tally.doing = Doing.DISCOVERY
        try:
            for _sign in late.rest():
                yield self._nothing()
                in_time = late.over or not self._setting.stopped()
        finally:
            late.close()
        yield Sought(group.block, group.offsets[:0], pinged=True)
        yield from late.book.found()
        there = silent & (late.book.up | late.book.timed_out)
        if in_time:
            yield from self._absent(group, late.book, silent & ~there)
        if there.any():
            places = np.flatnonzero(there)
            part = GroupScan(
                group.part(places), [its.of(places) for its in asked], self._setting, self._hosts, late.book.of(places)
            )
            yield from part.events()

    def _ask(self, questions: Questions) -> Iterator[VerdictBatch]:
        count = int(questions.counts(len(self._group)).sum())
        if self._setting.stopped() or not count:
            return
        known = self._of(questions)
        left = self._left_of(questions, known)
        looked_at_again = questions.method.name in _LOOKED_AT_AGAIN
        choose = partial(worth_it, questions=count) if looked_at_again else own_words
        found, silent = [choose(known)], self._silent(known)
        if left is None or left.any():
            for batch in self._ask_left(questions, left, known):
                found.append(choose(batch.rows))
                silent += self._silent(batch.rows)
                yield batch
        late = self._setting.clock() >= self._deadline_s and self._book.timed_out.any()
        if late or not self._setting.plan.second_look or self._setting.stopped():
            return
        if looked_at_again:
            yield from self._doubt(questions, joined(found), silent)
        else:
            yield from self._miss(questions, own_words(joined(found)), silent)

    def _silent(self, rows: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
        """Of how many ports of each host these verdicts say that nothing came."""
        return np.bincount(self._group.places(rows["host"][rows["answer"] == Answer.NONE]), minlength=len(self._group))

    def _of(self, questions: Questions) -> npt.NDArray[np.void]:
        """The verdicts that were told of these questions before this run of the scan."""
        known: npt.NDArray[np.void] = self._known[self._known["protocol"] == questions.method.protocol]
        return known

    def _left_of(self, questions: Questions, known: npt.NDArray[np.void]) -> Mask | None:
        """Which of them are to be asked yet, (hosts, ports); None: all."""
        if not len(known):
            return questions.only
        asked = np.ones((len(self._group), len(questions.ports)), bool) if questions.only is None else questions.only
        return unasked(asked, known, self._group.places(known["host"]), questions.ports)

    def _ask_left(self, questions: Questions, left: Mask | None, known: npt.NDArray[np.void]) -> Iterator[VerdictBatch]:
        method, parts = questions.method, [(questions.method, questions.ports)]
        self._setting.tally.doing = Doing.ASKING
        run, transport = self._setting.leg(self._group, parts, only=left, deadline_s=self._deadline_s, known=known)
        try:
            for rows in run.batches():
                yield self._learnt(method, rows)
        except HatobaError:
            yield self._learnt(method, run.rest())
            raise
        finally:
            transport.close()
        self._book.doubt(run.doubts())
        if run.timed_out:
            self._book.time_out(run.unanswered_hosts())

    def _doubt(
        self, questions: Questions, found: npt.NDArray[np.void], silent: npt.NDArray[np.int64]
    ) -> Iterator[VerdictBatch]:
        self._setting.tally.doing = Doing.DOUBTING
        for doubts in look_again(self._group, questions, found, self._setting, self._deadline_s):
            if doubts is None:
                yield self._nothing()
            else:
                self._book.doubt(doubts)
                for place in sorted(doubts.silenced):
                    if silent[place]:
                        self._setting.tally.silence(self._index(place), int(silent[place]))
                if self._setting.tally.silenced:
                    for place in doubts.heard:
                        self._setting.tally.is_there(self._index(place))

    def _miss(
        self, questions: Questions, answered: npt.NDArray[np.void], silent: npt.NDArray[np.int64]
    ) -> Iterator[VerdictBatch]:
        """Who of those that have answered, and have silent ports, has gone? One that is seen to ration was heard in the end."""
        self._setting.tally.doing = Doing.DOUBTING
        suspects = np.array(
            [place for place in np.flatnonzero(silent).tolist() if self._index(place) not in self._setting.tally.rationing]
        )
        if not suspects.size:
            return
        for gone in look_whether_there(self._group, questions, answered, suspects, self._setting, self._deadline_s):
            yield self._nothing()
            for place in gone.tolist() if gone is not None else ():
                self._setting.tally.silence(self._index(place), int(silent[place]))

    def _index(self, place: int) -> int:
        """Of the host at that place among all hosts of the scan."""
        return int(self._group.block.index(self._group.offsets[[place]])[0])

    def _learnt(self, method: AnyMethod, rows: npt.NDArray[np.void]) -> VerdictBatch:
        self._book.learn(rows, [method])
        self._sample(rows)
        self._ask_names()
        return VerdictBatch(method.name, self._hosts, rows, self._setting.responders.addresses)

    def _sample(self, rows: npt.NDArray[np.void]) -> None:
        if self._setting.plan.systems and len(rows):
            self._samples.learn(rows, self._group.places(rows["host"]))

    def _observe(self) -> Iterator[VerdictBatch]:
        from hatoba.engine.stages.system_probes import SystemAim, observe_systems  # only -O asks for it

        self._setting.tally.doing = Doing.OBSERVING
        draw = np.random.default_rng(self._setting.order_key)
        there = self._book.up | self._group.neighbours
        aims = [
            SystemAim(
                place,
                self._samples.of(place, State.OPEN),
                next(iter(self._samples.of(place, State.CLOSED)), None),
                self._samples.of(place, State.FILTERED),
                int(draw.integers(*_LIKELY_CLOSED_UDP)),
            )
            for place in np.flatnonzero(there).tolist()
        ]
        if self._setting.plan.systems_limit:
            aims = [aim for aim in aims if aim.open_ports and aim.closed_port is not None]
        for observations in observe_systems(self._group, aims, self._setting, self._deadline_s):
            if observations is None:
                yield self._nothing()
            else:
                self._book.observed(observations)
        if self._setting.clock() >= self._deadline_s:
            self._book.time_out(np.array([aim.place for aim in aims], np.int64))

    def _trace(self) -> Iterator[VerdictBatch]:
        from hatoba.engine.stages.traceroute import trace, vanish  # only --traceroute asks for it

        self._setting.tally.doing = Doing.TRACING
        aims, traces = self._aims(), None
        for traces in trace(self._group, aims, self._setting, self._deadline_s):
            if traces is None:
                yield self._nothing()
        traces = traces or {}
        self._book.traced(traces)
        self._ask_names()
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
        if they are few and not known to be down: nobody there would answer."""
        silent = ~self._book.up & ~self._book.absent_from_link
        if np.count_nonzero(silent) > _FEW_SILENT or self._pinged_only:
            silent[:] = False
        aims = []
        for place in np.flatnonzero(self._book.up | silent).tolist():
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
        """A sign of life; what goes on beside the scan goes on. Raises HatobaError if it can't."""
        self._setting.meanwhile()
        return VerdictBatch("", self._hosts, np.zeros(0, VERDICT), self._setting.responders.addresses)


def _aim(place: int, asked: Asked) -> Aim:
    """The same probe once more; for those of connect() SYN stands in."""
    from hatoba.engine.stages.hop_probes import Aim

    method = asked.method if isinstance(asked.method, Method) else METHODS["syn"]
    return Aim(place, method, asked.port, asked.attempt)
