"""Reports don't write over each other, nor over what the scan reads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hatoba.cli.output_options import outputs_of
from hatoba.errors import UsageError

NONE: dict[str, Any] = {
    **dict.fromkeys(("jsonl", "xml", "grepable", "normal", "all_formats", "inputs", "exclude_files", "signatures"), ()),
    **dict.fromkeys(("pcap", "resume", "scope_file")),
}


@pytest.mark.parametrize(
    ("key", "option"),
    [("inputs", "-iL"), ("exclude_files", "--exclude-file"), ("signatures", "--signatures"), ("scope_file", "--scope-file")],
)
@pytest.mark.parametrize("written", ["xml", "pcap"])
def test_a_file_that_is_read_is_not_written_over(tmp_path: Path, key: str, option: str, written: str) -> None:
    listed, other = tmp_path / "hosts", tmp_path / "other"
    listed.write_text("198.18.0.2\n")
    other.symlink_to(listed)
    for name in (str(listed), str(other), f"{tmp_path}/./hosts"):
        read = str(listed) if key == "scope_file" else ("-", str(listed))
        with pytest.raises(UsageError) as told:
            outputs_of(NONE | {key: read, written: name if written == "pcap" else (name,)})
        assert str(told.value) == f"{option} reads {name}, which a report would overwrite: give the report another name"


@pytest.mark.parametrize(("name", "reader"), [("scope.jsonl", "hatoba scope"), ("signatures.toml", "hatoba signatures")])
def test_nor_is_one_that_is_read_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, reader: str) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    own = tmp_path / "hatoba" / name
    own.parent.mkdir()
    assert outputs_of(NONE | {"jsonl": (str(own),)}), "there is no such file yet"
    own.write_text("")
    with pytest.raises(UsageError, match=f"{reader} reads .*{name}, which a report would overwrite"):
        outputs_of(NONE | {"jsonl": (str(own),)})


def test_nor_is_the_file_that_standard_input_comes_from(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1\n")
    argv = [sys.executable, "-P", "-m", "hatoba", "scan", "--connect", "-p", "9", "-iL", "-", "-oN", "hosts"]
    with hosts.open() as listed:
        done = subprocess.run(argv, check=False, cwd=tmp_path, stdin=listed, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "-iL - reads hosts, which a report would overwrite" in done.stderr
    assert hosts.read_text() == "127.0.0.1\n"


def test_a_report_of_the_same_name_with_a_suffix_is_another_file(tmp_path: Path) -> None:
    listed = tmp_path / "office"
    listed.write_text("198.18.0.2\n")
    assert len(outputs_of(NONE | {"inputs": (str(listed),), "all_formats": (str(listed),)})) == 4


def test_what_is_no_file_loses_nothing() -> None:
    assert outputs_of(NONE | {"inputs": ("/dev/null",), "xml": ("/dev/null",)}) == (("xml", "/dev/null"),)


def test_two_names_of_one_file_are_one_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two reports would go to"):
        outputs_of(NONE | {"xml": (f"{tmp_path}/scan",), "normal": (f"{tmp_path}/./scan",)})
    (tmp_path / "scan").touch()
    (tmp_path / "link").hardlink_to(tmp_path / "scan")
    with pytest.raises(UsageError, match="two reports would go to"):
        outputs_of(NONE | {"xml": (f"{tmp_path}/scan",), "pcap": f"{tmp_path}/link"})


def test_the_resumed_file_is_known_by_every_name(tmp_path: Path) -> None:
    (tmp_path / "monday.jsonl").touch()
    with pytest.raises(UsageError, match="is gone on with by --resume: leave it out"):
        outputs_of(NONE | {"resume": f"{tmp_path}/monday.jsonl", "xml": (f"{tmp_path}/./monday.jsonl",)})
