"""Whatever clients send, they get answers in HTTP or none, the server goes on, and nothing is written or read that was not
meant."""

from __future__ import annotations

import io
import socket
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.netcat.console import Console
from hatoba.netcat.servers.beneath import Folder
from hatoba.netcat.servers.web_session import Limits, Session
from hatoba.netcat.servers.web_site import Site
from tests.unit.netcat.servers.web_talk import CLIENT

WORDS = [
    *(
        b"GET ",
        b"HEAD ",
        b"PUT ",
        b"POST ",
        b"CONNECT ",
        b"OPTIONS ",
        b"* ",
        b"/",
        b"/file",
        b"/deep/",
        b"/new",
        b"..",
        b"%2e",
        b"%",
    ),
    *(b" HTTP/1.1", b" HTTP/1.0", b" HTTP/9.9", b"\r\n", b"\r\n\r\n", b"\n", b" ", b":", b"\0", b"\xff", b"Host: x\r\n"),
    *(b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n"),
    *(b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"Upgrade: x\r\nConnection: upgrade\r\n", b"Range: bytes=1-2\r\n"),
    *(b"If-Range: \r\n", b"If-None-Match: *\r\n", b"If-Modified-Since: x\r\n", b"Origin: http://x\r\n", b"Origin: http://["),
    *(b"Content-Type: multipart/form-data; boundary=b\r\n", b"--b\r\n", b"--b--\r\n", b"hello"),
    b'Content-Disposition: form-data; name="file"; filename="sent"\r\n\r\n',
]
HEADS = [
    b"GET /file HTTP/1.1\r\nHost: x\r\n",
    b"PUT /new HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n",
]
REQUESTS = st.tuples(st.sampled_from([b"", *HEADS]), st.lists(st.sampled_from(WORDS) | st.binary(max_size=8), max_size=25)).map(
    lambda parts: parts[0] + b"".join(parts[1])
)


@settings(max_examples=120, deadline=None)
@given(REQUESTS)
def test_any_bytes(sent: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "deep").mkdir()
        (root / "file").write_text("public")
        with Folder(root) as folder:
            said = spoken(Site(folder, folder), sent)
        assert said == b"" or said.startswith(b"HTTP/1.1 "), said
        there = {path.name for path in root.rglob("*")}
        assert {"deep", "file"} <= there <= {"deep", "file", "new", "sent"}
        assert (root / "file").read_text() == "public"


def spoken(site: Site, sent: bytes) -> bytes:
    """What the server says; requests and answers are short enough for the sockets' buffers, so no thread is needed."""
    ours, theirs = socket.socketpair()
    with ours:
        ours.sendall(sent)
        ours.shutdown(socket.SHUT_WR)
        with theirs:
            Session(theirs, CLIENT, Console(io.StringIO(), verbosity=2, explaining=True), site, Limits()).run()
        said = bytearray()
        while data := ours.recv(65536):
            said += data
    return bytes(said)
