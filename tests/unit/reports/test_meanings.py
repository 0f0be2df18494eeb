from __future__ import annotations

from ipaddress import ip_address

import pytest

from hatoba.model import Evidence, Protocol, Reason, State, Verdict
from hatoba.reports.meanings import meaning, silence

TARGET, ROUTER = ip_address("198.18.0.2"), ip_address("198.18.0.1")
PROTOCOLS = {"udp": Protocol.UDP, "sctp-init": Protocol.SCTP, "sctp-cookie": Protocol.SCTP, "ip-protocol": Protocol.IP}


def verdict(method: str, state: State, reason: Reason = Reason.NO_RESPONSE, port: int = 22, by: object = TARGET) -> Verdict:
    evidence = Evidence(method, 1, responder=by)  # type: ignore[arg-type]
    return Verdict(TARGET, PROTOCOLS.get(method, Protocol.TCP), port, state, reason, evidence)


@pytest.mark.parametrize(
    ("method", "state", "reason", "words"),
    [
        ("syn", State.OPEN, Reason.SYN_ACK, "accepts connections"),
        ("udp", State.OPEN, Reason.UDP_RESPONSE, "a program answers"),
        ("sctp-init", State.OPEN, Reason.INIT_ACK, "accepts associations"),
        ("ip-protocol", State.OPEN, Reason.PROTO_RESPONSE, "understands this protocol"),
        ("ip-protocol", State.OPEN, Reason.PORT_UNREACH, "only nobody listens on the port"),
        ("window", State.OPEN, Reason.RESET, "is not zero"),
        ("syn", State.CLOSED, Reason.RESET, "nobody listens on this port"),
        ("udp", State.CLOSED, Reason.PORT_UNREACH, "nobody listens on this port"),
        ("sctp-cookie", State.CLOSED, Reason.ABORT, "nobody listens on this port"),
        ("fin", State.CLOSED, Reason.RESET, "Windows says so of every port"),
        ("xmas", State.CLOSED, Reason.RESET, "Windows says so of every port"),
        ("null", State.CLOSED, Reason.RESET, "Windows says so of every port"),
        ("maimon", State.CLOSED, Reason.RESET, "old BSD descent"),
        ("window", State.CLOSED, Reason.RESET, "as Linux does"),
        ("ip-protocol", State.CLOSED, Reason.PROTO_UNREACH, "does not understand this protocol"),
        ("ip-protocol", State.CLOSED, Reason.PARAMETER_PROBLEM, "does not understand this protocol"),
        ("ack", State.UNFILTERED, Reason.RESET, "--syn can"),
        ("syn", State.FILTERED, Reason.PORT_UNREACH, "answers RST"),
        ("sctp-init", State.FILTERED, Reason.PORT_UNREACH, "answers ABORT"),
        ("sctp-init", State.FILTERED, Reason.PROTO_UNREACH, "the host does not understand SCTP"),
        ("udp", State.FILTERED, Reason.ADMIN_PROHIBITED, "on the host itself refuses this port"),
        ("ip-protocol", State.FILTERED, Reason.ADMIN_PROHIBITED, "on the host itself refuses this protocol"),
    ],
)
def test_an_answer_of_the_host(method: str, state: State, reason: Reason, words: str) -> None:
    assert words in meaning(verdict(method, state, reason))


@pytest.mark.parametrize(
    ("method", "reason", "words"),
    [
        ("udp", Reason.PORT_UNREACH, "on that router refuses this port"),
        ("syn", Reason.HOST_UNREACH, "knows no way to the host, or a firewall on it refuses this port"),
        ("ip-protocol", Reason.PROTO_UNREACH, "on that router refuses this protocol"),
        ("ip-protocol", Reason.ADDR_UNREACH, "knows no way to the host, or a firewall on it refuses this protocol"),
        ("ip-protocol", Reason.TIME_EXCEEDED, "ran out of hops"),
    ],
)
def test_a_routers_word(method: str, reason: Reason, words: str) -> None:
    assert words in meaning(verdict(method, State.FILTERED, reason, by=ROUTER))


@pytest.mark.parametrize("method", ["fin", "null", "xmas", "maimon"])
def test_silence_to_what_only_closed_ports_answer(method: str) -> None:
    told = silence(verdict(method, State.OPEN_FILTERED))
    assert told.startswith("a closed port answers RST to this; an open one is silent")
    assert "--syn" in told


@pytest.mark.parametrize(
    ("port", "words"),
    [
        (53, "nobody answered in the language of dns"),
        (53, "or answers no stranger"),
        (53, "a closed port of a host that holds its ICMP errors back"),
        (51820, "a closed port of a host that holds its ICMP errors back"),
        (51820, "wireguard answers no stranger"),
        (4, "the empty datagram that asked"),
    ],
)
def test_silence_of_a_udp_port(port: int, words: str) -> None:
    assert words in silence(verdict("udp", State.OPEN_FILTERED, port=port))


@pytest.mark.parametrize(
    ("method", "state", "words"),
    [
        ("udp", State.CLOSED_FILTERED, "--prove-closed"),
        ("udp", State.CLOSED_FILTERED, "a program that never answers a stranger looks the same"),
        ("ip-protocol", State.OPEN_FILTERED, "rations its ICMP errors"),
        ("sctp-cookie", State.OPEN_FILTERED, "--sctp-init"),
        ("ip-protocol", State.OPEN_FILTERED, "without meaning"),
        ("ack", State.FILTERED, "swallows the probes without a word"),
        ("syn", State.CLOSED_FILTERED, "a closed port may stay silent"),
    ],
)
def test_silence(method: str, state: State, words: str) -> None:
    assert words in silence(verdict(method, state))
