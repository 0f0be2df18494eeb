"""What was written, three others read back: tcpdump, tshark and scapy, to the same bytes, times and directions."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.utils import RawPcapNgReader

from hatoba.errors import OutputError
from hatoba.messages import use_language
from hatoba.packets.dissect_batch import PacketBatch
from hatoba.wire.capture_file import CaptureFile, interface_description, packet_blocks, section_header
from hatoba.wire.fake import ip_packet

SRC, DST = bytes([198, 18, 0, 1]), bytes([198, 18, 0, 2])
V6 = [bytes.fromhex("fd000018" + "0" * 22 + last) for last in ("01", "02")]
ETHERNET = bytes.fromhex("020000000002020000000001")
SHIFT_S = 1_700_000_000.25
Told = tuple[bytes, int, int]
"""Bytes, nanoseconds since the epoch, direction (1 inbound, 2 outbound)."""


def packet(family: int, port: int, payload: int = 0) -> bytes:
    segment = struct.pack(">HHIIBBHHH", 61440, port, 7, 0, 0x50, 2, 1024, 0, 0) + bytes(payload)
    return ip_packet(family, 6, *((SRC, DST) if family == 4 else V6), segment)


def batch(
    frames: list[bytes], outbound: bool = True, interface: str = "eth0", family: int = 4, link_bytes: int = 0, at_s: float = 1.0
) -> PacketBatch:
    wide = np.full((len(frames), max(len(frame) for frame in frames) + 4), 0xEE, np.uint8)
    for row, frame in zip(wide, frames, strict=True):
        row[: len(frame)] = np.frombuffer(frame, np.uint8)
    lengths = np.array([len(frame) for frame in frames], np.int64)
    return PacketBatch(outbound, interface, family, link_bytes, wide, lengths, at_s + np.arange(len(frames)) * 1e-9)


def scan(path: Path) -> list[Told]:
    """A scan over two interfaces, with and without Ethernet, of both families; and what should be read back."""
    sent = [ETHERNET + b"\x08\x00" + packet(4, port, payload) for port, payload in ((22, 0), (23, 3), (24, 0), (25, 1))]
    came, sent6 = [packet(4, 61440)], [packet(6, 80), packet(6, 81)]
    file = CaptureFile(str(path), SHIFT_S)
    file.packets(batch(sent, link_bytes=14))
    file.packets(batch(came, outbound=False, at_s=1.5))
    file.packets(batch(sent6, interface="lo", family=6, at_s=2.0))
    file.close()
    assert file.failure is None
    told = [(frame, 1_700_000_001_250_000_000 + index, 2) for index, frame in enumerate(sent)]
    told += [(bytes(12) + b"\x08\x00" + came[0], 1_700_000_001_750_000_000, 1)]
    return told + [(bytes(12) + b"\x86\xdd" + frame, 1_700_000_002_250_000_000 + index, 2) for index, frame in enumerate(sent6)]


def test_scapy_reads_the_same(tmp_path: Path) -> None:
    expected = scan(path := tmp_path / "scan.pcapng")
    with RawPcapNgReader(str(path)) as reader:
        found = [(data, meta) for data, meta in reader]
    assert [data for data, _meta in found] == [data for data, _at, _way in expected]
    assert [(meta.tshigh << 32) + meta.tslow for _data, meta in found] == [at for _data, at, _way in expected]
    assert {meta.tsresol for _data, meta in found} == {10**9}
    assert {meta.linktype for _data, meta in found} == {1}
    assert [meta.direction for _data, meta in found] == [way for _data, _at, way in expected]
    assert [meta.ifname for _data, meta in found] == [b"eth0"] * 5 + [b"lo"] * 2


@pytest.mark.peer("tshark")
def test_tshark_reads_the_same(tmp_path: Path, require_program: Callable[[str], str]) -> None:
    expected = scan(path := tmp_path / "scan.pcapng")
    fields = ["frame.time_epoch", "frame.packet_flags_direction", "frame.interface_name", "frame.len", "tcp.dstport"]
    command = [require_program("tshark"), "-nr", str(path), "-T", "fields", *(part for name in fields for part in ("-e", name))]
    lines = [line.split("\t") for line in output(command).splitlines()]
    assert [line[0].replace(".", "") for line in lines] == [str(at) for _data, at, _way in expected]
    assert [int(line[1], 0) for line in lines] == [way for _data, _at, way in expected]
    assert [line[2] for line in lines] == ["eth0"] * 5 + ["lo"] * 2
    assert [int(line[3]) for line in lines] == [len(data) for data, _at, _way in expected]
    assert [line[4] for line in lines] == ["22", "23", "24", "25", "61440", "80", "81"]


@pytest.mark.peer("tcpdump")
def test_tcpdump_reads_the_same(tmp_path: Path, require_program: Callable[[str], str]) -> None:
    expected = scan(path := tmp_path / "scan.pcapng")
    command = [require_program("tcpdump"), "--nano", "-ttnnxxr", str(path)]
    told: list[tuple[bytes, int]] = []
    for line in output(command).splitlines():
        if line.startswith("\t"):
            data, at = told[-1]
            told[-1] = data + bytes.fromhex(line.split(":", 1)[1]), at
        else:
            told.append((b"", int(line.split()[0].replace(".", ""))))
    assert told == [(data, at) for data, at, _way in expected]


def output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_scan_that_is_cut_off_leaves_a_readable_file(tmp_path: Path) -> None:
    path = tmp_path / "scan.pcapng"
    file = CaptureFile(str(path), SHIFT_S)
    file.packets(batch([packet(4, 22)]))
    with RawPcapNgReader(str(path)) as reader:  # and the file is still open for writing
        assert len(list(reader)) == 1
    file.close()


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_mixed_lengths_keep_their_order(payloads: list[int]) -> None:
    frames = [packet(4, port, payload) for port, payload in enumerate(payloads)]
    blocks = packet_blocks(batch(frames), 3, np.arange(len(frames), dtype=np.int64) + (1 << 32))
    at = 0
    for index, frame in enumerate(frames):
        kind, size, interface, high, low, captured, original = struct.unpack_from("<7I", blocks, at)
        assert (kind, interface, high, low) == (6, 3, 1, index)
        assert captured == original == len(frame) + 14
        assert size % 4 == 0
        assert blocks[at + 28 : at + 28 + captured] == bytes(12) + b"\x08\x00" + frame
        assert not any(blocks[at + 28 + captured : at + size - 16])
        assert struct.unpack_from("<HHIII", blocks, at + size - 16) == (2, 4, 2, 0, size)
        at += size
    assert at == len(blocks)


@pytest.mark.parametrize("family", [4, 6])
def test_a_packet_of_which_the_wire_kept_the_beginning(family: int) -> None:
    whole = packet(family, 22, 300)
    kept = batch([whole[:192]], outbound=False, family=family)
    captured, original = struct.unpack_from("<II", packet_blocks(kept, 0, np.zeros(1, np.int64)), 20)
    assert (captured, original) == (192 + 14, len(whole) + 14)


def test_an_interface_without_a_name() -> None:
    assert b"lo" in interface_description("lo")
    assert len(interface_description("")) == len(interface_description("lo")) - 8
    assert section_header()[:4] == bytes.fromhex("0a0d0d0a")


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    use_language("en")
    with pytest.raises(OutputError, match=r"its folder does not exist; make it first with mkdir -p"):
        CaptureFile(str(tmp_path / "none" / "x.pcapng"), 0.0)
    with pytest.raises(OutputError, match="is a folder; give the name of a file in it"):
        CaptureFile(str(tmp_path), 0.0)
    with pytest.raises(OutputError, match="can't be written"):
        CaptureFile(str(tmp_path / ("x" * 300)), 0.0)


def test_a_file_that_another_scan_writes_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "scan.pcapng"
    first = CaptureFile(str(path), 0.0)
    first.packets(batch([packet(4, 22)]))
    written = path.read_bytes()
    with pytest.raises(OutputError, match="still being written by another scan"):
        CaptureFile(str(path), 0.0)
    assert path.read_bytes() == written
    first.close()


def test_a_scan_that_is_refused_leaves_the_older_capture(tmp_path: Path) -> None:
    path = tmp_path / "scan.pcapng"
    path.write_bytes(b"monday's packets")
    file = CaptureFile(str(path), 0.0)
    file.give_up()
    file.close()
    assert path.read_bytes() == b"monday's packets"
    CaptureFile(str(path), 0.0).close()  # a scan without a packet
    assert path.read_bytes() == section_header()


def test_a_disk_that_is_full_ends_the_file_and_not_the_scan() -> None:
    use_language("en")
    file = CaptureFile("/dev/full", 0.0)
    file.packets(batch([packet(4, 22)]))
    file.close()
    file.close()
    assert "/dev/full is incomplete: the disk is full" in str(file.failure)


def test_what_comes_after_the_end_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "scan.pcapng"
    file = CaptureFile(str(path), 0.0)
    file.close()
    file.packets(batch([packet(4, 22)]))
    assert path.read_bytes() == section_header()
