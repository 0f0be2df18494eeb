"""Texts in two languages: the look-up, and the catalogues' completeness, whose check can fail."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hatoba import messages
from tools import messages as catalogues

CODE = """
from hatoba.messages import _, _N, _NN, ngettext, translated
A = _("Hello {name}")
B = _N("marked")
C = ngettext("{count} host", "{count} hosts", 3)
D = _NN("one", "{n} many")
E = translated(B)
F = _("Hello {name}")
"""

FRAGMENT = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\\\n"

msgid "Hello {name}"
msgstr "{name} さん、こんにちは"

msgid "marked"
msgstr "印"

msgid "{count} host"
msgid_plural "{count} hosts"
msgstr[0] "ホスト {count} 台"

msgid "one"
msgid_plural "{n} many"
msgstr[0] "{n} 個"

msgid "gone"
msgstr "もうない"
""".replace("\\\\n", "\\n")


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    yield
    messages.use_language("en")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A project of one module, with complete catalogues."""
    folder = tmp_path / "src" / "hatoba"
    folder.mkdir(parents=True)
    (folder / "greet.py").write_text(CODE, encoding="utf-8")
    fragment = tmp_path / "greet.po"
    fragment.write_text(FRAGMENT, encoding="utf-8")
    catalogues.merge([fragment], folder, folder / "locale")
    return folder


def problems(source: Path) -> list[str]:
    return catalogues.check(source, source / "locale")


def change(source: Path, language: str, old: str, new: str) -> None:
    path = catalogues.po_path(language, source / "locale")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    catalogues.compile_catalogue(path, language)


def test_the_catalogues_of_hatoba_are_complete() -> None:
    assert catalogues.check(catalogues.SOURCE, catalogues.SOURCE / "locale") == []


def test_a_complete_project_has_no_problem(source: Path) -> None:
    assert problems(source) == []


def test_merging_fills_gaps_keeps_what_is_there_and_names_what_is_gone(source: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.po"
    other.write_text(FRAGMENT.replace("印", "別"), encoding="utf-8")
    assert catalogues.merge([other], source, source / "locale") == ["other.po: not in the code: 'gone'"]
    path = catalogues.po_path("ja", source / "locale")
    assert "印" in path.read_text(encoding="utf-8")
    catalogues.merge([other], source, source / "locale", overwrite=True)
    assert "別" in path.read_text(encoding="utf-8")
    assert problems(source) == []


def test_an_update_changes_nothing_where_nothing_changed(source: Path) -> None:
    files = sorted((source / "locale").rglob("hatoba.*"))
    before = [file.read_bytes() for file in files]
    catalogues.update(source, source / "locale")
    assert [file.read_bytes() for file in files] == before
    assert len(files) == 4


@pytest.mark.parametrize(
    ("language", "old", "new", "says"),
    [
        ("ja", "印", "", "ja: not translated: 'marked'"),
        ("ja", "ホスト {count} 台", "", "ja: not translated: '{count} hosts'"),
        ("ja", "{name} さん", "{nmae} さん", "ja: values differ"),
        ("ja", "{name} さん", "{name さん", "ja: braces do not match"),
        ("ja", "ホスト {count} 台", "ホスト", "ja: values differ"),
        ("ja", 'msgid "marked"', '#, fuzzy\nmsgid "marked"', "ja: fuzzy: 'marked'"),
        ("en", 'msgstr "marked"', 'msgstr "Marked"', "en: differs from the code: 'marked'"),
        ("ja", 'msgid "marked"', 'msgid "Marked"', "ja: not in the catalogue: 'marked'"),
        ("ja", 'msgid "marked"', 'msgid "Marked"', "ja: no longer in the code: 'Marked'"),
    ],
)
def test_a_faulty_entry_is_found(source: Path, language: str, old: str, new: str, says: str) -> None:
    change(source, language, old, new)
    assert any(problem.startswith(says) for problem in problems(source))


def test_new_code_makes_the_catalogues_stale_in_both_languages(source: Path) -> None:
    (source / "more.py").write_text('_("new")\n', encoding="utf-8")
    assert len(problems(source)) == 2
    catalogues.update(source, source / "locale")
    assert problems(source) == ["ja: not translated: 'new'"]
    assert 'msgid "new"' in catalogues.missing(source, source / "locale", "ja")


def test_a_stale_or_missing_mo_file_is_found(source: Path) -> None:
    path = catalogues.po_path("ja", source / "locale")
    shutil.copy(catalogues.po_path("en", source / "locale").with_suffix(".mo"), path.with_suffix(".mo"))
    assert any(".mo" in problem for problem in problems(source))
    path.with_suffix(".mo").unlink()
    assert any(".mo" in problem for problem in problems(source))


@pytest.mark.parametrize("call", ["_(name)", '_(f"{x}")', '_("a" + b)', 'ngettext("a", b, 1)', '_("a {x}".format(x=1))'])
def test_a_text_that_no_tool_can_find_is_found(source: Path, call: str) -> None:
    (source / "more.py").write_text(f"{call}\n", encoding="utf-8")
    assert any("wants a literal text" in problem for problem in problems(source))


def test_fields_are_found_whatever_their_form() -> None:
    assert catalogues.fields("{a} {b!r} {c:>4} {d.e} {f[0]} {{not}}") == {"a", "b", "c", "d", "f"}


def test_the_language_decides_what_is_said() -> None:
    assert messages.use_language("ja") == "ja"
    assert messages._("Usage:") == "使い方:"
    assert messages.translated(messages._N("Usage:")) == "使い方:"
    assert messages.translated("") == ""
    assert messages.use_language("en") == "en"
    assert messages._("Usage:") == "Usage:"
    assert messages._NN("a", "b") == ("a", "b")


def test_plurals() -> None:
    texts = ("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})")
    messages.use_language("en")
    assert [messages.ngettext(*texts, count) for count in (1, 2)] == list(texts)
    messages.use_language("ja")
    assert messages.ngettext(*texts, 1) == messages.ngettext(*texts, 2) == "余分な引数があります（{args}）"


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LC_ALL": "ja_JP.UTF-8", "LANG": "C"}, "ja"),
        ({"LC_ALL": "C", "LC_MESSAGES": "ja_JP", "LANG": "ja_JP"}, "en"),
        ({"LC_MESSAGES": "ja", "LANG": "en"}, "ja"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_environment_decides_in_the_order_of_posix(environ: dict[str, str], language: str) -> None:
    assert messages.wanted_language(environ) == language


def test_the_systems_words_for_a_fault_go_through_the_catalogues(monkeypatch: pytest.MonkeyPatch) -> None:
    assert messages.system_words(errno.ENETUNREACH) == os.strerror(errno.ENETUNREACH) == "Network is unreachable"
    assert messages.system_words(-3) == "Temporary failure in name resolution"
    monkeypatch.setattr(messages._current, "gettext", str.upper)
    assert messages.system_words(OSError(errno.ENOENT, os.strerror(errno.ENOENT))) == "NO SUCH FILE OR DIRECTORY"


def test_a_fault_that_has_no_words_of_ours_keeps_its_own() -> None:
    assert messages.system_words(errno.EXDEV) == os.strerror(errno.EXDEV)
    assert {messages.system_words(error) for error in (OSError(errno.EIO, "its own"), OSError("its own"))} == {"its own"}
