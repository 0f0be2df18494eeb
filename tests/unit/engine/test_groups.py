from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from ipaddress import ip_address

import numpy as np
import pytest
from builders import target_set

from hatoba.engine import groups
from hatoba.engine.groups import Group, Part, Sought, Unreachable, connect_groups, packet_groups
from hatoba.engine.neighbour_search import NeighbourSearch, Searching
from hatoba.engine.pacing.pace import Pace
from hatoba.targets.target_set import Block
from hatoba.wire.fake import FakeClock, FakeNeighbours, FakeNetwork, answers_of
from hatoba.wire.routes import Link, Route, Way

ETHERNET = Link(2, "eth0", bytes(6), ethernet=True, up=True)
TUNNEL = Link(3, "tun0", b"", ethernet=False, up=True)


class RoutedNetwork(FakeNetwork):
    """198.18.0.0-3 on the link, .4 unreachable, .5-6 by a gateway, .7 through a tunnel."""

    def ways(self, family: int, ranges: Iterable[tuple[int, int]], zone: str | None) -> Iterator[Way]:
        base = int(ip_address("198.18.0.0"))
        source, gateway = ip_address("198.18.0.1").packed, ip_address("198.18.0.254").packed
        yield Way(base, base + 3, Route(ETHERNET, source, None, local=False))
        yield Way(base + 4, base + 4, None, "Network is unreachable")
        yield Way(base + 5, base + 6, Route(ETHERNET, source, gateway, local=False))
        yield Way(base + 7, base + 7, Route(TUNNEL, source, None, local=False))


def packet_parts(block: Block, network: FakeNetwork, most: int = 1000) -> list[Group | Unreachable]:
    found = packet_groups(block, network, most, NeighbourSearch(network, network.clock, Pace(network.clock())))
    return [part for part in found if isinstance(part, Group | Unreachable)]


def parts(absent: frozenset[str] = frozenset(), targets: str = "198.18.0.0/29") -> list[Group | Unreachable]:
    block = target_set(targets, "1-10").blocks[0]
    return packet_parts(block, RoutedNetwork(answers_of([]), FakeClock(), absent))


def told(found: list[Group | Unreachable]) -> list[tuple[str, list[int]]]:
    """What each part is, with its offsets."""
    return [
        (part.route.link.name, part.offsets.tolist()) if isinstance(part, Group) else (part.reason, part.offsets.tolist())
        for part in found
    ]


def test_each_way_is_a_group_of_its_own() -> None:
    found = parts()
    assert told(found) == [("eth0", [0, 1, 2, 3]), ("no-route", [4]), ("eth0", [5, 6]), ("tun0", [7])]
    assert [part.macs is not None for part in found if isinstance(part, Group)] == [True, True, False]


class Scattered(FakeNetwork):
    """Every other address is behind one gateway, the rest on the link; each stretch is one address long. Keeps who was
    looked for."""

    def ways(self, family: int, ranges: Iterable[tuple[int, int]], zone: str | None) -> Iterator[Way]:
        source, gateway = ip_address("198.18.0.1").packed, ip_address("198.18.255.254").packed
        for first, last in ranges:
            for address in range(first, last + 1):
                yield Way(address, address, Route(ETHERNET, source, gateway if address % 2 else None, local=False))


def scattered(most: int, at_once: int, absent: set[int], monkeypatch: pytest.MonkeyPatch) -> tuple[Scattered, list[object]]:
    monkeypatch.setattr(groups, "NEIGHBOURS_AT_ONCE", at_once)
    network = Scattered(answers_of([]), FakeClock(), frozenset(f"198.18.0.{n}" for n in absent))
    block = target_set("198.18.0.0/26", "1-10").blocks[0]
    return network, [*told(packet_parts(block, network, most))]


def test_hosts_that_leave_the_same_way_share_a_group_wherever_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    network, found = scattered(64, 64, set(), monkeypatch)
    assert found == [("eth0", [*range(0, 64, 2)]), ("eth0", [*range(1, 64, 2)])]
    assert sorted(len(set(asker.asked)) for asker in network.askers) == [1, 32]


