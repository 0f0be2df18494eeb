"""SCTP INIT and COOKIE ECHO, beside the specification's table (RFC 9260 sections 5.1, 8.4 and 8.5)."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.sctp import SCTP, SCTPChunkAbort, SCTPChunkInitAck

from hatoba.model import Protocol
from hatoba.packets.answers import SCTP_PACKET
from hatoba.probes import sctp_cookie, sctp_init, sctp_packet
from tests.unit.probes.judging import BOTH, COOKIES, NOTHING, ROUTER, Told, errors, judged, rows, specified_errors

METHODS = {module.METHOD.name: module.METHOD for module in (sctp_init, sctp_cookie)}
EACH = pytest.mark.parametrize("name", METHODS)
INIT_ACK, ABORT = 2, 6


def specified(name: str, chunk: int, offset: int) -> Told:
    if offset == 0 and chunk == ABORT:
        return ("closed", "abort", "abort")
    return ("open", "init-ack", "init-ack") if (name, chunk, offset) == ("sctp-init", INIT_ACK, 0) else NOTHING


def tag_of(family: int, cookie: int) -> int:
    return cookie % (1 << (16 if family == 4 else 20)) or 1


@EACH
@BOTH
def test_every_chunk_and_verification_tag(name: str, family: int) -> None:
    cases = list(itertools.product(range(256), (0, 1, -1, 1 << 31, 1 << 16), COOKIES))
    answers = rows(len(cases), kind=SCTP_PACKET, protocol=132)
    answers["flags"] = [chunk for chunk, _offset, _cookie in cases]
    answers["seq"] = [(cookie + offset) & 0xFFFFFFFF for _chunk, offset, cookie in cases]
    told = judged(METHODS[name], family, answers, [cookie for _chunk, _offset, cookie in cases])
    assert told == [specified(name, chunk, offset) for chunk, offset, _cookie in cases]


@EACH
@BOTH
@pytest.mark.parametrize("source", ["target", "router"])
def test_every_error_about_our_packet(name: str, family: int, source: str) -> None:
    for cookie in COOKIES:
        answers = errors(132, tag=tag_of(family, cookie), flags=INIT_ACK, seq=cookie)
        if source == "router":
            answers["source"][:, 3] = ROUTER
        assert judged(METHODS[name], family, answers, cookie) == specified_errors(family)


@EACH
@BOTH
def test_an_error_about_another_s_packet_is_nothing(name: str, family: int) -> None:
    nothing = [NOTHING] * (1 << 16)
    assert judged(METHODS[name], family, errors(132, tag=9, seq=8), 8) == nothing
    for protocol in (1, 6, 17, 58, 0):
        assert judged(METHODS[name], family, errors(protocol, tag=8, seq=8), 8) == nothing


@EACH
@BOTH
def test_other_kinds_of_packets_are_nothing(name: str, family: int) -> None:
    for kind in (0, 1, 3, 5, 6):
        assert judged(METHODS[name], family, rows(kind=kind, flags=ABORT, seq=8, tag=8, icmp_type=3, icmp_code=1), 8) == [
            NOTHING
        ]


@EACH
def test_what_silence_means(name: str) -> None:
    state, reason = METHODS[name].silence
    assert (state.word, reason.word) == ({"sctp-init": "filtered", "sctp-cookie": "open|filtered"}[name], "no-response")
    assert METHODS[name].protocol is Protocol.SCTP


@EACH
@BOTH
def test_all_ports_are_asked_alike(name: str, family: int) -> None:
    segments, choice = METHODS[name].wording(family, np.array([80, 443], np.uint16))
    assert len(segments) == 1
    assert choice.tolist() == [[0], [0]]


def test_a_chunk_is_filled_up_to_four_bytes() -> None:
    for size in range(9):
        data = sctp_packet.packet(10, bytes(size), ()).data
        assert len(data) % 4 == 0
        assert int.from_bytes(data[14:16], "big") == 4 + size, "the padding does not count (RFC 9260 section 3.2)"
        assert SCTP(data).payload.len == 4 + size


@BOTH
def test_what_scapy_answers(family: int) -> None:
    """The verification tag of INIT ACK and of ABORT is the INIT's initiate tag; COOKIE ECHO's own is reflected."""
    from hatoba.packets.answers import read_answers
    from hatoba.wire.base import WIDTH_BYTES

    network = IP(src="198.18.0.2", dst="198.18.0.1") if family == 4 else IPv6(src="fd00:18::2", dst="fd00:18::1")
    head = SCTP(sport=80, dport=61440, tag=0xDEADBEEF)
    packets = [bytes(network / head / chunk) for chunk in (SCTPChunkInitAck(init_tag=1), SCTPChunkAbort())]
    frames = np.zeros((2, WIDTH_BYTES), np.uint8)
    for row, packet in zip(frames, packets, strict=True):
        row[: len(packet)] = np.frombuffer(packet, np.uint8)
    answers = read_answers(family, frames, np.array([len(packet) for packet in packets], np.uint32), np.zeros(2))
    closed = ("closed", "abort", "abort")
    assert judged(METHODS["sctp-init"], family, answers, 0xDEADBEEF) == [("open", "init-ack", "init-ack"), closed]
    assert judged(METHODS["sctp-cookie"], family, answers, 0xDEADBEEF) == [NOTHING, closed]
