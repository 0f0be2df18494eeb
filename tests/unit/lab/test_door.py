"""Which doors are found, in a /proc made for it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hatoba.errors import LabError
from hatoba.lab import door

KEEPER = b"python\0-P\0-m\0hatoba.lab.keeper\x005\x003\0"


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty one, and no lab around this process. Names are short: a socket's path has 107 bytes."""
    monkeypatch.setattr(door, "DOOR", Path("/d/door"))
    before = Path.cwd()
    os.chdir(tmp_path)
    yield Path()
    os.chdir(before)


def add(proc: Path, number: int, command: bytes, *, lab: int | None = None) -> Path:
    """A process; *lab*: in whose lab with an open door it is."""
    folder = proc / str(number)
    folder.mkdir()
    (folder / "cmdline").write_bytes(command)
    place = folder / "root/d/door"
    if lab is not None:
        shared = proc.resolve() / f"lab{lab}"
        if not shared.exists():
            shared.mkdir()
            with socket.socket(socket.AF_UNIX) as end:
                end.bind(f"lab{lab}/door")
        place.parent.parent.mkdir()
        place.parent.symlink_to(shared)
    return place


def test_both_processes_of_a_keeper_have_one_door(proc: Path) -> None:
    places = {add(proc, 10, KEEPER, lab=1), add(proc, 11, KEEPER, lab=1)}
    (found,) = door.doors(proc)
    assert found in places


def test_every_lab_has_its_own(proc: Path) -> None:
    assert set(door.doors(proc)) == set()
    wanted = {add(proc, 10, KEEPER, lab=1), add(proc, 20, KEEPER, lab=2)}
    assert set(door.doors(proc)) == wanted


def test_others_are_passed_over(proc: Path) -> None:
    add(proc, 10, KEEPER)
    add(proc, 11, b"vi\0hatoba.lab.keeper.txt\0", lab=1)
    (proc / "12").mkdir()
    assert door.doors(proc) == []


def test_from_inside_there_is_one(proc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(proc, 10, KEEPER, lab=1)
    inside = proc.resolve() / "lab1/door"
    monkeypatch.setattr(door, "DOOR", inside)
    assert door.is_inside()
    assert door.doors(proc) == [inside]


def test_a_lab_that_has_just_ended_is_told_in_a_sentence(proc: Path) -> None:
    place = add(proc, 10, KEEPER, lab=1)
    with pytest.raises(LabError, match="closed"):
        door.Visit(place)
