"""The connect wire on real hosts: every state and reason as the table says, and whose word it was."""

from __future__ import annotations

import errno
import sys

import pytest

from hatoba.lab import Lab
from hatoba.lab.host import Host
from hatoba.lab.topologies import TruthHost
from hatoba.lab.topologies.truth import DROPPED_PORTS, OPEN_PORTS
from hatoba.model import Answer, Reason, State
from hatoba.wire.connect_salvo import TASTE
from tests.net.conftest import MakeLab

SCAN = "tests.net.connect_calls:scan"
KIND, ERRNO, ICMP, OFFENDER, STATE, REASON, ANSWER, TTL = range(8)
ADDRESSES = {4: ("198.18.0.1/24", "198.18.0.2/24"), 6: ("fd00:18::1/64", "fd00:18::2/64")}
UNLIMITED = {"net.ipv4.icmp_ratelimit": 0, "net.ipv6.icmp.ratelimit": 0}


def bare(interface: str) -> str:
    return interface.partition("/")[0]


def pair(lab: Lab) -> tuple[Host, Host]:
    first, second = (
        lab.add_host(name, [ADDRESSES[4][place], ADDRESSES[6][place]], sysctls=UNLIMITED)
        for place, name in enumerate(("scanner", "target"))
    )
    lab.link(first, second)
    return first, second


def reject(hook: str, *lines: str) -> str:
    body = "\n".join(lines)
    return f"table inet wall {{\n chain {hook} {{\n type filter hook {hook} priority 0;\n{body}\n }}\n}}\n"


@pytest.mark.peer("nft")
@pytest.mark.parametrize("rings", [True, False], ids=["by salvoes", "one by one"])
@pytest.mark.parametrize("version", [4, 6])
def test_every_port_has_the_state_and_reason_of_the_truth_table(truth_lab: TruthHost, version: int, rings: bool) -> None:
    expected = truth_lab.expected(version, "connect")
    address = truth_lab.address(version)
    expected |= dict.fromkeys(range(1000, 2000), (State.CLOSED, Reason.CONN_REFUSED))
    found = truth_lab.scanner.call(SCAN, address, sorted(expected), len(DROPPED_PORTS), None, False, "", None, rings)
    # Silence is the engine's to judge: the wire learns nothing from it.
    silent = {port for port, row in found.items() if row[KIND] == "EXPIRED"}
    assert silent == {str(port) for port in DROPPED_PORTS}
    judged = {int(port): (row[STATE], row[REASON]) for port, row in found.items() if port not in silent}
    assert judged == {port: verdict for port, verdict in expected.items() if port not in DROPPED_PORTS}
    for row in found.values():
        if row[KIND] in ("ICMP", "ICMP6"):
            assert row[OFFENDER] == address
            assert row[TTL] in (64, 255)


@pytest.mark.peer("nft")
@pytest.mark.parametrize("rings", [True, False], ids=["by salvoes", "one by one"])
@pytest.mark.parametrize(("version", "code", "number"), [(4, 3, errno.ECONNREFUSED), (4, 13, errno.EHOSTUNREACH), (6, 4, 111)])
def test_an_error_that_comes_when_connect_is_back(make_lab: MakeLab, version: int, code: int, number: int, rings: bool) -> None:
    """Then connect() fails for an ICMP "port unreachable" just as for a RST, with ECONNREFUSED."""
    scanner, target = pair(make_lab())
    target.rules(reject("input", "tcp dport 1000-2000 drop"))
    call = f"from tests.net.connect_calls import refuse_late; refuse_late({version}, 1000, {code})"
    target.serve([sys.executable, "-c", call], ready="^ready$", env={"PYTHONPATH": ":".join(sys.path)})
    ports = [*range(900, 1000), *range(1000, 1100)]
    found = scanner.call(SCAN, bare(ADDRESSES[version][1]), ports, 0, None, False, "", None, rings)
    kind, reason = {3: ("ICMP", Reason.PORT_UNREACH), 13: ("ICMP", Reason.ADMIN_PROHIBITED), 4: ("ICMP6", Reason.PORT_UNREACH)}[
        code
    ]
    for port in range(900, 1000):
        assert found[str(port)][KIND] == "REFUSED"
    for port in range(1000, 1100):
        row = found[str(port)]
        assert row[:ICMP] == [kind, number]
        assert row[STATE : ANSWER + 1] == [State.FILTERED, reason, Answer[kind]]


