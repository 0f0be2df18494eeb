from __future__ import annotations

import io
from http import HTTPStatus
from pathlib import Path

import pytest

from hatoba.netcat.servers.web_words import meaning
from tests.unit.netcat.servers.web_talk import site_of, talk


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"GET /file HTTP/1.0\r\nRange: bytes=1-2\r\n\r\n", "only those bytes"),
        (b"GET /none HTTP/1.0\r\n\r\n", "nothing of that name is below the folder"),
        (b"PUT /x HTTP/1.0\r\n\r\n", "only reading is possible here"),
        (b"?\r\n\r\n", "what came is no request that can be answered"),
    ],
)
def test_answers_are_explained_to_who_wants_it(tmp_path: Path, sent: bytes, words: str) -> None:
    (tmp_path / "file").write_text("file")
    for explaining in (True, False):
        log = io.StringIO()
        talk(site_of(tmp_path), sent, log=log, explaining=explaining)
        assert (words in log.getvalue()) is explaining


def test_what_says_enough_is_not_explained() -> None:
    assert meaning(HTTPStatus.SERVICE_UNAVAILABLE) == ""
