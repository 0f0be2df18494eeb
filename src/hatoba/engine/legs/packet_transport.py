"""Questions as packets of our own: probes.wording -> wire ~~~ wire -> probes.judge.

The source port tells the attempt: attempt n leaves from ``first_port + n % 8``, in every other leg from
``first_port + (n + 5) % 8``. Where that equals the asked port, which on an own address would meet itself, the probe leaves from
eight ports above.

So a question that is asked again in the next leg comes by another flow: a balancer that chooses by the flow may choose another
machine. Its cookie is another, too: what answers one leg late is no answer to the next. All attempts of a leg at one question
carry the same cookie, so that it is reckoned once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from hatoba.engine.legs.ledger import Ledger, Times
from hatoba.engine.legs.leg import Indices, Leg
from hatoba.engine.legs.responders import Responders
from hatoba.engine.legs.transport import HEARD
from hatoba.packets import layouts
from hatoba.packets.answers import ICMP_ERROR, OTHER_PACKET, TCP_SEGMENT, read_answers
from hatoba.packets.frames import Varying
from hatoba.packets.items import joined, packed_rows
from hatoba.packets.layouts import ADDRESS_BYTES
from hatoba.packets.segment import Segment
from hatoba.packets.siphash import cookies
from hatoba.probes.method import Heard, Judgement, Method, Ports
from hatoba.wire.base import SOURCE_PORTS, Arrived, PacketWire

_PORTS_A_SIDE = SOURCE_PORTS // 2
_OTHER_TURN = 5
"""Odd: the hashes that balancers choose by are often linear, and then the lowest bit of the port counts most."""
_BATCH = 4096

Answers = npt.NDArray[np.void]
Attempts = npt.NDArray[np.int64]
Cookies = npt.NDArray[np.uint32]


class Wordings:
    """The probes of all methods of a leg in one list, and which of them each ask takes at each attempt."""

    def __init__(self, methods: Sequence[Method], ports: Sequence[Ports], family: int) -> None:
        self.segments: tuple[Segment, ...] = ()
        choices: list[npt.NDArray[np.int64]] = []
        for method, its_ports in zip(methods, ports, strict=True):
            wording = method.wording(family, its_ports)
            choices.append(wording.choice + len(self.segments))
            self.segments += wording.segments
        turns = int(np.lcm.reduce([choice.shape[1] for choice in choices]))
        self.choice = np.concatenate([np.tile(choice, (1, turns // choice.shape[1])) for choice in choices])
        """(asks, turns)"""
        self.turns = np.ones(len(self.choice), np.int64)
        if turns > 1:
            self.turns[:] = [len(set(row)) for row in self.choice.tolist()]


class PacketTransport:
    """Asks the questions of *leg* over *wire*, whose template holds the segments of *wordings*. *local* says that the targets
    are this machine's own addresses."""

    def __init__(
        self,
        methods: Sequence[Method],
        wordings: Wordings,
        leg: Leg,
        wire: PacketWire,
        ledger: Ledger,
        responders: Responders,
        first_port: int,
        key: tuple[int, int],
        local: bool = False,
        one_port: bool = False,
        leg_number: int = 0,
    ) -> None:
        """*one_port*: every probe leaves from the first port, and which attempt an answer is for is not known. *leg_number*:
        how many legs the scan had before."""
        self._methods, self._choice, self._leg, self._wire, self._ledger = methods, wordings.choice, leg, wire, ledger
        self._responders, self._first_port, self._local = responders, first_port, local
        self._tells = [method.tells_attempt and not one_port for method in methods]
        self._cookies = cookies((key[0], key[1] ^ leg_number), len(leg))
        """Of each question; those of other questions and legs are alike no more often than by chance."""
        self._first_turn = _OTHER_TURN if leg_number % 2 else 0
        self.turns = wordings.turns
        self.holds_nothing = all(self._tells)
        self._filler = wire.template.filler()
        self._departures: Times = np.zeros(0)

    def room(self) -> int:
        return _BATCH

    def ask(self, indices: Indices, attempt: int) -> int:
        frames = self._wire.reserve(min(len(indices), _BATCH))
        indices = indices[: len(frames)]
        hosts, places = self._leg.split(indices)
        dport, sport = self._leg.asks.port[places], np.empty(len(indices), np.uint16)
        for number, rows in self._by_method(places):
            sport[rows] = self._source_ports(number, np.int64(attempt), dport[rows])
        macs = self._leg.macs.take(hosts, axis=0) if self._leg.macs is not None else None
        varying = Varying(self._leg.packed.take(hosts, axis=0), sport, dport, self._cookies[indices], macs)
        variants = None if self._wire.template.uniform else self._choice[places, attempt % self._choice.shape[1]]
        lengths = self._filler.fill(frames, varying, variants)
        self._departures = self._ledger.note_asked(indices, attempt)
        self._wire.commit(len(indices), lengths, self._departures)
        return len(indices)

    def departures(self) -> Times:
        return self._departures

    def drain(self) -> None:
        self._wire.drain()

    def _by_method(self, places: Indices) -> list[tuple[int, slice | npt.NDArray[np.intp]]]:
        if len(self._methods) == 1:
            return [(0, slice(None))]
        asked_by = self._leg.asks.method[places]
        return [(number, np.flatnonzero(asked_by == number)) for number in range(len(self._methods))]

    def hear(self, timeout_s: float) -> npt.NDArray[np.void]:
        arrived = self._wire.receive(timeout_s)
        if not len(arrived):
            return np.zeros(0, HEARD)
        answers = read_answers(self._leg.block.family, arrived.frames, arrived.lengths, arrived.at_s)
        if (np.diff(answers["at_s"]) < 0).any():  # segments and errors come apart; the first one counts
            answers = answers.take(np.argsort(answers["at_s"], kind="stable"))
        if self._local:
            answers = answers.compress(~self._own_probes(answers))
        heard = [self._heard(number, method, answers, arrived) for number, method in enumerate(self._methods)]
        return heard[0] if len(heard) == 1 else joined(heard)

    def _own_probes(self, answers: Answers) -> npt.NDArray[np.bool_]:
        """Our own probes come back in on an own address: a bare SYN can't be told from an answer, nor a datagram from one of
        our ports to another, nor a packet in a protocol that we know nothing of."""
        segments = answers["kind"] == TCP_SEGMENT
        among_ours = ((answers["dport"] - np.uint16(self._first_port)) < SOURCE_PORTS) & (answers["kind"] != ICMP_ERROR)
        own: npt.NDArray[np.bool_] = np.where(segments, answers["flags"] & 0x17 == layouts.SYN, among_ours)
        own |= answers["kind"] == OTHER_PACKET
        return own

    def _heard(self, number: int, method: Method, answers: Answers, arrived: Arrived) -> npt.NDArray[np.void]:
        if method.tells_attempt:  # it has ports
            to_us = (answers["sport"] - np.uint16(self._first_port)) < SOURCE_PORTS
            answers = answers if to_us.all() else answers.compress(to_us)
        target = packed_rows(answers["target"][:, : ADDRESS_BYTES[self._leg.block.family]])
        port = method.asked_port(answers, arrived.frames, partial(self._was_asked, number, target))
        index = self._leg.find(target, self._leg.asks.find(number, port))
        known = np.maximum(index, 0)
        asked = self._ledger.attempts[known].astype(np.int64)
        attempt = self._attempts(answers, asked - 1) if self._tells[number] else asked - 1
        judged = method.judge(Heard(self._leg.block.family, answers, self._cookies[known], arrived.frames, port))
        good = (judged.answer > 0) & (index >= 0) & (attempt >= 0) & (attempt < asked)
        if method.tells_attempt:
            good &= self._source_ports(number, attempt, port) == answers["sport"]
        if good.all():
            return self._told(answers, target, index, attempt, judged)
        rows = np.flatnonzero(good)
        return self._told(answers.take(rows), target[rows], index[rows], attempt[rows], judged.of(rows))

    def _was_asked(self, number: int, target: npt.NDArray[np.uint8], ports: Ports) -> npt.NDArray[np.bool_]:
        index = self._leg.find(target, self._leg.asks.find(number, ports))
        asked: npt.NDArray[np.bool_] = (index >= 0) & (self._ledger.attempts[np.maximum(index, 0)] > 0)
        return asked

    def _told(
        self,
        answers: Answers,
        target: npt.NDArray[np.uint8],
        index: Indices,
        attempt: Attempts,
        judged: Judgement,
    ) -> npt.NDArray[np.void]:
        heard = np.zeros(len(answers), HEARD)
        heard["index"], heard["attempt"] = index, attempt
        heard["state"], heard["reason"], heard["answer"] = judged.state, judged.reason, judged.answer
        for field in ("ttl", "icmp_type", "icmp_code", "at_s"):
            heard[field] = answers[field]
        heard["asked_s"] = np.nan
        errors = np.flatnonzero(answers["kind"] == ICMP_ERROR)  # all else comes from the target itself
        if errors.size:
            sources = answers["source"][errors, : target.shape[1]]
            heard["responder"][errors] = self._responders.numbers(sources, target[errors])
        return heard

    def give_up(self, asked_before_s: float) -> None:
        """Nothing to do: a probe that is on its way holds nothing here."""

    @property
    def drops(self) -> int:
        return self._wire.drops

    def close(self) -> None:
        self._wire.close()

    def _source_ports(self, number: int, attempts: Attempts | np.int64, dport: Ports) -> npt.NDArray[np.uint16]:
        if not self._methods[number].tells_attempt:
            return np.full(len(dport), self._first_port, np.uint16)
        residue = (attempts + self._first_turn) % _PORTS_A_SIDE if self._tells[number] else np.zeros_like(attempts)
        sport = (self._first_port + residue).astype(np.uint16)
        return np.where(sport == dport, sport + np.uint16(_PORTS_A_SIDE), sport)

    def _attempts(self, answers: Answers, last: Attempts) -> Attempts:
        """The latest attempt, up to each question's *last*, that left from the port of its answer; negative where none has."""
        residue = (answers["sport"].astype(np.int64) - self._first_port - self._first_turn) % _PORTS_A_SIDE
        attempts: Attempts = last - (last - residue) % _PORTS_A_SIDE
        return attempts
