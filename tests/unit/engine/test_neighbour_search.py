"""Rounds, pace and patience of the search for neighbours, on a network and a clock that exist in memory only."""

from __future__ import annotations

import random
from collections import Counter
from ipaddress import ip_address

import numpy as np
import pytest
from links import BOTH, LINK, MAC, Link4And6, addresses, among, search_of

from hatoba.engine import neighbour_search
from hatoba.engine.neighbour_search import Neighbours, NeighbourSearch, Searching
from hatoba.engine.pacing.loss import MAX_ATTEMPTS
from hatoba.engine.pacing.pace import Pace
from hatoba.errors import WireError
from hatoba.wire.fake import FakeNeighbours


def run(
    network: Link4And6,
    packed: np.ndarray,
    search: NeighbourSearch | None = None,
    signs: list[Searching] | None = None,
    gateway: bool = False,
) -> Neighbours:
    family = 4 if packed.shape[1] == 4 else 6
    source = ip_address("198.18.255.254" if family == 4 else "fd00:18::ffff").packed
    looking = (search or search_of(network)).find(LINK, family, source, packed, gateway)
    while True:
        try:
            sign = next(looking)
        except StopIteration as end:
            found: Neighbours = end.value
            return found
        if signs is not None:
            signs.append(sign)


@BOTH
def test_those_who_answer_are_found_and_nobody_else(family: int) -> None:
    packed = addresses(family, 600)
    network = Link4And6(among(packed, [0, 3, 255, 256, 599]))
    found = run(network, packed)
    assert np.flatnonzero(found.known).tolist() == [0, 3, 255, 256, 599]
    assert {mac.tobytes() for mac in found.macs[found.known]} == {MAC}
    assert not found.macs[~found.known].any()
    assert ((found.rtt_s[found.known] >= 0.0009) & (found.rtt_s[found.known] < 0.1)).all()
    assert np.isnan(found.rtt_s[~found.known]).all()
    times = Counter(network.asked)
    assert {times[packed[place].tobytes()] for place in np.flatnonzero(found.known)} == {1}, "asked again after an answer"
    assert len({times[packed[place].tobytes()] for place in np.flatnonzero(~found.known)}) == 1
    assert all(asker.closed for asker in network.askers)


@BOTH
def test_each_address_has_its_own(family: int) -> None:
    packed = addresses(family, 300)
    network = Link4And6(lambda address: b"\2\0\0\0" + address[-2:])
    found = run(network, packed)
    assert found.known.all()
    np.testing.assert_array_equal(found.macs[:, 4:], packed[:, -2:])


@BOTH
def test_nothing_is_waited_for_once_all_have_answered(family: int) -> None:
    packed = addresses(family, 1)
    network = Link4And6(among(packed, [0]))
    before_s = network.clock.now_s
    assert run(network, packed).known.all()
    assert network.clock.now_s - before_s < 0.01
    assert len(network.asked) == 1


def test_silence_is_believed_after_five_questions() -> None:
    network = Link4And6(lambda _address: None)
    before_s = network.clock.now_s
    assert not run(network, addresses(4, 1)).known.any()
    assert network.clock.now_s - before_s == pytest.approx(4 * neighbour_search.INITIAL_S + neighbour_search.MAX_S, abs=0.05)
    assert len(network.asked) == 5


@pytest.mark.parametrize("seed", range(20))
def test_with_five_percent_lost_each_way_all_are_found(seed: int) -> None:
    packed = addresses(4, 4096)
    there = sorted(random.Random(seed).sample(range(4096), 300))
    network = Link4And6(among(packed, there, loss=0.05, seed=seed))
    assert np.flatnonzero(run(network, packed).known).tolist() == there


@BOTH
def test_a_host_that_answers_only_the_second_time(family: int) -> None:
    packed = addresses(family, 1)
    network = Link4And6(lambda _address: MAC if len(network.asked) == 2 else None)
    assert run(network, packed).known.all()


