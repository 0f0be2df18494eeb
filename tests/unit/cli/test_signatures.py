"""``hatoba signatures`` (and ``subcommands``): the files that are checked, and the words."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatoba.cli.main import main
from tests.unit.identify.signatures.recog_folder import HTTP, SSH, UNHEARD, folder

GOOD = "[[signature]]\nname = 'x'\nmatch = 'y'\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def check(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[str], list[str]]:
    """Exit status, lines of standard output and of standard error."""
    status = main(["--lang", "en", "signatures", "check", *map(str, arguments)])
    said = capsys.readouterr()
    return status, said.out.splitlines(), said.err.splitlines()


def test_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD * 2)
    assert check(capsys, path) == (0, [f"{path}: 2 signatures"], [])


def test_every_mistake_of_every_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other, good = (tmp_path / f"{name}.toml" for name in ("one", "other", "good"))
    one.write_text(GOOD + "rarity = 0\nports = 0\n")
    other.write_text("=")
    good.write_text(GOOD)
    status, out, errors = check(capsys, one, other, good)
    assert (status, out) == (2, [f"{one}: 0 signatures", f"{good}: 1 signature"])
    assert [line.partition(": ")[2].partition(" (")[0].partition(": ")[0] for line in errors] == [
        f"{one}, line 1", f"{one}, line 1", f"{other}, line 1",
    ]  # fmt: skip


def test_by_default_the_own_file_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(capsys)[2] == [f"hatoba: there is nothing to check: name a file, or write {tmp_path}/hatoba/signatures.toml"]
    (tmp_path / "hatoba").mkdir()
    path = tmp_path / "hatoba" / "signatures.toml"
    path.write_text(GOOD)
    assert check(capsys) == (0, [f"{path}: 1 signature"], [])


def test_databases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder(tmp_path, ssh_banners=SSH, http_servers=HTTP, tls_jarm=UNHEARD)
    status, out, errors = check(capsys, "--recog", tmp_path)
    assert (status, errors) == (0, [])
    assert out[0] == f"{tmp_path}: 4 fingerprints are used, of 3 files"
    assert out[1:] == [
        "Not used, as a scan hears nothing for them: tls_jarm.xml",
        "Can't be used: 2",
        "  ssh_banners.xml:27: ^(?!x)y: (?! looks ahead, looks behind or never goes back, which can't be matched in"
        " bounded time: leave it out",
        "  ssh_banners.xml:28: z: there is no flag REG_MAGIC",
        "Examples that are matched otherwise than they say: 2",
        "  http_servers.xml:4: QuayWeb/2",
        "  http_servers.xml:4: QuayWeb/zz",
    ]


def test_a_folder_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _out, errors = check(capsys, "--recog", tmp_path)
    assert status == 2
    assert "holds no databases of Recog's" in errors[0]


def test_help_and_what_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", "signatures"]) == 0
    assert "check  find every mistake in files of signatures" in capsys.readouterr().out
    assert main(["--lang", "en", "signatures", "chek"]) == 2
    assert "did you mean 'hatoba signatures check'" in capsys.readouterr().err
