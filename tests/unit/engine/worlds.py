"""Networks that misbehave on purpose, for the fake wire: what is true of each port is known, what arrives is not reliable."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from hatoba.packets.layouts import ACK, RST, SYN
from hatoba.wire.fake import Probe, Reply, icmp_error, tcp_reply

ROUTER = {4: ip_address("198.18.255.254").packed, 6: ip_address("fd00:18:ffff::1").packed}
STRANGER = {4: ip_address("198.18.77.77").packed, 6: ip_address("fd00:18:77::77").packed}
ADMIN_PROHIBITED = {4: (3, 13), 6: (1, 1)}


@dataclass
class FaultyWorld:
    """Ports are ``open``, ``closed``, ``dropped`` or ``rejected`` (by a router) as *truth* says, ``closed`` by default."""

    truth: Mapping[int, str]
    seed: int = 0
    loss: float = 0.0
    """Share of probes that meet no answer although there is one."""
    duplicates: float = 0.0
    forgeries: float = 0.0
    """Share of probes that also bring forged answers: wrong cookies, wrong sources, errors about what was not sent."""
    max_delay_s: float = 0.005
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def __call__(self, probe: Probe) -> Iterator[Reply]:
        draw = self.random
        if draw.random() < self.forgeries:
            yield from self._forged(probe)
        answer = self._true_answer(probe)
        if answer is None or draw.random() < self.loss:
            return
        yield draw.uniform(0.0002, self.max_delay_s), answer
        if draw.random() < self.duplicates:
            yield draw.uniform(0.0002, self.max_delay_s), answer

    def _true_answer(self, probe: Probe) -> bytes | None:
        match self.truth.get(probe.dport, "closed"):
            case "open":
                return tcp_reply(probe, SYN | ACK, seq=self.random.getrandbits(32))
            case "closed":
                return tcp_reply(probe, RST | ACK)
            case "rejected":
                return icmp_error(probe, *ADMIN_PROHIBITED[probe.family], ROUTER[probe.family])
        return None

    def _forged(self, probe: Probe) -> Iterator[Reply]:
        """One answer of each false kind, all of which say the contrary of the truth."""
        is_open = self.truth.get(probe.dport, "closed") == "open"
        flags = RST | ACK if is_open else SYN | ACK
        wrong = (probe.seq + self.random.randrange(2, 1 << 31)) & 0xFFFFFFFF
        soon = 0.0001
        yield soon, tcp_reply(probe, flags, ack=wrong)
        yield soon, tcp_reply(probe, flags, source=STRANGER[probe.family])
        yield soon, tcp_reply(probe, RST)  # an RST without ACK vouches for nothing
        quoted = bytearray(probe.packet)
        ports_at = len(probe.packet) - 24
        quoted[ports_at + 4 : ports_at + 8] = wrong.to_bytes(4, "big")
        yield soon, icmp_error(probe, *ADMIN_PROHIBITED[probe.family], STRANGER[probe.family], bytes(quoted))
        elsewhere = bytearray(probe.packet)
        elsewhere[ports_at + 2 : ports_at + 4] = ((probe.dport + 1) & 0xFFFF).to_bytes(2, "big")
        yield soon, icmp_error(probe, *ADMIN_PROHIBITED[probe.family], STRANGER[probe.family], bytes(elsewhere))
        yield soon, probe.packet
        yield soon, probe.packet[: self.random.randrange(len(probe.packet))]
