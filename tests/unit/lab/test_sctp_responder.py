"""What the lab's SCTP answers, packet by packet; scapy reads it the same."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers import sctp

from hatoba.lab.sctp_responder import answer, crc32c, parse, sealed

OPEN, CLOSED = 30000, 30002
INITIATE_TAG, TAG = 0xCAFE0001, 0xBEEF0002


def packet(port: int, tag: int, *chunks: object) -> bytes:
    made = sctp.SCTP(sport=61000, dport=port, tag=tag)
    for chunk in chunks:
        made /= chunk
    return bytes(made)


def init(port: int, *, tag: int = 0, initiate_tag: int = INITIATE_TAG) -> bytes:
    return packet(port, tag, sctp.SCTPChunkInit(init_tag=initiate_tag, n_out_streams=1, n_in_streams=1, init_tsn=1))


def cookie_echo(port: int) -> bytes:
    return packet(port, TAG, sctp.SCTPChunkCookieEcho(cookie=b"nobody signed this"))


def asked(data: bytes) -> bytes | None:
    return answer(data, {OPEN}, lambda count: bytes(range(count)))


def read(reply: bytes | None) -> sctp.SCTP:
    assert reply is not None
    assert sealed(reply) == reply
    found = sctp.SCTP(reply)
    assert found.dport == 61000
    assert bytes(found) == reply, "scapy finds another checksum or another structure"
    return found


@pytest.mark.parametrize(
    ("data", "value"),
    [  # RFC 3720 appendix B.4, whose CRCs stand as bytes with the little end first
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_checksum(data: bytes, value: int) -> None:
    assert crc32c(data) == value


def test_open_port_acknowledges_an_init() -> None:
    found = read(asked(init(OPEN)))
    assert (found.sport, found.tag) == (OPEN, INITIATE_TAG)
    chunk = found[sctp.SCTPChunkInitAck]
    assert chunk.init_tag
    assert (chunk.n_out_streams, chunk.n_in_streams) == (10, 10)
    assert len(chunk.params[0].cookie) == 32


def test_closed_port_aborts_an_init_with_its_initiate_tag() -> None:
    found = read(asked(init(CLOSED)))
    assert (found.sport, found.tag) == (CLOSED, INITIATE_TAG)
    assert not found[sctp.SCTPChunkAbort].TCB


def test_closed_port_aborts_a_cookie_echo_and_reflects_the_tag() -> None:
    found = read(asked(cookie_echo(CLOSED)))
    assert (found.sport, found.tag) == (CLOSED, TAG)
    assert found[sctp.SCTPChunkAbort].TCB


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(cookie_echo(OPEN), id="a cookie that it never signed"),
        pytest.param(init(OPEN, tag=1), id="an INIT with a verification tag"),
        pytest.param(init(OPEN, initiate_tag=0), id="an INIT without an initiate tag"),
        pytest.param(packet(CLOSED, TAG, sctp.SCTPChunkAbort()), id="an ABORT, or two hosts would never end"),
        pytest.param(packet(CLOSED, TAG, sctp.SCTPChunkInitAck(init_tag=1)), id="its own INIT ACK, on loopback"),
        pytest.param(init(OPEN)[:-1] + b"\x07", id="a wrong checksum"),
        pytest.param(sealed(struct.pack(">HHIIBBH", 1, OPEN, 0, 0, 1, 0, 400)), id="a chunk longer than the packet"),
        pytest.param(sealed(struct.pack(">HHIIBBH", 1, OPEN, 0, 0, 1, 0, 4)), id="an INIT without its fields"),
        pytest.param(sealed(struct.pack(">HHIIBBH", 1, OPEN, 0, 0, 1, 0, 3)), id="a chunk shorter than its header"),
    ],
)
def test_silence(data: bytes) -> None:
    assert asked(data) is None


@given(st.binary(max_size=80), st.booleans())
def test_any_bytes_are_taken(data: bytes, sound: bool) -> None:
    data = sealed(data.ljust(12, b"\0")) if sound else data
    reply = answer(data, {OPEN})
    if reply is not None:
        assert parse(data) is not None
        assert parse(reply) is not None


@pytest.mark.parametrize("length", range(32))
def test_a_packet_cut_short_is_dropped(length: int) -> None:
    whole = init(OPEN)
    assert len(whole) == 32
    assert asked(whole[:length]) is None
