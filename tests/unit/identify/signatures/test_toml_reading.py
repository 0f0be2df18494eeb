from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hatoba.errors import UsageError
from hatoba.identify.signatures.toml_reading import MOST_BYTES, read_signatures

GOOD = "[[signature]]\nname = 'x'\nmatch = 'y'\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def test_each_mistake_has_its_place(file: Path) -> None:
    file.write_text(f"# two\n{GOOD}\n  [[ signature ]]\nname = 'x'\nmatch = '['\n{GOOD}")
    read = read_signatures(file)
    assert [one.source for one in read.signatures] == ["mine.toml, 1", "mine.toml, 3"]
    assert [said.partition(" (")[0] for said in read.mistakes] == [f"{file}, line 6"]


def test_where_lines_can_not_be_told_the_number_is(file: Path) -> None:
    file.write_text("signature = [{name = 'x', match = '['}]\n")
    (said,) = read_signatures(file).mistakes
    assert said.startswith(f"{file}, signature 1: match can't be taken")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "holds no signature: each begins with a line [[signature]]"),
        (b"signature = 7\n", "holds no signature"),
        (b"signature = [7]\n", "holds no signature"),
        (b"[[signatures]]\nname = 'x'\n", "there is no signatures in a file of signatures, only [[signature]]"),
    ],
)
def test_a_file_without_signatures(file: Path, raw: bytes, said: str) -> None:
    file.write_bytes(raw)
    read = read_signatures(file)
    assert not read.signatures
    assert said in read.mistakes[0]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (GOOD.encode() + b"name = y\n", "mine.toml, line 4: this is no TOML; texts stand in quotes"),
        (GOOD.encode() + b"name = 'z'\n", "mine.toml, line 4: this is no TOML"),
        (b"a = " + b"[" * 100_000, "this is no TOML"),
        (GOOD.encode() + b"# \xff\n", "mine.toml, line 4: this is not text"),
        (b"#" * (MOST_BYTES + 1), "has more than 1 MB"),
    ],
)
def test_what_is_no_file_of_signatures(file: Path, raw: bytes, said: str) -> None:
    file.write_bytes(raw)
    with pytest.raises(UsageError) as error:
        read_signatures(file)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["missing.toml", ".", "a\0b"])
def test_what_can_not_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"the signatures can't be read .*; name a TOML file"):
        read_signatures(tmp_path / name)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text("[]{}='\"\n signaturemch.(*?)\\", max_size=200).map(str.encode)))
def test_whatever_stands_in_a_file_the_answer_is_a_sentence(file: Path, raw: bytes) -> None:
    file.write_bytes(GOOD.encode() + raw)
    try:
        said = read_signatures(file).mistakes
    except UsageError as error:
        said = (str(error),)
    assert all(map(str.isprintable, said))
