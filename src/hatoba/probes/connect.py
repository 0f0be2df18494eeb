"""connect: let the kernel shake hands, and judge what it reports.

::

    we                          target
    SYN      ---------->
             <----------        SYN, ACK         open
    ACK, RST ---------->                         (the connection is cut at once)
             <----------        RST              closed
             <----------        ICMP unreachable filtered
             (silence)                           filtered

The kernel answers ``ECONNREFUSED`` for a RST and for ICMP 3/3 alike, so the error number alone can't tell a closed port from
a firewall's REJECT; the wire therefore says which of them it was (:class:`Kind`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum

import numpy as np
import numpy.typing as npt

from hatoba.model import Answer, Protocol, Reason, State
from hatoba.probes.unreachable import reasons

Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class KernelMethod:
    """A method whose packets are the kernel's."""

    name: str
    protocol: Protocol
    silence: tuple[State, Reason]
    """What it means that no answer came."""
    rationed_silence: tuple[State, Reason] | None = None

    @property
    def has_question(self) -> Callable[[npt.NDArray[np.uint16]], npt.NDArray[np.bool_]]:
        return lambda ports: np.zeros(len(ports), bool)


CONNECT = KernelMethod("connect", Protocol.TCP, (State.FILTERED, Reason.NO_RESPONSE))


class Kind(IntEnum):
    """How one connect() ended."""

    CONNECTED = 1
    """The handshake was completed, even if the target cut the connection right after it."""
    REFUSED = 2
    """The target sent a RST."""
    ICMP = 3
    ICMP6 = 4
    LOCAL = 5
    """This machine's own kernel says so: no route, no neighbour, a local firewall; nobody else did."""
    EXPIRED = 6
    """Given up on; nothing came."""


OUTCOME = np.dtype(
    [
        ("token", "i8"),  # what start() was given for it
        ("errno", "i4"),  # as connect() reported it; 0 for success and for given up
        ("kind", "u1"),  # Kind
        ("icmp_type", "u1"),  # of the ICMP error; 0 where there was none
        ("icmp_code", "u1"),
        ("ttl", "u1"),  # of the ICMP error as it arrived; 0 where unknown (the kernel does not tell a RST's)
        ("started_s", "f8"),  # on the wire's clock
        ("at_s", "f8"),
        ("offender", "u1", (16,)),  # who sent the ICMP error: 4 or 16 bytes, then zeros
        ("offender_family", "u1"),  # 4, 6; 0 where nobody did
    ]
)
"""How one connect() ended, with what the kernel knows about why."""

_NO_NEIGHBOUR = ((4, 3, 1), (6, 1, 3))
"""What a Linux kernel tells itself when nobody answers its ARP or neighbour solicitation (``ipv4_link_failure``,
``ip6_link_failure``): host unreachable, address unreachable, from an address of its own."""


class End(Enum):
    """How a connection ended that was completed to see whether it holds (``wire.handshakes``)."""

    HELD = "held"
    CUT = "cut"
    """It was completed, and reset."""
    FAILED = "failed"
    """It was never completed."""


@dataclass(frozen=True, slots=True)
class Handshake:
    end: End
    window_bytes: int | None = None
    """How much the other side takes, once the connection was held; None where the system does not tell."""
    spoke: bool = False
    """It sent something, or closed in good order."""


def judge(outcomes: npt.NDArray[np.void]) -> tuple[Codes, Codes, Codes]:
    """States, reasons and answers, codes of ``model``, one for each row of dtype :data:`OUTCOME`.

    State 0 means that nothing was learnt: silence, or an ICMP error that says nothing about the port (which is kept as
    the answer).
    """
    state, reason, answer = (np.zeros(len(outcomes), np.uint8) for _ in range(3))
    kind, icmp_type, icmp_code = outcomes["kind"], outcomes["icmp_type"], outcomes["icmp_code"]

    connected = kind == Kind.CONNECTED
    state[connected], reason[connected], answer[connected] = State.OPEN, Reason.CONNECTED, Answer.CONNECTED

    refused = kind == Kind.REFUSED
    state[refused], reason[refused], answer[refused] = State.CLOSED, Reason.CONN_REFUSED, Answer.REFUSED

    for family, its_kind, its_answer in ((4, Kind.ICMP, Answer.ICMP), (6, Kind.ICMP6, Answer.ICMP6)):
        rows = np.flatnonzero(kind == its_kind)
        why = reasons(family, icmp_type[rows], icmp_code[rows])
        reason[rows], answer[rows] = why, its_answer
        state[rows] = np.where(why > 0, np.uint8(State.FILTERED), np.uint8(0))

    local = kind == Kind.LOCAL
    state[local], reason[local], answer[local] = State.FILTERED, Reason.LOCAL_ERROR, Answer.LOCAL
    for family, its_type, its_code in _NO_NEIGHBOUR:
        alone = local & (outcomes["offender_family"] == family) & (icmp_type == its_type) & (icmp_code == its_code)
        reason[alone] = Reason.NO_NEIGHBOUR
    return state, reason, answer
