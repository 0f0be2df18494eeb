"""The words of the model are those that reports and their readers know."""

from __future__ import annotations

import pytest

from hatoba.model import Protocol, Reason, State


def test_protocols_are_ianas_numbers() -> None:
    values = {protocol.word: protocol.value for protocol in Protocol}
    assert values == {"ip": 0, "icmp": 1, "tcp": 6, "udp": 17, "dccp": 33, "sctp": 132}


def test_states_have_nmaps_words() -> None:
    words = [state.word for state in State]
    assert words == ["open", "closed", "filtered", "unfiltered", "open|filtered", "closed|filtered"]
    assert 0 not in list(State)


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (Reason.CONNECTED, "syn-ack"),
        (Reason.SYN_ACK, "syn-ack"),
        (Reason.CONN_REFUSED, "conn-refused"),
        (Reason.NO_RESPONSE, "no-response"),
        (Reason.ADMIN_PROHIBITED, "admin-prohibited"),
    ],
)
def test_reasons_have_nmaps_words(reason: Reason, word: str) -> None:
    assert reason.word == word
