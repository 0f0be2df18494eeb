"""The web server with the programs that people use."""

from __future__ import annotations

import hashlib
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hatoba.lab import PIPE, Process
from tests import needs
from tests.net.netcat.web_lab import ADDRESS, BIG_BYTES, SMALL, WebLab, web_lab

ROOT = Path(__file__).parents[3]
URL = f"http://{ADDRESS}:8080"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebLab]:
    with web_lab(tmp_path_factory.mktemp("web")) as lab:
        yield lab


@pytest.fixture(scope="module")
def server(site: WebLab) -> Iterator[Process]:
    """Serves, and takes files into a folder of its own."""
    (site.root.parent / "upload").mkdir()
    with site.serving("--upload", str(site.root.parent / "upload")) as process:
        yield process


@pytest.fixture(autouse=True)
def _curl(server: Process) -> None:
    needs.require_program("curl")


def test_curl_gets_files_over_both_families(site: WebLab) -> None:
    assert site.curl(f"{URL}/small") == SMALL
    assert site.curl("http://[fd00:18::2]:8080/deep/note.txt") == "note\n"


def test_curl_gets_ranges_and_asks_whether_anything_changed(site: WebLab, tmp_path: Path) -> None:
    assert site.curl("--range", "0-4", f"{URL}/small") == SMALL[:5]
    assert site.curl("--head", f"{URL}/big").count(f"Content-Length: {BIG_BYTES}") <= 1
    tag = re.search(r'(?i)etag: ((W/)?"[^"]*")', site.curl("--head", f"{URL}/small"))
    assert tag is not None
    status = site.curl("--header", f"If-None-Match: {tag[1]}", "--write-out", "%{http_code}", f"{URL}/small")
    assert status == "304"


def test_curl_goes_on_where_it_stopped(site: WebLab, tmp_path: Path) -> None:
    content = (site.root / "big").read_bytes()
    (tmp_path / "big").write_bytes(content[:7_000_001])
    said = site.curl("--continue-at", "-", "--output", str(tmp_path / "big"), "--write-out", "%{http_code}", f"{URL}/big")
    assert said == "206"
    assert (tmp_path / "big").read_bytes() == content


def test_wget_goes_on_where_it_stopped(site: WebLab, tmp_path: Path) -> None:
    needs.require_program("wget")
    content = (site.root / "big").read_bytes()
    (tmp_path / "big").write_bytes(content[:7_000_001])
    done = site.client.run(["wget", "--continue", "--tries=1", f"{URL}/big"], cwd=tmp_path, env={"LC_ALL": "C"})
    assert done.returncode == 0, done.stderr
    assert "206 Partial Content" in done.stderr
    assert (tmp_path / "big").read_bytes() == content
    again = site.client.run(["wget", "--continue", "--tries=1", f"{URL}/big"], cwd=tmp_path, env={"LC_ALL": "C"})
    assert "already fully retrieved" in again.stderr


def test_wget_mirrors_what_is_listed_and_nothing_else(site: WebLab, tmp_path: Path) -> None:
    needs.require_program("wget")
    options = ["--recursive", "--no-parent", "--no-host-directories", "--tries=1", "--reject", "big", "--quiet"]
    site.client.run(["wget", *options, f"{URL}/"], cwd=tmp_path)
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"index.html", "small", "raced", "deep/index.html", "deep/note.txt"}
    assert (tmp_path / "small").read_text() == SMALL


@pytest.mark.parametrize(
    "begun",
    [
        "GET /big HTTP/1.1\r\nHost: x\r\n\r\n",
        "PUT /half HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
    ],
)
def test_ctrl_c_ends_the_server_and_leaves_no_half_of_a_file(site: WebLab, tmp_path: Path, begun: str) -> None:
    holding = [sys.executable, "-m", "tests.net.netcat.web_clients", ADDRESS, "8083", begun]
    with (
        site.serving("--upload", str(tmp_path), port=8083) as process,
        site.client.popen(holding, stdin=PIPE, stdout=PIPE, cwd=ROOT) as holder,
    ):
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert len(list(tmp_path.iterdir())) == begun.startswith("PUT")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert "Traceback" not in process.tail()
        assert list(tmp_path.iterdir()) == []
        holder.kill()


def test_curl_puts_files(site: WebLab, tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"1" * 3_000_000)  # long enough that curl asks first (Expect: 100-continue)
    digest = hashlib.sha256(b"1" * 3_000_000).hexdigest()
    assert site.curl("--upload-file", str(tmp_path / "one"), f"{URL}/") == f"{digest}  one\n"
    again = site.curl("--upload-file", str(tmp_path / "one"), "--write-out", "%{http_code}", f"{URL}/")
    assert again.endswith("choose another name\n409")
    assert (site.root.parent / "upload" / "one").stat().st_size == 3_000_000


def test_a_form_that_is_none_is_not_talked_about(site: WebLab, server: Process) -> None:
    kind = "Content-Type: multipart/form-data; boundary=b"
    assert site.curl("--header", kind, "--data", "hello", f"{URL}/") == "400 Bad Request\n"
    assert "boundary" not in server.tail()


def test_curl_sends_forms(site: WebLab, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name * 1000)
    status = site.curl(
        *("--form", f"file=@{tmp_path}/a", "--form", f"file=@{tmp_path}/b", "--write-out", "%{http_code} %{redirect_url}"),
        *("--output", "/dev/null", f"{URL}/"),
    )
    assert status == f"303 {URL}/"
    assert (site.root.parent / "upload" / "b").read_text() == "b" * 1000
