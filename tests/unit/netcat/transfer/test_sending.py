from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from hatoba.errors import UsageError
from hatoba.netcat.transfer.sending import Outcome
from tests.unit.netcat.transfer.transfers import RECEIVER, SENDER, line, sending

NOTHING = hashlib.sha256().hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").write_bytes(b"0123456789")
    return tmp_path / "source"


def test_what_is_said(source: Path) -> None:
    digest = hashlib.sha256(b"0123456789").hexdigest()
    have = hashlib.sha256(b"0123").hexdigest()
    ended, heard = sending(source, line(**RECEIVER) + line(have=4, sha256=have), line(sha256=digest))
    assert ended == Outcome("source", 10, digest, 4)
    greeting = line(**{"hatoba-file": 1, "role": "send", "name": "source", "bytes": 10})
    assert heard == greeting + line(**{"from": 4}) + b"456789" + line(sha256=digest)


@pytest.mark.parametrize(
    ("last", "sentence"),
    [
        (line(sha256=NOTHING), "the other end has a file with another SHA-256"),
        (line(error="mismatch"), "the other end stopped: what came has another SHA-256"),
        (line(error="full"), "the other end stopped: its disk is full"),
        (b"", "the transfer was cut after 10 of 10 bytes"),
    ],
)
def test_what_the_other_end_may_say_at_last(source: Path, last: bytes, sentence: str) -> None:
    assert sentence in str(sending(source, line(**RECEIVER) + line(have=0, sha256=NOTHING), last)[0])


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (b"", "the transfer was cut after 0 of 10 bytes (the other end closed the connection)"),
        (b"SSH-2.0-x\r\n", "does not speak hatoba's file transfer"),
        (b"x" * 10_000, "does not speak hatoba's file transfer"),
        (b"[]\n", "does not speak hatoba's file transfer"),
        (b"[" * 4000 + b"\n", "does not speak hatoba's file transfer"),
        (b"{}\n", "does not speak hatoba's file transfer"),
        (line(**{"hatoba-file": 2, "role": "receive"}), "use the same version on both"),
        (line(**SENDER), "the other end wants to send too"),
        (line(**RECEIVER) + line(error="full"), "the other end stopped: its disk is full"),
        (line(**RECEIVER) + line(error="\x1b[2J"), r"the other end stopped: \x1b[2J"),
        (line(**RECEIVER) + line(have=-1, sha256=NOTHING), "does not speak"),
        (line(**RECEIVER) + line(have=True, sha256=NOTHING), "does not speak"),
        (line(**RECEIVER) + line(have=0, sha256="x"), "does not speak"),
        (line(**RECEIVER) + line(have=0), "does not speak"),
        (line(**RECEIVER) + line(have=0, sha256=NOTHING) + line(error="full"), "its disk is full"),
        (line(**RECEIVER) + line(have=0, sha256=NOTHING) + line(sha256=NOTHING), "does not speak"),
        (line(**RECEIVER) + line(have=0, sha256=NOTHING), "the transfer was cut"),
    ],
)
def test_what_the_other_end_may_say_instead(source: Path, said: bytes, sentence: str) -> None:
    assert sentence in str(sending(source, said)[0])


@pytest.mark.parametrize("name", ["none", "folder", "pipe"])
def test_only_files_are_sent(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    ended, heard = sending(tmp_path / name, b"")
    assert isinstance(ended, UsageError)
    assert heard == b""
