from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hatoba.registry.releases import FOLDER, read_releases

DEBIAN = """version,codename,series,created,release,eol,eol-lts,eol-elts
10,Buster,buster,2017-06-17,2019-07-06,2022-09-10,2024-06-30,2029-06-30
14,Forky,forky,2025-08-09
,Sid,sid,1993-08-16
1,Broken,broken,x,y,not a day
"""
UBUNTU = """version,codename,series,created,release,eol,eol-server,eol-esm
6.06 LTS,Dapper Drake,dapper,2005-10-12,2006-06-01,2009-07-14,2011-06-01
18.04 LTS,Bionic Beaver,bionic,2017-10-19,2018-04-26,2023-05-31,2023-05-31,2028-04-01
25.10,Questing Quokka,questing,2025-04-17,2025-10-09,2026-07-09
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "debian.csv").write_text(DEBIAN)
    (tmp_path / "ubuntu.csv").write_text(UBUNTU)
    return tmp_path


def test_releases_with_an_end(folder: Path) -> None:
    known = read_releases(folder).known
    assert set(known) == {("Debian", "10"), ("Ubuntu", "6.06"), ("Ubuntu", "18.04"), ("Ubuntu", "25.10")}
    buster = known["Debian", "10"]
    assert (buster.series, buster.end_of_life, buster.long_term) == ("buster", date(2022, 9, 10), False)
    assert buster.extended == (("LTS", date(2024, 6, 30)), ("ELTS", date(2029, 6, 30)))
    assert buster.source == str(folder / "debian.csv")
    bionic = known["Ubuntu", "18.04"]
    assert (bionic.end_of_life, bionic.long_term, bionic.extended) == (date(2023, 5, 31), True, (("ESM", date(2028, 4, 1)),))


def test_servers_were_supported_longer(folder: Path) -> None:
    assert read_releases(folder).known["Ubuntu", "6.06"].end_of_life == date(2011, 6, 1)


def test_by_series(folder: Path) -> None:
    releases = read_releases(folder)
    assert releases.by_series("Debian", "buster") == releases.known["Debian", "10"]
    assert releases.by_series("Debian", "bionic") is None


def test_without_the_tables_nothing_is_known(tmp_path: Path) -> None:
    assert read_releases(tmp_path / "missing").known == {}


@pytest.mark.parametrize("raw", [b"", b"\0\xff", b"version,eol\n" * 9, b'"' * 9999, b"a,b,c\n1,2,3,4,5\n", b"\n\n\n"])
def test_tables_that_are_none(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "debian.csv").write_bytes(raw)
    assert read_releases(tmp_path).known == {}


@pytest.mark.skipif(not (FOLDER / "debian.csv").exists(), reason="the package distro-info-data is not installed")
def test_the_tables_of_this_machine() -> None:
    known = read_releases().known
    assert known["Debian", "10"].end_of_life == date(2022, 9, 10)
    assert known["Ubuntu", "18.04"].end_of_life == date(2023, 5, 31)
