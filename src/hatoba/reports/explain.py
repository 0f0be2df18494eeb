"""One sentence per verdict: what came back, from whom, after how long, and what that means.

For *open* the sentence states the fact and judges nothing; what to do about an open port, the registry's hints say.
"""

from __future__ import annotations

from hatoba.messages import _N, _, translated
from hatoba.model import Evidence, Reason, State, Verdict
from hatoba.reports.quantities import latency

_ICMP_NAMES = {
    Reason.NET_UNREACH: _N("network unreachable"),
    Reason.HOST_UNREACH: _N("host unreachable"),
    Reason.PROTO_UNREACH: _N("protocol unreachable"),
    Reason.PORT_UNREACH: _N("port unreachable"),
    Reason.NET_PROHIBITED: _N("network administratively prohibited"),
    Reason.HOST_PROHIBITED: _N("host administratively prohibited"),
    Reason.ADMIN_PROHIBITED: _N("administratively prohibited"),
    Reason.TIME_EXCEEDED: _N("time exceeded"),
    Reason.NO_ROUTE: _N("no route to the destination"),
    Reason.BEYOND_SCOPE: _N("beyond the scope of the source address"),
    Reason.ADDR_UNREACH: _N("address unreachable"),
    Reason.POLICY_FAIL: _N("source address failed the policy"),
    Reason.REJECT_ROUTE: _N("the route rejects the destination"),
}
_ROUTING = {Reason.NET_UNREACH, Reason.HOST_UNREACH, Reason.NO_ROUTE, Reason.BEYOND_SCOPE, Reason.ADDR_UNREACH}

_FACTS = {
    Reason.SYN_ACK: _N("{who} answered SYN-ACK"),
    Reason.SYN: _N("{who} answered SYN"),
    Reason.RESET: _N("{who} answered RST"),
    Reason.CONNECTED: _N("{who} accepted the connection"),
    Reason.CONN_REFUSED: _N("{who} refused the connection with RST"),
}

_ACCEPTS = _N("a program accepts connections on this port")
_OPEN_MEANINGS = {
    Reason.SYN: _N("that opens the connection from both sides at once, so a program is there"),
    Reason.RESET: _N("the window in that RST is not zero, which some systems send where a program listens"),
}

_SILENCE = {
    State.FILTERED: _N("something on the way swallows the probes without a word, or the host is down"),
    State.OPEN_FILTERED: _N("an open port may stay silent here, and so does a firewall that swallows the probes"),
    State.CLOSED_FILTERED: _N("a closed port may stay silent here, and so does a firewall that swallows the probes"),
}


def explain(verdict: Verdict) -> str:
    """The verdict in one sentence, without a full stop, in the language in force.

    ``filtered: 198.18.0.1 answered ICMP 3/13 (administratively prohibited), 0.4 ms after the first of 2 probes: a firewall on
    that router refuses this port``
    """
    evidence = verdict.evidence
    if verdict.reason == Reason.NO_NEIGHBOUR:
        meaning = _("{state}: nobody on the link answers for {who}: the host is off, or the address is not in use")
        sentence = meaning.format(state=verdict.state.word, who=verdict.address)
    elif verdict.reason == Reason.LOCAL_ERROR:
        meaning = _("{state}: this machine could not send to {who}: look at its own route, interface and firewall")
        sentence = meaning.format(state=verdict.state.word, who=verdict.address)
    elif verdict.reason == Reason.NO_RESPONSE or evidence.answer is None:
        sentence = _silence(verdict)
    else:
        sentence = _("{state}: {fact}, {when}: {meaning}").format(
            state=verdict.state.word, fact=_fact(verdict), when=_when(evidence), meaning=_meaning(verdict)
        )
    if evidence.contradicted_by:
        differing = _("{sentence} (later answers differ: {answers}; the first definite one stands)")
        sentence = differing.format(sentence=sentence, answers=", ".join(evidence.contradicted_by))
    return sentence


def _silence(verdict: Verdict) -> str:
    meaning = translated(_SILENCE.get(verdict.state, _SILENCE[State.FILTERED]))
    probes = verdict.evidence.probes
    if probes == 1:
        return _("{state}: no answer to the probe: {meaning}").format(state=verdict.state.word, meaning=meaning)
    return _("{state}: no answer to {probes} probes: {meaning}").format(
        state=verdict.state.word, probes=probes, meaning=meaning
    )


def _fact(verdict: Verdict) -> str:
    who = verdict.evidence.responder or verdict.address
    if (name := _ICMP_NAMES.get(verdict.reason)) is not None:
        return _("{who} answered {icmp} ({name})").format(who=who, icmp=_icmp(verdict.evidence), name=translated(name))
    if (fact := _FACTS.get(verdict.reason)) is not None:
        return translated(fact).format(who=who)
    return _("{who} answered {answer}").format(who=who, answer=verdict.evidence.answer)


def _icmp(evidence: Evidence) -> str:
    family = "ICMPv6" if (evidence.answer or "").startswith("icmp6") else "ICMP"
    return f"{family} {evidence.icmp_type}/{evidence.icmp_code}" if evidence.icmp_type is not None else family


def _when(evidence: Evidence) -> str:
    nth, probes = evidence.answered_probe or 1, evidence.probes
    if evidence.rtt_s is None:
        return _("in answer to probe {nth} of {probes}").format(nth=nth, probes=probes)
    time = latency(evidence.rtt_s)
    if probes <= 1:
        return _("{time} after the probe").format(time=time)
    if nth == 1:
        return _("{time} after the first of {probes} probes").format(time=time, probes=probes)
    if nth == probes:
        return _("{time} after the last of {probes} probes").format(time=time, probes=probes)
    return _("{time} after probe {nth} of {probes}").format(time=time, nth=nth, probes=probes)


def _meaning(verdict: Verdict) -> str:
    if verdict.state == State.OPEN:
        return translated(_OPEN_MEANINGS.get(verdict.reason, _ACCEPTS))
    if verdict.state == State.CLOSED:
        return _("the host can be reached, and says that nobody listens on this port")
    if verdict.state == State.UNFILTERED:
        return _("the probe reached the host, but this method can't tell open from closed")
    return _refusal(verdict)


def _refusal(verdict: Verdict) -> str:
    """What an ICMP error means: a router's is one thing, the target's own another."""
    if verdict.reason == Reason.TIME_EXCEEDED:
        return _("the probe ran out of hops, so the route goes in circles or is too long")
    if verdict.evidence.responder in (None, verdict.address):
        if verdict.reason == Reason.PORT_UNREACH:
            return _("a firewall on the host itself refuses this port; without one, a port where nobody listens answers RST")
        return _("a firewall on the host itself refuses this port")
    if verdict.reason in _ROUTING:
        return _("that router knows no way to the host, or a firewall on it refuses this port in these words")
    return _("a firewall on that router refuses this port")