def test_a_host_that_sleeps_longer_than_the_others() -> None:
    """Its answers take 0.4 s, those of all others a millisecond."""
    packed = addresses(4, 300)

    class Sleepy(FakeNeighbours):
        def ask(self, packed: np.ndarray) -> int:
            for address in map(bytes, packed):
                self.asked.append(address)
                self.deliver(network.clock.now_s + (0.4 if address[3] == 77 else 0.001), address, MAC)
            return len(packed)

    network = Link4And6(lambda _address: None)
    network.made = lambda: Sleepy(network.owner, network.clock)
    found = run(network, packed)
    assert found.known.all()


def test_what_was_not_asked_is_not_believed() -> None:
    """Answers that are there before anybody asked, and answers for addresses that nobody asks for."""
    packed = addresses(4, 2)
    early: list[bytes] = []

    class Forged(FakeNeighbours):
        def hear(self, timeout_s: float):  # type: ignore[no-untyped-def]
            for address in {row.tobytes() for row in packed} - set(self.asked):
                early.append(address)
                self.deliver(0.0, address, MAC)
            for other in ([198, 18, 0, 7], [198, 17, 255, 255], [1, 1, 1, 1], [255, 255, 255, 255]):
                self.deliver(0.0, bytes(other), MAC)
            return super().hear(timeout_s)

    network = Link4And6(lambda _address: None)
    network.made = lambda: Forged(network.owner, network.clock)
    search = search_of(network, max_rate_pps=0.5)  # two seconds lie between the first question and the second
    assert not run(network, packed, search).known.any()
    assert early
    assert search.problems == ()


def test_a_late_answer_that_shows_loss_makes_us_ask_again() -> None:
    """All are there; one answers its second question late, when we were about to stop, another one only its third."""
    packed = addresses(4, 300)

    class Slow(FakeNeighbours):
        def ask(self, packed: np.ndarray) -> int:
            for address in map(bytes, packed):
                self.asked.append(address)
                times = self.asked.count(address)
                if address[3] not in (7, 8) or times == {7: 2, 8: 3}[address[3]]:
                    self.deliver(network.clock.now_s + (0.4 if address[3] == 7 else 0.001), address, MAC)
            return len(packed)

    network = Link4And6(lambda _address: None)
    network.made = lambda: Slow(network.owner, network.clock)
    assert run(network, packed).known.all()


def test_a_flood_of_others_does_not_hold_us() -> None:
    packed = addresses(4, 1)

    class Flooded(FakeNeighbours):
        def hear(self, timeout_s: float):  # type: ignore[no-untyped-def]
            self.deliver(self._clock.now_s, bytes([198, 18, 9, 9]), MAC)
            return super().hear(timeout_s)

    network = Link4And6(lambda _address: None)
    network.made = lambda: Flooded(network.owner, network.clock)
    before_s = network.clock.now_s
    run(network, packed)
    assert network.clock.now_s - before_s < 1.5


def twice(owned: set[int]) -> Link4And6:
    """A link where two machines answer for addresses with these last bytes, and nobody for 8, which keeps us listening."""

    class Twice(FakeNeighbours):
        def ask(self, packed: np.ndarray) -> int:
            for address in map(bytes, packed):
                self.asked.append(address)
                if address[3] != 8:
                    self.deliver(network.clock.now_s + 0.001, address, MAC)
                if address[3] in owned:
                    self.deliver(network.clock.now_s + 0.002, address, b"\2\0\0\0\0\x66")
            return len(packed)

    network = Link4And6(lambda _address: None)
    network.made = lambda: Twice(network.owner, network.clock)
    return network


@pytest.mark.parametrize(
    ("owned", "problems"),
    [
        (set(), ()),
        (
            {3},
            ("two machines answer for 198.18.0.3, 02:00:00:00:00:99 and 02:00:00:00:00:66; the first was asked",),
        ),
        (
            {3, 4, 5},
            (
                "two machines answer for 198.18.0.3, 02:00:00:00:00:99 and 02:00:00:00:00:66, and for 2 more addresses;"
                " the first was asked",
            ),
        ),
    ],
)
def test_two_machines_with_one_address_are_told_of_and_the_first_stands(owned: set[int], problems: tuple[str, ...]) -> None:
    network = twice(owned)
    search = search_of(network, max_rate_pps=300.0)
    found = run(network, addresses(4, 9), search)
    assert found.known.tolist() == [True] * 8 + [False]
    assert {mac.tobytes() for mac in found.macs[:8]} == {MAC}
    assert len(search.problems) == len(problems)
    for told, expected in zip(search.problems, problems, strict=True):
        others = {f"198.18.0.{last}" for last in owned}
        assert any(told == expected.replace("198.18.0.3", address) for address in others)


