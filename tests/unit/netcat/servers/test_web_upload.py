from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from hatoba.netcat.servers.web_session import Limits
from tests.unit.netcat.servers.web_talk import ask, replies, site_of, talk

CONTENT = bytes(range(256)) * 2000


def form(*files: tuple[str, bytes], boundary: bytes = b"xYx", end: bytes = b"--") -> bytes:
    parts = [
        b"--"
        + boundary
        + f'\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        + data
        + b"\r\n"
        for name, data in files
    ]
    return b"".join(parts) + b"--" + boundary + end + b"\r\n"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_put_makes_a_file_and_tells_its_sha_256(tmp_path: Path) -> None:
    site = site_of(tmp_path, upload=tmp_path)
    reply = ask(site, "/new%20file", "PUT", CONTENT)
    assert (reply.status, reply.headers["location"]) == (201, "/new%20file")
    assert reply.body.decode() == f"{hashlib.sha256(CONTENT).hexdigest()}  new file\n"
    assert (tmp_path / "new file").read_bytes() == CONTENT
    assert ask(site, "/new%20file").body == CONTENT


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    assert ask(site_of(tmp_path, upload=tmp_path), "/old", "PUT", b"new").status == 409
    assert (tmp_path / "old").read_bytes() == b"old"
    assert ask(site_of(tmp_path, upload=tmp_path, overwrite=True), "/old", "PUT", b"new").status == 201
    assert (tmp_path / "old").read_bytes() == b"new"
    assert names(tmp_path) == ["old"]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/", 400),
        ("/x/", 400),
        ("/.hidden", 404),
        ("/../x", 404),
        ("/%2e%2e%2fx", 404),
        ("/no/x", 409),
        ("/out/x", 409),
        ("/a%0ab", 400),
        ("/" + "x" * 300, 400),
    ],
)
def test_names_that_cannot_be_put(tmp_path: Path, target: str, status: int) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "out").symlink_to("..")
    assert ask(site_of(root, upload=root), target, "PUT", b"x").status == status
    assert names(tmp_path) == ["root"]
    assert names(root) == ["out"]


def test_a_body_that_is_cut_leaves_nothing(tmp_path: Path) -> None:
    sent = b"PUT /new HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc"
    assert replies(talk(site_of(tmp_path, upload=tmp_path), sent), "PUT")[0].status == 400
    assert names(tmp_path) == []


def test_a_chunked_body_is_taken(tmp_path: Path) -> None:
    sent = b"PUT /new HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert replies(talk(site_of(tmp_path, upload=tmp_path), sent), "PUT")[0].status == 201
    assert (tmp_path / "new").read_bytes() == b"abcde"


def test_who_asks_for_permission_gets_it_or_the_reason_before_sending(tmp_path: Path) -> None:
    (tmp_path / "old").touch()
    head = b" HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    site = site_of(tmp_path, upload=tmp_path)
    taken = replies(talk(site, b"PUT /new" + head + b"abc"), "PUT")[0]
    assert taken.status == 201
    refused = replies(talk(site, b"PUT /old" + head), "PUT")[0]
    assert (refused.status, refused.informational) == (409, [])


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _data: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    site = site_of(tmp_path, upload=tmp_path)
    monkeypatch.setattr(os, "write", full)
    status = ask(site, "/new", "PUT", b"x").status
    monkeypatch.undo()
    assert status == 507
    assert names(tmp_path) == []


def test_a_form_brings_files_and_leads_back(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    body = form(("a.txt", b"one"), ("C:\\fakepath\\b", CONTENT), ("", b""))
    reply = ask(site_of(tmp_path, upload=tmp_path), "/deep/", "POST", body, Content_Type="multipart/form-data; boundary=xYx")
    assert (reply.status, reply.headers["location"]) == (303, "/deep/")
    assert (tmp_path / "deep" / "a.txt").read_bytes() == b"one"
    assert (tmp_path / "deep" / "b").read_bytes() == CONTENT
    assert names(tmp_path / "deep") == ["a.txt", "b"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (form(("a", b"1"), (".b", b"2")), "multipart/form-data; boundary=xYx", 400),
        (form(("a", b"1"), ("..", b"2")), "multipart/form-data; boundary=xYx", 400),
        (form(("a", b"1"), ("old", b"2")), "multipart/form-data; boundary=xYx", 409),
        (form(("a", b"1"))[:-9], "multipart/form-data; boundary=xYx", 400),
        (form(*[(f"a{number}", b"") for number in range(1001)]), "multipart/form-data; boundary=xYx", 400),
        (form(("a" * 9000, b"1")), "multipart/form-data; boundary=xYx", 400),
        (b"no form", "multipart/form-data; boundary=xYx", 400),
        (form(("a", b"1")), "multipart/form-data", 415),
        (form(("a", b"1")), f"multipart/form-data; boundary={'x' * 300}", 400),
        (b"a=b", "application/x-www-form-urlencoded", 415),
    ],
)
def test_a_form_that_can_not_be_taken_whole_leaves_nothing(tmp_path: Path, body: bytes, kind: str, status: int) -> None:
    (tmp_path / "old").write_bytes(b"old")
    assert ask(site_of(tmp_path, upload=tmp_path), "/", "POST", body, Content_Type=kind).status == status
    assert names(tmp_path) == ["old"]
    assert (tmp_path / "old").read_bytes() == b"old"


def test_pages_of_other_sites_can_not_send_files(tmp_path: Path) -> None:
    site = site_of(tmp_path, upload=tmp_path)
    assert ask(site, "/a", "PUT", b"x", Origin="http://elsewhere.example").status == 403
    assert ask(site, "/a", "PUT", b"x", Origin="null").status == 403
    assert ask(site, "/a", "PUT", b"x", Origin="http://[").status == 403
    assert names(tmp_path) == []
    assert ask(site, "/a", "PUT", b"x", Origin="http://198.18.0.1:8080").status == 201


def test_without_a_folder_to_read_files_are_taken_and_never_shown(tmp_path: Path) -> None:
    site = site_of(None, upload=tmp_path)
    assert ask(site, "/a", "PUT", b"x").status == 201
    assert ask(site, "/a").status == 404
    page = ask(site, "/")
    assert b'type="file"' in page.body
    assert b"./a" not in page.body


def test_the_form_is_shown_where_files_are_taken(tmp_path: Path) -> None:
    assert b'type="file"' not in ask(site_of(tmp_path), "/").body
    assert b'type="file"' in ask(site_of(tmp_path, upload=tmp_path), "/").body


def test_files_that_strangers_may_have_sent_are_served_in_a_sandbox(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<script>")
    assert ask(site_of(tmp_path, upload=tmp_path), "/a.html").headers["content-security-policy"] == "sandbox"
    assert "content-security-policy" not in ask(site_of(tmp_path), "/a.html").headers


def test_a_client_that_stops_in_the_middle_is_let_go(tmp_path: Path) -> None:
    sent = b"PUT /new HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc"
    said = talk(site_of(tmp_path, upload=tmp_path), sent, limits=Limits(stall_s=0.05), ends=False)
    assert said == b""
    assert names(tmp_path) == []
