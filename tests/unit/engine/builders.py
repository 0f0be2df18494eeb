"""Legs and answers for tests of the engine's parts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hatoba.engine.leg import Leg
from hatoba.engine.transport import HEARD
from hatoba.model import Answer, Protocol, Reason, State
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.target_set import TargetSet

FAMILIES = frozenset({4, 6})


def target_set(targets: str, ports: str) -> TargetSet:
    return build_targets(targets.split(), ports=parse_ports(ports, default=Protocol.TCP), families=FAMILIES).targets


def leg(targets: str = "198.18.0.0/30", ports: str = "1-10", offsets: list[int] | None = None) -> Leg:
    block = target_set(targets, ports).blocks[0]
    chosen = np.array(offsets) if offsets is not None else np.arange(block.count)
    return Leg(block, Protocol.TCP, chosen, block.ports[Protocol.TCP])


def heard(
    *rows: tuple[int, State, Reason, Answer], attempt: int = 0, at_s: float = 1.0, responder: int = 0
) -> npt.NDArray[np.void]:
    """Answers ``(question, state, reason, answer)``."""
    found = np.zeros(len(rows), HEARD)
    for place, (index, state, reason, answer) in enumerate(rows):
        found[place]["index"], found[place]["state"] = index, state
        found[place]["reason"], found[place]["answer"] = reason, answer
    found["attempt"], found["at_s"] = attempt, at_s
    return found


OPEN = (State.OPEN, Reason.SYN_ACK, Answer.SYN_ACK)
CLOSED = (State.CLOSED, Reason.RESET, Answer.RST)
REFUSED = (State.FILTERED, Reason.ADMIN_PROHIBITED, Answer.ICMP)
