"""What goes wrong while a scan is under way, or before it may begin: told in a sentence, with all that was known by then."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hatoba.lab.topologies import TruthHost
from hatoba.lab.topologies.truth import OPEN_PORTS
from tests.labs import MakeLab
from tests.net.lab_pair import pair
from tests.real_scans import COMMAND, Following, Scanned, scan

METHODS = ["--syn", "--connect"]


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("method", METHODS)
def test_the_interface_goes_down_in_mid_scan(make_lab: MakeLab, tmp_path: Path, method: str, family: int) -> None:
    first, second = pair(make_lab())
    second.listen([22])
    xml = tmp_path / "scan.xml"
    options = ["-p", "1-4000", "--max-rate", "2000", "-oX", str(xml)]
    with Following(first, method, *options, second.address(family)) as under_way:
        under_way.until_ports()
        first.links[0].down(first)
        done = under_way.to_the_end()
    assert done.status == 1
    (told,) = done.errors.splitlines()
    assert told.startswith("hatoba: ")
    assert 0 < len(done.ports) < 4000
    made_up = [line for line in done.ports.values() if line["state"] not in ("open", "closed")]
    assert not made_up, f"nothing is told of what was not asked: {made_up}"
    assert done.end["interrupted"]
    assert done.end["problems"] == [told.removeprefix("hatoba: ")]
    assert [line["address"] for line in done.of_type("host")] == [second.address(family)]
    assert ElementTree.parse(xml).find("runstats/finished[@exit='error']") is not None


def test_the_cable_is_pulled_in_mid_scan(make_lab: MakeLab) -> None:
    """Our own interface is up all the time, but for its carrier."""
    first, second = pair(make_lab())
    second.listen([22])
    with Following(first, "--syn", "-p", "1-4000", "--max-rate", "2000", second.address()) as under_way:
        under_way.until_ports()
        first.links[0].down(second)
        done = under_way.to_the_end()
    assert done.status == 1
    assert done.end["interrupted"]
    assert 0 < len(done.ports) < 4000
    assert {line["state"] for line in done.ports.values()} <= {"open", "closed"}
    (told,) = done.end["problems"]
    assert told.startswith("interface eth0 does not work: ")


def test_the_interface_goes_down_and_up_again_in_mid_scan(make_lab: MakeLab) -> None:
    first, second = pair(make_lab())
    second.listen([22])
    with Following(first, "--syn", "-p", "1-2000", "--max-rate", "2000", second.address()) as under_way:
        under_way.until_ports()
        first.links[0].down(first)
        first.links[0].up()
        done = under_way.to_the_end()
    assert done.status == 0
    assert {port for port, line in done.ports.items() if line["state"] == "open"} == {22}
    assert {line["state"] for line in done.ports.values()} == {"open", "closed"}
    assert len(done.ports) == 2000
    told = done.end["problems"]
    assert all(text.startswith("interface eth0 was away for ") for text in told)
    assert done.errors == "".join(f"hatoba: {text}\n" for text in told)


def test_the_way_is_forbidden_in_mid_scan(make_lab: MakeLab) -> None:
    first, second = pair(make_lab())
    second.listen([22])
    with Following(first, "--connect", "-p", "1-1500", "--max-rate", "1500", second.address()) as under_way:
        under_way.until_ports()
        first.add_route(f"unreachable {second.address()}")
        done = under_way.to_the_end()
    assert done.status == 0
    (told,) = done.end["problems"]
    refused = [line for line in done.ports.values() if line["reason"] == "local-error"]
    assert refused
    said = re.match(r"this machine itself refused ([\d,]+) probes, the first of them to 198\.18\.0\.2: No route to host", told)
    assert said
    assert int(said[1].replace(",", "")) >= len(refused), "an open port may have been asked once more in vain"
    assert done.errors == f"hatoba: {told}\n"
    assert {line["state"] for line in done.ports.values() if line not in refused} <= {"open", "closed"}


@pytest.mark.parametrize("method", METHODS)
def test_an_interface_that_leads_elsewhere(make_lab: MakeLab, method: str) -> None:
    lab = make_lab()
    first, second = pair(lab)
    lab.link(first, lab.add_host("third"), first_addresses=["198.18.5.1/24"], second_addresses=["198.18.5.2/24"])
    second.listen([22])
    done = scan(first, method, "-e", "eth1", "-p", "22", second.address())
    told = "the routing table reaches 198.18.0.2 through eth0, not eth1: leave out -e, or name eth0"
    assert told in done.end["problems"]
    assert f"hatoba: {told}\n" in done.errors
    assert scan(first, method, "-e", "eth0", "-p", "22", second.address()).end["problems"] == []


@pytest.mark.slow
@pytest.mark.peer("prlimit", "nft")
def test_hardly_a_descriptor_left(truth_lab: TruthHost) -> None:
    options = ["--connect", "-p", "1-65535", "-oJ", "-", truth_lab.address()]
    command = ["prlimit", "--nofile=48:48", *COMMAND, *options]
    done = Scanned.of(truth_lab.scanner.run(command, timeout_s=280))
    assert (done.status, done.errors) == (0, "")
    truth = {port: (state.word, reason.word) for port, (state, reason) in truth_lab.expected(4, "connect").items()}
    assert {port: (line["state"], line["reason"]) for port, line in done.ports.items()} == truth


UNPRIVILEGED = {
    "the right dropped for good": ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"],
    "another user": [
        "env",
        "-u",
        "XDG_CONFIG_HOME",
        "HOME=/nowhere",
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
    ],
}


@pytest.mark.peer("setpriv", "nft")
@pytest.mark.parametrize("how", UNPRIVILEGED)
class TestWithoutTheRightToRawPackets:
    def test_syn_says_what_would_allow_it_and_offers_connect(self, truth_lab: TruthHost, how: str) -> None:
        done = truth_lab.scanner.run([*self.prefix(truth_lab, how), *COMMAND, "--syn", "-p", "22", truth_lab.address()])
        assert (done.returncode, done.stdout) == (1, "")
        (told,) = done.stderr.splitlines()
        assert told.startswith("hatoba: ")
        assert "CAP_NET_RAW" in told
        assert "--connect" in told
        assert re.search(r": \S.* scan --syn \.\.\.$", told)

    def test_the_default_is_connect(self, truth_lab: TruthHost, how: str) -> None:
        command = [*self.prefix(truth_lab, how), *COMMAND, "-p", "1-100", "-v", "-oJ", "-", truth_lab.address()]
        done = Scanned.of(truth_lab.scanner.run(command))
        assert done.status == 0
        assert done.lines[0]["scans"][0]["method"] == "connect"
        (told,) = done.errors.splitlines()
        assert "connect()" in told
        opened = {port for port, line in done.ports.items() if line["state"] == "open"}
        assert opened == {port for port in OPEN_PORTS if port <= 100}

    def test_the_command_that_it_names_allows_it(self, truth_lab: TruthHost, how: str) -> None:
        prefix = self.prefix(truth_lab, how)
        told = truth_lab.scanner.run([*prefix, *COMMAND, "--syn", "-p", "22", truth_lab.address()]).stderr
        command = told.strip().rpartition(" for one run: ")[2]
        if how == "the right dropped for good":
            assert command.startswith("docker run --cap-add=NET_RAW ")
            return
        if truth_lab.scanner.run([*prefix, "env", sys.executable, "-c", ""]).returncode:
            pytest.skip("other users can't run this Python: it is in a folder that is not theirs to enter")
        command = command.replace("...", f"-p 22 -oJ - {truth_lab.address()}")
        done = Scanned.of(truth_lab.scanner.run(["sh", "-c", command]))  # as root, who is not asked for a password
        assert (done.status, done.errors) == (0, "")
        assert done.ports[22]["reason"] == "syn-ack"
        assert done.lines[0]["scans"][0]["method"] == "syn"

    @staticmethod
    def prefix(truth_lab: TruthHost, how: str) -> list[str]:
        if how == "another user" and truth_lab.lab.in_user_namespace:
            pytest.skip("a lab made without privilege knows one user only")
        return UNPRIVILEGED[how]


@pytest.mark.peer("nft")
def test_no_capability_at_all(truth_lab: TruthHost) -> None:
    done = scan(truth_lab.scanner, "-p", "22,81", truth_lab.address(), privileged=False)
    assert (done.status, done.errors) == (0, "")
    assert {port: line["evidence"]["method"] for port, line in done.ports.items()} == {22: "connect", 81: "connect"}
