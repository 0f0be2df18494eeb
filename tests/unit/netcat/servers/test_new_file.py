from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hatoba.netcat.servers.new_file import MOST_NAME_BYTES, NewFile, fit_name


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("name", ["a", "報告.txt", "a b", "a..b", "x" * MOST_NAME_BYTES, "-rf", "C:\\x"])
def test_names_that_are_taken(name: str) -> None:
    assert fit_name(name.encode()) == name


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b".",
        b"..",
        b".bashrc",
        b"a/b",
        b"/a",
        b"a\0",
        b"a\nb",
        b"\x1b[2J",
        b"\xff",
        b"x" * (MOST_NAME_BYTES + 1),
        "a\u202egpj".encode(),
        "a\u0085b".encode(),
    ],
)
def test_names_that_are_not(raw: bytes) -> None:
    assert fit_name(raw) is None


def test_a_file_is_there_when_it_is_complete(folder: int, tmp_path: Path) -> None:
    with NewFile(folder, "new", overwrite=False) as file:
        file.write(b"abc")
        assert not (tmp_path / "new").exists()
        file.keep()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"new": b"abc"}


def test_what_is_not_kept_is_gone(folder: int, tmp_path: Path) -> None:
    with NewFile(folder, "new", overwrite=False) as file:
        file.write(b"abc")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_left(folder: int, tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        NewFile(folder, "old", overwrite=False)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_a_file_that_comes_meanwhile_is_left(folder: int, tmp_path: Path) -> None:
    with NewFile(folder, "new", overwrite=False) as file:
        (tmp_path / "new").write_bytes(b"another's")
        with pytest.raises(FileExistsError):
            file.keep()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"new": b"another's"}


def test_with_leave_a_file_is_replaced_and_a_link_not_followed(folder: int, tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"target")
    (tmp_path / "old").symlink_to("target")
    with NewFile(folder, "old", overwrite=True) as file:
        file.write(b"new")
        file.keep()
    assert (tmp_path / "target").read_bytes() == b"target"
    assert not (tmp_path / "old").is_symlink()
    assert (tmp_path / "old").read_bytes() == b"new"


def test_a_folder_is_never_replaced(folder: int, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    with NewFile(folder, "old", overwrite=True) as file, pytest.raises(IsADirectoryError):
        file.keep()
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
