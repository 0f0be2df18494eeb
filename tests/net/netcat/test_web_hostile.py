"""The web server with clients that mean it ill: nothing outside its folder is served, and nobody holds it up or fills it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from hatoba.lab import PIPE, Process
from tests.net.netcat.web_lab import ADDRESS, SECRET, SMALL, WebLab, web_lab

ROOT = Path(__file__).parents[3]
CLIENTS = "tests.net.netcat.web_clients"
IMPATIENT = 8084
SLOW_CLIENTS = 200
MOST_GROWTH_KIB = 20_000
"""What 200 clients may cost: a thread and a few buffers each."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebLab]:
    with web_lab(tmp_path_factory.mktemp("web")) as lab:
        yield lab


@pytest.fixture(scope="module")
def server(site: WebLab) -> Iterator[Process]:
    with site.serving() as process:
        yield process


@pytest.fixture(scope="module")
def impatient(site: WebLab) -> Iterator[Process]:
    """Lets go of whoever is silent for a second."""
    with site.serving("-i", "1", port=IMPATIENT) as process:
        yield process


def climbing(name: str) -> list[str]:
    """Ways to write a path that leads out of a folder to *name* beside it."""
    ups = ["..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "..%00", "%c0%ae%c0%ae", "..;", "..\\", "..%5c", "%uff0e%uff0e", "..."]
    slashes = ["/", "//", "%2f", "%5c", "\\", "%252f", "%c0%af", "/./", "/deep/../"]
    paths = [f"{slash}{up}{other}{name}" for up in ups for slash in slashes for other in slashes]
    deeper = [f"/deep{'/..' * depth}/{name}" for depth in range(1, 9)]
    links = ["/out", "/out/", f"/out-folder/{name}", "/out-folder", "/out-folder/", "/absolute", "/deep/../out"]
    return [*paths, *deeper, *links, "/.hidden", "/%2ehidden"]


def test_no_path_leads_out(site: WebLab, server: Process) -> None:
    absolute = str(site.root.parent / "secret")
    targets = [*climbing("secret"), absolute, f"//{absolute}", f"/{quote(absolute, safe='')}", f"/proc/self/root{absolute}"]
    requests = [f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" for target in targets]
    odd = [absolute[1:], "../secret", "http://x/../secret", f"file://{absolute}"]
    requests += [f"GET {target} HTTP/1.0\r\n\r\n" for target in odd]
    requests.append("GET /small HTTP/1.0\r\n\r\n")
    *answers, honest = site.client.call(f"{CLIENTS}:raw_answers", ADDRESS, requests)
    assert honest.endswith(SMALL)
    assert len(answers) > 900
    for request, answer in zip(requests, answers, strict=False):
        assert SECRET not in answer, request
        assert answer[9:12] in ("400", "404"), (request, answer)


def test_a_link_that_changes_while_it_is_asked_for(site: WebLab, server: Process) -> None:
    seen = site.client.call(f"{CLIENTS}:raced_link", ADDRESS, str(site.root), 300)
    assert "200 public\n" in seen
    assert set(seen) <= {"200 public\n", "404 404 Not Found\n"}


def kib(process: Process, field: str) -> int:
    """What the kernel says of a process's memory: ``VmRSS`` now, ``VmHWM`` at its highest."""
    found = re.search(rf"(?m)^{field}:\s+(\d+) kB$", Path(f"/proc/{process.pid}/status").read_text())
    assert found is not None
    return int(found[1])


MORE = pytest.mark.exhaustive
"""Each waits for the server's patience to end."""


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param("", id="silent", marks=MORE),
        pytest.param("GET /sm", id="request line", marks=MORE),
        pytest.param("GET /small HTTP/1.1\r\nX-Slow: ", id="header"),
        pytest.param("GET /big HTTP/1.1\r\nHost: x\r\n\r\n", id="slow reader", marks=MORE),
        pytest.param("\x16\x03\x01", id="other protocol", marks=MORE),
    ],
)
def test_slow_clients_hold_nobody_up_and_little_memory(site: WebLab, impatient: Process, begun: str) -> None:
    before_kib = kib(impatient, "VmRSS")
    answer, *held = site.client.call(f"{CLIENTS}:held_clients", ADDRESS, IMPATIENT, SLOW_CLIENTS, begun)
    assert answer.endswith(SMALL)
    assert len(held) == SLOW_CLIENTS
    assert kib(impatient, "VmHWM") - before_kib < MOST_GROWTH_KIB


def test_endless_headers_cost_nothing(site: WebLab, server: Process) -> None:
    before_kib = kib(server, "VmRSS")
    answers = site.client.call(f"{CLIENTS}:flood_of_headers", ADDRESS, 10)
    assert "HTTP/1.1 431" in answers
    assert set(answers) <= {"HTTP/1.1 431", ""}
    assert kib(server, "VmHWM") - before_kib < MOST_GROWTH_KIB


@pytest.mark.parametrize(
    ("port", "begun"),
    [
        pytest.param(8081, "GET /small HTTP/1.1\r\nX: ", id="sending", marks=MORE),
        pytest.param(8082, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n", id="receiving"),
    ],
)
def test_a_client_that_vanished_gives_its_place_back(site: WebLab, port: int, begun: str) -> None:
    """There is one place, and its client's link has failed, so that no end and no reset comes. The next waits until it is
    free."""
    argv = [sys.executable, "-m", "tests.net.netcat.web_clients", ADDRESS, str(port), begun]
    with site.serving("-i", "1", "-m", "1", port=port):
        holder = site.client.popen(argv, stdin=PIPE, stdout=PIPE, cwd=ROOT)
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        site.link.down(site.client)
        (answer,) = site.server.call(f"{CLIENTS}:raw_answers", "127.0.0.1", ["GET /small HTTP/1.0\r\n\r\n"], port)
        holder.kill()
        holder.wait(60)
        site.link.up()
    assert answer.endswith(SMALL)
