from __future__ import annotations

from ipaddress import ip_address

import pytest

from hatoba.model import Evidence, Protocol, Reason, State, Verdict
from hatoba.reports.explain import explain

TARGET, ROUTER = ip_address("198.18.0.2"), ip_address("198.18.0.1")


def verdict(state: State, reason: Reason, **evidence: object) -> Verdict:
    values: dict[str, object] = {"method": "syn", "probes": 1, "answered_probe": 1, "responder": TARGET, "rtt_s": 0.0004}
    return Verdict(TARGET, Protocol.TCP, 22, state, reason, Evidence(**{**values, **evidence}))  # type: ignore[arg-type]


def icmp(reason: Reason, code: int, **evidence: object) -> Verdict:
    icmp = {"answer": f"icmp 3/{code}", "icmp_type": 3, "icmp_code": code}
    return verdict(State.FILTERED, reason, **{**icmp, **evidence})


CASES = {
    "the design's example": (
        icmp(Reason.ADMIN_PROHIBITED, 13, responder=ROUTER, probes=2),
        "filtered: 198.18.0.1 answered ICMP 3/13 (administratively prohibited), 0.4 ms after the first of 2 probes: "
        "a firewall on that router refuses this port",
    ),
    "refused by the target": (
        icmp(Reason.HOST_PROHIBITED, 10),
        "filtered: 198.18.0.2 answered ICMP 3/10 (host administratively prohibited), 0.4 ms after the probe: "
        "a firewall on the host itself refuses this port",
    ),
    "REJECT on the target": (
        icmp(Reason.PORT_UNREACH, 3, probes=3, answered_probe=3),
        "filtered: 198.18.0.2 answered ICMP 3/3 (port unreachable), 0.4 ms after the last of 3 probes: "
        "a firewall on the host itself refuses this port; without one, a port where nobody listens answers RST",
    ),
    "no way": (
        icmp(Reason.HOST_UNREACH, 1, responder=ROUTER, probes=3, answered_probe=2),
        "filtered: 198.18.0.1 answered ICMP 3/1 (host unreachable), 0.4 ms after probe 2 of 3: "
        "that router knows no way to the host, or a firewall on it refuses this port in these words",
    ),
    "out of hops": (
        verdict(State.FILTERED, Reason.TIME_EXCEEDED, answer="icmp 11/0", icmp_type=11, icmp_code=0, responder=ROUTER),
        "filtered: 198.18.0.1 answered ICMP 11/0 (time exceeded), 0.4 ms after the probe: "
        "the probe ran out of hops, so the route goes in circles or is too long",
    ),
    "ICMPv6": (
        verdict(State.FILTERED, Reason.REJECT_ROUTE, answer="icmp6 1/6", icmp_type=1, icmp_code=6, responder=ROUTER),
        "filtered: 198.18.0.1 answered ICMPv6 1/6 (the route rejects the destination), 0.4 ms after the probe: "
        "a firewall on that router refuses this port",
    ),
    "open": (
        verdict(State.OPEN, Reason.SYN_ACK, answer="syn-ack"),
        "open: 198.18.0.2 answered SYN-ACK, 0.4 ms after the probe: a program accepts connections on this port",
    ),
    "connected": (
        verdict(State.OPEN, Reason.CONNECTED, answer="connected", method="connect"),
        "open: 198.18.0.2 accepted the connection, 0.4 ms after the probe: a program accepts connections on this port",
    ),
    "simultaneous open": (
        verdict(State.OPEN, Reason.SYN, answer="syn"),
        "open: 198.18.0.2 answered SYN, 0.4 ms after the probe: "
        "that opens the connection from both sides at once, so a program is there",
    ),
    "closed": (
        verdict(State.CLOSED, Reason.RESET, answer="rst", rtt_s=None),
        "closed: 198.18.0.2 answered RST, in answer to probe 1 of 1: "
        "the host can be reached, and says that nobody listens on this port",
    ),
    "refused": (
        verdict(State.CLOSED, Reason.CONN_REFUSED, answer="refused"),
        "closed: 198.18.0.2 refused the connection with RST, 0.4 ms after the probe: "
        "the host can be reached, and says that nobody listens on this port",
    ),
    "unfiltered": (
        verdict(State.UNFILTERED, Reason.RESET, answer="rst", method="ack"),
        "unfiltered: 198.18.0.2 answered RST, 0.4 ms after the probe: "
        "the probe reached the host, but this method can't tell open from closed, --syn can",
    ),
    "datagram": (
        verdict(State.OPEN, Reason.UDP_RESPONSE, answer="udp", method="udp"),
        "open: 198.18.0.2 answered with a datagram, 0.4 ms after the probe: a program answers on this port",
    ),
    "association": (
        verdict(State.OPEN, Reason.INIT_ACK, answer="init-ack", method="sctp-init"),
        "open: 198.18.0.2 answered INIT-ACK, 0.4 ms after the probe: a program accepts associations on this port",
    ),
    "no association": (
        verdict(State.CLOSED, Reason.ABORT, answer="abort", method="sctp-init"),
        "closed: 198.18.0.2 answered ABORT, 0.4 ms after the probe: "
        "the host can be reached, and says that nobody listens on this port",
    ),
    "a protocol": (
        verdict(State.OPEN, Reason.PROTO_RESPONSE, answer="packet", method="ip-protocol"),
        "open: 198.18.0.2 answered in this protocol, 0.4 ms after the probe: the host understands this protocol",
    ),
    "ping": (
        verdict(State.OPEN, Reason.ECHO_REPLY, answer="echo reply", method="icmp-echo"),
        "open: 198.18.0.2 answered the echo request, 0.4 ms after the probe: the host is there",
    ),
    "an error that decides nothing": (
        icmp(Reason.NO_RESPONSE, 8, responder=ROUTER, probes=2),
        "filtered: silence, but for ICMP 3/8 from 198.18.0.1, which says nothing of the port: "
        "something on the way swallows the probes without a word, or the host is down",
    ),
    "out of time": (
        verdict(State.FILTERED, Reason.HOST_TIMEOUT, answer=None, responder=None),
        "filtered: the time for 198.18.0.2 was up (--host-timeout) before this was known",
    ),
    "answers differ": (
        verdict(State.OPEN, Reason.SYN_ACK, answer="syn-ack", contradicted_by=("rst",)),
        "open: 198.18.0.2 answered SYN-ACK, 0.4 ms after the probe: a program accepts connections on this port "
        "(later answers differ: rst; the first definite one stands)",
    ),
    "down": (
        verdict(State.FILTERED, Reason.NO_NEIGHBOUR, answer=None, responder=None),
        "filtered: nobody on the link answers for 198.18.0.2: the host is off, or the address is not in use",
    ),
    "our own fault": (
        verdict(State.FILTERED, Reason.LOCAL_ERROR, answer="local error", responder=None),
        "filtered: this machine could not send to 198.18.0.2: look at its own route, interface and firewall",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_sentences(name: str) -> None:
    given, sentence = CASES[name]
    assert explain(given) == sentence


@pytest.mark.parametrize(
    ("state", "probes", "start", "end"),
    [
        (State.FILTERED, 2, "filtered: no answer to 2 probes: something on the way", "or the host is down"),
        (State.FILTERED, 1, "filtered: no answer to the probe: something", "or the host is down"),
        (State.OPEN_FILTERED, 3, "open|filtered: no answer to 3 probes: an open port may", "swallows the probes"),
        (State.CLOSED_FILTERED, 3, "closed|filtered: no answer to 3 probes: a closed port may", "swallows the probes"),
    ],
)
def test_silence(state: State, probes: int, start: str, end: str) -> None:
    sentence = explain(verdict(state, Reason.NO_RESPONSE, probes=probes, answered_probe=None, responder=None, rtt_s=None))
    assert sentence.startswith(start)
    assert sentence.endswith(end)


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("responder", [TARGET, ROUTER, None])
def test_every_combination_gets_one_sentence(state: State, reason: Reason, responder: object) -> None:
    sentence = explain(verdict(state, reason, answer="icmp 3/1", icmp_type=3, icmp_code=1, responder=responder))
    assert sentence.startswith(f"{state.word}: ")
    assert "None" not in sentence
    assert "{" not in sentence
    assert "\n" not in sentence
