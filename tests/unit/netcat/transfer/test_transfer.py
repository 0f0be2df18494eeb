from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from hatoba.netcat.transfer.lines import TransferFailed
from hatoba.netcat.transfer.receiving import Destination
from hatoba.netcat.transfer.sending import Outcome
from tests.unit.netcat.transfer.transfers import transfer

CONTENT = os.urandom(5_000_001)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "there").mkdir()
    return tmp_path / "there" / "target"


def there(target: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in target.parent.iterdir()}


@pytest.mark.parametrize("raw", [False, True])
def test_both_ends_tell_the_same(source: Path, target: Path, raw: bool) -> None:
    sent, received = transfer(source, Destination(target), raw=raw)
    assert sent == Outcome("source", len(CONTENT), SHA256)
    assert received == Outcome("target", len(CONTENT), SHA256)
    assert there(target) == {"target": CONTENT}


@pytest.mark.parametrize("raw", [False, True])
def test_an_empty_file(tmp_path: Path, target: Path, raw: bool) -> None:
    (tmp_path / "empty").touch()
    sent, received = transfer(tmp_path / "empty", Destination(target), raw=raw)
    assert isinstance(sent, Outcome)
    assert isinstance(received, Outcome)
    assert sent.sha256 == received.sha256 == hashlib.sha256().hexdigest()
    assert there(target) == {"target": b""}


def test_into_a_folder_the_file_keeps_its_name(source: Path, target: Path) -> None:
    transfer(source, Destination(target.parent))
    assert there(target) == {"source": CONTENT}


@pytest.mark.parametrize("have", [1, 1 << 20, (1 << 20) + 7, len(CONTENT)])
def test_it_goes_on_where_it_was_cut(source: Path, target: Path, have: int) -> None:
    target.with_name("target.part").write_bytes(CONTENT[:have])
    sent, received = transfer(source, Destination(target))
    assert sent == Outcome("source", len(CONTENT), SHA256, have)
    assert received == Outcome("target", len(CONTENT), SHA256, have)
    assert there(target) == {"target": CONTENT}


@pytest.mark.parametrize("other", [b"another file", CONTENT[:1000] + b"x", CONTENT + b"more"])
def test_what_is_of_another_file_is_replaced(source: Path, target: Path, other: bytes) -> None:
    target.with_name("target.part").write_bytes(other)
    _sent, received = transfer(source, Destination(target))
    assert received == Outcome("target", len(CONTENT), SHA256)
    assert there(target) == {"target": CONTENT}


def test_a_file_that_is_there_stays(source: Path, target: Path) -> None:
    target.write_bytes(b"old")
    sent, received = transfer(source, Destination(target))
    assert "the other end stopped: it has a file of that name already" in str(sent)
    assert f"{target} exists: name another, or add --overwrite" in str(received)
    assert there(target) == {"target": b"old"}


def test_a_file_that_is_there_can_be_replaced(source: Path, target: Path) -> None:
    target.write_bytes(b"old")
    transfer(source, Destination(target, overwrite=True))
    assert there(target) == {"target": CONTENT}


def test_a_file_that_comes_meanwhile_stays(source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def slow(descriptor: int) -> None:
        target.write_bytes(b"another's")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    sent, received = transfer(source, Destination(target))
    assert "it has a file of that name already" in str(sent)
    assert "was made by another program meanwhile" in str(received)
    assert there(target) == {"target": b"another's", "target.part": CONTENT}


def test_a_full_disk_keeps_what_had_come_and_both_ends_say_so(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, room = os.write, 2_000_000

    def small(descriptor: int, data: memoryview) -> int:
        left = room - os.fstat(descriptor).st_size
        if left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data[:left])

    monkeypatch.setattr(os, "write", small)
    sent, received = transfer(source, Destination(target))
    monkeypatch.undo()
    assert isinstance(sent, TransferFailed)
    assert "the other end stopped: its disk is full; what had come is kept" in str(sent)
    assert "target.part keeps the first 2,000,000 bytes (No space left on device): make room" in str(received)
    assert there(target) == {"target.part": CONTENT[:room]}
    _sent, again = transfer(source, Destination(target))
    assert again == Outcome("target", len(CONTENT), SHA256, room)
    assert there(target) == {"target": CONTENT}


def test_a_place_that_can_not_be_written(source: Path, tmp_path: Path) -> None:
    sent, received = transfer(source, Destination(tmp_path / "no" / "target"))
    assert "it can't write the file" in str(sent)
    assert "can't be written (No such file or directory)" in str(received)


def test_a_file_that_becomes_shorter_is_not_passed_for_whole(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.preadv

    def read(descriptor: int, buffers: list[memoryview], offset: int) -> int:
        if offset > 2_000_000:
            os.truncate(source, 2_000_000)
        return real(descriptor, buffers, offset)

    monkeypatch.setattr(os, "preadv", read)
    sent, received = transfer(source, Destination(target))
    assert "became shorter while it was sent" in str(sent)
    assert "the transfer was cut" in str(received)
    assert "target" not in there(target)


def test_a_file_that_changes_after_its_first_part_was_sent_is_taken_as_it_was_read(source: Path, target: Path) -> None:
    """What is told is the SHA-256 of what was sent, whatever is in the file later."""
    sent, received = transfer(source, Destination(target))
    source.write_bytes(b"changed")
    assert isinstance(sent, Outcome)
    assert sent.sha256 == SHA256
    assert received == Outcome("target", len(CONTENT), SHA256)
