"""What each scan method has to say of each condition of the matrix: by the protocols, and by what Linux does.

Where RFC 9293 leaves a listening TCP port two ways, Linux takes these: FIN, NULL and Xmas to it are dropped; whatever carries
ACK is answered with a reset, whose window is zero. A port unreachable of the target itself is its own word about UDP; from a
router it is that of a packet filter.
"""

from __future__ import annotations

from enum import Enum

from hatoba.lab.topologies.matrix_rules import CLOSED, DROPPED, OPEN, OPEN_UDP, RESET, SILENT
from hatoba.lab.topologies.truth import REJECTS
from hatoba.model import Reason, State

Verdict = tuple[State, Reason]


class Place(Enum):
    """Where the target is, and who filters."""

    ON_LINK = "on-link"
    """Next door; it filters itself."""
    ROUTED = "routed"
    """Behind a router, which filters."""
    LOOPBACK = "loopback"
    """The scanner itself, which filters what comes from itself."""


_SILENCE = {
    "connect": State.FILTERED,
    "syn": State.FILTERED,
    "fin": State.OPEN_FILTERED,
    "null": State.OPEN_FILTERED,
    "xmas": State.OPEN_FILTERED,
    "maimon": State.OPEN_FILTERED,
    "ack": State.FILTERED,
    "window": State.FILTERED,
    "udp": State.OPEN_FILTERED,
    "sctp-init": State.FILTERED,
    "sctp-cookie": State.OPEN_FILTERED,
    "ip-protocol": State.OPEN_FILTERED,
}

_RESET = State.CLOSED, Reason.RESET
_NOBODY: dict[str, Verdict] = {
    "connect": (State.CLOSED, Reason.CONN_REFUSED),
    "ack": (State.UNFILTERED, Reason.RESET),
    "udp": (State.CLOSED, Reason.PORT_UNREACH),
    "sctp-init": (State.CLOSED, Reason.ABORT),
    "sctp-cookie": (State.CLOSED, Reason.ABORT),
    **dict.fromkeys(("syn", "fin", "null", "xmas", "maimon", "window"), _RESET),
}
_LISTENING: dict[str, Verdict | None] = {
    "connect": (State.OPEN, Reason.CONNECTED),
    "syn": (State.OPEN, Reason.SYN_ACK),
    "maimon": _RESET,
    "ack": (State.UNFILTERED, Reason.RESET),
    "window": _RESET,
    "udp": (State.OPEN, Reason.UDP_RESPONSE),
    "sctp-init": (State.OPEN, Reason.INIT_ACK),
    **dict.fromkeys(("fin", "null", "xmas", "sctp-cookie"), None),
}
"""None: a listening port is silent."""


def silence(method: str) -> Verdict:
    """What *method* says where nothing came back."""
    return _SILENCE[method], Reason.NO_RESPONSE


def expected(method: str, family: int, place: Place, condition: str) -> Verdict:
    """State and reason that *method* has to tell of *condition* (:func:`.matrix_rules.numbers`) at *place*, where nobody
    rations ICMP errors."""
    if condition in (DROPPED, SILENT):
        return silence(method)
    reason = dict(REJECTS[family]).get(condition)
    if reason is not None:
        return _rejected(method, place, reason)
    if method == "ip-protocol":
        return _protocol(family, condition)
    if condition in (CLOSED, RESET):
        return _NOBODY[method]
    assert condition == OPEN, condition
    return _LISTENING[method] or silence(method)


def _rejected(method: str, place: Place, reason: Reason) -> Verdict:
    if place is not Place.ROUTED:  # then the error comes from the target, and may be the target's own word
        if method in ("udp", "ip-protocol") and reason is Reason.PORT_UNREACH:
            return State.CLOSED if method == "udp" else State.OPEN, reason
        if method == "ip-protocol" and reason is Reason.PROTO_UNREACH:
            return State.CLOSED, reason
    return State.FILTERED, reason


def _protocol(family: int, condition: str) -> Verdict:
    if condition == CLOSED:
        return State.CLOSED, Reason.PROTO_UNREACH if family == 4 else Reason.PARAMETER_PROBLEM
    return State.OPEN, Reason.PORT_UNREACH if condition == OPEN_UDP else Reason.PROTO_RESPONSE


def rationed(method: str, family: int, place: Place) -> frozenset[Verdict]:
    """What *method* may tell of the many closed (``udp``, ``ip-protocol``) or rejected (all others) ports of the matrix where
    the hosts ration their ICMP errors as Linux does by default: six at once to one peer, then one a second.

    Loopback knows no ration. The reason of a rejected port is found in the end, as few of them are left to ask again. Of so
    many closed ones some are answered for, and the rest is silent; for UDP the ration is recognised, and silence then means
    *closed|filtered*. Each verdict is told of one port at least.
    """
    if method not in ("udp", "ip-protocol"):
        return frozenset({(State.FILTERED, Reason.ADMIN_PROHIBITED)})
    answered = expected(method, family, place, CLOSED)
    if place is Place.LOOPBACK:
        return frozenset({answered})
    state = State.CLOSED_FILTERED if method == "udp" else State.OPEN_FILTERED
    return frozenset({answered, (state, Reason.NO_RESPONSE)})
