from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from hatoba.netcat.transfer.partial import Busy, PartialFile


def test_two_transfers_never_share_a_file(tmp_path: Path) -> None:
    with PartialFile(tmp_path / "x", overwrite=False) as first:
        first.write(memoryview(b"abc"))
        with pytest.raises(Busy):
            PartialFile(tmp_path / "x", overwrite=False)
    with PartialFile(tmp_path / "x", overwrite=False) as second:
        assert second.size_bytes == 3
        assert second.sha256 == hashlib.sha256(b"abc").hexdigest()


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(IsADirectoryError):
        PartialFile(tmp_path / "x", overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_to_begin_anew_forgets_all(tmp_path: Path) -> None:
    (tmp_path / "x.part").write_bytes(b"earlier")
    with PartialFile(tmp_path / "x", overwrite=False) as file:
        file.begin_anew()
        file.write(memoryview(b"new"))
        file.keep()
    assert (tmp_path / "x").read_bytes() == b"new"
    assert not (tmp_path / "x.part").exists()
