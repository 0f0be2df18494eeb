from __future__ import annotations

import errno
import os
import re
from io import StringIO
from pathlib import Path

import pytest

from hatoba.errors import OutputError
from hatoba.reports.formats import open_reports
from hatoba.reports.outputs import Fanout, Output, open_output, open_resumed
from tests.unit.reports.scans import PLAIN, SERVICES, everyday, interrupted, report, tell


def fanout(*outputs: Output) -> Fanout:
    return open_reports(outputs, PLAIN, SERVICES)


class Full(StringIO):
    """A file on a disk that is full after so many characters."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def write(self, text: str) -> int:
        if self.tell() + len(text) > self._room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(text)


def test_several_at_once_write_what_each_would_write_alone(tmp_path: Path) -> None:
    formats = ("table", "jsonl", "xml", "grepable", "normal")
    outputs = [open_output(name, str(tmp_path / name), StringIO()) for name in formats]
    reports = fanout(*outputs)
    tell(reports, everyday())
    assert not reports.failures
    for name in formats:
        assert (tmp_path / name).read_text(encoding="utf-8") == report(name, everyday())
    assert all(output.stream.closed for output in outputs)


def test_a_dash_is_standard_output_and_stays_open() -> None:
    stdout = StringIO()
    tell(fanout(open_output("jsonl", "-", stdout)), everyday())
    assert stdout.getvalue() == report("jsonl", everyday())


def test_what_is_known_is_in_the_file_before_the_scan_ends(tmp_path: Path) -> None:
    path = tmp_path / "scan.jsonl"
    reports = fanout(open_output("jsonl", str(path), StringIO()))
    started, ports, *_ = everyday()
    tell(reports, [started])
    assert path.read_text(encoding="utf-8").count("\n") == 1
    tell(reports, [ports])
    assert path.read_text(encoding="utf-8").count('"type":"port"') == 906
    reports.close()


def test_hosts_without_their_event_are_reported_at_the_end() -> None:
    for name in ("table", "xml", "grepable", "normal"):
        assert "198.18.0.2" in report(name, interrupted()).replace("scan --reason 198.18.0.2", "")


def test_a_full_disk_ends_one_output_and_not_the_others() -> None:
    good = StringIO()
    reports = fanout(Output("jsonl", Full(1000), "scan.jsonl"), Output("table", good, "-"))
    tell(reports, everyday())
    assert good.getvalue() == report("table", everyday())
    assert [str(failure) for failure in reports.failures] == [
        "scan.jsonl is incomplete: the disk is full; make room and scan again, or write elsewhere"
    ]


def test_a_disk_that_was_full_costs_nothing_that_was_written(tmp_path: Path) -> None:
    output = Output("jsonl", Full(1000), "a scan.jsonl", is_ours=True)
    reports = fanout(output)
    tell(reports, everyday())
    assert [str(failure) for failure in reports.failures] == [
        "a scan.jsonl is incomplete: the disk is full; make room, and hatoba scan --resume 'a scan.jsonl' asks what is missing"
    ]


def test_a_report_is_gone_on_with_behind_its_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "scan.jsonl"
    path.write_text('{"type":"scan"}\n{"type":"po')
    output = open_resumed(str(path), 16)
    output.stream.write("more\n")
    output.stream.close()
    assert path.read_text() == '{"type":"scan"}\nmore\n'
    with pytest.raises(OutputError, match="its folder does not exist"):
        open_resumed(str(tmp_path / "missing" / "scan.jsonl"), 0)


def test_what_another_scan_still_writes_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "scan.jsonl"
    writing = open_output("jsonl", str(path), StringIO())
    writing.stream.write("something")
    writing.stream.flush()
    for again in (lambda: open_resumed(str(path), 0), lambda: open_output("xml", str(path), StringIO())):
        with pytest.raises(OutputError, match="still being written by another scan: wait for its end"):
            again()
    assert path.read_text() == "something"
    writing.stream.close()
    open_resumed(str(path), 0).stream.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which Linux has")
def test_a_full_disk_is_noticed_and_told_once() -> None:
    reports = fanout(open_output("jsonl", "/dev/full", StringIO()))
    tell(reports, everyday())
    assert len(reports.failures) == 1
    assert isinstance(reports.failures[0], OutputError)
    assert not reports.wants_more


def test_a_reader_that_went_away_is_left_in_peace() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    good = StringIO()
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        reports = fanout(Output("jsonl", pipe, "standard output"), Output("table", good, "-"))
        tell(reports, everyday())
        assert reports.wants_more
    # closing the pipe flushed what was left in its buffer, and that raised nothing
    assert not reports.failures
    assert good.getvalue() == report("table", everyday())


def test_nobody_left_to_write_for() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        reports = fanout(Output("jsonl", pipe, "standard output"))
        tell(reports, everyday()[:2])
        assert not reports.wants_more


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("missing/scan.xml", "its folder does not exist; make it first with mkdir -p"),
        (".", "is a folder; give the name of a file in it"),
        ("file/scan.xml", "can't be written: Not a directory"),
    ],
)
def test_a_file_that_can_not_be_opened_says_what_to_do(tmp_path: Path, path: str, sentence: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=re.escape(sentence)):
        open_output("xml", str(tmp_path / path), StringIO())
