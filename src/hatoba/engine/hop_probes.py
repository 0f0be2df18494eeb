"""Probes with a short time to live: who on the way answers them?

RFC 792: the station where a packet's time to live runs out drops it and says time exceeded. The probes are those of a scan
method, so that they pass wherever its probes pass; the lowest five bits of the cookie are the time to live, which is how an
answer tells which of them it is about. Ports never change, so that all probes to a host take one of several equal ways.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from hatoba.engine.groups import Group
from hatoba.engine.setting import Setting
from hatoba.packets.answers import ICMP_ERROR, UDP_DATAGRAM, read_answers
from hatoba.packets.frames import Varying
from hatoba.packets.layouts import ADDRESS_BYTES
from hatoba.packets.segment import Segment
from hatoba.packets.siphash import cookie
from hatoba.probes.method import Heard, Method, Ports

MAX_TTL = 30
_TTL_BITS = np.uint32(31)
_KEY = 0x7472616365
"""Keeps the cookies apart from those of the scan."""
_ATTEMPTS = 3
_FIRST_PATIENCE_S = 0.6
_LEAST_PATIENCE_S = 0.2
_BATCH = 256
_STEP_S = 0.05


@dataclass(frozen=True, slots=True)
class Aim:
    """What the probes to one host are made of."""

    place: int
    """Of the host in its group."""
    method: Method
    port: int
    attempt: int = 0
    """Which of the method's probes for that port it is: the one that attempt asks with, from 0."""

    @property
    def probe(self) -> tuple[Method, int, int]:
        """What is alike in the probes to several hosts."""
        return self.method, self.port, self.attempt


@dataclass(frozen=True, slots=True)
class Told:
    """An answer to a probe with a short time to live."""

    address: bytes
    rtt_s: float
    there: bool
    """It is the host's own answer: the probe arrived."""


Question = tuple[int, int]
"""Place in the list of aims, time to live."""


