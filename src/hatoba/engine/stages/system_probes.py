"""The probes that hosts are asked for their systems with (``probes.system``), all hosts of a group at once.

Turns are a tenth of a second apart, so that clocks and counters are seen to go on. What is silent is asked twice more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hatoba.engine.groups import Group
from hatoba.engine.legs.leg import Indices
from hatoba.engine.pacing.spacing import Spacing
from hatoba.engine.setting import Setting
from hatoba.packets.answers import read_answers
from hatoba.packets.distinct import distinct
from hatoba.packets.frames import Varying
from hatoba.packets.layouts import ADDRESS_BYTES
from hatoba.packets.siphash import cookie
from hatoba.probes.method import Heard
from hatoba.probes.system import DATAGRAM, PROBES, TURN_S, To
from hatoba.system import Observation
from hatoba.wire.base import Arrived

_KEY = 0x73797374656D
"""Keeps the cookies apart from those of the scan."""
_TURN_AT = 2
"""In the cookie: what SYN and FIN count in an acknowledgement stays in the bits below."""
_TURN_BITS = np.uint32(0x1C)
_SPARE_SLOT = 15
_ATTEMPTS = 3
_FIRST_PATIENCE_S, _LEAST_PATIENCE_S, _MOST_PATIENCE_S = 0.6, 0.1, 2.0
_HOSTS_AT_ONCE = 1024
_BATCH = 256
_STEP_S = 0.05


@dataclass(frozen=True, slots=True)
class SystemAim:
    """A host, and the TCP ports of it that are asked."""

    place: int
    """In its group."""
    open_ports: tuple[int, ...] = ()
    closed_port: int | None = None
    filtered_ports: tuple[int, ...] = ()
    udp_port: int = 0
    """One that is likely to be closed."""

    def ports(self, to: To, probe: str) -> tuple[int, ...]:
        match to:
            case To.OPEN:
                return self.open_ports[:1]
            case To.OTHER_OPEN:
                return self.open_ports[1:]
            case To.CLOSED:
                return () if self.closed_port is None else (self.closed_port,)
            case To.FILTERED:
                return self.filtered_ports
            case To.HOST:
                return (self.udp_port if probe == DATAGRAM else 0,)


def observe_systems(
    group: Group, aims: Sequence[SystemAim], setting: Setting, deadline_s: float = math.inf
) -> Iterator[dict[int, tuple[Observation, ...]] | None]:
    """Observations by the place of the host in its group: every probe once, answered or not. None is a sign of life; the last
    value is what was learnt by *deadline_s* of the clock, of hosts that were asked to the end."""
    learnt: dict[int, tuple[Observation, ...]] = {}
    for first in range(0, len(aims), _HOSTS_AT_ONCE):
        some = aims[first : first + _HOSTS_AT_ONCE]
        asking = _Asking(group, some, setting, deadline_s)
        try:
            yield from asking.run()
        finally:
            asking.close()
        if asking.stopped():
            break
        learnt |= asking.observations()
    yield learnt


class _Asking:
    def __init__(self, group: Group, aims: Sequence[SystemAim], setting: Setting, deadline_s: float) -> None:
        self._aims, self._setting, self._deadline_s = aims, setting, deadline_s
        self._family = family = group.block.family
        rows = [
            (number, kind, port, turn)
            for number, aim in enumerate(aims)
            for kind, probe in enumerate(PROBES)
            for to, turns in probe.to
            for port in aim.ports(to, probe.name)
            for turn in turns
        ]
        table = np.array(rows, np.int64).reshape(-1, 4)
        self._aim, self._probe, ports, self._turn = table[np.argsort(table[:, 3], kind="stable")].T
        """Of each question, by turn."""
        self._port = ports.astype(np.uint16)
        places = np.array([aim.place for aim in aims], np.int64)[self._aim]
        self._packed = group.block.packed(group.offsets[places])
        self._macs = None if group.macs is None else group.macs[places]
        self._sport = self._source_ports()
        key = setting.cookie_key[0], setting.cookie_key[1] ^ _KEY
        self._cookie = cookie(key, self._packed, self._sport, self._port) & ~_TURN_BITS
        self._cookie |= self._turn.astype(np.uint32) << np.uint32(_TURN_AT)
        count = len(table)
        self._sent_s, self._at_s = np.full(count, np.nan), np.full(count, np.nan)
        self._packets: dict[int, bytes] = {}
        self._by_key: dict[tuple[bytes, int, int], list[int]] = {}
        for number, (row, sport, port) in enumerate(zip(self._packed, self._sport.tolist(), self._port.tolist(), strict=True)):
            self._by_key.setdefault((row.tobytes(), sport, port), []).append(number)
        self._patience_s = _FIRST_PATIENCE_S
        segments = [probe.segment(family) for probe in PROBES]
        self._wire = setting.open_packets(group.route, family, group.block.zone, segments, count)
        self._filler = self._wire.template.filler()
        delay_s = setting.plan.scan_delay_s
        self._spacing = None if delay_s is None else Spacing(len(aims), 1, delay_s, setting.clock())

    def _source_ports(self) -> npt.NDArray[np.uint16]:
        """One for each kind of probe, unless the user has named one."""
        slots = np.array([probe.slot for probe in PROBES], np.int64)[self._probe]
        if self._setting.plan.source_port is not None:
            slots[:] = 0
        first = self._setting.first_port
        slots[first + slots == self._port] = _SPARE_SLOT  # on an own address such a probe would meet itself
        found: npt.NDArray[np.uint16] = (first + slots).astype(np.uint16)
        return found

    def stopped(self) -> bool:
        """Whether no more may be asked: by the user, or because the hosts' time is up."""
        return self._setting.stopped() or self._setting.clock() >= self._deadline_s

    def run(self) -> Iterator[None]:
        """Ask and listen. Each None is a sign of life."""
        began_s = self._setting.clock()
        for attempt in range(_ATTEMPTS):
            left = np.flatnonzero(np.isnan(self._at_s))
            due_s = np.full(len(self._aim), began_s) + (self._turn * TURN_S if attempt == 0 else 0.0)
            while left.size and not self.stopped():
                count, wait_s = self._due(left, due_s)
                if count:
                    left = left[self._send(left[:count]) :]
                yield from self._hear(min(wait_s, _STEP_S))
            yield from self._wait()

    def _wait(self) -> Iterator[None]:
        """Listen for as long as answers may take. What arrived while this process was not let run is heard at the end."""
        until_s = self._setting.clock() + self._patience_s
        late = False
        while np.isnan(self._at_s).any() and not (late or self.stopped()):
            left_s = until_s - self._setting.clock()
            late = left_s <= 0
            yield from self._hear(min(max(left_s, 0.0), _STEP_S))

    def _due(self, left: Indices, due_s: npt.NDArray[np.float64]) -> tuple[int, float]:
        """How many of these questions, from the first, may be asked now; if none, for how long not yet."""
        now_s = self._setting.clock()
        its_time = int(np.searchsorted(due_s[left], now_s, side="right"))
        if not its_time:
            return 0, float(due_s[left[0]]) - now_s
        allowed = min(self._setting.pace.allowance(now_s), _BATCH, its_time)
        if allowed < 1:
            return 0, self._setting.pace.wait_s()
        if self._spacing is None:
            return allowed, 0.0
        count = self._spacing.due(self._aim[left[:allowed]], now_s)
        return count, 0.0 if count else self._spacing.wait_s(int(self._aim[left[0]]), now_s)

    def _send(self, numbers: Indices) -> int:
        """Ask these; how many left, from the first: as many as the wire has room for."""
        frames = self._wire.reserve(len(numbers))
        numbers = numbers[: len(frames)]
        macs = None if self._macs is None else self._macs[numbers]
        varying = Varying(self._packed[numbers], self._sport[numbers], self._port[numbers], self._cookie[numbers], macs)
        lengths = self._filler.fill(frames, varying, self._probe[numbers])
        self._sent_s[numbers] = self._setting.clock()
        self._wire.commit(len(numbers), lengths)
        self._wire.drain()
        now_s = self._setting.clock()
        if self._spacing is not None:
            self._spacing.asked(self._aim[numbers], now_s)
        self._setting.pace.spent(len(numbers), now_s)
        self._setting.tally.probes_sent += len(numbers)
        return len(numbers)

    def _hear(self, timeout_s: float) -> Iterator[None]:
        arrived = self._wire.receive(timeout_s)
        yield None
        if not len(arrived):
            return
        answers = read_answers(self._family, arrived.frames, arrived.lengths, arrived.at_s)
        targets = answers["target"][:, : ADDRESS_BYTES[self._family]]
        keys = zip(targets, answers["sport"].tolist(), answers["dport"].tolist(), strict=True)
        pairs = [
            (row, number)
            for row, (target, sport, port) in enumerate(keys)
            for number in self._by_key.get((target.tobytes(), sport, port), ())
        ]
        if pairs:
            rows, numbers = np.array(pairs, np.int64).T
            self._judge(answers[rows], numbers, arrived)

    def _judge(self, answers: npt.NDArray[np.void], numbers: Indices, arrived: Arrived) -> None:
        """Enter those *answers* that answer the questions of these *numbers*, (answers,). The first one counts."""
        for kind in distinct(self._probe[numbers]).tolist():
            at = np.flatnonzero(self._probe[numbers] == kind)
            its = numbers[at]
            heard = Heard(self._family, answers[at], self._cookie[its], arrived.frames, self._port[its])
            good = PROBES[kind].answered(heard) & ~np.isnan(self._sent_s[its])
            for row, number in zip(at[good].tolist(), its[good].tolist(), strict=True):
                if number in self._packets:
                    continue
                frame = int(answers[row]["row"])
                self._packets[number] = arrived.frames[frame, : int(arrived.lengths[frame])].tobytes()
                self._at_s[number] = float(answers[row]["at_s"])
                rtt_s = max(self._at_s[number] - self._sent_s[number], 0.0)
                self._patience_s = min(max(self._patience_s / 2, _LEAST_PATIENCE_S, 4 * rtt_s), _MOST_PATIENCE_S)

    def observations(self) -> dict[int, tuple[Observation, ...]]:
        """By the place of the host."""
        found: dict[int, list[Observation]] = {aim.place: [] for aim in self._aims}
        for number in np.flatnonzero(~np.isnan(self._sent_s)).tolist():
            at_s = None if math.isnan(self._at_s[number]) else float(self._at_s[number])
            found[self._aims[self._aim[number]].place].append(
                Observation(
                    PROBES[self._probe[number]].name,
                    int(self._port[number]),
                    float(self._sent_s[number]),
                    at_s,
                    self._packets.get(number, b""),
                )
            )
        return {place: tuple(its) for place, its in found.items()}

    def close(self) -> None:
        self._wire.close()
