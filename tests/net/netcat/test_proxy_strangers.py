"""Who may use a proxy of ours from another machine, and where to."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from hatoba.lab import Host, Lab

pytestmark = pytest.mark.peer("nc.openbsd", "ncat")
SERVE = [sys.executable, "-P", "-m", "hatoba", "nc", "-l", "-v"]


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[Host, Host]]:
    """A gate that is a proxy, closed to strangers on port 1080 and open to its network on port 1081, and a stranger."""
    with Lab("strangers") as lab:
        gate, stranger = lab.add_host("gate", ["198.18.0.1/24"]), lab.add_host("stranger", ["198.18.0.2/24"])
        lab.link(gate, stranger)
        gate.serve(["ncat", "-l", "-k", "-v", "-e", "/bin/hostname", "7000"], ready="Listening on 0.0.0.0:7000")
        for port, options in (("1080", []), ("1081", ["--allow", "198.18.0.0/24"])):
            gate.serve([*SERVE, "--proxy-type", "socks5", *options, port], ready=f"^listening on 0.0.0.0:{port}$")
        yield gate, stranger


@pytest.mark.parametrize(
    ("port", "target", "from_gate", "heard"),
    [
        ("1080", "198.18.0.1", False, False),
        ("1080", "198.18.0.1", True, True),
        ("1080", "127.0.0.1", True, True),
        ("1081", "198.18.0.1", False, True),
        ("1081", "127.0.0.1", False, False),
        ("1081", "0.0.0.0", False, False),
        ("1081", "localhost", False, False),
    ],
)
def test_who_gets_where(hosts: tuple[Host, Host], port: str, target: str, from_gate: bool, heard: bool) -> None:
    gate, stranger = hosts
    caller = gate if from_gate else stranger
    done = caller.run(["nc.openbsd", "-d", "-X", "5", "-x", f"198.18.0.1:{port}", target, "7000"], timeout_s=60)
    assert bool(done.stdout) is heard
