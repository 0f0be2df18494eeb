"""Signatures and databases that a call of the Python API brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatoba.api.brought import library_of
from hatoba.api.request import request
from hatoba.errors import UsageError
from hatoba.identify.identified_scan import IdentifiedScan
from tests.unit.identify.signatures.recog_folder import SSH, folder

GOOD = "[[signature]]\nname = 'x'\nmatch = 'y'\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    return path


def test_one_or_several_in_every_shape(file: Path, tmp_path: Path) -> None:
    recog, remarks = folder(tmp_path, ssh=SSH), list[str]()
    for files in (file, str(file), [file], (str(path) for path in (file,))):
        found = library_of(files, recog, 7, remarks.append)
        assert found is not None
        assert [one.source for one in found.signatures] == ["mine.toml, 1"]
        assert len(found.recog) == 1
    assert "2 fingerprints can't be used" in remarks[0]
    assert library_of((), [], 7, pytest.fail) is None
    assert library_of((), [], None, pytest.fail) is None


@pytest.mark.parametrize("name", ["signatures", "recog"])
def test_without_services_they_are_for_nothing(file: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} is about services: give version_intensity as well"):
        request("127.0.0.1", ports=80, method="connect", **{name: file})  # type: ignore[arg-type]


def test_nor_in_a_scan_that_is_resumed_and_asked_for_none(file: Path) -> None:
    with pytest.raises(UsageError, match="signatures is about services, which that scan did not ask for: leave it out"):
        library_of(file, (), None, pytest.fail, resumed=True)


def test_a_scan_recognises_by_them(file: Path) -> None:
    scan = request("127.0.0.1", ports=80, method="connect", version_intensity=7, signatures=file).scan
    assert isinstance(scan, IdentifiedScan)
    runner = scan._new_runner()
    runner.close()
    assert runner._manner.library is not None
    assert [one.source for one in runner._manner.library.signatures] == ["mine.toml, 1"]


def test_what_is_not_as_it_should_be_is_refused_at_the_call(file: Path) -> None:
    file.write_text("[[signature]]\n")
    with pytest.raises(UsageError, match=r"mine\.toml"):
        request("127.0.0.1", ports=80, method="connect", version_intensity=7, signatures=[file])
