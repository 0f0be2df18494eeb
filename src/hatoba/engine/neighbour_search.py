"""Who is on the link? Asks many addresses for their hardware address, round by round, until silence can be believed.

Every address is asked once, in an order that spreads over the network; then those that are silent again, until the expected
number of neighbours that were missed is below the bound (``engine.loss``). Between rounds lies one time-out without news, from
the round trips seen: a link answers within milliseconds. Before silence is believed we wait longer once, for those that sleep.
Once all have answered nothing is waited for. ``--max-retries`` and ``--min-rate`` are about ports: one lost answer never makes
a host down. Who stays silent may stand in the kernel's own table: somebody may have written there what nobody on the link says.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

import numpy as np
import numpy.typing as npt

from hatoba.engine.loss import BOUND, MAX_ATTEMPTS, LossEstimate
from hatoba.engine.pace import Pace
from hatoba.engine.round_trip import RoundTrip
from hatoba.messages import _, ngettext
from hatoba.packets.distinct import distinct
from hatoba.targets.permutation import Permutation
from hatoba.targets.ranges import pack_to_keys
from hatoba.wire.network import Asker, Network
from hatoba.wire.routes import Link

START_PPS = 50_000.0
CEILING_PPS = 100_000.0
"""A request is 84 bytes on an Ethernet cable, a solicitation 110: 100,000 a second fill no more than a port of 100 Mbit/s, the
slowest that small devices have, and every host of the link has to look at each request."""
_TOLERATED_LOSS = 0.2
"""A bad link loses some answers at any pace; one that limits broadcasts (storm control, an access point) loses most of them."""
_BLIND_LOSS = 0.25
"""A host that is not found is not asked at all. So a single one is looked for five times, which costs little: a link that loses
every third question would hide one of thirty where three were enough."""
MIN_S, INITIAL_S, MAX_S = 0.1, 0.2, 0.5
"""How long to wait for the last answers of a round: at least, while nothing has answered, and at most. The most is what a host
on a wireless link may sleep (a few beacons of 0.1 s)."""
_BATCH = 256
_SIGN_S = 0.1
_FULL_S = 0.001
"""How long to leave a way out that is full to itself."""
_GRAIN_S = 0.02
"""How exactly the kernel's times of arrival are known on our clock, on a busy machine."""

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Searching:
    """A sign of life: so many addresses have not answered yet."""

    left: int


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """What was found, in the order of the addresses that were asked for."""

    macs: npt.NDArray[np.uint8]
    """(n, 6); zeros where none is known."""
    known: npt.NDArray[np.bool_]
    """(n,)"""
    kept: npt.NDArray[np.bool_]
    """Known from the kernel's table alone: a way to send, which doesn't show that somebody is there, (n,)."""
    rtt_s: npt.NDArray[np.float32]
    """(n,) from the question to its answer; NaN where nobody answered."""


