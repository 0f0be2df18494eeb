"""Networks on which connections end as a test says, at once or after a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address

import numpy as np
import numpy.typing as npt

from hatoba.errors import WireError
from hatoba.probes.connect import End, Handshake
from hatoba.wire.fake import FakeClock, FakeNetwork

ROOMY = Handshake(End.HELD, 64_240)


@dataclass(frozen=True)
class Begun:
    at_s: float
    address: str
    port: int


@dataclass
class FakeHandshakes:
    """Connections that take *lasts_s* each, no more than *most* at a time."""

    clock: FakeClock
    ends: Callable[[str, int], Handshake]
    lasts_s: float = 0.001
    most: int = 1000
    fails_after: int | None = None
    """So many can be begun in all; then the kernel has no more to give."""
    begun: list[Begun] = field(default_factory=list)
    under_way: list[tuple[float, int, Handshake]] = field(default_factory=list)
    closed: int = 0

    @property
    def room(self) -> int:
        return self.most - len(self.under_way)

    def start(
        self, tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16], zone_index: int = 0
    ) -> int:
        assert len(tokens) <= self.room, "more than there is room for"
        for token, row, port in zip(tokens.tolist(), packed, ports.tolist(), strict=True):
            if len(self.begun) == self.fails_after:
                raise WireError("no more files")
            address = str(ip_address(row.tobytes()))
            self.begun.append(Begun(self.clock.now_s, address, port))
            self.under_way.append((self.clock.now_s + self.lasts_s, token, self.ends(address, port)))
        return len(tokens)

    def poll(self, timeout_s: float) -> list[tuple[int, Handshake]]:
        next_s = min((until_s for until_s, *_rest in self.under_way), default=np.inf)
        self.clock.now_s = max(self.clock.now_s, min(self.clock.now_s + timeout_s, next_s))
        over = [entry for entry in self.under_way if entry[0] <= self.clock.now_s]
        self.under_way = [entry for entry in self.under_way if entry[0] > self.clock.now_s]
        return [(token, handshake) for _until_s, token, handshake in over]

    def close(self) -> None:
        self.closed += 1
        self.under_way.clear()


class HandshakingNetwork(FakeNetwork):
    """A fake network that has *hands* for handshakes."""

    hands: FakeHandshakes

    def handshakes(self) -> FakeHandshakes:
        return self.hands
