from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hatoba.engine.stages.port_samples import MOST, PortSamples
from hatoba.model import Protocol, State
from hatoba.results.batch import VERDICT


def rows(
    *told: tuple[int, int, State], protocol: Protocol = Protocol.TCP
) -> tuple[npt.NDArray[np.void], npt.NDArray[np.int64]]:
    """Rows of (place, port, state), and the places."""
    found = np.zeros(len(told), VERDICT)
    for number, (place, port, state) in enumerate(told):
        found[number]["host"], found[number]["port"], found[number]["state"] = place, port, state
    found["protocol"] = protocol
    return found, found["host"].astype(np.int64)


def test_the_first_few_of_each_state_and_host() -> None:
    samples = PortSamples(3)
    samples.learn(*rows(*((0, port, State.OPEN) for port in range(1, 9)), (2, 99, State.OPEN), (2, 7, State.CLOSED)))
    samples.learn(*rows((2, 98, State.OPEN), (0, 50, State.FILTERED), (2, 8, State.CLOSED)))
    assert samples.of(0, State.OPEN) == (1, 2, 3, 4)[: MOST[State.OPEN]]
    assert samples.of(2, State.OPEN) == (99, 98)
    assert samples.of(2, State.CLOSED) == (7,)
    assert samples.of(0, State.FILTERED) == (50,)
    assert samples.of(1, State.OPEN) == ()


def test_one_of_many_batches() -> None:
    samples = PortSamples(1)
    for port in range(1, 20):
        samples.learn(*rows((0, port, State.FILTERED)))
    assert samples.of(0, State.FILTERED) == (1, 2)


def test_only_tcp_has_ports_to_ask() -> None:
    samples = PortSamples(1)
    samples.learn(*rows((0, 53, State.OPEN), protocol=Protocol.UDP))
    samples.learn(*rows((0, 0, State.OPEN)))
    samples.learn(*rows((0, 5, State.OPEN_FILTERED)))
    assert all(samples.of(0, state) == () for state in MOST)


def test_a_part_of_the_hosts() -> None:
    samples = PortSamples(3)
    samples.learn(*rows((0, 1, State.OPEN), (2, 3, State.OPEN)))
    part = samples.part(np.array([2]))
    part.learn(*rows((0, 4, State.OPEN)))
    assert part.of(0, State.OPEN) == (3, 4)
