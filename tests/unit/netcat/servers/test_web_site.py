from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from hatoba.netcat.servers.beneath import Folder
from hatoba.netcat.servers.web_types import media_type
from tests.descriptors import open_descriptors
from tests.unit.netcat.servers.web_talk import ask, site_of

LONG_AFTER_S = 4e9
"""Seconds since the epoch, when no file of a test has just been changed."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "deep").mkdir(parents=True)
    (root / "page").mkdir()
    (root / "data").write_bytes(b"0123456789")
    (root / "page" / "index.html").write_text("<h1>page</h1>")
    (root / ".secret").write_bytes(b"hidden")
    (root / ".well-known").mkdir()
    (root / ".well-known" / "x").write_bytes(b"known")
    (root / "out").symlink_to("../outside")
    (tmp_path / "outside").write_bytes(b"outside")
    return root


def test_a_range_is_sent_and_told(folder: Path) -> None:
    reply = ask(site_of(folder), "/data", Range="bytes=2-4")
    assert (reply.status, reply.body, reply.headers["content-range"]) == (206, b"234", "bytes 2-4/10")


def test_a_range_beyond_the_end_is_told_how_long_the_file_is(folder: Path) -> None:
    reply = ask(site_of(folder), "/data", Range="bytes=10-")
    assert (reply.status, reply.headers["content-range"]) == (416, "bytes */10")


def test_what_a_client_has_is_not_sent_again(folder: Path) -> None:
    site = site_of(folder, now_s=lambda: LONG_AFTER_S)
    tag = ask(site, "/data").headers["etag"]
    again = ask(site, "/data", If_None_Match=tag)
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert "content-length" not in again.headers
    part = ask(site, "/data", Range="bytes=5-", If_Range=tag)
    assert (part.status, part.body) == (206, b"56789")
    (folder / "data").write_bytes(b"abcdefghij")
    assert ask(site, "/data", If_None_Match=tag).body == b"abcdefghij"
    assert ask(site, "/data", Range="bytes=5-", If_Range=tag).body == b"abcdefghij"


def test_a_page_of_a_folder_s_own_is_served_in_its_place(folder: Path) -> None:
    reply = ask(site_of(folder), "/page/")
    assert (reply.body, reply.headers["content-type"]) == (b"<h1>page</h1>", "text/html")


def test_a_folder_without_its_slash_is_redirected_on_this_host(folder: Path) -> None:
    for target in ("/deep", "//deep", "http://x/deep"):
        reply = ask(site_of(folder), target)
        assert (reply.status, reply.headers["location"]) == (301, "/deep/")


@pytest.mark.parametrize(
    "target", ["/none", "/data/", "/out", "/.secret", "/../outside", "/%2e%2e/outside", "/data/x", "/page/.."]
)
def test_what_is_not_there(folder: Path, target: str) -> None:
    assert ask(site_of(folder), target).status == 404


def test_hidden_names_are_served_where_that_is_wanted(folder: Path) -> None:
    assert ask(site_of(folder, hidden=True), "/.secret").body == b"hidden"
    assert ask(site_of(folder), "/.well-known/x").body == b"known"


def test_an_empty_file(folder: Path) -> None:
    (folder / "empty").touch()
    reply = ask(site_of(folder), "/empty")
    assert (reply.status, reply.body, reply.headers["content-length"]) == (200, b"", "0")


@pytest.mark.parametrize(("code", "status"), [(errno.EMFILE, 503), (errno.EACCES, 403), (errno.EIO, 500), (errno.ENOENT, 404)])
def test_faults_of_the_file_system(folder: Path, monkeypatch: pytest.MonkeyPatch, code: int, status: int) -> None:
    def broken(*_arguments: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Folder, "open", broken)
    assert ask(site_of(folder), "/data").status == status


def test_no_descriptor_is_left_open(folder: Path) -> None:
    site = site_of(folder)
    before = len(open_descriptors())
    for target in ("/", "/data", "/deep", "/deep/", "/page/", "/none", "/out", "/data/"):
        ask(site, target)
        ask(site, target, "HEAD")
    assert len(open_descriptors()) == before


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.html", "text/html"),
        ("a.tar.gz", "application/gzip"),
        ("a.txt.xz", "application/x-xz"),
        ("a.png", "image/png"),
        ("a", "application/octet-stream"),
    ],
)
def test_media_types(name: str, kind: str) -> None:
    assert media_type(name) == kind
