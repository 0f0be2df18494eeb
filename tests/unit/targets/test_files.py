from __future__ import annotations

import io
from pathlib import Path

import pytest

from hatoba.errors import UsageError
from hatoba.targets.files import read_expressions

NOTHING = io.BytesIO()


def test_white_space_lines_and_comments(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text(
        "\ufeff198.18.0.1  a.example\t198.18.0.0/24 # the office\r\n\n# nothing here\nfd00:18::1#tight\n", encoding="utf-8"
    )
    assert list(read_expressions(file, NOTHING)) == ["198.18.0.1", "a.example", "198.18.0.0/24", "fd00:18::1"]


def test_standard_input_as_bytes_and_as_text() -> None:
    assert list(read_expressions("-", io.BytesIO(b"a b\nc"))) == ["a", "b", "c"]
    assert list(read_expressions("-", io.StringIO("a b\nc"))) == ["a", "b", "c"]
    assert list(read_expressions("-", io.TextIOWrapper(io.BytesIO(b"a b\nc")))) == ["a", "b", "c"]


@pytest.mark.parametrize("content", [b"a\nb\x00c\n", b"a\n\xff\xfe\n"])
def test_what_is_not_text_is_named_with_its_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "hosts"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"hosts, line 2: this is not text"):
        list(read_expressions(file, NOTHING))
    with pytest.raises(UsageError, match=r"standard input, line 2"):
        list(read_expressions("-", io.BytesIO(content)))


@pytest.mark.parametrize("name", ["nosuch", "", "nul\x00"])
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"can't be read \(") as caught:
        list(read_expressions(f"{tmp_path}/{name}", NOTHING))
    assert str(caught.value).isprintable()


def test_lines_are_read_as_they_are_wanted(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_bytes(b"a\n\x00\n")
    assert next(read_expressions(file, NOTHING)) == "a"
