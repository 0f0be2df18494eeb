from __future__ import annotations

import io
from collections.abc import Sequence
from functools import partial
from ipaddress import ip_address
from itertools import chain
from pathlib import Path

import pytest

from hatoba.errors import UsageError
from hatoba.targets.build import build_targets
from hatoba.targets.files import Listed
from hatoba.targets.ports import parse_ports

NOTHING = io.BytesIO()


def test_white_space_lines_and_comments(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text(
        "\ufeff198.18.0.1  a.example\t198.18.0.0/24 # the office\r\n\n# nothing here\nfd00:18::1#tight\n", encoding="utf-8"
    )
    assert list(Listed([file], NOTHING)) == ["198.18.0.1", "a.example", "198.18.0.0/24", "fd00:18::1"]


def test_standard_input_as_bytes_and_as_text() -> None:
    assert list(Listed(["-"], io.BytesIO(b"a b\nc"))) == ["a", "b", "c"]
    assert list(Listed(["-"], io.StringIO("a b\nc"))) == ["a", "b", "c"]
    assert list(Listed(["-"], io.TextIOWrapper(io.BytesIO(b"a b\nc")))) == ["a", "b", "c"]


@pytest.mark.parametrize("content", [b"a\nb\x00c\n", b"a\n\xff\xfe\n"])
def test_what_is_not_text_is_named_with_its_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "hosts"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"hosts, line 2: this is not text"):
        list(Listed([file], NOTHING))
    with pytest.raises(UsageError, match=r"standard input, line 2"):
        list(Listed(["-"], io.BytesIO(content)))


@pytest.mark.parametrize("name", ["nosuch", "", "nul\x00"])
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"can't be read \(") as caught:
        list(Listed([f"{tmp_path}/{name}"], NOTHING))
    assert str(caught.value).isprintable()


def test_lines_are_read_as_they_are_wanted(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_bytes(b"a\n\x00\n")
    assert next(iter(Listed([file], NOTHING))) == "a"


def test_a_mistake_in_a_list_is_told_with_its_place(tmp_path: Path) -> None:
    hosts, more = tmp_path / "hosts", tmp_path / "more"
    hosts.write_text("198.18.0.1\n\n198.18.0.2 198.18.0.300\n")
    more.write_text("198.18.0.4\n")

    def build(*targets: str, exclude: Sequence[Path] = (), unasked: str | None = None) -> None:
        listed, left_out = Listed(targets, NOTHING), Listed(exclude, NOTHING)
        with listed.placed(), left_out.placed():
            build_targets(
                listed, ports=parse_ports("22"), exclude=left_out, exclude_ports=parse_ports(unasked) if unasked else None
            )

    for mistaken in (partial(build, str(more), str(hosts)), partial(build, str(more), exclude=[hosts])):
        with pytest.raises(UsageError) as told:
            mistaken()
        assert str(told.value).startswith(f"{hosts}, line 3: 198.18.0.300: ")
    with pytest.raises(UsageError) as told:
        build(str(more), exclude=[more])  # about no single line
    assert str(told.value).startswith("no target left")
    with pytest.raises(UsageError, match=r"^no port left to ask"):
        build(str(more), unasked="22")  # nor is that


def test_a_name_that_must_be_left_out_and_is_not_known_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "never"
    file.write_text("198.18.0.9 known.example\n\nnosuch.example,198.18.0.7\n")
    known = {"known.example": [ip_address("198.18.0.1")]}

    def build(*written: str) -> None:
        left_out = Listed([file], NOTHING)
        with left_out.placed():
            build_targets(
                ["198.18.0.2"],
                ports=parse_ports("22"),
                exclude=chain(written, left_out),
                exclude_place=left_out.place,
                resolver=lambda name, family: known.get(name, []) if family == 4 else [],
            )

    with pytest.raises(UsageError) as told:
        build()
    assert str(told.value).startswith(f"{file}, line 3: nosuch.example: no such name")
    with pytest.raises(UsageError) as told:
        build("typed.example")
    assert str(told.value).startswith("typed.example: no such name")


def test_a_place_is_told_once(tmp_path: Path) -> None:
    listed = Listed(["-"], io.BytesIO(b"a\n\0"))
    with pytest.raises(UsageError) as told, listed.placed():
        list(listed)
    assert str(told.value).startswith("standard input, line 2: this is not text")
