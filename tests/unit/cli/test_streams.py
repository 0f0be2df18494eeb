from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from hatoba.cli.streams import buffered, forget, hang_up, is_nowhere, release


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    """The reading end, and a stream into the writing end that holds words which nobody has read."""
    read_end, write_end = os.pipe()
    with open(write_end, "w", encoding="utf-8") as stream:
        stream.write("words")
        yield read_end, stream
    os.close(read_end)


def test_what_a_forgotten_stream_holds_goes_nowhere(pipe: tuple[int, TextIO]) -> None:
    read_end, stream = pipe
    forget(stream)
    stream.flush()
    assert os.read(read_end, 10) == b"", "the writing end is closed, and nothing came"


def test_a_released_pipe_is_forgotten(pipe: tuple[int, TextIO]) -> None:
    read_end, stream = pipe
    release(stream)
    stream.flush()
    assert os.read(read_end, 10) == b""


def test_a_released_file_keeps_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "report"
    with path.open("w") as stream:
        stream.write("words")
        release(stream)
    assert path.read_text() == "words"


def test_only_a_terminal_hangs_up(pipe: tuple[int, TextIO]) -> None:
    read_end, stream = pipe
    hang_up(stream)
    stream.flush()
    assert os.read(read_end, 10) == b"words"


@pytest.mark.parametrize("act", [forget, hang_up, release])
def test_what_is_no_file_of_the_system_is_left_alone(act: type) -> None:
    closed = open(os.devnull, "w")  # noqa: SIM115
    closed.close()
    act(closed)
    stream = io.StringIO()
    act(stream)
    stream.write("words")
    assert stream.getvalue() == "words"


def test_a_buffer_is_put_where_there_is_none(tmp_path: Path) -> None:
    raw = io.FileIO(tmp_path / "out", "w")
    bare = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", write_through=True)
    with buffered(bare) as stream:
        assert stream is not bare
        assert isinstance(stream.buffer, io.BufferedWriter)
        assert (stream.encoding, stream.errors) == ("utf-8", "backslashreplace")
        stream.write("a line\n")
        assert (tmp_path / "out").read_text() == "a line\n", "it goes out at once"
    assert not raw.closed
    bare.close()


def test_a_buffer_that_is_there_stays(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as stream:
        assert buffered(stream) is stream
    memory = io.StringIO()
    assert buffered(memory) is memory
    assert buffered(sys.__stdout__) is not None


def test_what_was_closed_is_nowhere_and_the_null_device_is_not() -> None:
    with open(os.devnull, "w", encoding="utf-8") as closed:
        assert is_nowhere(closed)
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from hatoba.cli.streams import is_nowhere; sys.exit(is_nowhere(sys.stdout))"],
        stdout=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0
