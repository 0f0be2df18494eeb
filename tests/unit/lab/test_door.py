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


@pytest.fixture
def impatient() -> Iterator[None]:
    """Whoever gets no answer gives up."""
    socket.setdefaulttimeout(5)
    yield
    socket.setdefaulttimeout(None)


@pytest.fixture
def anothers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is there belongs to somebody else than the one who asks, who may be root."""
    another = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: another)


@pytest.mark.usefixtures("anothers")
def test_another_users_keeper_is_passed_over(proc: Path) -> None:
    add(proc, 10, KEEPER, lab=1)
    assert door.doors(proc) == []


@pytest.mark.usefixtures("anothers", "impatient")
def test_nothing_is_said_behind_another_users_door(proc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "DOOR", Path("door"))
    with door.open_door() as opened:
        with pytest.raises(LabError, match="another user's"):
            door.Visit(Path("door"))
        with opened.accept()[0] as visitor:
            assert visitor.recv(1) == b""


@pytest.mark.usefixtures("impatient")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_the_owner_is_who_opened_it(proc: Path) -> None:
    proc.chmod(0o777)
    (told, opened), (stay, leave) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(leave)
            os.setuid(4321)
            with socket.socket(socket.AF_UNIX) as end:
                end.bind("anothers")
                end.listen()
                os.write(opened, b".")
                os.read(stay, 1)
        finally:
            os._exit(0)
    os.close(opened)
    os.read(told, 1)
    with pytest.raises(LabError, match="another user's"):
        door.Visit(Path("anothers"))
    for descriptor in (told, stay, leave):
        os.close(descriptor)
    os.waitpid(child, 0)