@pytest.mark.parametrize("version", [4, 6])
def test_nobody_has_the_address(make_lab: MakeLab, version: int) -> None:
    scanner, _target = pair(make_lab())
    family = "ipv4" if version == 4 else "ipv6"
    scanner.sysctl({f"net.{family}.neigh.eth0.retrans_time_ms": 50})
    found = scanner.call(SCAN, "198.18.0.77" if version == 4 else "fd00:18::77", [80, 443])
    for row in found.values():
        assert row[:OFFENDER] == ["LOCAL", errno.EHOSTUNREACH, [3, 1] if version == 4 else [1, 3]]
        assert row[STATE : ANSWER + 1] == [State.FILTERED, Reason.NO_NEIGHBOUR, Answer.LOCAL]


@pytest.mark.peer("nft")
@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("word", ["port-unreachable", "admin-prohibited"])
def test_errors_among_resets(make_lab: MakeLab, version: int, word: str) -> None:
    """They come while connect() is under way, to sockets that are used again and again. As many as a kernel sends at once."""
    scanner, target = pair(make_lab())
    target.rules(reject("input", f"tcp dport 101-140 reject with icmpx type {word}"))
    found = scanner.call(SCAN, bare(ADDRESSES[version][1]), list(range(1, 1001)))
    reason = Reason.PORT_UNREACH if word == "port-unreachable" else Reason.ADMIN_PROHIBITED
    refused = {port: (row[OFFENDER], row[STATE], row[REASON]) for port, row in found.items() if row[KIND] != "REFUSED"}
    assert refused == {str(port): (bare(ADDRESSES[version][1]), State.FILTERED, reason) for port in range(101, 141)}


@pytest.mark.parametrize("version", [4, 6])
def test_everything_is_open(make_lab: MakeLab, version: int) -> None:
    scanner, target = pair(make_lab())
    ports = list(range(1000, 1500))
    target.listen(ports)
    found = scanner.call(SCAN, bare(ADDRESSES[version][1]), ports)
    assert {row[KIND] for row in found.values()} == {"CONNECTED"}


@pytest.mark.parametrize("version", [4, 6])
def test_near_hosts_are_asked_by_salvoes(make_lab: MakeLab, version: int) -> None:
    scanner, _target = pair(make_lab())
    asked, refused = scanner.call("tests.net.connect_calls:rounds_of_salvoes", bare(ADDRESSES[version][1]), list(range(1, 101)))
    if asked == 0:
        pytest.skip("this kernel gives no io_uring")
    assert asked == refused == TASTE


def test_where_rings_are_forbidden(make_lab: MakeLab) -> None:
    scanner, target = pair(make_lab())
    target.listen([80])
    found = scanner.call("tests.net.connect_calls:scan_where_rings_are_forbidden", "198.18.0.2", list(range(1, 201)))
    assert [port for port, row in found.items() if row[KIND] == "CONNECTED"] == ["80"]
    assert {row[KIND] for port, row in found.items() if port != "80"} == {"REFUSED"}


@pytest.mark.parametrize("address", ["198.19.0.1", "fd00:18:1::1"])
def test_no_route(make_lab: MakeLab, address: str) -> None:
    scanner, _target = pair(make_lab())
    found = scanner.call(SCAN, address, list(range(1, 101)))
    assert {tuple(map(str, row)) for row in found.values()} == {tuple(map(str, found["80"]))}
    assert found["80"] == ["LOCAL", errno.ENETUNREACH, [0, 0], "", State.FILTERED, Reason.LOCAL_ERROR, Answer.LOCAL, 0]


@pytest.mark.peer("nft")
@pytest.mark.parametrize("version", [4, 6])
def test_own_firewall_is_not_taken_for_the_targets(make_lab: MakeLab, version: int) -> None:
    scanner, target = pair(make_lab())
    target.listen([80])
    scanner.rules(reject("output", "tcp dport 80 reject with icmpx type admin-prohibited"))
    row = scanner.call(SCAN, bare(ADDRESSES[version][1]), [80])["80"]
    assert row[KIND] == "LOCAL"
    assert row[OFFENDER] == bare(ADDRESSES[version][0])
    assert row[REASON] == Reason.LOCAL_ERROR


