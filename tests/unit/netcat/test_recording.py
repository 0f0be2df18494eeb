"""Files of what passed, and line ends."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.errors import OutputError, UsageError
from hatoba.netcat.recording import RECEIVED, SENT, CrLf, Record, in_turn, marked_dump


def view(data: bytes) -> memoryview:
    return memoryview(data)


def test_both_ways_in_the_order_in_which_they_passed(tmp_path: Path) -> None:
    plain, dump = tmp_path / "plain", tmp_path / "dump"
    record = Record(str(plain), str(dump))
    record.sent(view(b"GET / HTTP/1.0\r\n\r\n"))
    record.received(view(b"\0\xff ok"))
    record.sent(view(b"more"))
    assert plain.read_bytes() == b"GET / HTTP/1.0\r\n\r\n\0\xff okmore"
    assert dump.read_text().splitlines() == [
        "> 00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 30 0d 0a  |GET / HTTP/1.0..|",
        "> 00000010  0d 0a                                             |..|",
        "< 00000000  00 ff 20 6f 6b                                    |.. ok|",
        "> 00000012  6d 6f 72 65                                       |more|",
    ]


def test_files_are_begun_anew_or_added_to(tmp_path: Path) -> None:
    path = tmp_path / "plain"
    path.write_bytes(b"before ")
    Record(str(path), append=True).sent(view(b"after"))
    assert path.read_bytes() == b"before after"
    Record(str(path)).sent(view(b"anew"))
    assert path.read_bytes() == b"anew"


@given(st.binary(max_size=100))
def test_a_dump_holds_every_byte(data: bytes) -> None:
    found = b""
    for line in marked_dump(RECEIVED, 0, data):
        assert line.isprintable()
        found += bytes.fromhex(line[12:60])
    assert found == data


def test_a_full_disk_and_a_folder_that_is_missing(tmp_path: Path) -> None:
    record = Record("/dev/full")
    with pytest.raises(OutputError, match="/dev/full can't be written: No space left on device"):
        record.sent(view(b"x"))
    with pytest.raises(UsageError, match="No such file or directory"):
        Record(hexadecimal=str(tmp_path / "none" / "file"))


@given(st.lists(st.text("ab\r\n", max_size=6)))
def test_line_ends_are_the_same_however_input_is_cut(pieces: list[str]) -> None:
    change = CrLf()
    changed = b"".join(bytes(change(view(piece.encode()))) for piece in pieces if piece)
    whole = "".join(pieces).encode()
    assert changed == re.sub(rb"(?<!\r)\n", b"\r\n", whole)


def test_filters_in_turn(tmp_path: Path) -> None:
    record = Record(str(tmp_path / "plain"))
    both = in_turn(CrLf(), None, record.sent)
    assert both is not None
    assert bytes(both(view(b"line\n"))) == b"line\r\n"
    assert (tmp_path / "plain").read_bytes() == b"line\r\n"
    assert in_turn(None, None) is None
    assert in_turn(record.sent) == record.sent
    assert SENT != RECEIVED
