from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from hatoba.netcat.transfer.receiving import Destination
from hatoba.netcat.transfer.sending import Outcome
from tests.unit.netcat.transfer.transfers import RECEIVER, SENDER, line, lines_of, receiving

CONTENT = b"0123456789"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
START = line(**SENDER, bytes=10) + line(**{"from": 0})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_said(tmp_path: Path) -> None:
    ended, heard = receiving(tmp_path / "target", START + CONTENT + line(sha256=DIGEST))
    assert ended == Outcome("target", 10, DIGEST)
    nothing = hashlib.sha256().hexdigest()
    assert lines_of(heard) == [RECEIVER, {"have": 0, "sha256": nothing}, {"sha256": DIGEST}]


def test_a_cut_leaves_what_had_come(tmp_path: Path) -> None:
    ended, _heard = receiving(tmp_path / "target", START + CONTENT[:4])
    assert "target.part keeps the first 4 of 10 bytes; run the same command again on both ends" in str(ended)
    assert (tmp_path / "target.part").read_bytes() == CONTENT[:4]
    assert names(tmp_path) == ["target.part"]


def test_a_cut_before_the_first_byte_leaves_nothing(tmp_path: Path) -> None:
    receiving(tmp_path / "target", START)
    assert names(tmp_path) == []


def test_a_cut_before_the_last_line_leaves_the_name_ungiven(tmp_path: Path) -> None:
    ended, _heard = receiving(tmp_path / "target", START + CONTENT)
    assert "the transfer was cut" in str(ended)
    assert names(tmp_path) == ["target.part"]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (b"", "no file came: the other end closed the connection"),
        (b"hello\n", "does not speak hatoba's file transfer"),
        (line(**RECEIVER), "the other end wants to receive too"),
        (line(**SENDER), "does not speak"),
        (line(**SENDER, bytes="10"), "does not speak"),
        (line(**SENDER, bytes=1 << 70), "does not speak"),
        (line(**SENDER, bytes=10) + line(**{"from": 5}), "the sender wants to go on where we are not"),
        (START + CONTENT + line(sha256="0" * 64), "another SHA-256"),
        (START + CONTENT + b"more than was said\n", "does not speak"),
        (START + CONTENT, "the transfer was cut"),
    ],
)
def test_what_the_other_end_may_say_instead(tmp_path: Path, said: bytes, sentence: str) -> None:
    ended, _heard = receiving(tmp_path / "target", said)
    assert sentence in str(ended)
    assert "target" not in names(tmp_path)


@pytest.mark.parametrize("name", ["../x", "/etc/x", ".bashrc", "", "a\nb", "\ud800", 5, None, ["x"], "x" * 300])
def test_names_that_a_sender_may_not_choose(tmp_path: Path, name: object) -> None:
    (tmp_path / "there").mkdir()
    said = line(**{**SENDER, "name": name}, bytes=10) + line(**{"from": 0}) + CONTENT
    ended, heard = receiving(tmp_path / "there", said)
    assert "the sender's name for the file can't be taken" in str(ended)
    assert lines_of(heard)[-1] == {"error": "name"}
    assert names(tmp_path) == ["there"]
    assert names(tmp_path / "there") == []


def test_a_name_is_not_asked_for_where_the_user_gave_one(tmp_path: Path) -> None:
    said = line(**{**SENDER, "name": "../x"}, bytes=10) + line(**{"from": 0}) + CONTENT + line(sha256=DIGEST)
    assert receiving(tmp_path / "target", said)[0] == Outcome("target", 10, DIGEST)


def test_the_partial_file_is_not_reached_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"victim")
    (tmp_path / "target.part").symlink_to("victim")
    ended, heard = receiving(tmp_path / "target", START + CONTENT)
    assert "can't be written" in str(ended)
    assert lines_of(heard)[-1] == {"error": "storage"}
    assert (tmp_path / "victim").read_bytes() == b"victim"


def test_a_pipe_in_the_place_of_the_partial_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "target.part")
    assert "can't be written" in str(receiving(tmp_path / "target", START + CONTENT)[0])


def test_raw_takes_all_until_the_end(tmp_path: Path) -> None:
    ended, heard = receiving(tmp_path / "target", CONTENT, raw=True)
    assert ended == Outcome("target", 10, DIGEST)
    assert heard == b""
    assert (tmp_path / "target").read_bytes() == CONTENT


def test_raw_needs_a_name(tmp_path: Path) -> None:
    assert "name a file instead of a folder" in str(receiving(tmp_path, CONTENT, raw=True)[0])


def test_a_destination_outside_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    assert Destination(tmp_path / "x").for_name("../y") == tmp_path / "x"
    assert Destination(tmp_path).for_name("y") == tmp_path / "y"
