from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from hatoba.netcat.servers.web_session import HEAD_BYTES, Limits
from tests.unit.netcat.servers.web_talk import ask, replies, site_of, talk

BODY = bytes(range(256)) * 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "data.bin").write_bytes(BODY)
    (tmp_path / "deep" / "note.txt").write_text("note\n")
    return tmp_path


def test_a_file_is_sent_whole(folder: Path) -> None:
    reply = ask(site_of(folder), "/data.bin")
    assert (reply.status, reply.body) == (200, BODY)
    assert reply.headers["content-length"] == str(len(BODY))
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_head_tells_the_length_and_sends_nothing(folder: Path) -> None:
    said = talk(site_of(folder), b"HEAD /data.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert said.endswith(b"\r\n\r\n")
    assert replies(said, "HEAD")[0].headers["content-length"] == str(len(BODY))


def test_a_range_is_for_get_alone(folder: Path) -> None:
    reply = ask(site_of(folder), "/data.bin", "HEAD", Range="bytes=0-4")
    assert (reply.status, reply.headers["content-length"]) == (200, str(len(BODY)))


def test_fields_that_come_twice_are_joined(folder: Path) -> None:
    tag = ask(site_of(folder), "/data.bin").headers["etag"]
    sent = f'GET /data.bin HTTP/1.1\r\nHost: x\r\nIf-None-Match: {tag}\r\nIf-None-Match: "other"\r\n\r\n'
    assert replies(talk(site_of(folder), sent.encode()))[0].status == 304


def test_several_requests_share_a_connection(folder: Path) -> None:
    one = b"GET /deep/note.txt HTTP/1.1\r\nHost: x\r\n\r\n"
    found = replies(talk(site_of(folder), one * 3), "GET", "GET", "GET")
    assert [reply.body for reply in found] == [b"note\n"] * 3


def test_http_1_0_gets_its_listing_until_the_end(folder: Path) -> None:
    said = talk(site_of(folder), b"GET / HTTP/1.0\r\n\r\n")
    assert b"transfer-encoding" not in said.lower()
    assert b"data.bin" in said


def test_a_request_in_absolute_form_is_taken(folder: Path) -> None:
    assert ask(site_of(folder), "http://elsewhere.example/deep/note.txt").body == b"note\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"NONSENSE\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", 400),  # TLS
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * (4 * HEAD_BYTES), 431),
        (b"GET /" + b"a" * (4 * HEAD_BYTES) + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * HEAD_BYTES, 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"DELETE /data.bin HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"PUT /new HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", 405),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    ],
)
def test_what_cannot_be_served_is_refused(folder: Path, sent: bytes, status: int) -> None:
    assert replies(talk(site_of(folder), sent))[0].status == status
    assert (folder / "data.bin").exists()


def test_a_get_with_a_body_is_answered(folder: Path) -> None:
    assert ask(site_of(folder), "/deep/note.txt", body=b"?").body == b"note\n"


def test_a_body_that_nobody_wants_ends_the_connection(folder: Path) -> None:
    sent = b"GET /deep/note.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nabc"
    reply = replies(talk(site_of(folder), sent))[0]
    assert (reply.body, reply.headers["connection"]) == (b"note\n", "close")


def test_a_file_that_became_shorter_ends_the_connection_early(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.sendfile

    def after_truncation(out: int, source: int, offset: int, count: int) -> int:
        os.truncate(folder / "data.bin", 100)
        return real(out, source, offset, count)

    monkeypatch.setattr(os, "sendfile", after_truncation)
    said = talk(site_of(folder), b"GET /data.bin HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
    head, _blank, body = said.partition(b"\r\n\r\n")
    assert b"content-length: 256000" in head.lower()
    assert body == BODY[:100]


def test_a_client_that_sends_half_a_request_is_let_go(folder: Path) -> None:
    log = io.StringIO()
    assert talk(site_of(folder), b"GET / HT", limits=Limits(idle_s=30, head_s=0.05), log=log, ends=False) == b""
    assert "198.18.0.9:4321 was too slow" in log.getvalue()


def test_requests_are_told_to_the_console_and_nothing_in_them_acts(folder: Path) -> None:
    log = io.StringIO()
    talk(site_of(folder), b"GET /deep/note.txt HTTP/1.1\r\nHost: x\r\n\r\n", log=log)
    assert log.getvalue() == "198.18.0.9:4321 GET /deep/note.txt 200 5\n"
