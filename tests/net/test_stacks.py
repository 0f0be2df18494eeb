"""``-O`` on stacks that are not the kernel's: built here, run on TAP devices of a lab's host, and asked like any other.

``tests/net/stacks`` has a program for each. Linux of other versions and stacks that no package brings were asked the same way
once (``tools/record_systems.py``), and stand in ``tests/captures/systems``.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hatoba.lab import Lab
from tests import needs
from tests.labs import MakeLab
from tests.real_scans import Line, scan
from tools.record_systems import serve_on_tap

pytestmark = pytest.mark.exhaustive

STACKS = Path(__file__).parent / "stacks"
PORTS = "22,23,80"
GO_PATH = Path("/usr/share/gocode")
"""Where Debian's packages put the sources of Go libraries."""


def _c(name: str, header: str, *flags: str) -> Callable[[Path], list[str]]:
    def build(folder: Path) -> list[str]:
        compiler = needs.require_program("cc")
        if not Path("/usr/include", header).exists():
            needs.lacking(f"/usr/include/{header} is not there")
        program = folder / name
        subprocess.run([compiler, "-O1", "-o", program, STACKS / f"{name}.c", *flags], check=True)
        return [str(program)]

    return build


def _netstack(folder: Path) -> list[str]:
    go = needs.require_program("go")
    if not (GO_PATH / "src/gvisor.dev/gvisor").exists():
        needs.lacking("the package golang-gvisor-gvisor-dev is not installed")
    program = folder / "netstack"
    settings = {"GO111MODULE": "off", "GOPATH": str(GO_PATH), "GOCACHE": str(folder / "cache"), "GOFLAGS": ""}
    subprocess.run([go, "build", "-o", program, "main.go"], cwd=STACKS / "netstack", env=os.environ | settings, check=True)
    return [str(program)]


BUILDS = {
    "lwip": (_c("lwip", "lwip", "-isystem", "/usr/include/lwip", "-llwip"), [], "lwIP with window scaling"),
    "lwipv6": (_c("lwipv6", "lwipv6.h", "-llwipv6", "-lpthread", "-ldl"), [], "LWIPv6"),
    "netstack": (_netstack, [], "gVisor netstack"),
    "netstack-sack": (_netstack, ["sack"], "gVisor netstack"),
}
"""How each is built, what more it is told, and what it is to be told as."""
ASKED = [(name, family) for name in BUILDS for family in (4, 6) if (name, family) != ("lwipv6", 6)]
"""LWIPv6 is silent over IPv6 on such a device."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, int], Line]]:
    """What was told of each stack, by its name and the family."""
    needs.require_lab()
    needs.require_program("ip")
    programs: dict[object, list[str]] = {}
    for build, _more, _system in BUILDS.values():
        programs[build] = programs.get(build) or build(tmp_path_factory.mktemp("stacks"))
    with Lab("stacks") as lab:
        scanner, names = lab.add_host("scanner", []), {}
        for number, (name, (build, more, _system)) in enumerate(BUILDS.items(), start=1):
            _process, ipv4, ipv6 = serve_on_tap(scanner, number, [*programs[build], "{device}", "{ipv4}", "{ipv6}", *more])
            names |= {address: (name, family) for family, address in ((4, ipv4), (6, ipv6)) if (name, family) in ASKED}
        done = scan(scanner, "--authorized", "-O", "-Pn", "-p", PORTS, *names)
        assert done.status == 0, done.errors
        yield {names[line["address"]]: line["systems"] for line in done.of_type("host")}


@pytest.mark.parametrize(("name", "family"), ASKED)
def test_a_stack_is_told_as_itself(told: dict[tuple[str, int], Line], name: str, family: int) -> None:
    systems = told[name, family]
    (system,) = systems["found"]
    assert (systems["ruling"], system["name"], system["confidence"]) == ("told", BUILDS[name][2], 10)
    assert [trait for trait in system["evidence"] if trait.get("opinion") == "differs"] == []
    assert "shields" not in systems


def test_who_is_behind_slirp_sees_slirp(make_lab: MakeLab) -> None:
    """Whatever a virtual machine or a container asks through it, slirp answers in its stead."""
    needs.require_lab()
    slirp = needs.require_program("slirp4netns")
    lab = make_lab("slirp")
    outside, inside = lab.add_host("outside", []), lab.add_host("inside", [])
    outside.listen([22, 80])  # slirp shows its own loopback at the network's second address
    keeper = inside.serve(["sh", "-c", "echo pid $$; exec sleep 300"], ready=r"^pid \d+$")
    pid = keeper.tail().split()[1]
    outside.serve([slirp, "--configure", "--mtu=1500", "--cidr=198.18.9.0/24", pid, "tap0"], ready="received tapfd")
    done = scan(inside, "--authorized", "-O", "-Pn", "-p", PORTS, "198.18.9.2")
    assert done.status == 0, done.errors
    (host,) = done.of_type("host")
    (system,) = host["systems"]["found"]
    assert (system["name"].partition(",")[0], system["confidence"]) == ("slirp", 10)
