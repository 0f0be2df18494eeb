"""What the methods have to say, in the cases where protocols or Linux are not what one would guess."""

from __future__ import annotations

import pytest

from hatoba.lab.topologies.matrix_rules import CLOSED, DROPPED, FAMILIES, METHODS, OPEN, OPEN_UDP, RESET, SILENT, numbers
from hatoba.lab.topologies.matrix_truth import Place, expected, rationed
from hatoba.model import Reason, State


def words(method: str, condition: str, family: int = 4, place: Place = Place.ON_LINK) -> str:
    state, reason = expected(method, family, place, condition)
    return f"{state.word} {reason.word}"


@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("method", METHODS)
def test_every_condition_has_a_verdict(method: str, family: int, place: Place) -> None:
    for condition in numbers(method, family):
        state, reason = expected(method, family, place, condition)
        assert (reason is Reason.NO_RESPONSE) == (
            condition in (DROPPED, SILENT) or (condition == OPEN and method in ("fin", "null", "xmas", "sctp-cookie"))
        )
        if reason is Reason.NO_RESPONSE:
            assert state in (State.FILTERED, State.OPEN_FILTERED)


@pytest.mark.parametrize(
    ("method", "condition", "told"),
    [
        ("fin", OPEN, "open|filtered no-response"),
        ("fin", CLOSED, "closed reset"),
        ("fin", RESET, "closed reset"),
        ("maimon", OPEN, "closed reset"),
        ("window", OPEN, "closed reset"),
        ("ack", OPEN, "unfiltered reset"),
        ("ack", RESET, "unfiltered reset"),
        ("ack", DROPPED, "filtered no-response"),
        ("connect", OPEN, "open syn-ack"),
        ("connect", RESET, "closed conn-refused"),
        ("connect", "port-unreachable", "filtered port-unreach"),
        ("udp", OPEN, "open udp-response"),
        ("udp", SILENT, "open|filtered no-response"),
        ("sctp-init", OPEN, "open init-ack"),
        ("sctp-init", DROPPED, "filtered no-response"),
        ("sctp-cookie", OPEN, "open|filtered no-response"),
        ("sctp-cookie", CLOSED, "closed abort"),
        ("ip-protocol", OPEN, "open proto-response"),
        ("ip-protocol", OPEN_UDP, "open port-unreach"),
    ],
)
def test_verdict(method: str, condition: str, told: str) -> None:
    assert words(method, condition) == told


@pytest.mark.parametrize(
    ("method", "condition", "from_target", "from_router"),
    [
        ("udp", "port-unreachable", "closed port-unreach", "filtered port-unreach"),
        ("udp", "prot-unreachable", "filtered proto-unreach", "filtered proto-unreach"),
        ("ip-protocol", "port-unreachable", "open port-unreach", "filtered port-unreach"),
        ("ip-protocol", "prot-unreachable", "closed proto-unreach", "filtered proto-unreach"),
        ("syn", "port-unreachable", "filtered port-unreach", "filtered port-unreach"),
    ],
)
def test_whose_word_an_icmp_error_is(method: str, condition: str, from_target: str, from_router: str) -> None:
    assert words(method, condition, place=Place.ON_LINK) == words(method, condition, place=Place.LOOPBACK) == from_target
    assert words(method, condition, place=Place.ROUTED) == from_router


def test_unknown_protocol_is_another_error_in_ipv6() -> None:
    assert words("ip-protocol", CLOSED, 4) == "closed proto-unreach"
    assert words("ip-protocol", CLOSED, 6) == "closed param-problem"


def test_rations() -> None:
    silent = State.CLOSED_FILTERED, Reason.NO_RESPONSE
    closed = State.CLOSED, Reason.PORT_UNREACH
    assert rationed("udp", 4, Place.ON_LINK) == {silent, closed}
    assert rationed("udp", 4, Place.LOOPBACK) == {closed}
    assert (State.OPEN_FILTERED, Reason.NO_RESPONSE) in rationed("ip-protocol", 6, Place.ROUTED)
    assert rationed("syn", 4, Place.ROUTED) == {(State.FILTERED, Reason.ADMIN_PROHIBITED)}
