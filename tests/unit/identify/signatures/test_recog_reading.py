from __future__ import annotations

from pathlib import Path

import pytest

from hatoba.errors import UsageError
from hatoba.identify.signatures.recog_reading import _from_ruby, read_recog
from hatoba.identify.signatures.recog_xml import MOST_BYTES
from tests.unit.identify.signatures.recog_folder import HTTP, SSH, UNHEARD, folder


def test_what_is_used_and_what_is_not_is_told(tmp_path: Path) -> None:
    read = read_recog(folder(tmp_path, ssh_banners=SSH, http_servers=HTTP, tls_jarm=UNHEARD), examples=True)
    assert (read.files, read.used, read.unheard) == (3, 4, ["tls_jarm.xml"])
    assert [said.partition(" (?! looks")[0] for said in read.unusable] == [
        "ssh_banners.xml:27: ^(?!x)y:",
        "ssh_banners.xml:28: z: there is no flag REG_MAGIC",
    ]
    assert read.mismatched == ["http_servers.xml:4: QuayWeb/2", "http_servers.xml:4: QuayWeb/zz"]


def test_examples_are_tried_on_request_only(tmp_path: Path) -> None:
    assert read_recog(folder(tmp_path, http_servers=HTTP)).mismatched == []


def test_lines_have_ends_of_their_own(tmp_path: Path) -> None:
    """Ruby knows no others."""
    content = "<fingerprints matches='ftp.banner'><fingerprint pattern='^two$'/></fingerprints>"
    ((_file, one),) = read_recog(folder(tmp_path, ftp=content)).recog.databases["ftp.banner"]
    assert one.told(b"one\ntwo\nthree") == {}
    assert one.told(b"one two") is None


def test_the_folder_above_does_as_well(tmp_path: Path) -> None:
    (tmp_path / "xml").mkdir()
    folder(tmp_path / "xml", ssh_banners=SSH)
    assert read_recog(tmp_path).used == 2


def test_without_an_attribute_the_file_says_what_it_matches(tmp_path: Path) -> None:
    read = read_recog(folder(tmp_path, html_title="<fingerprints><fingerprint pattern='a'/></fingerprints>"))
    assert list(read.recog.databases) == ["html_title"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<fingerprints", "it is no XML at line 1"),
        ("<fingerprints>\n<a></fingerprints>", "it is no XML at line 2"),
        ("", "it is no XML"),
        ("<fingers/>", "its outermost element is not fingerprints"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><fingerprints>&x;</fingerprints>", "it declares a document type"),
        ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><fingerprints/>", "it declares a document type"),
        ("<fingerprints>&x;</fingerprints>", "it is no XML at line 1"),
        ("<fingerprints>" + "<a>" * 100_000, "it is no XML"),
        ("<fingerprints>" + " " * MOST_BYTES + "</fingerprints>", "it has more than 16 MB"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, content: str, reason: str) -> None:
    folder(tmp_path, ssh_banners=content)
    with pytest.raises(UsageError, match=f"ssh_banners.xml is no database of Recog's .{reason}.*take it out"):
        read_recog(tmp_path)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no databases of Recog's: name its folder xml"):
        read_recog(tmp_path)
    with pytest.raises(UsageError, match=r"Recog's databases can't be read .*; name the folder"):
        read_recog(tmp_path / "missing")


@pytest.mark.parametrize(
    ("ruby", "ours"),
    [
        (r"^\h{2}:[\h-]+\Z", r"^[0-9A-Fa-f]{2}:[0-9A-Fa-f-]+\n?\z"),
        (r"(?m:a.b)(?i)(?im-x:c)", r"(?s:a.b)(?i)(?is-x:c)"),
        (r"[(?m:]\[(?m)", r"[(?m:]\[(?s)"),
        (r"\\h(?<name>a)(?:b)", r"\\h(?<name>a)(?:b)"),
    ],
)
def test_ruby_is_written_anew(ruby: str, ours: str) -> None:
    assert _from_ruby(ruby) == ours
