from __future__ import annotations

from hatoba.engine.doubts import Doubts
from hatoba.model import Deception, Protocol, State, Unsteady


def unsteady(port: int) -> tuple[Unsteady, ...]:
    return (Unsteady(Protocol.TCP, port, (State.OPEN, State.CLOSED)),)


def test_doubts_of_several_methods_are_kept_together() -> None:
    doubts = Doubts({0: Deception.TARPIT}, {0: (1,)}, {0: unsteady(7), 1: unsteady(8)})
    doubts.add(Doubts({1: Deception.SYN_PROXY}, {1: (2,)}, {0: unsteady(9)}))
    assert doubts.deceptions == {0: Deception.TARPIT, 1: Deception.SYN_PROXY}
    assert doubts.held == {0: (1,), 1: (2,)}
    assert doubts.unsteady == {0: unsteady(7) + unsteady(9), 1: unsteady(8)}
    doubts.add(Doubts(unsteady={0: unsteady(9) + unsteady(10)}))
    assert doubts.unsteady[0] == unsteady(7) + unsteady(9) + unsteady(10), "each port once"
