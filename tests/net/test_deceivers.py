"""Hosts whose answers mislead are found out, and said so; honest ones are not accused."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hatoba.lab import PIPE, Lab
from hatoba.lab.topologies import Deceivers, deceivers
from hatoba.lab.topologies.deceivers import FLAKY_PORTS, HONEST_PORTS, PROXIED_PORTS, SERVER, STEADY_PORTS
from tests.real_scans import COMMAND, Line, Scanned, scan

pytestmark = pytest.mark.peer("nft")

ROOT = Path(__file__).parents[2]
PIT = {4: "198.18.0.40", 6: "fd00:18::40"}
PORTS = "1-100,443,8000-8100"
ASKED = (*range(1, 101), 443, *range(8000, 8101))


# What the report says of a deceiver: in one place, so that the tests below need not know its fields.


def deception(done: Scanned) -> str | None:
    """What the one host of a scan was found to be: syn-proxy, tarpit, answers-everything; None for an honest one."""
    (host,) = done.of_type("host")
    kind: str | None = host.get("deception")
    return kind


def held(done: Scanned) -> list[int]:
    """Ports of a deceptive host that may really be open."""
    (host,) = done.of_type("host")
    ports: list[int] = host.get("held_ports", [])
    return ports


def unsteady(done: Scanned) -> dict[int, set[str]]:
    """Ports that answered in different ways, and the states that the answers meant."""
    (host,) = done.of_type("host")
    return {entry["port"]: set(entry["states"]) for entry in host.get("unsteady", [])}


TABLE_WORDS = {
    "syn-proxy": "stayed up on 22, 80, 443",
    "tarpit": "a tarpit",
    "everything": "Something answers for every port",
    "flaky": "7000/tcp answered the same question in different ways",
}
"""What the table says of each, and of none of the others."""


def open_ports(done: Scanned) -> set[int]:
    return {port for port, line in done.ports.items() if line["state"] == "open"}


@pytest.fixture(scope="module")
def site() -> Iterator[Deceivers]:
    with Lab("deceivers") as lab:
        yield deceivers(lab)


@contextmanager
def tarpit(site: Deceivers) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.net.tarpit", "eth0", *PIT.values()]
    with site.pit.popen(command, cwd=str(ROOT), stdout=PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield


def test_a_syn_proxy_is_told_and_the_ports_that_hold_behind_it(site: Deceivers) -> None:
    done = scan(site.scanner, "-sS", "-p", PORTS, SERVER)
    assert done.status == 0, done.errors
    assert open_ports(done) == set(ASKED), "verdicts keep their state"
    assert deception(done) == "syn-proxy"
    assert held(done) == [port for port in PROXIED_PORTS if port in ASKED]


def test_of_thousands_of_ports_behind_a_syn_proxy_the_likeliest_are_tried(site: Deceivers) -> None:
    done = scan(site.scanner, "-sS", "-p", "1-5000", SERVER)
    (host,) = done.of_type("host")
    assert deception(done) == "syn-proxy"
    assert held(done) == list(PROXIED_PORTS)
    assert set(PROXIED_PORTS) < set(host["tried_ports"])
    assert len(host["tried_ports"]) < 50


@pytest.mark.parametrize("version", [4, 6])
def test_a_host_that_redirects_every_port_to_one_program(site: Deceivers, version: int) -> None:
    address = site.everything.address(version)
    done = scan(site.scanner, "-sS", "-p", PORTS, address)
    assert open_ports(done) == set(ASKED)
    assert deception(done) == "answers-everything"


@pytest.mark.parametrize("version", [4, 6])
def test_a_tarpit(site: Deceivers, version: int) -> None:
    with tarpit(site):
        done = scan(site.scanner, "-sS", "-p", PORTS, PIT[version])
    assert open_ports(done) == set(ASKED)
    assert deception(done) == "tarpit"
    assert held(done) == []


@pytest.mark.parametrize("method", ["-sS", "-sT"])
@pytest.mark.parametrize("kind", ["everything", "tarpit", "syn-proxy"])
def test_few_ports_are_enough_to_find_out(site: Deceivers, kind: str, method: str) -> None:
    address = {"everything": site.everything.address(), "tarpit": PIT[4], "syn-proxy": SERVER}[kind]
    with tarpit(site):
        done = scan(site.scanner, method, "-p", "22,80,8080", address)
    assert deception(done) == {"everything": "answers-everything"}.get(kind, kind)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("ports", ["1-1000", "20000-20099", "22", "22,80,443", "20000-20099,60000-60010"])
def test_an_honest_host_is_not_accused_however_many_of_its_ports_are_open(site: Deceivers, version: int, ports: str) -> None:
    address = site.honest.address(version)
    done = scan(site.scanner, "-sS", "-p", ports, address)
    assert open_ports(done) == set(HONEST_PORTS) & set(done.ports)
    assert deception(done) is None
    assert unsteady(done) == {}


@pytest.mark.parametrize("version", [4, 6])
def test_ports_that_answer_in_turns(site: Deceivers, version: int) -> None:
    address = site.flaky.address(version)
    done = scan(site.scanner, "-sS", "-p", ",".join(map(str, (*STEADY_PORTS, 23, *FLAKY_PORTS))), address)
    told = unsteady(done)
    assert told == {port: set(turns) for port, turns in FLAKY_PORTS.items()}
    assert deception(done) is None
    for port in FLAKY_PORTS:
        assert done.ports[port]["state"] in FLAKY_PORTS[port]
    assert {done.ports[port]["state"] for port in STEADY_PORTS} == {"open"}


@pytest.mark.parametrize("kind", ["syn-proxy", "tarpit", "everything", "flaky", "honest"])
def test_the_table_says_so(site: Deceivers, kind: str) -> None:
    address = {"syn-proxy": SERVER, "tarpit": PIT[4]}.get(kind) or site.lab.host(kind).address()
    with tarpit(site):
        done = site.scanner.run([*COMMAND, "-sS", "-p", f"{PORTS},7000", address])
    assert done.returncode == 0, done.stderr
    for other, words in TABLE_WORDS.items():
        assert (words in done.stdout) is (other == kind), other
    assert ("Beware" in done.stdout) is (kind not in ("flaky", "honest"))


def test_honest_and_deceptive_hosts_in_one_scan_are_told_apart(site: Deceivers) -> None:
    addresses = [site.honest.address(), site.everything.address(), site.flaky.address(), PIT[4], SERVER]
    with tarpit(site):
        done = scan(site.scanner, "-sS", "-p", "1-100", *addresses)
    hosts: dict[str, Line] = {line["address"]: line for line in done.of_type("host")}
    assert [hosts[address].get("deception") for address in addresses] == [
        None,
        "answers-everything",
        None,
        "tarpit",
        "syn-proxy",
    ]
