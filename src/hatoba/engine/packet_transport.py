"""Questions as packets of our own: probes.build -> wire ~~~ wire -> probes.judge.

The source port tells the attempt: attempt n leaves from ``first_port + n % 8``. Where that equals the asked port, which on
an own address would meet itself, the probe leaves from eight ports above.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hatoba.engine.ledger import Ledger
from hatoba.engine.leg import Indices, Leg
from hatoba.engine.responders import Responders
from hatoba.engine.transport import HEARD
from hatoba.packets import layouts
from hatoba.packets.answers import TCP_SEGMENT, read_answers
from hatoba.packets.layouts import ADDRESS_BYTES
from hatoba.packets.siphash import cookie
from hatoba.probes.method import Method
from hatoba.wire.base import SOURCE_PORTS, PacketWire

_PORTS_A_SIDE = SOURCE_PORTS // 2
_BATCH = 4096


class PacketTransport:
    """Asks the questions of *leg* by *method* over *wire*. *local* says that the targets are this machine's own addresses."""

    def __init__(
        self,
        method: Method,
        leg: Leg,
        wire: PacketWire,
        ledger: Ledger,
        responders: Responders,
        first_port: int,
        key: tuple[int, int],
        local: bool = False,
    ) -> None:
        self._method, self._leg, self._wire, self._ledger = method, leg, wire, ledger
        self._responders, self._first_port, self._key, self._local = responders, first_port, key, local
        self._filler = wire.template.filler()
        self._latest_attempt = 0

    def room(self) -> int:
        return _BATCH

    def ask(self, indices: Indices, attempt: int) -> int:
        self._latest_attempt = max(self._latest_attempt, attempt)
        frames = self._wire.reserve(min(len(indices), _BATCH))
        indices = indices[: len(frames)]
        hosts, dport = self._leg.split(indices)
        dst = self._leg.packed[hosts]
        sport = self._source_ports(attempt, dport)
        macs = self._leg.macs[hosts] if self._leg.macs is not None else None
        self._filler.fill(frames, dst, sport, dport, cookie(self._key, dst, sport, dport), macs)
        self._wire.commit(len(indices))
        return len(indices)

    def hear(self, timeout_s: float) -> npt.NDArray[np.void]:
        arrived = self._wire.receive(timeout_s)
        if not len(arrived):
            return np.zeros(0, HEARD)
        family = self._leg.block.family
        answers = read_answers(family, arrived.frames, arrived.lengths, arrived.at_s)
        answers = answers[np.argsort(answers["at_s"], kind="stable")]  # segments and errors come apart; the first one counts
        answers = answers[(answers["sport"] - np.uint16(self._first_port)) < SOURCE_PORTS]
        if self._local:
            # Our own probes come back in here: a bare SYN can't be told from one.
            answers = answers[(answers["kind"] != TCP_SEGMENT) | (answers["flags"] & 0x17 != layouts.SYN)]
        width = ADDRESS_BYTES[family]
        target = np.ascontiguousarray(answers["target"][:, :width])
        cookies = cookie(self._key, target, answers["sport"], answers["dport"])
        judged = self._method.judge(family, answers, cookies)
        index = self._leg.find(target, answers["dport"])
        attempt = self._attempts(answers)
        asked = self._ledger.asked[np.maximum(index, 0)]
        expected_port = self._source_ports_of(attempt, answers["dport"])
        good = (judged.state > 0) & (index >= 0) & (attempt >= 0) & (attempt < asked) & (expected_port == answers["sport"])
        rows = np.flatnonzero(good)
        heard = np.zeros(len(rows), HEARD)
        heard["index"], heard["attempt"] = index[rows], attempt[rows]
        heard["state"], heard["reason"], heard["answer"] = judged.state[rows], judged.reason[rows], judged.answer[rows]
        for field in ("ttl", "icmp_type", "icmp_code", "at_s"):
            heard[field] = answers[field][rows]
        heard["asked_s"] = np.nan
        heard["responder"] = self._responders.numbers(answers["source"][rows, :width], target[rows])
        return heard

    def give_up(self, asked_before_s: float) -> None:
        """Nothing to do: a probe that is on its way holds nothing here."""

    @property
    def drops(self) -> int:
        return self._wire.drops

    def close(self) -> None:
        self._wire.close()

    def _source_ports(self, attempt: int, dport: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
        return self._source_ports_of(np.full(len(dport), attempt, np.int64), dport)

    def _source_ports_of(self, attempts: npt.NDArray[np.int64], dport: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
        sport = (self._first_port + attempts % _PORTS_A_SIDE).astype(np.uint16)
        return np.where(sport == dport, sport + np.uint16(_PORTS_A_SIDE), sport)

    def _attempts(self, answers: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
        """The latest attempt that left from each answer's port; negative where none has yet."""
        residue = (answers["sport"].astype(np.int64) - self._first_port) % _PORTS_A_SIDE
        attempts: npt.NDArray[np.int64] = self._latest_attempt - (self._latest_attempt - residue) % _PORTS_A_SIDE
        return attempts
