"""IKE on its two ports: the four zeros of port 4500, and who may answer with which version."""

from __future__ import annotations

import struct

import pytest

from hatoba.packets.segment import Place
from hatoba.probes.udp_questions.draft import Draft
from hatoba.probes.udp_questions.ike import main_mode, over_nat, repeats_ike, sa_init
from tests.udp_asking import BY_NAME
from tests.unit.probes.udp_questions.answers import ANSWERS, four

COOKIE = 0x89ABCDEF


def test_an_answer_behind_the_nat_marker_counts_on_either_port() -> None:
    for name in ("ike", "ike-nat", "ike-v1", "ike-v1-nat"):
        for answer in ("ike", "ike-nat", "ike-v1", "ike-v1-nat"):
            assert BY_NAME[name].repeats(ANSWERS[answer](COOKIE), COOKIE) is True


@pytest.mark.parametrize("draft", [sa_init(), main_mode()], ids=["v2", "v1"])
def test_the_marker_moves_the_cookie_and_nothing_else(draft: Draft) -> None:
    marked = over_nat(draft)
    assert marked.data == bytes(4) + draft.data
    assert draft.cookies == (Place(4),)
    assert marked.cookies == (Place(8),)


@pytest.mark.parametrize("version", range(16))
@pytest.mark.parametrize("exchange", [2, 4, 5, 34, 37])
@pytest.mark.parametrize("flags", [0x00, 0x08, 0x20, 0x28])
@pytest.mark.parametrize("responder", [bytes(8), b"respond!"], ids=["nobody", "responder"])
def test_which_headers_are_answers(version: int, exchange: int, flags: int, responder: bytes) -> None:
    """RFC 7296 section 3.1: version 2 marks answers by a flag; RFC 2408: version 1 by who speaks, or a notification."""
    head = b"hato" + four(COOKIE) + responder + struct.pack(">BBBBII", 0, version << 4, exchange, flags, 0, 28)
    answers = (version == 2 and flags & 0x20) or (version == 1 and (exchange == 5 or (exchange == 2 and any(responder))))
    assert repeats_ike(head, COOKIE) is (True if answers else None)
    assert repeats_ike(head, COOKIE ^ 1) is (False if answers else None)