class HopProbes:
    """A wire for such probes to hosts of *group*, each as *aims* says."""

    def __init__(self, group: Group, aims: Sequence[Aim], setting: Setting) -> None:
        self._group, self._aims, self._setting = group, aims, setting
        family = group.block.family
        segments: dict[Segment, int] = {}
        words = {aim.probe: _segment(aim, family) for aim in aims}
        self._words = np.array([segments.setdefault(words[aim.probe], len(segments)) for aim in aims])
        variants = [replace(segment, ttl=ttl) for segment in segments for ttl in range(1, MAX_TTL + 1)]
        self._wire = setting.open_packets(group.route, family, group.block.zone, variants, MAX_TTL * len(aims))
        self._filler = self._wire.template.filler()
        self._packed = group.block.packed(group.offsets[[aim.place for aim in aims]])
        self._ports: Ports = np.array([aim.port for aim in aims], np.uint16)
        self._sport: Ports = np.full(len(aims), setting.first_port, np.uint16)
        self._sport[self._ports == setting.first_port] += 1
        self._cookies = cookie((setting.cookie_key[0], setting.cookie_key[1] ^ _KEY), self._packed, self._sport, self._ports)
        self._cookies &= ~_TTL_BITS
        self._methods = list(dict.fromkeys(aim.method for aim in aims))
        self._by_key = {(row.tobytes(), port): at for at, (row, port) in enumerate(zip(self._packed, self._ports, strict=True))}
        self._sent_s: dict[Question, float] = {}
        self._patience_s = _FIRST_PATIENCE_S

    def ask(self, questions: Sequence[Question], told: dict[Question, Told]) -> Iterator[None]:
        """Ask these, again those that are silent, and enter the answers into *told*. Each None is a sign of life."""
        for _attempt in range(_ATTEMPTS):
            left = [question for question in questions if question not in told]
            while left and not self._setting.stopped():
                allowed = min(self._setting.pace.allowance(self._setting.clock()), _BATCH)
                if allowed < 1:
                    yield from self._hear(told, min(self._setting.pace.wait_s(), _STEP_S))
                    continue
                self._send(left[:allowed])
                left = left[allowed:]
            until_s = self._setting.clock() + self._patience_s
            while any(question not in told for question in questions) and not self._setting.stopped():
                left_s = until_s - self._setting.clock()
                if left_s <= 0:
                    break
                yield from self._hear(told, min(left_s, _STEP_S))

    def rest(self, seconds: float) -> Iterator[None]:
        """Ask nothing for so long, that who rations errors has some again."""
        until_s = self._setting.clock() + seconds
        while (left_s := until_s - self._setting.clock()) > 0 and not self._setting.stopped():
            yield from self._hear({}, min(left_s, _STEP_S))

    def _send(self, questions: Sequence[Question]) -> None:
        aims = np.array([aim for aim, _ttl in questions])
        ttls = np.array([ttl for _aim, ttl in questions])
        frames = self._wire.reserve(len(questions))
        aims, ttls = aims[: len(frames)], ttls[: len(frames)]
        macs = None if self._group.macs is None else self._group.macs[[self._aims[aim].place for aim in aims.tolist()]]
        cookies = self._cookies[aims] | ttls.astype(np.uint32)
        varying = Varying(self._packed[aims], self._sport[aims], self._ports[aims], cookies, macs)
        lengths = self._filler.fill(frames, varying, self._words[aims] * MAX_TTL + ttls - 1)
        sent_s = self._setting.clock()
        self._wire.commit(len(aims), lengths)
        self._setting.pace.spent(len(aims), self._setting.clock())
        self._setting.tally.probes_sent += len(aims)
        self._sent_s.update(dict.fromkeys(questions, sent_s))

    def _hear(self, told: dict[Question, Told], timeout_s: float) -> Iterator[None]:
        arrived = self._wire.receive(timeout_s)
        yield None
        if not len(arrived):
            return
        family = self._group.block.family
        answers = read_answers(family, arrived.frames, arrived.lengths, arrived.at_s)
        for method in self._methods:
            for question, row in self._matched(method, answers, arrived.frames):
                sent_s = self._sent_s.get(question)
                known = told.get(question)
                there = not (row["kind"] == ICMP_ERROR and row["source"].tobytes() != row["target"].tobytes())
                if sent_s is None or (known is not None and (known.there or not there)):
                    continue
                rtt_s = max(float(row["at_s"]) - sent_s, 0.0)
                self._patience_s = min(max(self._patience_s / 2, _LEAST_PATIENCE_S, 3 * rtt_s), 3.0)
                told[question] = Told(row["source"].tobytes()[: ADDRESS_BYTES[family]], rtt_s, there)

    def _matched(
        self, method: Method, answers: npt.NDArray[np.void], frames: npt.NDArray[np.uint8]
    ) -> Iterator[tuple[Question, np.void]]:
        """Answers to probes of *method*, with the question that each is about."""
        family = self._group.block.family
        targets = answers["target"][:, : ADDRESS_BYTES[family]]
        ports = method.asked_port(answers, frames)
        keys = [(row.tobytes(), int(port)) for row, port in zip(targets, ports, strict=True)]
        aims = np.array([self._by_key.get(key, -1) for key in keys], np.int64)
        ours = np.flatnonzero((aims >= 0) & [self._aims[aim].method is method for aim in aims.tolist()])
        answers, aims, ports = answers[ours], aims[ours], ports[ours]
        if not len(answers):
            return
        found = np.zeros(len(answers), bool)
        for ttl in range(1, MAX_TTL + 1):
            judged = method.judge(Heard(family, answers, self._cookies[aims] | np.uint32(ttl), frames, ports))
            here = (judged.answer > 0) & ~found & [(aim, ttl) in self._sent_s for aim in aims.tolist()]
            found |= here
            for place in np.flatnonzero(here).tolist():
                aim = int(aims[place])
                repeats_nothing = answers["kind"][place] == UDP_DATAGRAM
                yield (aim, self._latest_ttl(aim) if repeats_nothing else ttl), answers[place]

    def _latest_ttl(self, aim: int) -> int:
        """The time to live of the last probe to a host: what a datagram answers, which need not repeat anything of ours."""
        return max((sent_s, ttl) for (other, ttl), sent_s in self._sent_s.items() if other == aim)[1]

    def close(self) -> None:
        self._wire.close()


def _segment(aim: Aim, family: int) -> Segment:
    words = aim.method.wording(family, np.array([aim.port], np.uint16))
    return words.segments[int(words.choice[0, aim.attempt % words.choice.shape[1]])]
