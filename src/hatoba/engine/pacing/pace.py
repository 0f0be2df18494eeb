"""How fast to ask: a bucket of tokens whose rate grows while answers come and shrinks where asking faster loses them.

It begins slowly for a moment, so that it is seen what share of its questions each host answers that is in no hurry
(``engine.pacing.delivery``), then goes on at a usual speed, and doubles for as long as answers come: no more than once in a
round trip, since what the last step brought is not known sooner. The rate is that of all hosts together; what a single one
can't keep up with is kept from it alone (``engine.pacing.backlog``).
"""

from __future__ import annotations

import math
from collections import deque

START_PPS = 20_000.0
CEILING_PPS = 10_000_000.0
GENTLE_PPS = 2000.0
"""The speed of the first moment, for each host."""
_TICK_S = 0.01
_BURST_S = 0.02
"""How much unused time may be made up for at once."""
_WINDOW_S = 1.0
_EXCESS = 0.005
"""By so much the user's most may be exceeded in any second, half of a hundredth; over longer times it is not."""
_MOST_BURST_S = 0.1
"""How much may be made up for where the user's most is the limit: what a report takes to be written. What took longer was a
pause. However much is made up for, no second has more than it may have."""
_GROWTH = 2.0
_TOLERATED_LOSS = 0.02
_LEAST_STEP = 0.25
"""It gets no slower than this at once: a share that is taken from few answers may be far off."""
_MUCH = 0.5
_HELPED = 1.1
"""By so much more has to be delivered after slowing down for it to be tried again: what is lost by chance is lost at any
speed."""
_LEAST_PPS = 1000.0
"""Slower than this we don't become by ourselves."""
_MEASURABLE = 1000
"""Fewer probes than this say nothing of the speed at which they left."""


class Pace:
    """Between *min_rate_pps* and *max_rate_pps*, which the user sets. The most always holds."""

    def __init__(self, now_s: float, min_rate_pps: float | None = None, max_rate_pps: float | None = None) -> None:
        self._min_pps, self._max_pps = min_rate_pps or _LEAST_PPS, max_rate_pps or math.inf
        self._tokens = 1.0
        self._refilled_s = self._spent_s = now_s
        self._last_second: deque[tuple[float, int]] = deque()
        """(when, how many) of what was spent in it, where the user set a most."""
        self._in_last_second = 0
        self.new_leg()

    @property
    def most_pps(self) -> float:
        """What the user allows."""
        return self._max_pps

    @property
    def limited(self) -> bool:
        """Whether the user set a most."""
        return math.isfinite(self._max_pps)

    def new_leg(
        self, start_pps: float = START_PPS, ceiling_pps: float = CEILING_PPS, hurried: bool = True, hosts: int | None = None
    ) -> None:
        """Other hosts, perhaps another way: its speed is to be found anew, from *start_pps* up to *ceiling_pps*; for so many
        *hosts*, if there are few, more gently at first. The user's rates go on over all legs: what was spent in the last one is
        spent. One that is not *hurried* may become slower than the user's least rate."""
        self._ceiling_pps = min(self._max_pps, ceiling_pps)
        self._floor_pps = min(self._min_pps if hurried else _LEAST_PPS, self._ceiling_pps)
        self._start_pps = self._bounded(start_pps)
        self.rate_pps = self._start_pps if hosts is None else self._bounded(min(start_pps, GENTLE_PPS * hosts))
        self._may_grow, self._answered = True, False
        self._tick_s = _TICK_S
        self._stepped_s: float | None = None
        """Since when the present rate is in use."""
        self._delivered = 0.0
        """The share that got through when a round last made it slower."""
        self._round_started_s: float | None = None
        self._round_sent = 0

    def _bounded(self, rate_pps: float) -> float:
        return min(max(rate_pps, self._floor_pps), self._ceiling_pps)

    def allowance(self, now_s: float) -> int:
        """How many probes may leave now."""
        if self._stepped_s is None:
            self._stepped_s = now_s
        elif now_s - self._stepped_s >= _TICK_S:
            self._step(now_s)
        self._tokens += (now_s - self._refilled_s) * self.rate_pps
        by_user = self.rate_pps >= self._max_pps
        if by_user and now_s - self._refilled_s <= _MOST_BURST_S:
            depth = 1.0 + self.rate_pps * _MOST_BURST_S
        else:
            depth = max(1.0, self.rate_pps * _BURST_S)
        self._tokens = min(self._tokens, depth)
        self._refilled_s = now_s
        return max(0, int(min(self._tokens, self._left_of_second(now_s))))

    def _step(self, now_s: float) -> None:
        assert self._stepped_s is not None
        if self.rate_pps < self._start_pps and self._may_grow:
            self.rate_pps, self._stepped_s = self._start_pps, now_s
        elif self._may_grow and self._answered and now_s - self._stepped_s >= self._tick_s:
            self.rate_pps, self._stepped_s = self._bounded(self.rate_pps * _GROWTH), now_s
            self._answered = False

    def _left_of_second(self, now_s: float) -> float:
        """How many may leave until the last second has had what it may have."""
        if math.isinf(self._max_pps):
            return math.inf
        while self._last_second and self._last_second[0][0] <= now_s - _WINDOW_S:
            self._in_last_second -= self._last_second.popleft()[1]
        return max(1.0, self._max_pps * (1 + _EXCESS)) * _WINDOW_S - self._in_last_second

    def spent(self, count: int, now_s: float) -> None:
        """*count* probes have left."""
        self._tokens -= count
        self._round_sent += count
        self._spent_s = now_s
        if self._round_started_s is None:
            self._round_started_s = now_s
        if self.limited:
            self._last_second.append((now_s, count))
            self._in_last_second += count

    def answered(self, round_trip_s: float = 0.0) -> None:
        """Somebody out there answers, about *round_trip_s* after being asked. Into pure silence the rate does not grow: nothing
        would tell that it is too high."""
        self._answered = True
        self._tick_s = max(_TICK_S, round_trip_s)

    def wait_s(self) -> float:
        """Seconds until one more may leave."""
        wait_s = max(0.0, (1.0 - self._tokens) / self.rate_pps)
        if self._last_second and self._left_of_second(self._refilled_s) < 1:
            wait_s = max(wait_s, self._last_second[0][0] + _WINDOW_S - self._refilled_s)
        return wait_s

    def new_round(self, loss: float, by_chance: bool = True) -> bool:
        """A round ended, and this share of the probes was lost: the next one is as fast as this one got through. Unless slowing
        down was tried before and brought little, as where packets are lost *by_chance*. Whether it became so much slower that
        what was lost until now says little of what will be."""
        delivered = 1 - loss
        slower = loss > _TOLERATED_LOSS and not (by_chance and delivered < _HELPED * self._delivered)
        if slower:
            elapsed_s = self._spent_s - (self._round_started_s or self._spent_s)
            seen_pps = self._round_sent / elapsed_s if elapsed_s > 0 and self._round_sent >= _MEASURABLE else math.inf
            self.rate_pps = max(min(self.rate_pps, seen_pps) * max(delivered, _LEAST_STEP), self._floor_pps)
            self._may_grow, self._delivered = False, delivered
        self._round_started_s, self._round_sent = None, 0
        return slower and delivered < _MUCH