def test_only_those_who_are_there_take_room_in_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a network of which few exist costs one wait for the many after another."""
    network, found = scattered(4, 16, {n for n in range(0, 64, 2) if n % 16}, monkeypatch)
    on_link = [entry for entry in found if entry[0] == "no-neighbour" or entry[1][0] % 2 == 0]
    assert on_link == [
        ("eth0", [0, 16]),
        ("no-neighbour", [n for n in range(0, 32, 2) if n % 16]),
        ("eth0", [32, 48]),
        ("no-neighbour", [n for n in range(32, 64, 2) if n % 16]),
    ]
    behind = [entry[1] for entry in found if entry not in on_link]
    assert behind == [[*range(start, start + 8, 2)] for start in range(1, 64, 8)], "no more in a leg than fit"
    assert sum(len(set(asker.asked)) == 1 for asker in network.askers) == 1, "the gateway is looked for once"


def test_each_host_has_its_own_hardware_address() -> None:
    class Known(RoutedNetwork):
        def hardware_address(self, address: bytes) -> bytes:
            return bytes(5) + address[3:]

    block = target_set("198.18.0.0/29", "1-10").blocks[0]
    found = packet_parts(block, Known(answers_of([]), FakeClock()))
    macs = [part.macs[:, 5].tolist() for part in found if isinstance(part, Group) and part.macs is not None]
    assert macs == [[0, 1, 2, 3], [254, 254]]


def test_who_has_no_neighbour_is_left_out_and_told() -> None:
    found = parts(frozenset({"198.18.0.2"}))
    assert told(found) == [
        ("eth0", [0, 1, 3]),
        ("no-route", [4]),
        ("eth0", [5, 6]),
        ("tun0", [7]),
        ("no-neighbour", [2]),
    ], "all others come while it is looked for"


class Slow(FakeNetwork):
    """Addresses in *later* answer after so many seconds."""

    def __init__(self, later: dict[int, float], absent: set[int] = frozenset()) -> None:  # type: ignore[assignment]
        super().__init__(answers_of([]), FakeClock(), frozenset(f"198.18.0.{n}" for n in absent))
        self.later = later

    def open_neighbours(self, link: Link, family: int, source: bytes, questions: int) -> FakeNeighbours:
        def ask(packed: np.ndarray) -> int:
            for address in map(bytes, packed):
                asker.asked.append(address)
                if mac := self.hardware_address(address):
                    asker.deliver(self.clock.now_s + self.later.get(address[3], 0.001), address, mac)
            return len(packed)

        asker = super().open_neighbours(link, family, source, questions)
        asker.ask = ask  # type: ignore[method-assign]
        return asker


def looked_for(network: FakeNetwork, most: int, targets: str = "198.18.0.0/26") -> tuple[NeighbourSearch, Iterator[Part]]:
    search = NeighbourSearch(network, network.clock, Pace(network.clock()))
    return search, packet_groups(target_set(targets, "1-10").blocks[0], network, most, search)


def test_who_answers_at_once_does_not_wait_for_the_others() -> None:
    network = Slow({7: 0.3, 9: 0.4}, absent={63})
    began_s = network.clock.now_s
    search, found = looked_for(network, 1000)
    first, group = next(found), next(found)
    assert isinstance(first, Sought)
    assert first.offsets.tolist() == [7, 9, 63]
    assert isinstance(group, Group)
    assert group.neighbours
    assert group.offsets.tolist() == [n for n in range(63) if n not in (7, 9)]
    assert network.clock.now_s - began_s < 0.05
    while network.clock.now_s < began_s + 3.0:  # what is done with the group
        network.clock.now_s += 0.01
        search.step()
    scanned_s = network.clock.now_s
    rest = [part for part in found if not isinstance(part, Searching | Sought)]
    assert told(rest) == [("no-neighbour", [63]), ("fake0", [7, 9])]
    assert network.clock.now_s - scanned_s < 0.05, "nothing is left to wait for"
    assert network.askers[0].closed


def test_a_whole_leg_is_not_held_up_and_the_rest_of_one_waits_for_who_may_come() -> None:
    network = Slow({7: 0.3})
    began_s = network.clock.now_s
    _search, found = looked_for(network, 20)
    times_s = []
    sizes = []
    for part in found:
        if isinstance(part, Group):
            times_s.append(network.clock.now_s - began_s)
            sizes.append(len(part))
    assert sizes == [20, 20, 20, 4]
    assert max(times_s[:3]) < 0.05
    assert times_s[3] > 0.25


def test_nearly_a_whole_leg_waits_longer_than_a_small_one_for_who_may_come() -> None:
    """Hosts of two legs are done with one after the other."""
    late = {7: 0.3, 9: 0.3}
    for most, groups_there in ((70, 1), (1000, 2)):
        _search, found = looked_for(Slow(late, absent={63}), most)
        assert sum(isinstance(part, Group) for part in found) == groups_there


def test_those_who_have_to_be_looked_for_come_first() -> None:
    """So that the others are scanned meanwhile."""

    class Reversed(RoutedNetwork):
        def ways(self, family: int, ranges: Iterable[tuple[int, int]], zone: str | None) -> Iterator[Way]:
            yield from reversed(list(super().ways(family, ranges, zone)))

    block = target_set("198.18.0.0/29", "1-10").blocks[0]
    found = packet_parts(block, Reversed(answers_of([]), FakeClock(), frozenset({"198.18.0.2"})))
    assert [part.offsets.tolist() for part in found] == [[0, 1, 3], [7], [5, 6], [4], [2]]


def test_nobody_who_answers_holds_up_no_other_way() -> None:
    found = parts(frozenset(f"198.18.0.{n}" for n in range(4)))
    assert told(found) == [("no-route", [4]), ("eth0", [5, 6]), ("tun0", [7]), ("no-neighbour", [0, 1, 2, 3])]


def test_of_a_search_that_is_stopped_only_who_was_found_comes_yet() -> None:
    network, stopped = Slow({7: 0.3}, absent={63}), [False]
    search = NeighbourSearch(network, network.clock, Pace(network.clock()), lambda: stopped[0])
    found = packet_groups(target_set("198.18.0.0/26", "1-10").blocks[0], network, 1000, search)
    next(found), next(found)
    for _step in range(20):
        network.clock.now_s += 0.03
        search.step()
    stopped[0] = True
    assert told([part for part in found if not isinstance(part, Sought)]) == [("fake0", [7])]
    assert network.askers[0].closed


def test_who_takes_no_more_groups_leaves_no_search_open() -> None:
    network = Slow({7: 0.3})
    search, found = looked_for(network, 1000)
    next(found)
    assert isinstance(found, Generator)
    found.close()
    assert network.askers[0].closed
    asked = len(network.askers[0].asked)
    network.clock.now_s += 1.0
    search.step()
    assert len(network.askers[0].asked) == asked


def test_a_silent_gateway_takes_all_behind_it() -> None:
    found = [part for part in parts(frozenset({"198.18.0.254"})) if isinstance(part, Unreachable)]
    assert [(part.offsets.tolist(), part.reason, part.problem) for part in found] == [
        ([4], "no-route", "Network is unreachable"),
        ([5, 6], "no-gateway", "the gateway 198.18.0.254 does not answer"),
    ]


def test_a_silent_gateway_that_the_kernel_knows_is_a_way() -> None:
    block = target_set("198.18.0.0/29", "1-10").blocks[0]
    network = RoutedNetwork(answers_of([]), FakeClock(), frozenset({"198.18.0.254"}))
    network.table = {ip_address("198.18.0.254").packed: (b"\2\0\0\0\0\x77", False)}
    found = packet_parts(block, network)
    assert told(found) == [("eth0", [0, 1, 2, 3]), ("no-route", [4]), ("eth0", [5, 6]), ("tun0", [7])]
    behind = found[2]
    assert isinstance(behind, Group)
    assert behind.macs is not None
    assert behind.macs[:, 5].tolist() == [0x77, 0x77]
    assert not behind.neighbours


def test_a_silent_host_with_an_entry_for_good_is_asked_but_not_taken_to_be_there() -> None:
    block = target_set("198.18.0.0/30", "1-10").blocks[0]
    network = FakeNetwork(answers_of([]), FakeClock(), frozenset({"198.18.0.1", "198.18.0.2"}))
    kept = {"198.18.0.1": True, "198.18.0.2": False, "198.18.0.3": True}
    network.table = {ip_address(address).packed: (bytes(6), permanent) for address, permanent in kept.items()}
    found = packet_parts(block, network)
    assert told(found) == [("fake0", [0, 3]), ("no-neighbour", [2]), ("fake0", [1])]
    assert [part.neighbours for part in found if isinstance(part, Group)] == [True, False]


def test_a_broadcast_address_is_nobodys() -> None:
    class Broadcast(FakeNetwork):
        def ways(self, family: int, ranges: Iterable[tuple[int, int]], zone: str | None) -> Iterator[Way]:
            for first, last in ranges:
                yield Way(first, last, None)

    block = target_set("198.18.0.3", "1-10").blocks[0]
    (part,) = packet_parts(block, Broadcast(answers_of([]), FakeClock()))
    assert isinstance(part, Unreachable)
    assert (part.reason, part.problem) == ("broadcast", "")


def test_no_group_is_larger_than_memory_allows() -> None:
    block = target_set("198.18.0.0/24", "1-10").blocks[0]
    found = list(connect_groups(block, FakeNetwork(answers_of([]), FakeClock()), 6))
    assert max(len(leg) for leg in found if isinstance(leg, Group)) <= 6
    np.testing.assert_array_equal(np.concatenate([leg.offsets for leg in found]), np.arange(256))


def test_connect_asks_only_where_there_is_a_way() -> None:
    block = target_set("198.18.0.0/29", "1-10").blocks[0]
    found = list(connect_groups(block, RoutedNetwork(answers_of([]), FakeClock()), 1000))
    told = sorted((part.offsets.tolist(), isinstance(part, Group)) for part in found)
    assert told == [([0, 1, 2, 3], True), ([4], False), ([5, 6], True), ([7], True)]
