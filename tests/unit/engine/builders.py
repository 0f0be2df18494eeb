"""Legs and answers for tests of the engine's parts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hatoba.engine.groups import Group
from hatoba.engine.legs.asks import Asking, Asks
from hatoba.engine.legs.leg import Leg
from hatoba.engine.legs.transport import HEARD
from hatoba.model import Answer, Protocol, Reason, State
from hatoba.probes import METHODS
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.target_set import TargetSet
from hatoba.wire.routes import Link, Route

FAMILIES = frozenset({4, 6})


def target_set(targets: str, ports: str) -> TargetSet:
    return build_targets(targets.split(), ports=parse_ports(ports, default=Protocol.TCP), families=FAMILIES).targets


def leg(
    targets: str = "198.18.0.0/30", ports: str = "1-10", offsets: list[int] | None = None, method: Asking = METHODS["syn"]
) -> Leg:
    block = target_set(targets, ports).blocks[0]
    chosen = np.array(offsets) if offsets is not None else np.arange(block.count)
    return Leg(block, Asks([(method, block.ports[Protocol.TCP])]), chosen)


def group(targets: str, offsets: list[int]) -> tuple[Group, TargetSet]:
    """Hosts behind a gateway, which have no hardware address of their own here."""
    hosts = target_set(targets, "1")
    link = Link(2, "eth0", bytes(6), ethernet=True, up=True)
    route = Route(link, bytes([198, 18, 0, 1]), bytes([198, 18, 0, 254]), local=False)
    return Group(hosts.blocks[0], np.array(offsets), route), hosts


def heard(
    *rows: tuple[int, State, Reason, Answer], attempt: int = 0, at_s: float = 1.0, responder: int = 0
) -> npt.NDArray[np.void]:
    """Answers ``(question, state, reason, answer)``."""
    found = np.zeros(len(rows), HEARD)
    for place, (index, state, reason, answer) in enumerate(rows):
        found[place]["index"], found[place]["state"] = index, state
        found[place]["reason"], found[place]["answer"] = reason, answer
    found["attempt"], found["at_s"], found["responder"] = attempt, at_s, responder
    return found


OPEN = (State.OPEN, Reason.SYN_ACK, Answer.SYN_ACK)
CLOSED = (State.CLOSED, Reason.RESET, Answer.RST)
REFUSED = (State.FILTERED, Reason.ADMIN_PROHIBITED, Answer.ICMP)