def test_one_machine_that_answers_for_every_address_is_no_problem() -> None:
    network = Link4And6(lambda _address: MAC)
    search = search_of(network)
    assert run(network, addresses(4, 5000), search).known.all()
    assert search.problems == ()
    assert search.sent == len(network.asked) == 5000


@pytest.mark.parametrize("limit_pps", [200.0, 5000.0, 60_000.0, None, 10.0**9])
def test_the_pace(limit_pps: float | None) -> None:
    count = 400 if limit_pps == 200.0 else 20_000
    network = Link4And6(lambda _address: MAC)
    before_s = network.clock.now_s
    run(network, addresses(4, count), search_of(network, max_rate_pps=limit_pps))
    pps = count / (network.clock.now_s - before_s)
    most_pps = min(limit_pps or neighbour_search.CEILING_PPS, neighbour_search.CEILING_PPS)
    assert 0.5 * most_pps < pps <= 1.05 * most_pps


def test_the_users_rate_goes_on_from_search_to_search() -> None:
    network = Link4And6(lambda _address: MAC)
    search = search_of(network, max_rate_pps=2.0)
    before_s = network.clock.now_s
    for _search in range(20):
        run(network, addresses(4, 1), search)
    assert 19 / (network.clock.now_s - before_s) == pytest.approx(2.0, rel=0.05)


def test_what_a_fast_leg_has_left_over_is_no_burst_on_the_link() -> None:
    network = Link4And6(lambda _address: MAC)
    pace = Pace(network.clock(), min_rate_pps=5_000_000.0)
    network.clock.now_s += 1.0
    assert pace.allowance(network.clock()) >= 100_000
    before_s = network.clock.now_s
    run(network, addresses(4, 20_000), NeighbourSearch(network, network.clock, pace))
    assert 20_000 / (network.clock.now_s - before_s) <= 1.15 * neighbour_search.CEILING_PPS


@pytest.mark.parametrize("min_rate_pps", [None, 100_000.0])
def test_a_link_that_loses_most_is_asked_more_slowly(min_rate_pps: float | None) -> None:
    """Storm control: of the questions of each millisecond so many pass, the others are lost."""
    packed = addresses(4, 8000)
    passed: Counter[int] = Counter()

    def throttled(_address: bytes) -> bytes | None:
        passed[int(network.clock.now_s * 1000)] += 1
        return MAC if passed[int(network.clock.now_s * 1000)] <= 20 else None

    network = Link4And6(throttled)
    found = run(network, packed, NeighbourSearch(network, network.clock, Pace(network.clock(), min_rate_pps)))
    assert found.known.mean() > 0.99
    rates = [count for _ms, count in sorted(passed.items())]
    assert max(rates[-20:]) < max(rates)


def test_a_way_out_that_is_full_loses_no_question() -> None:
    packed = addresses(4, 2000)

    class Full(FakeNeighbours):
        def ask(self, packed: np.ndarray) -> int:
            turns.append(len(packed))
            return super().ask(packed[: len(turns) * 7 % 40])

    turns: list[int] = []
    network = Link4And6(lambda _address: MAC)
    network.made = lambda: Full(network.owner, network.clock)
    assert run(network, packed).known.all()
    assert Counter(network.asked).most_common(1)[0][1] == 1


def test_a_search_that_is_stopped_ends_at_once_and_keeps_what_it_has() -> None:
    packed = addresses(4, 20_000)
    network = Link4And6(among(packed, list(range(0, 20_000, 2))))
    search = search_of(network, stopped=lambda: len(network.asked) > 5000)
    before_s = network.clock.now_s
    found = run(network, packed, search)
    assert 0 < found.known.sum() < 5000
    assert network.clock.now_s - before_s < 0.2
    assert network.askers[0].closed