@dataclass
class NeighbourSearch:
    """The searches of one scan. What they count and note is for the scan's end."""

    network: Network
    clock: Callable[[], float]
    pace: Pace
    """The scan's, from which everything that it sends is spent."""
    stopped: Callable[[], bool] = lambda: False
    order_key: int = 0
    sent: int = 0
    """Questions."""
    drops: int = 0
    """Answers that this machine lost."""
    doubly: int = 0
    """Addresses that two hardware addresses were told for."""
    _example: tuple[bytes, bytes, bytes] = (b"", b"", b"")
    """The first of them with both."""

    def find(
        self, link: Link, family: int, source: bytes, packed: npt.NDArray[np.uint8], gateway: bool = False
    ) -> Generator[Searching, None, Neighbours]:
        """Look for *packed*, (n, 4) or (n, 16), ascending, each once. Of a search that was stopped, silence says nothing.

        What the kernel keeps of a silent *gateway* holds, however it came to know it; of a host only what was written there for
        good, for what it once learnt of a host may be of one that has gone."""
        if not len(packed):
            return Neighbours(np.zeros((0, 6), np.uint8), np.zeros(0, bool), np.zeros(0, bool), np.zeros(0, np.float32))
        asker = self.network.open_neighbours(link, family, source, len(packed))
        search = _Search(self, asker, family, packed)
        try:
            yield from search.run()
            search.look_up(gateway)
        finally:
            self.sent += search.sent
            self.drops += asker.drops
            asker.close()
        return search.found()

    def note(self, count: int, address: bytes, first: bytes, other: bytes) -> None:
        """So many addresses more were told with two hardware addresses, of which the first stands; these are one of them."""
        if not self.doubly:
            self._example = address, first, other
        self.doubly += count

    @property
    def problems(self) -> tuple[str, ...]:
        """Sentences for people."""
        if not self.doubly:
            return ()
        packed, first, other = self._example
        address, more = ip_address(packed), self.doubly - 1
        text = (
            _("two machines answer for {address}, {first} and {other}; the first was asked")
            if not more
            else ngettext(
                "two machines answer for {address}, {first} and {other}, and for {count} more address; the first was asked",
                "two machines answer for {address}, {first} and {other}, and for {count} more addresses; the first was asked",
                more,
            )
        )
        return (text.format(address=address, first=first.hex(":"), other=other.hex(":"), count=more),)


