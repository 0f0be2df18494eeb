"""The Japanese catalogue is written by one hand: spaces beside Latin letters, wide brackets, one spelling for one thing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import messages as catalogues

_KANA_KANJI = "\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff々"
_TIGHT = re.compile(f"[{_KANA_KANJI}][A-Za-z0-9{{]|[A-Za-z0-9}}][{_KANA_KANJI}]")
_NARROW_BRACKETS = re.compile(f"[{_KANA_KANJI}] ?\\(|\\([^()]*[{_KANA_KANJI}][^()]*\\)")
_SPELLINGS = {
    re.compile(wrong): right
    for wrong, right in (
        ("だれ", "誰"),
        ("コンテナ(?!ー)", "コンテナー"),
        ("サーバ(?!ー)", "サーバー"),
        ("ユーザ(?!ー)", "ユーザー"),
        ("ルータ(?!ー)", "ルーター"),
        ("フォルダ(?!ー)", "フォルダー"),
        ("ブラウザ(?!ー)", "ブラウザー"),
        ("インタ(?!ー)", "インター"),
        ("許可の範囲", "スコープ"),
        ("ファイヤ", "ファイア"),
    )
}


def faults(text: str) -> list[str]:
    found = [f"a space is missing in {match[0]!r}" for match in _TIGHT.finditer(text)]
    found += [f"wide brackets （） belong around {match[0]!r}" for match in _NARROW_BRACKETS.finditer(text)]
    return found + [
        f"{match[0]!r} is written {right!r}" for wrong, right in _SPELLINGS.items() for match in wrong.finditer(text)
    ]


def test_the_catalogue_is_written_by_one_hand() -> None:
    catalogue = catalogues.read(catalogues.po_path("ja", catalogues.SOURCE / "locale"), "ja")
    forms = [
        form for entry in catalogue if entry.id for form in ([entry.string] if isinstance(entry.string, str) else entry.string)
    ]
    assert len(forms) > 500
    assert {form: found for form in forms if (found := faults(form))} == {}


def test_the_readme_is_too() -> None:
    text = (Path(__file__).parents[2] / "README.ja.md").read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```|`[^`]*`", "", text.replace("許可の範囲", ""), flags=re.DOTALL)
    assert faults(prose) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Webサーバー", 1),
        ("Web サーバー", 0),
        ("ポート{port}を", 2),
        ("番号(443)", 1),
        ("番号（443）、connect() で", 0),
        ("(例: 443)", 1),
        ("コンテナとサーバ", 2),
    ],
)
def test_faults_are_found(text: str, count: int) -> None:
    assert len(faults(text)) == count
