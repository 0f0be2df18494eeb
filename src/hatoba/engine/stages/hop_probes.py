"""Probes with a short time to live: who on the way answers them?

RFC 792: the station where a packet's time to live runs out drops it and says time exceeded. The probes are those of a scan
method, so that they pass wherever its probes pass; the time to live stands in the lowest bits of the cookie, which is how an
answer tells which of them it is about. Ports never change, so that all probes to a host take one of several equal ways.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from hatoba.engine.groups import Group
from hatoba.engine.legs.leg import Indices
from hatoba.engine.pacing.spacing import Spacing
from hatoba.engine.setting import Setting
from hatoba.packets.answers import ICMP_ERROR, read_answers
from hatoba.packets.frames import Varying
from hatoba.packets.layouts import ADDRESS_BYTES
from hatoba.packets.segment import Segment
from hatoba.packets.siphash import cookie
from hatoba.probes.method import Heard, Method, Ports

MAX_TTL = 30
_TTLS = MAX_TTL + 1
_TTL_AT = np.uint32(2)
"""In the cookie: what SYN and FIN count in an acknowledgement stays in the two bits below it."""
_TTL_BITS = np.uint32(0x7F)
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

    def __init__(self, group: Group, aims: Sequence[Aim], setting: Setting, deadline_s: float = math.inf) -> None:
        """From *deadline_s* of the clock on nothing is asked."""
        self._family, self._setting, self._deadline_s = group.block.family, setting, deadline_s
        family = self._family
        segments: dict[Segment, int] = {}
        words = {probe: _segment(*probe, family) for probe in {aim.probe for aim in aims}}
        self._words = np.array([segments.setdefault(words[aim.probe], len(segments)) for aim in aims])
        variants = [replace(segment, ttl=ttl) for segment in segments for ttl in range(1, MAX_TTL + 1)]
        self._wire = setting.open_packets(group.route, family, group.block.zone, variants, MAX_TTL * len(aims))
        self._filler = self._wire.template.filler()
        places = [aim.place for aim in aims]
        self._packed = group.block.packed(group.offsets[places])
        self._macs = None if group.macs is None else group.macs[places]
        self._ports: Ports = np.array([aim.port for aim in aims], np.uint16)
        self._sport: Ports = np.full(len(aims), setting.first_port, np.uint16)
        self._sport[self._ports == setting.first_port] += 1
        self._cookies = cookie((setting.cookie_key[0], setting.cookie_key[1] ^ _KEY), self._packed, self._sport, self._ports)
        self._cookies &= ~_TTL_BITS
        self._methods = list(dict.fromkeys(aim.method for aim in aims))
        self._method = np.array([self._methods.index(aim.method) for aim in aims])
        self._by_key = {(row.tobytes(), port): at for at, (row, port) in enumerate(zip(self._packed, self._ports, strict=True))}
        self._sent_s = np.full((len(aims), _TTLS), -np.inf)
        """When each was sent last, by place in the list of aims and time to live."""
        self._patience_s = _FIRST_PATIENCE_S
        self._spacing: Spacing | None = None
        if setting.plan.scan_delay_s is not None:
            begun_s = setting.clock() if setting.tally.probes_sent else None
            self._spacing = Spacing(len(aims), _TTLS, setting.plan.scan_delay_s, begun_s)

    def stopped(self) -> bool:
        """Whether no more may be asked: by the user, or because the hosts' time is up."""
        return self._setting.stopped() or self._setting.clock() >= self._deadline_s

    def ask(self, questions: Sequence[Question], told: dict[Question, Told]) -> Iterator[None]:
        """Ask these, again those that are silent, and enter the answers into *told*. Each None is a sign of life."""
        for _attempt in range(_ATTEMPTS):
            left = np.array([aim * _TTLS + ttl for aim, ttl in questions if (aim, ttl) not in told], np.int64)
            if self._spacing is not None:
                left = self._spacing.in_turns(left)
            while left.size and not self.stopped():
                count, wait_s = self._due(left)
                if count:
                    left = left[self._send(left[:count]) :]
                yield from self._hear(told, min(wait_s, _STEP_S))
            until_s = self._setting.clock() + self._patience_s
            while any(question not in told for question in questions) and not self.stopped():
                left_s = until_s - self._setting.clock()
                if left_s <= 0:
                    break
                yield from self._hear(told, min(left_s, _STEP_S))

    def rest(self, seconds: float) -> Iterator[None]:
        """Ask nothing for so long, that who rations errors has some again."""
        until_s = self._setting.clock() + seconds
        while (left_s := until_s - self._setting.clock()) > 0 and not self.stopped():
            yield from self._hear({}, min(left_s, _STEP_S))

    def _due(self, numbers: Indices) -> tuple[int, float]:
        """How many of these, from the first, may be asked now; if none, for how long not yet."""
        now_s = self._setting.clock()
        allowed = min(self._setting.pace.allowance(now_s), _BATCH)
        if allowed < 1:
            return 0, self._setting.pace.wait_s()
        if self._spacing is None:
            return allowed, 0.0
        count = self._spacing.due(numbers[:allowed], now_s)
        return count, 0.0 if count else self._spacing.wait_s(int(numbers[0]), now_s)

    def _send(self, numbers: Indices) -> int:
        """Ask these; how many left, from the first: as many as the wire has room for."""
        frames = self._wire.reserve(len(numbers))
        numbers = numbers[: len(frames)]
        aims, ttls = np.divmod(numbers, _TTLS)
        macs = None if self._macs is None else self._macs[aims]
        varying = Varying(self._packed[aims], self._sport[aims], self._ports[aims], self._cookie(aims, ttls), macs)
        lengths = self._filler.fill(frames, varying, self._words[aims] * MAX_TTL + ttls - 1)
        self._sent_s[aims, ttls] = self._setting.clock()
        self._wire.commit(len(numbers), lengths)
        self._wire.drain()
        now_s = self._setting.clock()
        if self._spacing is not None:
            self._spacing.asked(numbers, now_s)
        self._setting.pace.spent(len(numbers), now_s)
        self._setting.tally.probes_sent += len(numbers)
        return len(numbers)

    def _cookie(self, aims: Indices, ttls: Indices) -> npt.NDArray[np.uint32]:
        found: npt.NDArray[np.uint32] = self._cookies[aims] | ttls.astype(np.uint32) << _TTL_AT
        return found

    def _hear(self, told: dict[Question, Told], timeout_s: float) -> Iterator[None]:
        arrived = self._wire.receive(timeout_s)
        yield None
        if not len(arrived):
            return
        answers = read_answers(self._family, arrived.frames, arrived.lengths, arrived.at_s)
        for number in range(len(self._methods)):
            for question, row in self._matched(number, answers, arrived.frames):
                known = told.get(question)
                there = not (row["kind"] == ICMP_ERROR and row["source"].tobytes() != row["target"].tobytes())
                if known is not None and (known.there or not there):
                    continue
                rtt_s = max(float(row["at_s"]) - float(self._sent_s[question]), 0.0)
                self._patience_s = min(max(self._patience_s / 2, _LEAST_PATIENCE_S, 3 * rtt_s), 3.0)
                told[question] = Told(row["source"].tobytes()[: ADDRESS_BYTES[self._family]], rtt_s, there)

    def _matched(
        self, number: int, answers: npt.NDArray[np.void], frames: npt.NDArray[np.uint8]
    ) -> Iterator[tuple[Question, np.void]]:
        """Answers to probes of the method of that *number*, with the question that each is about.

        Each is held against the probes that its host was sent, the latest first: where it repeats nothing of ours, as a
        datagram need not, it counts for that one.
        """
        method = self._methods[number]
        targets = answers["target"][:, : ADDRESS_BYTES[self._family]]

        def aimed(ports: Ports) -> npt.NDArray[np.int64]:
            keys = zip(targets, ports.tolist(), strict=True)
            return np.array([self._by_key.get((row.tobytes(), port), -1) for row, port in keys], np.int64)

        ports = method.asked_port(answers, frames, lambda ports: aimed(ports) >= 0)
        aims = aimed(ports)
        left = np.flatnonzero((aims >= 0) & (self._method[aims] == number))
        latest = MAX_TTL - np.argsort(-self._sent_s[:, ::-1][aims], axis=1, kind="stable")
        """Times to live, (answers, ``_TTLS``): of probes sent at once the farthest first, those never sent last."""
        for turn in range(MAX_TTL):
            left = left[np.isfinite(self._sent_s[aims[left], latest[left, turn]])]
            if not left.size:
                return
            ttls = latest[left, turn]
            heard = Heard(self._family, answers[left], self._cookie(aims[left], ttls), frames, ports[left])
            good = method.judge(heard).answer > 0
            for row, ttl in zip(left[good].tolist(), ttls[good].tolist(), strict=True):
                yield (int(aims[row]), ttl), answers[row]
            left = left[~good]

    def close(self) -> None:
        self._wire.close()


def _segment(method: Method, port: int, attempt: int, family: int) -> Segment:
    words = method.wording(family, np.array([port], np.uint16))
    return words.segments[int(words.choice[0, attempt % words.choice.shape[1]])]
