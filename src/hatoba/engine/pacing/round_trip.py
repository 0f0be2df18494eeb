"""How long to wait for an answer, from the round trips seen so far: RFC 6298, fed with batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

INITIAL_S = 1.0  # RFC 6298 section 2.1
INITIAL_NEAR_S = 0.3
"""For hosts on the link and on this machine: no path is in between that could take a second."""
MIN_S = 0.1
"""Less than RFC 6298's second, as a repeated probe costs one packet; more than what a busy machine needs to be scheduled."""
MAX_S = 3.0
_ABSURD_S = 3600.0  # a clock that was set in mid-scan

LATE_S = 3.25
"""How long after its first question a host that was never heard is waited for, whoever else has answered: two hops by satellite
take less than 1.5 s, a crowded radio link up to 3."""
LONGEST_S = 4.5
"""How long an answer may be on its way whose host is known to answer so late."""
_SLACK = 2.0
_LOOK_S = 0.1
_SENT_AGAIN_S = 0.9
"""A SYN-ACK that nobody acknowledges is sent again after a second (RFC 6298), a little less where a timer is coarse."""

Hosts = npt.NDArray[np.int64]
IndexOf = Callable[[Hosts], npt.NDArray[np.uint32]]


class SlowestAnswers:
    """How late each host of a leg has answered. The round trip of a leg is that of the many: the answers of one far host
    among near ones would come after the last time-out."""

    def __init__(self, hosts: int, initial_s: float = INITIAL_S, max_s: float = LONGEST_S) -> None:
        self._initial_s, self._max_s = initial_s, max_s
        self._slowest_s = np.zeros(hosts)
        self._fastest_s = np.full(hosts, np.inf)
        self._on_the_way_s, self._looked_s = 0.0, -np.inf

    def heard(self, hosts: Hosts, samples_s: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """The hosts at these places answered after so long. Which of these answers show how long the way is: one that comes a
        second later than others of its host was sent again, as the first was lost."""
        np.minimum.at(self._fastest_s, hosts, samples_s)
        once = samples_s < self._fastest_s[hosts] + _SENT_AGAIN_S
        np.maximum.at(self._slowest_s, hosts[once], samples_s[once])
        return once

    def recall(self, known: Mapping[int, float], index_of: IndexOf) -> None:
        """Take from *known*, by their index, how late these hosts have answered before; *index_of* tells it by their places."""
        if known:
            indices = index_of(np.arange(len(self._slowest_s))).tolist()
            self._slowest_s[:] = [known.get(index, 0.0) for index in indices]

    def remember(self, known: dict[int, float], index_of: IndexOf) -> None:
        """Enter in *known* those all of whose answers came so late that they need more patience than a stranger gets."""
        late = np.flatnonzero((_SLACK * self._fastest_s > self._initial_s) & np.isfinite(self._fastest_s))
        known.update(zip(index_of(late).tolist(), self._slowest_s[late].tolist(), strict=True))

    def strangers(self, hosts: Hosts) -> int:
        """How many of the hosts at these places have not answered yet."""
        return int(np.count_nonzero(self._slowest_s[hosts] == 0))

    def patience_s(self, hosts: Hosts) -> float:
        """How long an answer of one of these may be on its way; of one that was not heard yet, as long as at first."""
        slowest_s = self._slowest_s[hosts]
        if not slowest_s.size:
            return 0.0
        known_s = min(_SLACK * float(slowest_s.max()), self._max_s)
        return known_s if slowest_s.all() else max(known_s, self._initial_s)

    def on_the_way_s(self, now_s: float, unanswered: Callable[[], Hosts]) -> float:
        """How long the answers may take that are missing yet, of hosts that are looked up now and then."""
        if now_s - self._looked_s >= _LOOK_S:
            self._looked_s, self._on_the_way_s = now_s, self.patience_s(unanswered())
        return self._on_the_way_s


class RoundTrip:
    def __init__(self, initial_s: float = INITIAL_S, min_s: float = MIN_S, max_s: float = MAX_S) -> None:
        self._min_s, self._max_s = min_s, max_s
        self._initial_s = initial_s
        self.smoothed_s: float | None = None
        self._variation_s = 0.0

    def heard(self, samples_s: npt.NDArray[np.float64]) -> None:
        """Take in round trips. A batch counts as a few samples, so that one burst does not erase what came before."""
        samples_s = samples_s[(samples_s >= 0) & (samples_s < _ABSURD_S)]
        if not samples_s.size:
            return
        mean_s = float(samples_s.mean())
        spread_s = float(np.abs(samples_s - mean_s).mean())
        if self.smoothed_s is None:
            self.smoothed_s = mean_s
            self._variation_s = max(mean_s / 2, spread_s)
            return
        weight = 1 - (1 - 1 / 8) ** min(len(samples_s), 8)
        self._variation_s += 2 * weight / (1 + weight) * (max(abs(mean_s - self.smoothed_s), spread_s) - self._variation_s)
        self.smoothed_s += weight * (mean_s - self.smoothed_s)

    @property
    def usual_s(self) -> float:
        """By when nearly all answers are there."""
        return self._initial_s if self.smoothed_s is None else self.smoothed_s + 4 * self._variation_s

    @property
    def timeout_s(self) -> float:
        if self.smoothed_s is None:
            return self._initial_s
        return min(max(self.usual_s, self._min_s), self._max_s)
