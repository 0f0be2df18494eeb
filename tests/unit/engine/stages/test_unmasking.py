"""Which ports are tried, of whom, and what is said of those that were not."""

from __future__ import annotations

import math
from ipaddress import ip_network

import numpy as np
from builders import group
from handshaking import ROOMY, FakeHandshakes, HandshakingNetwork

from hatoba.engine.doubts import Doubts
from hatoba.engine.setting import Setting
from hatoba.engine.stages.unmasking import unmask
from hatoba.model import Deception, ScanPlan
from hatoba.probes.connect import End, Handshake
from hatoba.targets.scope import Scope
from hatoba.wire.fake import FakeClock

STRANGE = np.array([60_001, 50_001, 40_001], np.uint16)
CUT, HELD_TIGHT = Handshake(End.CUT), Handshake(End.HELD, 0)


def unmasked(
    ends: dict[str, Handshake],
    found: dict[int, list[int]],
    stop_after: int | None = None,
    targets: str = "198.18.0.0/28",
    hosts: int = 3,
) -> tuple[Doubts, FakeHandshakes]:
    """*ends*: how connections to an address end, but for port 22, which is truly open. *found*: by place, open ports."""
    its_group, permitted_targets = group(targets, list(range(1, hosts + 1)))
    network = HandshakingNetwork(lambda _probe: (), FakeClock())
    hands = network.hands = FakeHandshakes(network.clock, lambda who, port: ROOMY if port == 22 else ends.get(who, CUT))
    permitted = Scope((), always=(ip_network("198.18.0.0/15"),)).require(permitted_targets)

    def stopped() -> bool:
        return stop_after is not None and len(hands.begun) >= stop_after

    setting = Setting(ScanPlan(), permitted, network, 1, network.clock, stopped)
    places = np.array([place for place, ports in found.items() for _port in ports], np.int64)
    ports = np.array([port for its in found.values() for port in its], np.uint16)
    *_life, doubts = unmask(its_group, np.arange(hosts), STRANGE, (places, ports), setting, math.inf)
    assert doubts is not None
    return doubts, hands


def test_each_host_is_told_for_itself() -> None:
    ends = {"198.18.0.1": CUT, "198.18.0.2": HELD_TIGHT, "198.18.0.3": ROOMY}
    doubts, hands = unmasked(ends, {0: [22, 80], 1: [22, 443], 2: [22, 81]})
    assert doubts.deceptions == {0: Deception.SYN_PROXY, 1: Deception.TARPIT, 2: Deception.ANSWERS_EVERYTHING}
    strange = tuple(sorted(STRANGE.tolist()))
    assert doubts.held == {0: (22,), 1: (22,)}
    assert doubts.tried == {0: (22, 80, *strange), 1: (22, 443, *strange), 2: strange}
    assert len(hands.begun) == 3 * 3 + 4


def test_the_likeliest_ports_are_tried_first_and_hosts_take_turns() -> None:
    doubts, hands = unmasked({}, {place: [9999, 4242, *range(30_000, 30_100), 22, 80] for place in range(3)})
    tried = hands.begun[9:]
    assert {begun.port for begun in tried[:6]} == {22, 80}
    assert len({begun.address for begun in tried[:3]}) == 3
    assert {len(ports) for ports in doubts.tried.values()} == {3 + 32}


def test_of_very_many_hosts_fewer_ports_each_are_tried() -> None:
    found = {place: list(range(20, 80)) for place in range(600)}
    doubts, _hands = unmasked({}, found, targets="198.18.0.0/20", hosts=600)
    assert {len(ports) for ports in doubts.tried.values()} == {3 + 8192 // 600}
    assert set(doubts.held.values()) == {(22,)}


def test_of_what_was_not_tried_nothing_is_said() -> None:
    doubts, _hands = unmasked({}, {0: [22]}, stop_after=1)
    assert doubts.deceptions == dict.fromkeys(range(3), Deception.ANSWERS_EVERYTHING)
    assert doubts.held == doubts.tried == {}


def test_a_kind_may_be_known_where_no_open_port_was_tried() -> None:
    doubts, _hands = unmasked({}, {})
    assert set(doubts.deceptions.values()) == {Deception.SYN_PROXY}
    assert doubts.held == {}
    assert set(map(len, doubts.tried.values())) == {3}
