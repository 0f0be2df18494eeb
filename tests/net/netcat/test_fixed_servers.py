"""Echo, discard and reply with real netcats, over TCP, UDP and Unix sockets."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hatoba.lab import PIPE, Host, Lab
from tests import needs
from tests.net.lab_pair import pair

NC = (sys.executable, "-P", "-m", "hatoba", "nc")
ENGLISH = {"LC_ALL": "C.UTF-8"}
ADDRESS = "198.18.0.2"


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[Host, Host]]:
    needs.require_lab()
    with Lab("fixed") as lab:
        yield pair(lab)


def test_echo(hosts: tuple[Host, Host], tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "in").write_bytes(content)
    ncat, nc = needs.require_program("ncat"), needs.require_program("nc.openbsd")
    with hosts[1].serve([*NC, "-v", "-l", "9000", "--echo"], ready="0.0.0.0:9000$", env=ENGLISH):
        for number, client in enumerate((f"{ncat} {ADDRESS} 9000", f"{nc} -N {ADDRESS} 9000", f"{nc} -N fd00:18::2 9000")):
            hosts[0].run(["sh", "-c", f"{client} < in > out{number}"], cwd=tmp_path)
            assert (tmp_path / f"out{number}").read_bytes() == content


def test_echo_of_datagrams(hosts: tuple[Host, Host]) -> None:
    """Each by itself: none is joined with another, and an empty one comes back empty."""
    with hosts[1].serve([*NC, "-v", "-u", "-l", "9000", "--echo"], ready="0.0.0.0:9000$", env=ENGLISH):
        assert hosts[0].call(f"{__name__}:datagrams_back", [1, 0, 1000, 65507]) == [1, 0, 1000, 65507]


def datagrams_back(sizes: list[int]) -> list[int]:
    import socket

    back = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(50)
        sock.connect((ADDRESS, 9000))
        for size in sizes:
            sock.send(bytes(size))
            back.append(len(sock.recv(70_000)))
    return back


def test_discard(hosts: tuple[Host, Host]) -> None:
    nc = needs.require_program("nc.openbsd")
    with hosts[1].serve([*NC, "-v", "-l", "9000", "--discard"], ready="0.0.0.0:9000$", env=ENGLISH):
        done = hosts[0].run(["sh", "-c", f"head -c 5000000 /dev/zero | {nc} -N {ADDRESS} 9000"])
    assert (done.returncode, done.stdout) == (0, "")


def test_reply_answers_http_and_shows_the_request(hosts: tuple[Host, Host], tmp_path: Path) -> None:
    needs.require_program("curl")
    (tmp_path / "reply").write_text("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes")
    argv = [*NC, "-v", "-l", "9000", "--reply", str(tmp_path / "reply")]
    with hosts[1].popen(argv, stdout=PIPE, stderr=PIPE, env=ENGLISH) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert b"listening on [::]" in process.stderr.readline()
        assert b"listening on 0.0.0.0:9000" in process.stderr.readline()
        for _client in range(2):
            assert hosts[0].run(["curl", "--silent", "--max-time", "50", f"http://{ADDRESS}:9000/asked"]).stdout == "yes"
            assert process.stdout.readline() == b"GET /asked HTTP/1.1\r\n"
            for line in iter(process.stdout.readline, b"\r\n"):
                assert line
        process.terminate()


def test_a_unix_socket_serves_files_too(hosts: tuple[Host, Host], tmp_path: Path) -> None:
    needs.require_program("curl")
    (tmp_path / "file").write_text("over a socket\n")
    path = str(tmp_path / "socket")
    with hosts[1].serve([*NC, "-v", "-U", "-l", path, "--serve", str(tmp_path)], ready="listening on", env=ENGLISH):
        assert hosts[1].run(["curl", "--silent", "--unix-socket", path, "http://x/file"]).stdout == "over a socket\n"
