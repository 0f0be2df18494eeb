"""The cursor: fields off the front, and what it says where the bytes end."""

from __future__ import annotations

import pytest

from hatoba.packets.dissect_fields import CUT_SHORT, Cursor, Cut, Packet, hexadecimal, visible


def test_fields_follow_each_other() -> None:
    cursor = Cursor(bytes.fromhex("0102c6120001020000000001ff"))
    cursor.open("TEST")
    assert cursor.peek(1, 1) == 2
    assert cursor.number(2, "first", "first", hex) == 0x0102
    cursor.address(4, "src", "source")
    cursor.mac("mac", "hardware address")
    cursor.rest("payload", "payload")
    packet = Packet(cursor.data, cursor.headers())
    header = packet.header("TEST")
    assert header is not None
    assert [(f.offset, f.length, f.key, f.value) for f in header.fields] == [
        (0, 2, "first", "0x102"),
        (2, 4, "src", "198.18.0.1"),
        (6, 6, "mac", "02:00:00:00:00:01"),
        (12, 1, "payload", '"."'),
    ]
    assert packet.number(header, "src") == 0xC6120001
    assert packet.number(header, "absent") is None
    assert header.text("absent") == ""
    assert packet.header("TEST", depth=1) is None


def test_what_is_cut_is_written_down_and_not_taken_for_a_value() -> None:
    cursor = Cursor(b"\x01")
    cursor.open("TEST")
    with pytest.raises(Cut):
        cursor.peek_or_cut(2, "length", "length")
    packet = Packet(cursor.data, cursor.headers())
    (field,) = packet.headers[0].fields
    assert (field.length, field.value, field.note) == (1, "01", CUT_SHORT)
    assert packet.headers[0].field("length") is None
    assert packet.number(packet.headers[0], "length") is None
    assert packet.is_cut_short


def test_bytes_are_shown_harmless() -> None:
    assert visible(b"\x1b[31m\xff~\x7f") == '".[31m.~."'
    assert visible(b"a" * 25) == '"' + "a" * 24 + '"...'
    assert hexadecimal(bytes(25)) == " ".join(["00"] * 24) + " ..."
