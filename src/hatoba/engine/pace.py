"""How fast to ask: a bucket of tokens whose rate grows while answers come and shrinks where asking faster loses them."""

from __future__ import annotations

import math

START_PPS = 20_000.0
CEILING_PPS = 10_000_000.0
_TICK_S = 0.01
_BURST_S = 0.02
"""How much unused time may be made up for at once."""
_GROWTH = 2.0
_TOLERATED_LOSS = 0.02
_LEAST_PPS = 1000.0
"""Slower than this we don't become by ourselves."""
_MEASURABLE = 1000
"""Fewer probes than this say nothing of the speed at which they left."""


class Pace:
    """Between *min_rate_pps* and *max_rate_pps*, which the user sets. The most always holds."""

    def __init__(self, now_s: float, min_rate_pps: float | None = None, max_rate_pps: float | None = None) -> None:
        self._min_pps, self._max_pps = min_rate_pps or _LEAST_PPS, max_rate_pps or math.inf
        self._tokens = 1.0
        self._refilled_s = self._grown_s = self._spent_s = now_s
        self.new_leg()

    def new_leg(self, start_pps: float = START_PPS, ceiling_pps: float = CEILING_PPS, hurried: bool = True) -> None:
        """Other hosts, perhaps another way: its speed is to be found anew, from *start_pps* up to *ceiling_pps*. The user's
        rates go on over all legs: what was spent in the last one is spent. One that is not *hurried* may become slower than
        the user's least rate."""
        self._ceiling_pps = min(self._max_pps, ceiling_pps)
        self._floor_pps = min(self._min_pps if hurried else _LEAST_PPS, self._ceiling_pps)
        self.rate_pps = min(max(start_pps, self._floor_pps), self._ceiling_pps)
        self._may_grow, self._answered = True, False
        self._round_started_s: float | None = None
        self._round_sent = 0

    def allowance(self, now_s: float) -> int:
        """How many probes may leave now."""
        if self._may_grow and self._answered and now_s - self._grown_s >= _TICK_S:
            self.rate_pps = min(self.rate_pps * _GROWTH, self._ceiling_pps)
            self._grown_s, self._answered = now_s, False
        self._tokens += (now_s - self._refilled_s) * self.rate_pps
        self._tokens = min(self._tokens, max(1.0, self.rate_pps * _BURST_S))
        self._refilled_s = now_s
        return int(self._tokens)

    def spent(self, count: int, now_s: float) -> None:
        """*count* probes have left."""
        self._tokens -= count
        self._round_sent += count
        self._spent_s = now_s
        if self._round_started_s is None:
            self._round_started_s = now_s

    def answered(self) -> None:
        """Somebody out there answers. Into pure silence the rate does not grow: nothing would tell that it is too high."""
        self._answered = True

    def wait_s(self) -> float:
        """Seconds until one more may leave."""
        return max(0.0, (1.0 - self._tokens) / self.rate_pps)

    def new_round(self, loss: float) -> None:
        """A round ended with this share of probes lost: what was too fast is halved for the next."""
        if loss > _TOLERATED_LOSS:
            elapsed_s = self._spent_s - (self._round_started_s or self._spent_s)
            seen_pps = self._round_sent / elapsed_s if elapsed_s > 0 and self._round_sent >= _MEASURABLE else math.inf
            self.rate_pps = max(min(self.rate_pps, seen_pps) / 2, self._floor_pps)
            self._may_grow = False
        self._round_started_s, self._round_sent = None, 0
