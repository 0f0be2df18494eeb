from __future__ import annotations

import pytest

from hatoba.identify.listening import MOST_BYTES, Heard, hear
from hatoba.identify.protocols.complete import line, never
from tests.unit.identify.peers import END, RESET, Peer, Said, Timed, run

FIRST_S, GAP_S, WHOLE_S = 2.0, 0.5, 5.0


def heard(*pieces: Said | Timed, complete: object = never) -> tuple[Heard, float]:
    async def listen() -> Heard:
        return await hear(Peer(pieces), complete, FIRST_S, GAP_S, WHOLE_S)  # type: ignore[arg-type]

    return run(listen())


def test_a_whole_answer_is_not_waited_beyond() -> None:
    assert heard(b"one", (0.1, b" line\n"), (0.1, b"more\n"), complete=line) == (
        Heard(b"one line\n", ended=False),
        pytest.approx(0.1),
    )


def test_silence_is_waited_for_once() -> None:
    assert heard() == (Heard(b"", ended=False), pytest.approx(FIRST_S))


def test_a_pause_ends_an_answer_without_end() -> None:
    assert heard((1.0, b"a"), (0.4, b"b"), (0.6, b"c")) == (Heard(b"ab", ended=False), pytest.approx(1.4 + GAP_S))


def test_a_drip_is_bounded_by_the_whole() -> None:
    said, took_s = heard(*((0.4, b"x") for _byte in range(100)))
    assert (took_s, said.dragged) == (pytest.approx(WHOLE_S), True)
    assert 10 <= len(said.data) <= 13


def test_a_flood_is_bounded_in_bytes() -> None:
    said, took_s = heard(*(b"y" * 50_000 for _piece in range(100)))
    assert (len(said.data), took_s) == (MOST_BYTES, 0.0)


@pytest.mark.parametrize("end", [END, RESET])
def test_the_end_is_told_with_what_came_before(end: Said) -> None:
    assert heard(b"bye", end) == (Heard(b"bye", ended=True), 0.0)
