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
        (r"(?:\r|\u0000)+\u{e9}\u6ce2", r"(?:\r|\x00)+é波"),
        (r"\H\R[\e]\e\ud800", r"[^0-9A-Fa-f](?:\r\n|[\n-\r])[\x1b]\x1b\ud800"),
    ],
)
def test_ruby_is_written_anew(ruby: str, ours: str) -> None:
    assert _from_ruby(ruby) == ours


PARAMETERS = r"""<fingerprints matches="ftp.banner" protocol="ftp">
  <fingerprint pattern="^$"><description>nothing</description><example/><param pos="0" name="service.certainty" value="0.0"/>
  </fingerprint>
  <fingerprint pattern="^Quay (\S+)(?: build (\d+))?$">
    <description>constants refer to constants, groups that there are not are empty, the last of a name counts</description>
    <example service.version="1.2" service.version.version="7" service.protocol="ftp"
      service.cpe23="cpe:/a:quay:quayd:1.2" os.cpe23="cpe:/o:quay:quayos:-">Quay 1.2 build 7</example>
    <example service.version.version="" service.product="Quayd">Quay 1.2</example>
    <example service.product="Other">Quay 1.3</example>
    <param pos="0" name="service.product" value="Other"/>
    <param pos="0" name="service.cpe23" value="cpe:/a:{service.vendor}:quayd:{service.version}"/>
    <param pos="0" name="os.cpe23" value="cpe:/o:quay:quayos:{os.version}"/>
    <param pos="0" name="service.vendor" value="quay"/>
    <param pos="0" name="service.product" value="Quayd"/>
    <param pos="1" name="service.version"/>
    <param pos="2" name="service.version.version"/>
    <param pos="3" name="os.version"/>
  </fingerprint>
  <fingerprint pattern="^(?m)(BCM\d+) Router\r\n.*code:(?:\r|\u0000|)+ $" flags="REG_ICASE|REG_MULTILINE">
    <description>a dot for lines from the middle on</description><example _encoding="base64" hw.product="BCM9">
      QkNNOSBSb3V0ZXINCj09PQ0K
      Y29kZToADQAg
    </example>&gt;
    <param pos="1" name="hw.product"/>
  </fingerprint>
  <fingerprint pattern="^ (\S+) [é–]+ $"><description>blanks at the ends are part of it</description>
    <example host.name="a"> a éé– </example>
    <param pos="1" name="host.name"/>
  </fingerprint>
  <fingerprint pattern="long (\d+)"><description>in files of their own</description>
    <example _filename="long.txt" service.version="77"/>
    <example _filename="missing.txt"/>
    <example _filename="../ftp.xml"/>
    <example _encoding="base64">=====</example>
    <param pos="1" name="service.version"/>
  </fingerprint>
</fingerprints>
"""


def test_examples_are_matched_as_recog_does(tmp_path: Path) -> None:
    """lib/recog/fingerprint.rb: what a parameter, a constant and an example are."""
    folder(tmp_path, ftp=PARAMETERS)
    (tmp_path / "ftp").mkdir()
    (tmp_path / "ftp" / "long.txt").write_bytes(b"\xff" * 5000 + b"long 77")
    read = read_recog(tmp_path, examples=True)
    assert (read.used, read.unusable) == (5, [])
    assert read.mismatched == [
        "ftp.xml:4: Quay 1.3",
        *(f"ftp.xml:30: {name}" for name in ("missing.txt", "../ftp.xml", "=====")),
    ]
