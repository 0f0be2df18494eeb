"""What an answer, or silence, means, by the method that asked: the second half of the sentences of ``reports.explain``.

For *open* it states the fact and judges nothing; what to do about an open port, the registry's hints say. Where a method is
known to mislead, its sentence says so, and where another method or client would tell more, which.
"""

from __future__ import annotations

from hatoba.messages import _N, _, translated
from hatoba.model import Protocol, Reason, State, Verdict
from hatoba.probes.udp import questions_for

ROUTING = frozenset({Reason.NET_UNREACH, Reason.HOST_UNREACH, Reason.NO_ROUTE, Reason.BEYOND_SCOPE, Reason.ADDR_UNREACH})

_OPEN = {
    Reason.SYN: _N("that opens the connection from both sides at once, so a program is there"),
    Reason.RESET: _N("the window in that RST is not zero, which some systems send where a program listens"),
    Reason.UDP_RESPONSE: _N("a program answers on this port"),
    Reason.INIT_ACK: _N("a program accepts associations on this port"),
    Reason.PROTO_RESPONSE: _N("the host understands this protocol"),
    Reason.PORT_UNREACH: _N("the host understands this protocol, only nobody listens on the port that was asked"),
}
_THERE = _N("the host is there")
_PINGS = (Reason.ECHO_REPLY, Reason.TIMESTAMP_REPLY, Reason.ADDRESSMASK_REPLY, Reason.ARP_RESPONSE, Reason.ND_RESPONSE)
_ACCEPTS = _N("a program accepts connections on this port")
_ACCEPTS_ALL = _N("connections are accepted on every port here, so this shows no program")

_NOBODY = _N("the host can be reached, and says that nobody listens on this port")
_NO_PROTOCOL = _N("the host can be reached, and says that it does not understand this protocol")
_CLOSED_BUT = _N("the host can be reached, and says that nobody listens on this port; Windows says so of every port")
_CLOSED = {
    "fin": _CLOSED_BUT,
    "null": _CLOSED_BUT,
    "xmas": _CLOSED_BUT,
    "maimon": _N(
        "the host can be reached, and says that nobody listens on this port; all but systems of old BSD descent say so of "
        "every port"
    ),
    "window": _N(
        "the window in that RST is zero: nobody listens on this port, or the system, as Linux does, sends zero always"
    ),
}

_CLOSED_IS_HEARD = _N(
    "a closed port answers RST to this; an open one is silent, and so is a firewall that swallows the probes; --syn tells them "
    "apart"
)
_SILENCE = {
    State.FILTERED: _N("something on the way swallows the probes without a word, or the host is down"),
    State.OPEN_FILTERED: _N("an open port may stay silent here, and so does a firewall that swallows the probes"),
    State.CLOSED_FILTERED: _N("a closed port may stay silent here, and so does a firewall that swallows the probes"),
}
_OPEN_FILTERED = {
    "fin": _CLOSED_IS_HEARD,
    "null": _CLOSED_IS_HEARD,
    "xmas": _CLOSED_IS_HEARD,
    "maimon": _CLOSED_IS_HEARD,
    "sctp-cookie": _N(
        "a closed port answers ABORT to this; an open one drops a cookie that it did not sign, and a firewall may swallow it; "
        "--sctp-init tells them apart"
    ),
    "ip-protocol": _N(
        "a host that understands this protocol may have nothing to answer to a packet without meaning; a firewall may swallow "
        "it, and a host that rations its ICMP errors may not have said that it does not understand"
    ),
}
_RATIONED = _N(
    "the host sends no more than a few ICMP errors a second, so the port is most likely closed without a word; a program that "
    "never answers a stranger looks the same, and so does a firewall that swallows the probes; --prove-closed asks again, as "
    "slowly as the host answers"
)


def meaning(verdict: Verdict, believed: bool = True) -> str:
    """Of an answer, in the language in force. Not *believed*: every port of the host seems to be open."""
    if verdict.state == State.OPEN and not believed:
        return translated(_ACCEPTS_ALL)
    if verdict.state == State.OPEN:
        return translated(_THERE if verdict.reason in _PINGS else _OPEN.get(verdict.reason, _ACCEPTS))
    if verdict.state == State.CLOSED:
        by_method = _CLOSED.get(verdict.evidence.method, _NOBODY)
        return translated(_NO_PROTOCOL if verdict.protocol == Protocol.IP else by_method)
    if verdict.state == State.UNFILTERED:
        return _("the probe reached the host, but this method can't tell open from closed, --syn can")
    return _of_a_protocol(verdict) if verdict.protocol == Protocol.IP else _of_a_port(verdict)


def silence(verdict: Verdict) -> str:
    """Of no answer, in the language in force."""
    method, state = verdict.evidence.method, verdict.state
    if method == "udp" and state == State.OPEN_FILTERED:
        return _unanswered_question(verdict.port)
    if method == "udp" and state == State.CLOSED_FILTERED:
        return translated(_RATIONED)
    if state == State.OPEN_FILTERED and method in _OPEN_FILTERED:
        return translated(_OPEN_FILTERED[method])
    return translated(_SILENCE.get(state, _SILENCE[State.FILTERED]))


def _unanswered_question(port: int) -> str:
    questions = questions_for(port)
    names = ", ".join(dict.fromkeys(question.name for question in questions))
    if not questions:
        return _(
            "most programs are silent to the empty datagram that asked, for want of a question for this port, and so is a "
            "firewall that swallows it; a client of the protocol that is expected here would tell"
        )
    if not any(question.payload for question in questions):
        return _(
            "{protocol} answers no stranger; as silent is a firewall that swallows the probes, or a closed port of a host that "
            "holds its ICMP errors back"
        ).format(protocol=names)
    return _(
        "nobody answered in the language of {protocol}: a program that speaks another, or answers no stranger, is silent to "
        "it, and so is a firewall that swallows the probes, or a closed port of a host that holds its ICMP errors back"
    ).format(protocol=names)


def _of_a_port(verdict: Verdict) -> str:
    """What an ICMP error means: a router's is one thing, the target's own another."""
    if verdict.reason == Reason.TIME_EXCEEDED:
        return _("the probe ran out of hops, so the route goes in circles or is too long")
    if verdict.evidence.responder in (None, verdict.address):
        if verdict.reason == Reason.PROTO_UNREACH:
            protocol = verdict.protocol.name
            return _("the host does not understand {protocol}, or a firewall on it says so").format(protocol=protocol)
        if verdict.reason != Reason.PORT_UNREACH or verdict.protocol not in (Protocol.TCP, Protocol.SCTP):
            return _("a firewall on the host itself refuses this port")
        if verdict.protocol == Protocol.SCTP:
            return _("a firewall on the host itself refuses this port; without one, a port where nobody listens answers ABORT")
        return _("a firewall on the host itself refuses this port; without one, a port where nobody listens answers RST")
    if verdict.reason in ROUTING:
        return _("that router knows no way to the host, or a firewall on it refuses this port in these words")
    return _("a firewall on that router refuses this port")


def _of_a_protocol(verdict: Verdict) -> str:
    if verdict.reason == Reason.TIME_EXCEEDED:
        return _("the probe ran out of hops, so the route goes in circles or is too long")
    if verdict.evidence.responder in (None, verdict.address):
        return _("a firewall on the host itself refuses this protocol")
    if verdict.reason in ROUTING:
        return _("that router knows no way to the host, or a firewall on it refuses this protocol in these words")
    return _("a firewall on that router refuses this protocol")
