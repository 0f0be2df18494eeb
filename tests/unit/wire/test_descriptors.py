from __future__ import annotations

import resource

import pytest

from hatoba.wire import descriptors

ENDLESS = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("soft", "hard", "open_now", "raised_to", "room"),
    [
        (1024, 20000, 10, 20000, 20000 - 10 - 64),
        (20000, 20000, 10, None, 20000 - 10 - 64),
        (1024, ENDLESS, 10, 65600, 65600 - 10 - 64),
        (ENDLESS, ENDLESS, 10, None, 65600 - 10 - 64),
        (40, 40, 10, None, 15),  # half of what is left
        (10, 10, 10, None, 1),
    ],
)
def test_room(monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, open_now: int, raised_to: int | None, room: int) -> None:
    limits = [soft, hard]
    monkeypatch.setattr(resource, "getrlimit", lambda _what: tuple(limits))
    monkeypatch.setattr(resource, "setrlimit", lambda _what, wanted: limits.__setitem__(slice(None), wanted))
    monkeypatch.setattr(descriptors, "descriptors_open", lambda: open_now)
    assert descriptors.room_for_sockets() == room
    assert limits == [raised_to or soft, hard]


def test_descriptors_open_counts_files() -> None:
    before = descriptors.descriptors_open()
    with open("/dev/null", "rb"):
        assert descriptors.descriptors_open() == before + 1
    assert descriptors.descriptors_open() == before


def test_without_a_folder_of_them_they_are_told_by_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_path: str) -> list[str]:
        raise FileNotFoundError

    with open("/dev/null", "rb") as lowest:
        monkeypatch.setattr(descriptors.os, "listdir", missing)
        assert lowest.fileno() < descriptors.descriptors_open() < lowest.fileno() + 1000
