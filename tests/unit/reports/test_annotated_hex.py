"""Annotated hex: the bytes can be read back out of it, and each stands beside its name."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.packets.dissect import dissect, dissect_ethernet
from hatoba.packets.dissect_batch import PacketBatch
from hatoba.packets.dissect_fields import Packet
from hatoba.reports.annotated_hex import AnnotatedHex, annotated_hex
from tests.unit.packets.dissecting import ALL, ETHERNET, V4

KIND = pytest.mark.parametrize(("name", "family", "data"), ALL, ids=[f"{name}-{family}" for name, family, _data in ALL])


def read(data: bytes, family: int) -> Packet:
    return dissect(data, family) if family else dissect_ethernet(data)


def bytes_of(text: str) -> bytes:
    """The dump, undone; its offsets have to be right."""
    data = b""
    for line in text.splitlines():
        if found := re.match(r"([0-9a-f]{4})  ((?:[0-9a-f]{2} )*[0-9a-f]{2})(?:  |$)", line):
            assert int(found[1], 16) == len(data)
            data += bytes.fromhex(found[2])
    return data


@KIND
def test_every_byte_is_there(name: str, family: int, data: bytes) -> None:
    assert bytes_of(annotated_hex(read(data, family))) == data


@given(st.sampled_from(ALL), st.data())
def test_cut_anywhere(kind: tuple[str, int, bytes], draw: st.DataObject) -> None:
    _name, family, data = kind
    cut = data[: draw.draw(st.integers(0, len(data)))]
    text = annotated_hex(read(cut, family))
    assert bytes_of(text) == cut
    assert all(line.isprintable() for line in text.splitlines())


def test_a_whole_packet() -> None:
    text = annotated_hex(dissect(bytes(V4["syn"]), 4), {24: "the cookie of this probe", 31: "also told"})
    assert text == (
        "IPv4\n"
        "0000  45                       version and header length: 4, 20\n"
        "0001  00                       type of service: 0x00\n"
        "0002  00 3c                    total length: 60\n"
        "0004  00 01                    identification: 1\n"
        "0006  00 00                    fragment flags and offset: 0\n"
        "0008  40                       time to live: 64\n"
        "0009  06                       protocol: 6 (tcp)\n"
        "000a  ee 93                    checksum: 0xee93\n"
        "000c  c6 12 00 01              source address: 198.18.0.1\n"
        "0010  c6 12 00 02              destination address: 198.18.0.2\n"
        "TCP\n"
        "0014  f0 00                    source port: 61440\n"
        "0016  00 16                    destination port: 22\n"
        "0018  00 00 00 07              sequence number: 7; the cookie of this probe\n"
        "001c  00 00 00 00              acknowledgement number: 0; also told\n"
        "0020  a0                       header length: 40\n"
        "0021  02                       flags: SYN\n"
        "0022  04 00                    window: 1024\n"
        "0024  c7 b7                    checksum: 0xc7b7\n"
        "0026  00 00                    urgent pointer: 0\n"
        "0028  02 04 05 b4              option: maximum segment size: 1460\n"
        "002c  04 02                    option: selective acknowledgements permitted\n"
        "002e  08 0a 00 00 00 01 00 00  option: timestamps: 1, 2\n"
        "0036  00 02\n"
        "0038  01                       option: no-operation\n"
        "0039  03 03 07                 option: window scale: 7\n"
    )


def test_what_is_quoted_is_under_its_own_title() -> None:
    lines = annotated_hex(dissect(bytes(V4["prohibited"]), 4)).splitlines()
    assert [line for line in lines if not re.match("[0-9a-f]{4}  ", line)] == ["IPv4", "ICMP", "IPv4, quoted", "TCP, quoted"]


def test_what_is_missing_and_what_is_strange_is_remarked() -> None:
    text = annotated_hex(dissect(bytes(V4["syn"])[:30], 4))
    assert "total length: 60 (more than is here)\n" in text
    assert text.endswith("001c  00 00                    acknowledgement number: 00 00 (cut short)\n")
    assert "(malformed)" in annotated_hex(dissect(b"\x60", 4))
    assert "0000                           version and header length (cut short)\n" in annotated_hex(dissect(b"", 4))


def test_text_from_the_network_is_harmless() -> None:
    text = annotated_hex(dissect(bytes(V4["udp"]), 4))
    assert text.endswith('data\n001c  1b 5b 32 4a 68 65 6c 6c  payload: ".[2Jhello"\n0024  6f\n')


def test_notes_that_act_on_a_terminal_are_made_safe() -> None:
    assert "\\x1b[31m" in annotated_hex(dissect(bytes(V4["syn"]), 4), {8: "\x1b[31m"})


def batch(outbound: bool, count: int) -> PacketBatch:
    data = bytes(ETHERNET["syn"])
    frames = np.frombuffer(data * count, np.uint8).reshape(count, -1)
    return PacketBatch(outbound, "eth0", 4, 14, frames, np.full(count, len(data), np.int64), np.zeros(count))


def test_an_observer_writes_what_is_sent_up_to_a_limit() -> None:
    stream, asked = io.StringIO(), []

    def notes(packet: Packet) -> dict[int, str]:
        asked.append(packet)
        return {38: f"probe {len(asked)}"}

    observer = AnnotatedHex(stream, notes, limit=3)
    observer.packets(batch(False, 1))
    assert stream.getvalue() == ""
    for count in (2, 2, 1):
        observer.packets(batch(True, count))
    assert (observer.shown, observer.unshown, len(asked)) == (3, 2, 3)
    dumps = stream.getvalue().split("\n\n")
    assert dumps[3] == ""
    for number, dump in enumerate(dumps[:3], 1):
        assert dump.startswith("TCP 198.18.0.1:61440 > 198.18.0.2:22 S seq=7")
        assert f"0026  00 00 00 07              sequence number: 7; probe {number}" in dump
        assert bytes_of(dump) == bytes(ETHERNET["syn"])


def test_without_a_limit_all_are_written() -> None:
    stream = io.StringIO()
    AnnotatedHex(stream).packets(batch(True, 5))
    assert stream.getvalue().count("IPv4\n") == 5