@pytest.mark.peer("nft")
def test_a_router_that_knows_no_neighbour_is_not_this_machine(make_lab: MakeLab) -> None:
    lab = make_lab()
    scanner = lab.add_host("scanner", ["198.18.0.1/24"], routes=["198.18.1.0/24 via 198.18.0.254"])
    router = lab.add_host("router", sysctls={"net.ipv4.ip_forward": 1, "net.ipv4.icmp_ratelimit": 0})
    target = lab.add_host("target", ["198.18.1.2/24"])
    lab.link(scanner, router, second_addresses=["198.18.0.254/24"])
    lab.link(router, target, first_addresses=["198.18.1.254/24"])
    router.sysctl({"net.ipv4.neigh.eth1.retrans_time_ms": 50})
    row = scanner.call(SCAN, "198.18.1.77", [80])["80"]
    assert row[:STATE] == ["ICMP", errno.EHOSTUNREACH, [3, 1], "198.18.0.254"]
    assert row[STATE : ANSWER + 1] == [State.FILTERED, Reason.HOST_UNREACH, Answer.ICMP]


def test_own_address_never_meets_itself(make_lab: MakeLab) -> None:
    """With so few source ports, some connect() to them would be answered by the very socket that asks."""
    host = make_lab().add_host("alone")
    host.sysctl({"net.ipv4.ip_local_port_range": "40000 40007"})
    for address in ("127.0.0.1", "::1"):
        for plain in (False, True):
            found = host.call(SCAN, address, [40000 + number % 8 for number in range(8)], 0, None, plain)
            assert {row[KIND] for row in found.values()} == {"REFUSED"}
        found = host.call(SCAN, address, list(range(40000, 40100)))
        assert {row[KIND] for row in found.values()} == {"REFUSED"}


def test_link_local_addresses_take_their_zone(make_lab: MakeLab) -> None:
    scanner, target = pair(make_lab())
    target.listen([80])
    scanner.add_address("eth0", "fe80::1/64")
    target.add_address("eth0", "fe80::2/64")
    found = scanner.call(SCAN, "fe80::2", [80, 81], 0, None, False, "eth0")
    assert {port: row[KIND] for port, row in found.items()} == {"80": "CONNECTED", "81": "REFUSED"}


def test_connections_leave_no_time_wait(make_lab: MakeLab) -> None:
    scanner, target = pair(make_lab())
    target.listen([80], keep=True)
    assert scanner.call("tests.net.connect_calls:time_waits_after", "198.18.0.2", 80, 50) == [50, 0]


@pytest.mark.peer("nft")
def test_fewer_descriptors_than_questions(make_lab: MakeLab) -> None:
    scanner, target = pair(make_lab())
    target.rules(reject("input", "tcp dport 1-100 drop"))
    call = "tests.net.connect_calls:scan_with_few_descriptors"
    for settings in ({}, {"limit": 1000}):  # sized by the limit of descriptors; running into it
        found = scanner.call(call, "198.18.0.2", list(range(1, 201)), 40, settings)
        kinds = [found[str(port)][KIND] for port in range(1, 201)]
        assert kinds == ["EXPIRED"] * 100 + ["REFUSED"] * 100


def test_no_descriptor_at_all(make_lab: MakeLab) -> None:
    host = make_lab().add_host("alone")
    said = host.call("tests.net.connect_calls:start_without_descriptors")
    assert said.startswith("WireError: ")
    assert "ulimit -n" in said


@pytest.mark.peer("nft")
@pytest.mark.parametrize("version", [4, 6])
def test_the_path_for_other_systems(truth_lab: TruthHost, version: int) -> None:
    """Without the error queue: open, closed and silent are the same; an ICMP error is an errno that nobody vouches for."""
    ports = [*OPEN_PORTS[:5], 1, 2, 3, DROPPED_PORTS[0], 31001]
    found = truth_lab.scanner.call(SCAN, truth_lab.address(version), ports, 1, None, True)
    kinds = [found[str(port)][KIND] for port in ports]
    assert kinds == ["CONNECTED"] * 5 + ["REFUSED"] * 3 + ["EXPIRED", "LOCAL"]
    assert found["31001"][ERRNO] == (errno.EHOSTUNREACH if version == 4 else errno.EACCES)


def test_an_interface_can_be_named(make_lab: MakeLab) -> None:
    scanner, target = pair(make_lab())
    target.listen([80])
    assert scanner.call(SCAN, "198.18.0.2", [80], 0, {"interface": "eth0"})["80"][KIND] == "CONNECTED"
    assert scanner.call(SCAN, "198.18.0.2", [80], 1, {"interface": "lo"})["80"][KIND] == "EXPIRED"
