"""Who is on the link? Asks many addresses for their hardware address, round by round, until silence can be believed.

Every address is asked once, in an order that spreads over the network; then those that are silent again, until the expected
number of neighbours that were missed is below the bound (``engine.pacing.loss``). Between rounds lies one time-out without
news, from the round trips seen: a link answers within milliseconds. Before silence is believed we wait longer once, for those
that sleep. Once all have answered nothing is waited for. ``--max-retries`` and ``--min-rate`` are about ports: one lost answer
never makes a host down. Who stays silent may stand in the kernel's own table: somebody may have written there what nobody on
the link says.

Nearly all of a search is waiting for those who are not there. So while those who have answered are scanned it goes on beside
that, a step at a time, in the same rounds and as patiently. A step that comes late makes a wait longer and never shorter: what
has come meanwhile is heard before silence is held against anybody.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from ipaddress import ip_address

import numpy as np
import numpy.typing as npt

from hatoba.engine.pacing.loss import BOUND, MAX_ATTEMPTS, LossEstimate
from hatoba.engine.pacing.pace import Pace
from hatoba.engine.pacing.round_trip import RoundTrip
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
LULL_S = 0.01
"""Who answers at once has done so after this, at least: what a busy machine needs to be scheduled."""
_BATCH = 256
_BESIDE = 0.25
"""The share of the user's most that a search takes from what goes on beside it: the hosts' time-outs are reckoned from that."""
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
    _under_way: list[LinkSearch] = field(default_factory=list)

    def find(
        self, link: Link, family: int, source: bytes, packed: npt.NDArray[np.uint8], gateway: bool = False
    ) -> Generator[Searching, None, Neighbours]:
        """Look for *packed*, (n, 4) or (n, 16), ascending, each once. Of a search that was stopped, silence says nothing.

        What the kernel keeps of a silent *gateway* holds, however it came to know it; of a host only what was written there for
        good, for what it once learnt of a host may be of one that has gone."""
        if not len(packed):
            return Neighbours(np.zeros((0, 6), np.uint8), np.zeros(0, bool), np.zeros(0, bool), np.zeros(0, np.float32))
        with closing(self.begin(link, family, source, packed)) as search:
            yield from search.rest()
            return search.found(gateway)

    def begin(self, link: Link, family: int, source: bytes, packed: npt.NDArray[np.uint8]) -> LinkSearch:
        """A search for *packed*, of which there is one at least, that goes on with every :meth:`step` until it is closed."""
        search = LinkSearch(self, self.network.open_neighbours(link, family, source, len(packed)), family, packed)
        self._under_way.append(search)
        return search

    def step(self) -> None:
        """Go on with what was begun, without waiting for anything."""
        for search in self._under_way:
            search.step()

    def ended(self, search: LinkSearch) -> None:
        self._under_way.remove(search)

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


class LinkSearch:
    """One search on one link. What is known of each address stands in arrays, one entry each."""

    def __init__(self, all_of_them: NeighbourSearch, asker: Asker, family: int, packed: npt.NDArray[np.uint8]) -> None:
        self._scan, self._asker, self._family, self._packed = all_of_them, asker, family, packed
        self._clock = all_of_them.clock
        self._keys = pack_to_keys(family, packed)
        count = len(packed)
        self.known = np.zeros(count, bool)
        """Who has answered."""
        self.macs = np.zeros((count, 6), np.uint8)
        self.rtt_s = np.full(count, np.nan, np.float32)
        self._kept = np.zeros(count, bool)
        self._doubly = np.zeros(count, bool)
        self._asked_s = np.full((2, count), np.nan)
        """When each was asked last, and the time before."""
        self._attempts = np.zeros(count, np.int64)
        self._left = count
        self.began_s = now_s = self._clock()
        self._own = Pace(now_s)
        """What the link bears; the user's most is kept by the scan's."""
        self._own.new_leg(START_PPS, CEILING_PPS, hurried=False)
        self._scan.pace.new_leg(START_PPS, CEILING_PPS, hurried=False)
        self._beside_s: float | None = None
        """Since when it goes on beside something else."""
        self._sent_beside = 0
        self._loss = LossEstimate(blind_loss=_BLIND_LOSS)
        self._round_trip = RoundTrip(INITIAL_S, MIN_S, MAX_S)
        self._news_s = self._signed_s = now_s
        self._course = self._rounds()
        self._asked_all = self._ended = self._closed = False
        self.sent = 0

    @property
    def over(self) -> bool:
        return self._ended or not self._left or self._scan.stopped()

    @property
    def lull_s(self) -> float:
        """Seconds until all who answer at once can be taken to have done so; endless while some were not asked yet."""
        if not self._asked_all:
            return math.inf
        usual_s = min(self._round_trip.usual_s, self._round_trip.timeout_s)
        return self._news_s + max(usual_s, LULL_S) - self._clock()

    def rest(self) -> Iterator[Searching]:
        """To the end."""
        while not self.over:
            yield from self.listen()

    def listen(self, most_s: float = _SIGN_S) -> Iterator[Searching]:
        """Go on, with nothing beside it, until something comes, and no longer than that."""
        if self._beside_s is not None:
            self._beside_s, self._sent_beside = None, 0
            self._scan.pace.new_leg(START_PPS, CEILING_PPS, hurried=False)
        self._go_on(min(most_s, _SIGN_S))
        now_s = self._clock()
        if now_s - self._signed_s >= _SIGN_S:
            self._signed_s = now_s
            yield Searching(self._left)

    def step(self) -> None:
        """Go on beside something else, without waiting."""
        if self._beside_s is None:
            self._beside_s = self._clock()
        if not self.over:
            self._go_on(0.0)

    def _go_on(self, most_s: float) -> None:
        wait_s = next(self._course, None)
        if wait_s is None:
            self._ended = True
        else:
            self._hear(min(wait_s, most_s))

    def found(self, gateway: bool = False) -> Neighbours:
        """What is known when it is :attr:`over`; of a *gateway* as :meth:`NeighbourSearch.find` says."""
        if self._left and not self._scan.stopped():
            self._look_up(gateway)
        return Neighbours(self.macs, self.known | self._kept, self._kept, self.rtt_s)

    def close(self) -> None:
        """Closing it once more does nothing."""
        if self._closed:
            return
        self._closed = True
        self._scan.ended(self)
        self._scan.sent += self.sent
        self._scan.drops += self._asker.drops
        self._asker.close()

    def _look_up(self, gateway: bool) -> None:
        """Take from the kernel's table what nobody answered."""
        kept = self._asker.kept()
        places, asked = self._places(kept.addresses)
        chosen = asked & (kept.permanent | gateway) & ~self.known[places]
        self.macs[places[chosen]], self._kept[places[chosen]] = kept.macs[chosen], True

    def _places(self, addresses: npt.NDArray[np.uint8]) -> tuple[Places, npt.NDArray[np.bool_]]:
        """Where *addresses* stand among those that are looked for, and which of them do."""
        keys = pack_to_keys(self._family, addresses)
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return places, self._keys[places] == keys

    def _rounds(self) -> Iterator[float]:
        """All that is to be done. Whoever goes through it listens at each step, no longer than the seconds that it yields."""
        for rounds in range(1, MAX_ATTEMPTS + 1):
            yield from self._ask(np.flatnonzero(~self.known), rounds)
            yield from self._listen(lambda: self._round_trip.timeout_s)
            if self._over(rounds):
                yield from self._listen(lambda: MAX_S)
                if self._over(rounds):
                    return
            loss = self._loss.loss(rounds)
            if self._own.new_round(loss if loss > _TOLERATED_LOSS else 0.0, by_chance=False):
                self._loss.start_again(rounds)

    def _over(self, rounds: int) -> bool:
        if not self._left or self._scan.stopped():
            return True
        return self._loss.expected_missed(rounds, self._left, np.zeros(0, np.int64)) < BOUND

    def _ask(self, places: Places, rounds: int) -> Iterator[float]:
        """Ask once for each of *places* that is silent when its turn comes."""
        order = Permutation(len(places), self._scan.order_key + rounds)
        position = 0
        while position < len(places) and self._left and not self._scan.stopped():
            allowed = min(self._allowance(), _BATCH, len(places) - position)
            if allowed < 1:
                yield max(self._own.wait_s(), self._scan.pace.wait_s() if self._scan.pace.limited else 0.0)
                continue
            turn = places[order(np.arange(position, position + allowed))]
            silent = turn[~self.known[turn]]
            sent = self._send(silent)
            if sent < len(silent):  # go on behind the last one that left
                allowed = int(np.flatnonzero(~self.known[turn])[sent])
            position += allowed
            self._asked_all |= position == len(places)
            yield 0.0 if sent == len(silent) else _FULL_S

    def _allowance(self) -> int:
        now_s, scans = self._clock(), self._scan.pace
        allowed = self._own.allowance(now_s)
        if not scans.limited:
            return allowed
        if self._beside_s is not None:
            allowed = min(allowed, int(_BESIDE * scans.most_pps * (now_s - self._beside_s)) - self._sent_beside)
        return min(allowed, scans.allowance(now_s))

    def _send(self, places: Places) -> int:
        if not places.size:
            return 0
        now_s = self._clock()
        sent = self._asker.ask(self._packed[places])
        left = places[:sent]
        self._asked_s[1, left] = self._asked_s[0, left]
        self._asked_s[0, left] = now_s
        self._attempts[left] += 1
        left_s = self._clock()
        self._own.spent(sent, left_s)
        if self._scan.pace.limited:
            self._scan.pace.spent(sent, left_s)
        self._news_s = now_s
        self.sent += sent
        self._sent_beside += sent
        return sent

    def _listen(self, patience_s: Callable[[], float]) -> Iterator[float]:
        """Until so long has passed without news, or nobody is left."""
        while self._left and not self._scan.stopped():
            left_s = self._news_s + patience_s() - self._clock()
            yield max(0.0, left_s)
            if left_s <= 0 and self._news_s + patience_s() <= self._clock():
                return

    def _hear(self, timeout_s: float) -> None:
        told = self._asker.hear(timeout_s)
        if len(told):
            places, asked = self._places(told.addresses)
            ours = asked & (self._attempts[places] > 0)
            self._learn(places[ours], told.macs[ours], told.at_s[ours])

    def _learn(self, places: Places, macs: npt.NDArray[np.uint8], at_s: npt.NDArray[np.float64]) -> None:
        """Answers to what was asked, in the order in which they came; the first for each address stands."""
        order = np.argsort(places, kind="stable")
        first = np.ones(len(order), bool)
        first[1:] = places[order][1:] != places[order][:-1]
        chosen = np.sort(order[first])
        fresh = chosen[~self.known[places[chosen]]]
        if fresh.size:
            self._settle(places[fresh], macs[fresh], at_s[fresh])
        others = np.flatnonzero((self.macs[places] != macs).any(axis=1) & ~self._doubly[places])
        if others.size:
            row = int(others[0])
            place = places[row]
            self._doubly[places[others]] = True
            count = len(distinct(places[others]))
            self._scan.note(count, self._packed[place].tobytes(), self.macs[place].tobytes(), macs[row].tobytes())

    def _settle(self, places: Places, macs: npt.NDArray[np.uint8], at_s: npt.NDArray[np.float64]) -> None:
        self.macs[places], self.known[places] = macs, True
        self._left -= len(places)
        earlier = at_s < self._asked_s[0, places] - _GRAIN_S  # it was on its way when we asked again
        rtt_s = at_s - self._asked_s[earlier.astype(np.int64), places]
        self.rtt_s[places] = np.maximum(rtt_s, 0.0)
        attempts = self._attempts[places] - 1
        self._loss.heard(np.maximum(attempts - earlier, 0), np.zeros(len(places), np.int64))
        self._round_trip.heard(rtt_s[attempts == 0])  # of a repeat it is not sure which question was answered (Karn's rule)
        self._own.answered()
        if self._scan.pace.limited:
            self._scan.pace.answered()
        self._news_s = self._clock()
