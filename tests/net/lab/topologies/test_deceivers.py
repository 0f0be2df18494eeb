"""The deceivers deceive nmap, and the tarpit of the tests does."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hatoba.lab import PIPE, Host, Lab
from hatoba.lab.topologies import Deceivers, deceivers
from hatoba.lab.topologies.deceivers import FLAKY_PORTS, HONEST_PORTS, PROXIED_PORTS, SERVER, STEADY_PORTS

pytestmark = pytest.mark.peer("nft", "nmap")

ROOT = Path(__file__).parents[4]
CALLS = "tests.net.deceiver_calls"
PIT = ("198.18.0.40", "fd00:18::40")


@pytest.fixture(scope="module")
def site() -> Iterator[Deceivers]:
    with Lab("deceivers") as lab:
        yield deceivers(lab)


def nmap(scanner: Host, address: str, ports: str, method: str = "-sS") -> dict[int, tuple[str, str]]:
    """State and reason of each listed port."""
    family = ["-6"] if ":" in address else []
    done = scanner.run(["nmap", *family, method, "-n", "-Pn", "-T4", "-vvv", "--reason", "-p", ports, address])
    assert done.returncode == 0, done.stderr
    found = re.findall(r"^(\d+)/tcp\s+(\S+)\s+\S+\s+(\S+)", done.stdout, re.MULTILINE)
    return {int(port): (state, reason) for port, state, reason in found}


@pytest.mark.parametrize("version", [4, 6])
def test_the_honest_host_is_honest(site: Deceivers, version: int) -> None:
    told = nmap(site.scanner, site.honest.address(version), "22,80,443,1-10,20000-20099")
    assert {port for port, (state, _reason) in told.items() if state == "open"} == set(HONEST_PORTS)


@pytest.mark.parametrize("version", [4, 6])
def test_everything_is_open_to_syn_and_to_connect(site: Deceivers, version: int) -> None:
    for method in ("-sS", "-sT"):
        told = nmap(site.scanner, site.everything.address(version), "1-20,60000-60020", method)
        assert {state for state, _reason in told.values()} == {"open"}
        assert len(told) == 41


def test_the_syn_proxy_answers_for_every_port_and_the_server_for_its_own(site: Deceivers) -> None:
    told = nmap(site.scanner, SERVER, "22,80,443,1-10")
    assert set(told.values()) == {("open", "syn-ack")}
    for port in (*PROXIED_PORTS, 1, 60000):
        after = site.scanner.call(f"{CALLS}:shake_hands", SERVER, port)
        assert after["syn_ack_window"] == 0
        assert after["then"] == ("A" if port in PROXIED_PORTS else "RA")
        assert (after["window"] > 0) is (port in PROXIED_PORTS)


@pytest.mark.parametrize("version", [4, 6])
def test_flaky_ports_take_turns_and_the_others_do_not(site: Deceivers, version: int) -> None:
    for port, turns in FLAKY_PORTS.items():
        told = [nmap(site.scanner, site.flaky.address(version), str(port))[port][0] for _probe in range(4)]
        assert told in ([*turns] * 2, [*turns[::-1]] * 2)
    for port in STEADY_PORTS:
        assert nmap(site.scanner, site.flaky.address(version), str(port))[port][0] == "open"


def test_the_tarpit_answers_ping_and_syn_and_takes_no_data(site: Deceivers) -> None:
    with site.pit.popen([sys.executable, "-m", "tests.net.tarpit", "eth0", *PIT], cwd=str(ROOT), stdout=PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        for address in PIT:
            assert set(nmap(site.scanner, address, "1-100").values()) == {("open", "syn-ack")}
            assert set(nmap(site.scanner, address, "7,8", "-sT").values()) == {("open", "syn-ack")}
            family = ["-6"] if ":" in address else []
            pinged = site.scanner.run(["nmap", *family, "-sn", "-PE", "--send-ip", "-n", "--reason", address]).stdout
            assert "received echo-re" in pinged, pinged
            after = site.scanner.call(f"{CALLS}:shake_hands", address, 80)
            assert after == {"syn_ack_window": 0, "then": "", "window": 0}