class _Search:
    """One search on one link."""

    def __init__(self, all_of_them: NeighbourSearch, asker: Asker, family: int, packed: npt.NDArray[np.uint8]) -> None:
        self._scan, self._asker, self._family, self._packed = all_of_them, asker, family, packed
        self._clock = all_of_them.clock
        self._keys = pack_to_keys(family, packed)
        count = len(packed)
        self._macs = np.zeros((count, 6), np.uint8)
        self._rtt_s = np.full(count, np.nan, np.float32)
        self._known = np.zeros(count, bool)
        self._kept = np.zeros(count, bool)
        self._doubly = np.zeros(count, bool)
        self._asked_s = np.full((2, count), np.nan)
        """When each was asked last, and the time before."""
        self._attempts = np.zeros(count, np.int64)
        self._left = count
        now_s = self._clock()
        self._pace = all_of_them.pace
        self._pace.new_leg(START_PPS, CEILING_PPS, hurried=False)
        self._loss = LossEstimate(blind_loss=_BLIND_LOSS)
        self._round_trip = RoundTrip(INITIAL_S, MIN_S, MAX_S)
        self._news_s = self._signed_s = now_s
        self.sent = 0

    def found(self) -> Neighbours:
        return Neighbours(self._macs, self._known | self._kept, self._kept, self._rtt_s)

    def look_up(self, gateway: bool) -> None:
        """Take from the kernel's table what nobody answered."""
        if not self._left or self._scan.stopped():
            return
        kept = self._asker.kept()
        places, asked = self._places(kept.addresses)
        chosen = asked & (kept.permanent | gateway) & ~self._known[places]
        self._macs[places[chosen]], self._kept[places[chosen]] = kept.macs[chosen], True

    def _places(self, addresses: npt.NDArray[np.uint8]) -> tuple[Places, npt.NDArray[np.bool_]]:
        """Where *addresses* stand among those that are looked for, and which of them do."""
        keys = pack_to_keys(self._family, addresses)
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return places, self._keys[places] == keys

    def run(self) -> Iterator[Searching]:
        for rounds in range(1, MAX_ATTEMPTS + 1):
            yield from self._ask(np.flatnonzero(~self._known), rounds)
            yield from self._listen(lambda: self._round_trip.timeout_s)
            if self._over(rounds):
                yield from self._listen(lambda: MAX_S)
                if self._over(rounds):
                    return
            loss = self._loss.loss(rounds)
            if self._pace.new_round(loss if loss > _TOLERATED_LOSS else 0.0, by_chance=False):
                self._loss.start_again(rounds)

    def _over(self, rounds: int) -> bool:
        if not self._left or self._scan.stopped():
            return True
        return self._loss.expected_missed(rounds, self._left, np.zeros(0, np.int64)) < BOUND

    def _ask(self, places: Places, rounds: int) -> Iterator[Searching]:
        """Ask once for each of *places* that is silent when its turn comes."""
        order = Permutation(len(places), self._scan.order_key + rounds)
        position = 0
        while position < len(places) and self._left and not self._scan.stopped():
            allowed = min(self._pace.allowance(self._clock()), _BATCH, len(places) - position)
            if allowed < 1:
                yield from self._hear(min(self._pace.wait_s(), _SIGN_S))
                continue
            turn = places[order(np.arange(position, position + allowed))]
            silent = turn[~self._known[turn]]
            sent = self._send(silent)
            if sent < len(silent):  # go on behind the last one that left
                allowed = int(np.flatnonzero(~self._known[turn])[sent])
            position += allowed
            yield from self._hear(0.0 if sent == len(silent) else _FULL_S)

    def _send(self, places: Places) -> int:
        if not places.size:
            return 0
        now_s = self._clock()
        sent = self._asker.ask(self._packed[places])
        left = places[:sent]
        self._asked_s[1, left] = self._asked_s[0, left]
        self._asked_s[0, left] = now_s
        self._attempts[left] += 1
        self._pace.spent(sent, self._clock())
        self._news_s = now_s
        self.sent += sent
        return sent

    def _listen(self, patience_s: Callable[[], float]) -> Iterator[Searching]:
        """Until so long has passed without news, or nobody is left."""
        while self._left and not self._scan.stopped():
            left_s = self._news_s + patience_s() - self._clock()
            yield from self._hear(max(0.0, min(left_s, _SIGN_S)))
            if left_s <= 0 and self._news_s + patience_s() <= self._clock():
                return

    def _hear(self, timeout_s: float) -> Iterator[Searching]:
        told = self._asker.hear(timeout_s)
        if len(told):
            places, asked = self._places(told.addresses)
            ours = asked & (self._attempts[places] > 0)
            self._learn(places[ours], told.macs[ours], told.at_s[ours])
        now_s = self._clock()
        if now_s - self._signed_s >= _SIGN_S:
            self._signed_s = now_s
            yield Searching(self._left)

    def _learn(self, places: Places, macs: npt.NDArray[np.uint8], at_s: npt.NDArray[np.float64]) -> None:
        """Answers to what was asked, in the order in which they came; the first for each address stands."""
        order = np.argsort(places, kind="stable")
        first = np.ones(len(order), bool)
        first[1:] = places[order][1:] != places[order][:-1]
        chosen = np.sort(order[first])
        fresh = chosen[~self._known[places[chosen]]]
        if fresh.size:
            self._settle(places[fresh], macs[fresh], at_s[fresh])
        others = np.flatnonzero((self._macs[places] != macs).any(axis=1) & ~self._doubly[places])
        if others.size:
            row = int(others[0])
            place = places[row]
            self._doubly[places[others]] = True
            count = len(distinct(places[others]))
            self._scan.note(count, self._packed[place].tobytes(), self._macs[place].tobytes(), macs[row].tobytes())

    def _settle(self, places: Places, macs: npt.NDArray[np.uint8], at_s: npt.NDArray[np.float64]) -> None:
        self._macs[places], self._known[places] = macs, True
        self._left -= len(places)
        earlier = at_s < self._asked_s[0, places] - _GRAIN_S  # it was on its way when we asked again
        rtt_s = at_s - self._asked_s[earlier.astype(np.int64), places]
        self._rtt_s[places] = np.maximum(rtt_s, 0.0)
        attempts = self._attempts[places] - 1
        self._loss.heard(np.maximum(attempts - earlier, 0), np.zeros(len(places), np.int64))
        self._round_trip.heard(rtt_s[attempts == 0])  # of a repeat it is not sure which question was answered (Karn's rule)
        self._pace.answered()
        self._news_s = self._clock()
