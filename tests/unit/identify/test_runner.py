"""Many interviews at once: all come back, limits hold, and nothing outlives a close."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from hatoba.errors import NotInScope
from hatoba.identify.manner import Manner, Target
from hatoba.identify.runner import Limits, Runner
from hatoba.model import Address, Protocol
from hatoba.service import Outcome, Service
from hatoba.wire.gate import GatedDials
from tests.unit.identify.peers import FakeDials, FakeLoop, Peer

SSH = b"SSH-2.0-OpenSSH_9.2p1\r\n"


def targets(hosts: int, ports: int) -> list[Target]:
    return [
        Target(ip_address(f"198.18.0.{host + 2}"), Protocol.TCP, 22_000 + port)
        for host in range(hosts)
        for port in range(ports)
    ]


def all_of(runner: Runner) -> list[Service]:
    found: list[Service] = []
    while runner.waiting:
        found += runner.found(5.0)
    return found


class Counting(FakeDials):
    """Notes how many conversations are open at once, in all and by host, and when each began."""

    def __init__(self, make: Callable[[], Any]) -> None:
        super().__init__(make)
        self.now: Counter[str] = Counter()
        self.most = self.most_per_host = 0
        self.began_s: list[float] = []

    async def dial(self, protocol: Protocol, address: Address, port: int, *, any_port: bool = False) -> Any:
        peer = await super().dial(protocol, address, port, any_port=any_port)
        host, counting = str(address), self
        self.began_s.append(asyncio.get_running_loop().time())
        self.now[host] += 1
        self.most = max(self.most, self.now.total())
        self.most_per_host = max(self.most_per_host, self.now[host])
        close = peer.close

        def closing(last: bytes = b"") -> None:
            if not peer.closed:
                counting.now[host] -= 1
            close(last)

        peer.close = closing
        return peer


def test_every_port_comes_back_once() -> None:
    dials = Counting(lambda: Peer([(0.1, SSH)]))
    runner = Runner(dials, Manner(), new_loop=FakeLoop)
    wanted = targets(20, 10)
    runner.ask(wanted)
    found = all_of(runner)
    runner.close()
    assert sorted((one.address, one.port) for one in found) == sorted((one.address, one.port) for one in wanted)
    assert {one.outcome for one in found} == {Outcome.RECOGNISED}
    assert dials.now.total() == 0


def test_limits_hold_in_all_and_for_each_host() -> None:
    dials = Counting(lambda: Peer([(0.1, SSH)]))
    runner = Runner(dials, Manner(), Limits(at_once=6, per_host=2), new_loop=FakeLoop)
    runner.ask(targets(8, 8))
    assert len(all_of(runner)) == 64
    runner.close()
    assert (dials.most, dials.most_per_host) == (6, 2)


def test_ports_that_wait_are_no_tasks() -> None:
    """A scan finds open ports faster than they can be asked."""
    most = 0

    class Watching(FakeDials):
        async def dial(self, protocol: Protocol, address: Address, port: int, *, any_port: bool = False) -> Any:
            nonlocal most
            most = max(most, len(asyncio.all_tasks()))
            return await super().dial(protocol, address, port, any_port=any_port)

    runner = Runner(Watching(lambda: Peer([(0.1, SSH)])), Manner(), Limits(at_once=6), new_loop=FakeLoop)
    runner.ask(targets(20, 20))
    assert len(all_of(runner)) == 400
    runner.close()
    assert most <= 6


def test_a_delay_spaces_the_interviews_of_a_host() -> None:
    dials = Counting(lambda: Peer([SSH]))
    runner = Runner(dials, Manner(), Limits(delay_s=1.5), new_loop=FakeLoop)
    runner.ask(targets(1, 5))
    assert len(all_of(runner)) == 5
    runner.close()
    gaps = np.diff(sorted(dials.began_s))
    assert (gaps >= 1.5 - 1e-6).all()


def test_a_host_that_takes_too_long_is_left() -> None:
    runner = Runner(FakeDials(Peer), Manner(), Limits(host_s=0.5), new_loop=FakeLoop)
    runner.ask(targets(1, 30))
    found = all_of(runner)
    runner.close()
    assert len(found) == 30
    assert {one.outcome for one in found} == {Outcome.UNFINISHED}


def test_close_breaks_off_and_every_port_comes_back_all_the_same() -> None:
    """On a real clock: nothing would ever be said."""
    dials = Counting(Peer)
    runner = Runner(dials, Manner(), Limits(per_host=3))
    runner.ask(targets(4, 10))
    runner.close()
    found = list(runner.found())
    assert len(found) == 40
    assert {one.outcome for one in found} == {Outcome.UNFINISHED}
    assert dials.now.total() == 0
    runner.close()


def test_a_mistake_of_ours_is_not_hidden() -> None:
    class Mistaken(FakeDials):
        async def dial(self, protocol: Protocol, address: Address, port: int, *, any_port: bool = False) -> Any:
            raise ZeroDivisionError

    runner = Runner(Mistaken(Peer), Manner(), new_loop=FakeLoop)
    runner.ask(targets(1, 2))
    with pytest.raises(ZeroDivisionError):
        all_of(runner)
    runner.close()


class Nobody:
    def allows(self, family: int, packed: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
        return np.zeros(len(packed), bool)


def test_nothing_is_dialled_out_of_scope() -> None:
    dials = FakeDials(lambda: Peer([SSH]))
    runner = Runner(GatedDials(dials, Nobody()), Manner(), new_loop=FakeLoop)
    runner.ask(targets(1, 2))
    found = all_of(runner)
    runner.close()
    assert dials.dialled == []
    assert {one.outcome for one in found} == {Outcome.UNFINISHED}
    assert isinstance(runner.failure, NotInScope)


@pytest.mark.parametrize("error", [ConnectionResetError(), TimeoutError(), OSError(113, "no route")])
def test_faults_of_the_network_are_no_failures(error: OSError) -> None:
    runner = Runner(FakeDials(Peer, refuse=error), Manner(), new_loop=FakeLoop)
    runner.ask(targets(1, 1))
    (found,) = all_of(runner)
    runner.close()
    assert (found.outcome, runner.failure) == (Outcome.UNREACHABLE, None)
