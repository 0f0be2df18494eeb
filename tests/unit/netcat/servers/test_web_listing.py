from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from hatoba.netcat.servers import web_listing
from hatoba.netcat.servers.beneath import Folder
from hatoba.netcat.servers.web_listing import Entry, entries, names_in, page
from tests.unit.netcat.servers.web_talk import ask, site_of


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[Folder, int]]:
    with Folder(tmp_path) as folder:
        descriptor = folder.open_folder([])
        yield folder, descriptor
        os.close(descriptor)


def links(text: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(r'<a href="([^"]*)">', text)]


def test_only_what_would_be_served_is_listed(tmp_path: Path, opened: tuple[Folder, int]) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "inside").symlink_to("folder")
    (tmp_path / "out").symlink_to("/etc")
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    folder, descriptor = opened
    names, more = names_in(descriptor, "", hidden=False)
    found = [(entry.name, entry.is_folder) for entry in entries(folder, [], descriptor, names)]
    assert found == [("file", False), ("folder", True), ("inside", True)]
    assert not more


def test_hidden_names(tmp_path: Path, opened: tuple[Folder, int]) -> None:
    for name in (".git", ".well-known", "shown"):
        (tmp_path / name).mkdir()
    assert names_in(opened[1], "", hidden=False)[0] == [".well-known", "shown"]
    assert names_in(opened[1], "", hidden=True)[0] == [".git", ".well-known", "shown"]


@pytest.mark.parametrize(
    "name",
    [
        b"<script>alert(1)<script>",
        b'"onload="x',
        b"javascript:alert(1)",
        b"a&amp;b",
        b"\xff\xfe",
        b"\x1b[2J\r\nX: y",
        b"?x",
        b"%2e",
        "あ\u202egpj".encode(),
        b"#a",
        b"-",
    ],
)
def test_names_act_nowhere_and_lead_where_they_should(tmp_path: Path, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"it")
    site = site_of(tmp_path)
    text = ask(site, "/").body.decode()
    (link,) = links(text)
    assert link.startswith("./")
    assert unquote_to_bytes(link[2:]) == name
    assert ask(site, link[1:]).body == b"it"
    assert "<script" not in text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)


def test_a_long_listing_comes_in_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_listing, "MOST_NAMES", 3)
    names = [f"{number}&" for number in range(8)]
    for name in names:
        (tmp_path / name).touch()
    site = site_of(tmp_path)
    seen, target = [], "/"
    for _page in range(3):
        found = links(ask(site, target).body.decode())
        seen += [unquote_to_bytes(link[2:]).decode() for link in found if link.startswith("./")]
        target = next(("/" + link for link in found if link.startswith("?")), "")
    assert seen == names
    assert target == ""


def test_the_page_speaks_the_language_of_its_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_listing, "_", lambda text: f"<{text}>")
    (tmp_path / "x").touch()
    text = ask(site_of(tmp_path, upload=tmp_path), "/").body.decode()
    for word in ("Name", "Size", "Changed (UTC)", "Upload"):
        assert f"&lt;{word}&gt;" in text


def test_the_page_says_that_no_script_may_run(tmp_path: Path) -> None:
    policy = ask(site_of(tmp_path), "/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in policy


def test_a_time_that_no_calendar_has_is_left_out() -> None:
    text = b"".join(page((), iter([Entry("x", False, 1, 1e30)]), go_on_after=None, upload=False)).decode()
    assert '<td class="n">1<td class="n">\n' in text


def test_the_way_up_is_not_shown_at_the_top(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    assert "../" not in links(ask(site_of(tmp_path), "/").body.decode())
    assert "../" in links(ask(site_of(tmp_path), "/deep/").body.decode())
