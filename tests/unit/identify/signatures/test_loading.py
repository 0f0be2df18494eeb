from __future__ import annotations

from pathlib import Path

import pytest

from hatoba.errors import UsageError
from hatoba.identify.signatures.loading import load
from tests.unit.identify.signatures.recog_folder import HTTP, SSH, folder

GOOD = "[[signature]]\nname = 'x'\nmatch = 'y'\n"


def test_everything_in_its_order(tmp_path: Path) -> None:
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    first.write_text(GOOD + GOOD)
    second.write_text(GOOD)
    loaded = load([second, first], [folder(tmp_path, http_servers=HTTP)])
    assert [one.source for one in loaded.library.signatures] == ["b.toml, 1", "a.toml, 1", "a.toml, 2"]
    assert [list(one.databases) for one in loaded.library.recog] == [["http_header.server"]]
    assert loaded.remarks == ()


def test_what_can_not_be_used_is_counted(tmp_path: Path) -> None:
    (remark,) = load([], [folder(tmp_path, ssh_banners=SSH)]).remarks
    assert remark == f"{tmp_path}: 2 fingerprints can't be used; hatoba signatures check --recog {tmp_path} names them"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + "rarity = 0\n", r"mine.toml, line 1 \(signature 1\): rarity is a whole number from 1 to 9$"),
        (
            GOOD + "rarity = 0\nports = 0\n",
            r"line 1 \(signature 1\): ports is .*; hatoba signatures check tells 2 mistakes in all",
        ),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=said):
        load([path], [])