@BOTH
@pytest.mark.parametrize(("gateway", "known"), [(False, [0, 2]), (True, [0, 1, 2])])
def test_who_stays_silent_may_stand_in_the_kernels_table(family: int, gateway: bool, known: list[int]) -> None:
    """Of a host what it was written there for good; of a gateway whatever the kernel itself would send by."""
    packed = addresses(family, 4)
    other = b"\2\0\0\0\0\x77"
    network = Link4And6(among(packed, [0]))
    rows = [row.tobytes() for row in packed]
    network.table = {
        rows[0]: (other, True),
        rows[1]: (other, False),
        rows[2]: (other, True),
        b"\1" + rows[3][1:]: (other, True),
    }

    def made() -> FakeNeighbours:
        asker = FakeNeighbours(network.owner, network.clock)
        asker.table = network.table
        return asker

    network.made = made
    found = run(network, packed, gateway=gateway)
    assert np.flatnonzero(found.known).tolist() == known
    assert np.flatnonzero(found.kept).tolist() == known[1:]
    assert [mac.tobytes() for mac in found.macs[known]] == [MAC, *[other] * (len(known) - 1)], "who answers knows best"
    assert np.isnan(found.rtt_s).tolist() == [False, True, True, True]


def test_signs_of_life_count_down() -> None:
    packed = addresses(4, 20_000)
    network = Link4And6(among(packed, list(range(100))))
    signs: list[Searching] = []
    before_s = network.clock.now_s
    run(network, packed, signs=signs)
    assert len(signs) >= (network.clock.now_s - before_s) / 0.1 * 0.5
    left = [sign.left for sign in signs]
    assert left == sorted(left, reverse=True)
    assert left[-1] == 19_900


def test_a_wire_that_fails_is_closed() -> None:
    class Broken(FakeNeighbours):
        def ask(self, packed: np.ndarray) -> int:
            raise WireError("interface eth0 does not work")

    network = Link4And6(lambda _address: None)
    network.made = lambda: Broken(network.owner, network.clock)
    search = search_of(network)
    with pytest.raises(WireError):
        run(network, addresses(4, 3), search)
    assert network.askers[0].closed


def test_who_reads_no_further_leaves_nothing_open() -> None:
    network = Link4And6(lambda _address: None)
    looking = search_of(network).find(LINK, 4, bytes(4), addresses(4, 20_000))
    next(looking)
    looking.close()
    assert network.askers[0].closed


def test_nobody_asked_for_no_wire() -> None:
    network = Link4And6(lambda _address: None)
    found = run(network, addresses(6, 0))
    assert found.macs.shape == (0, 6)
    assert network.askers == []


def test_what_is_counted_adds_up_over_searches() -> None:
    packed = addresses(4, 10)
    network = Link4And6(among(packed, list(range(10))))
    search = search_of(network)
    for _run in range(2):
        run(network, packed, search)
        network.askers[-1].drops = 3
    assert search.sent == 20


def test_drops_add_up() -> None:
    network = Link4And6(lambda _address: MAC)

    def dropping() -> FakeNeighbours:
        asker = FakeNeighbours(network.owner, network.clock)
        asker.drops = 3
        return asker

    network.made = dropping
    search = search_of(network)
    for _run in range(2):
        run(network, addresses(4, 2), search)
    assert search.drops == 6


def test_a_link_that_loses_nearly_all_is_not_asked_for_ever() -> None:
    packed = addresses(4, 50)
    network = Link4And6(among(packed, list(range(50)), loss=0.8))
    run(network, packed)
    assert max(Counter(network.asked).values()) <= MAX_ATTEMPTS


def test_the_order_is_spread_and_follows_the_key() -> None:
    packed = addresses(4, 1000)
    orders = []
    for key in (1, 1, 2):
        network = Link4And6(lambda _address: MAC)
        run(network, packed, search_of(network, order_key=key))
        orders.append(network.asked)
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == [row.tobytes() for row in packed]
    steps = np.abs(np.diff([int.from_bytes(address, "big") for address in orders[0]]))
    assert np.median(steps) > 100
