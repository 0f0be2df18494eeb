"""The web server's pages in a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.net.netcat.browser_web import Browser, browser
from tests.net.netcat.web_lab import ADDRESS, WebLab, web_lab

pytestmark = pytest.mark.exhaustive

URL = f"http://{ADDRESS}:8080"
SCRIPT = "<title>before</title><script>document.title = 'a script ran'</script>"
HOSTILE = "<img src=x onerror=\"document.title='a script ran'\">"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebLab]:
    with web_lab(tmp_path_factory.mktemp("web")) as lab:
        (lab.root / "page.html").write_text(SCRIPT)
        (lab.root / HOSTILE).write_text("x")
        (lab.root / "報告書 1.txt").write_text("日本語\n", encoding="utf-8")
        yield lab


@pytest.fixture(scope="module")
def page(site: WebLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(site.client, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def test_a_folder_is_shown_and_its_links_work(site: WebLab, page: Browser) -> None:
    with site.serving():
        page.open(f"{URL}/")
        names = [HOSTILE, "big", "deep/", "page.html", "raced", "small", "報告書 1.txt"]
        assert page.links() == sorted(names)
        assert page.value("document.title") == "/"
        assert page.value("getComputedStyle(document.querySelector('table')).borderCollapse") == "collapse"
        assert page.picture().startswith(b"\x89PNG")
        page.open(f"{URL}/deep/")
        assert page.links() == ["../", "note.txt"]
        page.open(f"{URL}/" + page.value("encodeURIComponent('報告書 1.txt')"))
        assert page.value("document.body.textContent") == "日本語\n"
        page.open(f"{URL}/page.html")
        assert page.value("document.title") == "a script ran"


def test_a_form_sends_files_and_what_was_sent_runs_nothing(site: WebLab, page: Browser, tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "写真 1.jpg").write_bytes(content)
    (tmp_path / "evil.html").write_text(SCRIPT)
    with site.serving("--upload", str(site.root)):
        page.open(f"{URL}/deep/")
        page.send_files(tmp_path / "写真 1.jpg", tmp_path / "evil.html")
        assert page.value("location.pathname") == "/deep/"
        assert page.links() == ["../", "evil.html", "note.txt", "写真 1.jpg"]
        assert (site.root / "deep" / "写真 1.jpg").read_bytes() == content
        page.open(f"{URL}/deep/evil.html")
        assert page.value("document.title") == "before"
        page.open(f"{URL}/deep/")
        page.send_files(tmp_path / "evil.html")
        assert page.value("document.body.textContent").strip() == "there is a file of that name: choose another name"
