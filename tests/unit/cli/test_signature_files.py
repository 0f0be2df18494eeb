from __future__ import annotations

from pathlib import Path

import pytest

from hatoba.cli.signature_files import library, own_file
from hatoba.errors import UsageError
from tests.unit.identify.signatures.recog_folder import SSH, folder

GOOD = "[[signature]]\nname = 'x'\nmatch = 'y'\n"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = own_file({"XDG_CONFIG_HOME": str(tmp_path)})
    path.parent.mkdir()
    return path


def sources(tmp_path: Path, *files: Path) -> list[str]:
    found = library(map(str, files), [], {"XDG_CONFIG_HOME": str(tmp_path)})
    return [] if found is None else [one.source for one in found.signatures]


def test_where_the_own_file_is() -> None:
    assert own_file({"HOME": "/home/aoi"}) == Path("/home/aoi/.config/hatoba/signatures.toml")


def test_without_files_there_is_nothing(tmp_path: Path) -> None:
    assert library([], [], {"XDG_CONFIG_HOME": str(tmp_path)}) is None


def test_the_own_file_comes_behind_those_that_are_named_and_once(own: Path, tmp_path: Path) -> None:
    own.write_text(GOOD)
    other = tmp_path / "other.toml"
    other.write_text(GOOD)
    assert sources(tmp_path) == ["signatures.toml, 1"]
    assert sources(tmp_path, other) == ["other.toml, 1", "signatures.toml, 1"]
    assert sources(tmp_path, own) == ["signatures.toml, 1"]


def test_a_mistake_in_the_own_file_is_told(own: Path, tmp_path: Path) -> None:
    own.write_text("x")
    with pytest.raises(UsageError, match=r"signatures.toml, line 1: this is no TOML"):
        sources(tmp_path)


def test_what_is_not_used_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert library([], [str(folder(tmp_path, ssh_banners=SSH))], {"XDG_CONFIG_HOME": "/nowhere"}) is not None
    assert capsys.readouterr().err.startswith(f"hatoba: {tmp_path}: 2 fingerprints can't be used")
