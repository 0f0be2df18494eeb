"""One sentence per verdict: what came back, from whom, after how long, and what that means (``reports.meanings``)."""

from __future__ import annotations

from hatoba.messages import _N, _, translated
from hatoba.model import Evidence, Reason, Verdict
from hatoba.reports.meanings import meaning, silence
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
    Reason.PARAMETER_PROBLEM: _N("unrecognized next header"),
}

_FACTS = {
    Reason.SYN_ACK: _N("{who} answered SYN-ACK"),
    Reason.SYN: _N("{who} answered SYN"),
    Reason.RESET: _N("{who} answered RST"),
    Reason.CONNECTED: _N("{who} accepted the connection"),
    Reason.CONN_REFUSED: _N("{who} refused the connection with RST"),
    Reason.UDP_RESPONSE: _N("{who} answered with a datagram"),
    Reason.INIT_ACK: _N("{who} answered INIT-ACK"),
    Reason.ABORT: _N("{who} answered ABORT"),
    Reason.PROTO_RESPONSE: _N("{who} answered in this protocol"),
    Reason.ECHO_REPLY: _N("{who} answered the echo request"),
    Reason.TIMESTAMP_REPLY: _N("{who} answered the timestamp request"),
    Reason.ADDRESSMASK_REPLY: _N("{who} answered the address mask request"),
    Reason.ARP_RESPONSE: _N("{who} answered ARP"),
    Reason.ND_RESPONSE: _N("{who} answered neighbour discovery"),
}

_UNASKED = {
    Reason.NO_NEIGHBOUR: _N("{state}: nobody on the link answers for {who}: the host is off, or the address is not in use"),
    Reason.LOCAL_ERROR: _N("{state}: this machine could not send to {who}: look at its own route, interface and firewall"),
    Reason.HOST_TIMEOUT: _N("{state}: the time for {who} was up (--host-timeout) before this was known"),
    Reason.LOCALHOST_RESPONSE: _N("{state}: {who} is this machine itself"),
    Reason.USER_SET: _N("{state}: it was said of {who}, and not asked"),
}
"""Reasons that no packet gave."""


def explain(verdict: Verdict, believed: bool = True) -> str:
    """The verdict in one sentence, without a full stop, in the language in force. Not *believed* is an open port of a host that
    answers so for every port.

    ``filtered: 198.18.0.1 answered ICMP 3/13 (administratively prohibited), 0.4 ms after the first of 2 probes: a firewall on
    that router refuses this port``
    """
    evidence = verdict.evidence
    if (unasked := _UNASKED.get(verdict.reason)) is not None:
        sentence = translated(unasked).format(state=verdict.state.word, who=verdict.address)
    elif verdict.reason == Reason.NO_RESPONSE or evidence.answer is None:
        sentence = _silence(verdict)
    else:
        sentence = _("{state}: {fact}, {when}: {meaning}").format(
            state=verdict.state.word, fact=_fact(verdict), when=_when(evidence), meaning=meaning(verdict, believed)
        )
    if evidence.contradicted_by:
        differing = _("{sentence} (later answers differ: {answers}; the first definite one stands)")
        sentence = differing.format(sentence=sentence, answers=", ".join(evidence.contradicted_by))
    return sentence


def _silence(verdict: Verdict) -> str:
    """Silence, and what came that breaks it without saying anything of the port."""
    evidence, state = verdict.evidence, verdict.state.word
    if evidence.answer is not None:
        who = evidence.responder or verdict.address
        noted = _("{state}: silence, but for {answer} from {who}, which says nothing of the port: {meaning}")
        return noted.format(state=state, answer=_noted(evidence), who=who, meaning=silence(verdict))
    if evidence.probes == 1:
        return _("{state}: no answer to the probe: {meaning}").format(state=state, meaning=silence(verdict))
    told = _("{state}: no answer to {probes} probes: {meaning}")
    return told.format(state=state, probes=evidence.probes, meaning=silence(verdict))


def _noted(evidence: Evidence) -> str:
    return _icmp(evidence) if evidence.icmp_type is not None else str(evidence.answer)


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
