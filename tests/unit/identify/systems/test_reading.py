from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.identify.systems.reading import read, read_options
from hatoba.probes.system import DATAGRAM, ECHO, FULL
from tests.personalities import personality
from tests.systems_seen import seen


def answer(probe: str, family: int = 4, **changes: object) -> bytes:
    return next(one.packet for one in seen(personality("linux-6", **changes), family=family) if one.probe == probe)


@pytest.mark.parametrize(
    ("data", "order"),
    [
        ("", "none"),
        ("020405b4", "mss"),
        ("020405b40402080a00000001000000000103030a", "mss sack ts nop ws"),
        ("020405b4010303060101080a0000000100000000040200 00", "mss nop ws nop nop ts sack eol eol"),
        ("020405b40000ffff", "mss eol eol eol eol"),
        ("220a1122334455667788", "34"),
        ("02", "mss!"),
        ("0200", "mss!"),
        ("0205b40101", "mss!"),
        ("0104", "nop sack!"),
        ("fdff00", "253!"),
    ],
)
def test_the_order_of_options(data: str, order: str) -> None:
    assert read_options(bytes.fromhex(data)).order == order


def test_their_values() -> None:
    options = read_options(bytes.fromhex("020405b40402080a0a0b0c0dffffffff0103030a"))
    assert (options.mss, options.scale, options.stamp) == (1460, 10, 0x0A0B0C0D)
    assert (read_options(b"").mss, read_options(b"").stamp) == (None, None)


@pytest.mark.parametrize("family", [4, 6])
def test_a_syn_ack(family: int) -> None:
    found = read(answer(FULL, family, ttl=60))
    assert found is not None
    assert (found.family, found.ttl, found.flags) == (family, 60, 0x12)
    assert (found.dont_fragment, found.identification) == ((True, 0) if family == 4 else (None, None))
    assert found.options is not None


@pytest.mark.parametrize(("family", "quoted"), [(4, 20 + 8 + 120), (6, 40 + 8 + 120)])
def test_how_much_an_error_quotes_is_told_by_its_length_not_by_what_was_captured(family: int, quoted: int) -> None:
    found = read(answer(DATAGRAM, family)[:100])
    assert found is not None
    assert (found.quoted_bytes, found.tos) == (quoted, 0xC0 if family == 4 else 0)


@pytest.mark.parametrize("family", [4, 6])
def test_an_echo_reply(family: int) -> None:
    found = read(answer(ECHO, family))
    assert found is not None
    assert (found.icmp_code, found.flags) == (9, None)


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("probe", [FULL, ECHO, DATAGRAM])
def test_cut_short_anywhere(probe: str, family: int) -> None:
    packet = answer(probe, family)
    for length in range(len(packet)):
        read(packet[:length])
    assert read(packet[: 20 if family == 4 else 40]) is None


@settings(max_examples=200)
@given(st.binary(max_size=192) | st.binary(max_size=150).map(lambda data: b"\x45" + data))
def test_any_bytes(packet: bytes) -> None:
    read(packet)


@settings(max_examples=200)
@given(st.binary(max_size=40))
def test_any_options(data: bytes) -> None:
    assert read_options(data).order
