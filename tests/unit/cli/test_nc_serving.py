"""What ``hatoba nc`` says to options of its servers and transfers that can't be meant. What they do is tested on real
packets."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from hatoba.cli.main import main
from hatoba.cli.nc import command
from hatoba.cli.nc_serving import Transfer
from hatoba.cli.streams import forget
from hatoba.errors import OutputError
from hatoba.netcat.console import Console
from hatoba.netcat.ends import OutputClosed, Peer
from tests.descriptors import open_descriptors


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The sentence on standard error, for a command line that is wrong."""
    assert main(["nc", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-l", "8080", "--serve", ".", "--echo"], "--serve and --echo don't go together: choose one"),
        (["-l", "8080", "--send", "x", "--receive", "y"], "--send and --receive don't go together"),
        (["-l", "8080", "--discard", "--upload", "."], "--discard and --upload don't go together"),
        (["-l", "8080", "--serve", ".", "-o", "x"], "--serve and -o don't go together"),
        (["198.18.0.2", "80", "--send", "/etc/hostname", "-C"], "--send and -C don't go together"),
        (["198.18.0.2", "80", "--serve", "."], "--serve is for a server: add -l and a port"),
        (["198.18.0.2", "80", "--echo"], "--echo is for a server: add -l and a port"),
        (["--serve", ".", "8080"], "--serve is for a server: add -l and a port"),
        (["-l", "8080", "--serve", ".", "--recv-limit", "1"], "--serve and --recv-limit don't go together"),
        (["-u", "-l", "8080", "--serve", "."], "--serve needs a connection: leave -u out"),
        (["-u", "-l", "8080", "--receive", "x"], "--receive needs a connection: leave -u out"),
        (["-l", "8080", "--raw"], "--raw goes with --send, --receive"),
        (["-l", "8080", "--hidden", "--upload", "."], "--hidden goes with --serve"),
        (["-l", "8080", "--overwrite", "--echo"], "--overwrite goes with --serve, --upload, --receive"),
        (["-l", "8080", "--serve", "/no/such"], "--serve /no/such: No such file or directory; name a folder"),
        (["-l", "8080", "--serve", "/dev/null"], "--serve /dev/null: Not a directory; name a folder"),
        (["-l", "8080", "--reply", "/no/such"], "/no/such can't be sent as a reply (No such file or directory)"),
        (["-l", "8080", "--send", "/no/such"], "/no/such can't be sent (No such file or directory): name a regular file"),
        (["-l", "8080", "--send", "/"], "/ is no regular file: pack a folder first"),
        (
            ["-l", "8080", "--receive", "/no/such/"],
            "/no/such/ is no folder: make it first, or leave the slash out to name a file",
        ),
        (["-l", "8080", "--raw", "--receive", "/"], "with --raw nobody tells a file's name: name a file instead of a folder"),
    ],
)
def test_each_mistake_has_its_sentence(capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str) -> None:
    assert sentence in refusal(capsys, *arguments)


def test_a_file_that_is_there_is_not_received_over(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    assert f"{tmp_path}/there exists: name another, or add --overwrite" in refusal(
        capsys, "-l", "8080", "--receive", str(tmp_path / "there")
    )


def test_nothing_is_announced_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as used:
        used.bind(str(tmp_path / "socket"))
        used.listen()
        assert main(["nc", "-l", "-U", str(tmp_path / "socket"), "--serve", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"hatoba: can't listen on {tmp_path}/socket: Address already in use\n"


def test_no_descriptor_is_left_open(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    before = len(open_descriptors())
    refusal(capsys, "-l", "8080", "--serve", str(tmp_path), "--upload", "/no/such")
    assert len(open_descriptors()) == before


def test_output_that_cannot_be_written_is_no_fault_of_the_peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that came over, its digest that can't be told: nobody is to look for that in the network."""
    reader, writer = os.pipe()
    os.close(reader)
    (tmp_path / "file").write_bytes(b"content")
    given = command.make_context("nc", ["--send", str(tmp_path / "file"), "--raw", "host", "1"]).params
    for place, fault in ("/dev/full", OutputError), (writer, OutputClosed):
        ours, theirs = socket.socketpair()
        theirs.shutdown(socket.SHUT_WR)
        with ours, theirs, open(place, "w") as output:
            monkeypatch.setattr("sys.stdout", output)
            with pytest.raises(fault):
                Transfer(given, Console(None))(ours, Peer("198.18.0.2", 1), Console(None))
            forget(output)
