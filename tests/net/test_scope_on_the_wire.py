"""Nothing leaves to an address that is not in scope: shown by what a capture saw leave the scanner's only interface."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hatoba.lab import PIPE
from hatoba.lab.host import Host
from hatoba.lab.process import Process
from tests.net.conftest import MakeLab

pytestmark = pytest.mark.peer("ip")
ROOT = Path(__file__).parent.parent.parent

PERMITTED = "198.18.0.0/25"
INSIDE, OUTSIDE, LAST_INSIDE, FIRST_OUTSIDE = "198.18.0.100", "198.18.0.200", "198.18.0.127", "198.18.0.128"


@dataclass
class Watched:
    """A scanner that may scan 198.18.0.0/25 only, and everything that leaves it."""

    scanner: Host
    scope_file: Path
    capture: Process
    sentinels: int = 0

    def scan(self, *arguments: str) -> tuple[int, list[str], str]:
        """(exit status, addresses that a verdict is told of, standard error)."""
        command = [sys.executable, "-m", "hatoba", "--lang", "en", "scan", "-p", "80,443", "-oJ", "-", *arguments]
        done = self.scanner.run(command, env={"XDG_CONFIG_HOME": str(self.scope_file.parent.parent)}, timeout_s=120)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, sorted({line["address"] for line in lines if line["type"] == "port"}), done.stderr

    def left(self) -> set[str]:
        """Addresses that packets or questions for a neighbour have left for since the last look. A connection to a port of
        its own ends the look: what left before it was captured before it."""
        self.sentinels += 1
        port = 50_000 + self.sentinels
        self.scanner.call("tests.net.lab_calls:connect", INSIDE, port)
        found: set[str] = set()
        assert self.capture.stdout is not None
        for line in self.capture.stdout:
            match line.decode().split():
                case ["to", address, number] if (address, number) == (INSIDE, str(port)):
                    return found
                case ["to", address, *_port] if not address.startswith("ff02:"):  # the kernel's own: MLD, router solicitation
                    found.add(address)
        raise AssertionError("the capture ended before it saw the last packet")


@pytest.fixture
def watched(make_lab: MakeLab, tmp_path: Path) -> Iterator[Watched]:
    lab = make_lab()
    scanner = lab.add_host("scanner", ["198.18.0.1/24"])
    inside = lab.add_host("inside", [f"{INSIDE}/24", f"{LAST_INSIDE}/24"])
    outside = lab.add_host("outside", [f"{OUTSIDE}/24", f"{FIRST_OUTSIDE}/24"])
    lab.bridge("lan", [scanner, inside, outside])
    for host in (inside, outside):
        host.listen([80])
    # Without the lab's mark on its interface the scanner takes lab addresses for anybody's.
    (device,) = [name for name in scanner.run(["ls", "/sys/class/net"]).stdout.split() if name != "lo"]
    scanner.run(["ip", "link", "set", "dev", device, "alias", ""])
    scope_file = tmp_path / "hatoba" / "scope.jsonl"
    scope_file.parent.mkdir(mode=0o777)
    tmp_path.chmod(0o777)
    granted = scanner.run(
        [sys.executable, "-m", "hatoba", "scope", "add", PERMITTED, "--reason", "test", "--scope-file", str(scope_file)]
    )
    assert granted.returncode == 0, granted.stderr
    capture = scanner.popen([sys.executable, "-m", "tests.net.capture", device], cwd=str(ROOT), stdout=PIPE)
    assert capture.stdout is not None
    assert capture.stdout.readline() == b"listening\n"
    yield Watched(scanner, scope_file, capture)
    capture.terminate()


@pytest.mark.parametrize("method", ["--syn", "--connect"])
def test_what_is_in_scope_is_asked(watched: Watched, method: str) -> None:
    status, told, _errors = watched.scan(method, INSIDE, LAST_INSIDE)
    assert (status, told) == (0, [INSIDE, LAST_INSIDE])
    assert watched.left() >= {INSIDE, LAST_INSIDE}


@pytest.mark.parametrize("method", ["--syn", "--connect"])
@pytest.mark.parametrize(
    "targets",
    [
        (OUTSIDE,),
        ("outside",),  # a name, whatever it points at
        (f"::ffff:{OUTSIDE}",),
        (f"[::ffff:{OUTSIDE}]:80",),
        ("198.18.0.0/24",),  # wider than the permission
        ("198.18.0.126-129",),  # over its edge
        (FIRST_OUTSIDE,),
        (INSIDE, OUTSIDE),
        (f"{OUTSIDE}:80",),
        (f"{INSIDE}/24",),
        ("inside/24",),
    ],
)
def test_nothing_leaves_for_what_is_not(watched: Watched, targets: tuple[str, ...], method: str) -> None:
    status, told, errors = watched.scan(method, *targets)
    assert status == 3, errors
    assert told == []
    assert "hatoba scope add" in errors
    assert watched.left() <= {INSIDE}, "the last look's own question for its neighbour may be among them, nothing else"


@pytest.mark.parametrize("method", ["--syn", "--connect"])
def test_a_mapped_address_is_the_ipv4_address(watched: Watched, method: str) -> None:
    status, told, _errors = watched.scan(method, f"::ffff:{INSIDE}")
    assert (status, told) == (0, [INSIDE])
    assert watched.left() == {INSIDE}


@pytest.mark.parametrize("method", ["--syn", "--connect"])
def test_the_edge_of_the_permission_is_exact(watched: Watched, method: str) -> None:
    status, told, _errors = watched.scan(method, "198.18.0.0/24", "--exclude", "198.18.0.128/25", "--max-retries", "0")
    assert status == 0
    assert INSIDE in told
    left = watched.left()
    assert LAST_INSIDE in left
    assert all(int(address.rpartition(".")[2]) < 128 for address in left)


def test_permission_can_be_waived_in_so_many_words(watched: Watched) -> None:
    status, told, _errors = watched.scan("--connect", "--authorized", OUTSIDE)
    assert (status, told) == (0, [OUTSIDE])
    assert OUTSIDE in watched.left()
