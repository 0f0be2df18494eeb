"""A file that a scan writes is its own while it writes it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from hatoba.errors import OutputError
from hatoba.output_file import open_claimed


def test_what_stood_there_before_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "scan"
    path.write_bytes(b"an older and longer report")
    with open_claimed(str(path)) as stream:
        stream.write(b"new")
    assert path.read_bytes() == b"new"


def test_the_beginning_may_be_kept(tmp_path: Path) -> None:
    path = tmp_path / "scan"
    path.write_bytes(b"kept, torn")
    with open_claimed(str(path), 4) as stream:
        stream.write(b" and more")
    assert path.read_bytes() == b"kept and more"


def test_a_file_that_another_scan_writes_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "scan"
    with open_claimed(str(path)) as first:
        first.write(b"found so far")
        first.flush()
        with pytest.raises(OutputError, match="scan is still being written by another scan: wait for its end"):
            open_claimed(str(path))
        assert path.read_bytes() == b"found so far"
    open_claimed(str(path)).close()


def test_who_writes_nothing_takes_nothing_away(tmp_path: Path) -> None:
    path = tmp_path / "scan"
    path.write_bytes(b"an older report")
    open_claimed(str(path)).close()
    open_claimed(str(path), 2).close()
    assert path.read_bytes() == b"an older report"


def test_what_is_no_file_of_its_own_may_be_written_by_many() -> None:
    with open_claimed("/dev/null") as one, open_claimed("/dev/null") as other:
        one.write(b"x")
        other.write(b"x")
    reading, writing = os.pipe()
    with open_claimed(f"/dev/fd/{writing}") as pipe:
        pipe.write(b"through")
    os.close(writing)
    assert os.read(reading, 64) == b"through"
    os.close(reading)


def test_a_file_system_without_locks_keeps_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)
    open_claimed(str(tmp_path / "scan")).close()


def test_no_permission_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(OutputError, match=r"scan\.xml can't be written: no permission; choose a folder that is yours"):
        open_claimed("scan.xml")
