"""A scan that is killed anywhere and gone on with tells what an uninterrupted one tells, and asks nothing that is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path

import pytest
from resuming import Cuttable, Line, asked, hosts, moments, told
from routers import Routers
from worlds import FaultyWorld

from hatoba.engine import scan as scan_module
from hatoba.model import Ping, Protocol, ScanPlan, Shard
from hatoba.packets.layouts import ICMP, TCP, UDP
from hatoba.wire.fake import Probe, Reply, World

TRUTH = {22: "open", 80: "open", 53: "open", 7: "dropped", 9: "dropped", 11: "rejected"}
PLAN = ScanPlan(methods=("syn",), seed=5)
UDP_TOO = replace(PLAN, methods=("syn", "udp"))


def faulty() -> World:
    return FaultyWorld(TRUTH, seed=3)


def routers() -> World:
    return Routers(["198.18.9.1", "198.18.9.2"])


@pytest.mark.parametrize("open_only", [False, True])
@pytest.mark.parametrize(
    ("targets", "ports", "plan", "world"),
    [
        ("198.18.0.2", "1-300", PLAN, faulty),
        ("198.18.0.2 fd00:18::2", "1-100", PLAN, faulty),
        ("198.18.0.2:22,80 198.18.0.3:1-40 198.18.0.7", "1-60", PLAN, faulty),
        ("198.18.0.2-3", "T:1-90,U:1-90", UDP_TOO, faulty),
        ("198.18.0.0/27", "20-40", replace(PLAN, pings=(Ping("icmp-echo"), Ping("syn", (80,)))), faulty),
        ("198.18.0.0/27", "0", ScanPlan(pings=(Ping("icmp-echo"),), methods=(), seed=5), faulty),
        ("198.18.0.2", "1-60", replace(PLAN, second_look=True, traceroute=True), routers),
        ("fd00:18::2", "0-80", replace(PLAN, methods=("ip-protocol",)), lambda: FaultyWorld(TRUTH, protocols=True)),
        ("198.18.0.2-3", "1-80", replace(PLAN, scan_delay_s=0.01), faulty),
    ],
)
def test_the_union_is_what_an_uninterrupted_scan_tells(
    tmp_path: Path, targets: str, ports: str, plan: ScanPlan, world: Callable[[], World], open_only: bool
) -> None:
    scan = Cuttable(tmp_path / "scan.jsonl", targets, ports, world, plan, open_only, frozenset({"198.18.0.5"}))
    scan.routed = bool(plan.pings) or plan.traceroute
    whole = scan.run()
    content = scan.path.read_bytes()
    for moment in moments(scan.path, 6, seed=1):
        scan.path.write_bytes(content[:moment])
        lines = scan.resume()
        assert told(lines) == told(whole)
        assert hosts(lines) == hosts(whole)
        assert [line["type"] for line in lines].count("resumed") == 1
        assert lines[-1]["type"] == "end"
        assert (lines[-1]["counts"], lines[-1]["hosts"]) == (whole[-1]["counts"], whole[-1]["hosts"])
        assert scan.progress is not None
        assert scan.progress.settled == scan.progress.total, "it is known how far the whole is"


@pytest.mark.parametrize("open_only", [False, True])
def test_what_is_known_is_not_asked_again(tmp_path: Path, open_only: bool) -> None:
    plan = replace(UDP_TOO, second_look=False)
    scan = Cuttable(tmp_path / "scan.jsonl", "198.18.0.2-5", "T:1-300,U:1-300", faulty, plan, open_only)
    scan.run()
    scan.cut(scan.path.stat().st_size * 2 // 3)
    cut = scan.path.read_bytes()
    known = settled(scan)
    assert 300 < len(known) < 2400
    scan.resume()
    missing = {
        (ip_address(f"198.18.0.{host}").packed, protocol, port)
        for host in range(2, 6)
        for protocol in (TCP, UDP)
        for port in range(1, 301)
    }
    assert asked(scan.sent) == missing - known
    assert scan.path.read_bytes().startswith(cut[: cut.rindex(b"\n") + 1])


def settled(scan: Cuttable) -> set[tuple[bytes, int, int]]:
    """The questions that the file answers, read by hand."""
    scan.cut(scan.path.read_bytes().rindex(b"\n") + 1)
    found = set()
    for line in scan.lines():
        if line["type"] == "port":
            found.add((ip_address(line["address"]).packed, Protocol[line["protocol"].upper()].value, line["port"]))
        for entry in line.get("verdicts", ()):
            for host in numbers(entry["hosts"]):
                for port in numbers(entry["ports"]):
                    found.add((ip_address(f"198.18.0.{2 + host}").packed, Protocol[entry["protocol"].upper()].value, port))
    return found


def numbers(text: str) -> list[int]:
    bounds = [[int(bound) for bound in part.split("-")] for part in text.split(",")]
    return [number for part in bounds for number in range(part[0], part[-1] + 1)]


def test_finished_hosts_are_not_even_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only one host fits into a leg here, so that the first ones are finished before the last is begun."""
    monkeypatch.setattr(scan_module, "MAX_QUESTIONS", 64)
    scan = Cuttable(tmp_path / "scan.jsonl", "198.18.0.2 198.18.0.3 198.18.0.7", "1-60", faulty, PLAN)
    whole = scan.run()
    second = scan.path.read_bytes().index(b'"address":"198.18.0.7"')
    scan.cut(scan.path.read_bytes().rindex(b"\n", 0, second) + 1)
    lines = scan.resume()
    assert [line["taken_over"] for line in lines if line["type"] == "resumed"] == [{"ports": 120, "hosts": 2, "services": 0}]
    assert {dst for dst, _protocol, _port in asked(scan.sent)} == {ip_address("198.18.0.7").packed}
    assert scan.looked_for == {"198.18.0.7"}
    assert (told(lines), hosts(lines)) == (told(whole), hosts(whole))


@pytest.mark.parametrize(
    ("targets", "shard"),
    [("198.18.0.0/26", Shard(2, 3)), ("fd00:18::/122", Shard(1, 2)), ("198.18.0.2:7 198.18.0.3-40", Shard(3, 4))],
)
@pytest.mark.parametrize("open_only", [False, True])
def test_a_part_of_a_scan_is_gone_on_with_as_that_part(tmp_path: Path, targets: str, shard: Shard, open_only: bool) -> None:
    scan = Cuttable(tmp_path / "scan.jsonl", targets, "20-40", faulty, PLAN, open_only, shard=shard)
    whole = scan.run()
    its, content = {dst for dst, _protocol, _port in asked(scan.sent)}, scan.path.read_bytes()
    assert len(its) == whole[-1]["hosts"]["total"] < whole[0]["shard"]["all_addresses"]
    for moment in moments(scan.path, 4, seed=2):
        scan.path.write_bytes(content[:moment])
        lines = scan.resume()
        assert (told(lines), hosts(lines)) == (told(whole), hosts(whole))
        assert {dst for dst, _protocol, _port in asked(scan.sent)} <= its
        for name in ("hosts", "counts", "limits"):
            assert lines[-1][name] == whole[-1][name]


@pytest.mark.parametrize("pings", [(), (Ping("icmp-echo"),)])
def test_with_open_hosts_that_are_not_up_are_not_looked_for_again(
    tmp_path: Path, pings: tuple[Ping, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last host has a leg of its own, which begins when the others are known to be absent."""
    monkeypatch.setattr(scan_module, "MAX_QUESTIONS", 28 * 40)
    absent = frozenset(f"198.18.0.{last}" for last in range(3, 29))
    plan = replace(PLAN, pings=pings)
    scan = Cuttable(
        tmp_path / "scan.jsonl", "198.18.0.2-29 198.18.0.30:21", "1-40", faulty, plan, open_only=True, absent=absent
    )
    whole = scan.run()
    assert not absent & {line["address"] for line in whole if line["type"] == "host"}
    scan.cut(scan.path.read_bytes().rindex(b'{"type":"host"'))
    lines = scan.resume()
    assert scan.looked_for
    assert not absent & scan.looked_for
    assert (told(lines), hosts(lines)) == (told(whole), hosts(whole))
    for name in ("hosts", "counts", "limits"):
        assert lines[-1][name] == whole[-1][name]


def test_ports_of_who_is_known_to_be_absent_are_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_module, "MAX_QUESTIONS", 64)
    scan = Cuttable(tmp_path / "scan.jsonl", "198.18.0.2:7 198.18.0.5", "1-60", faulty, PLAN, absent=frozenset({"198.18.0.2"}))
    scan.run()
    scan.cut(scan.path.read_bytes().index(b'"type":"port"') - 1)
    assert hosts(scan.lines())["198.18.0.2"]["state"] == "down"
    lines = scan.resume()
    assert scan.looked_for == {"198.18.0.5"}
    assert lines[-1]["hosts"] == {"up": 1, "down": 1, "total": 2}
    assert scan.progress is not None
    assert (scan.progress.settled, scan.progress.total) == (60, 60)


def test_killed_again_and_again(tmp_path: Path) -> None:
    scan = Cuttable(tmp_path / "scan.jsonl", "198.18.0.2-3", "1-200", faulty, PLAN)
    whole = scan.run()
    size = scan.path.stat().st_size
    for eighth in range(1, 8):
        scan.cut(size * eighth // 8)
        lines = scan.resume()
    assert told(lines) == told(whole)
    assert [line["type"] for line in lines].count("resumed") >= 1


@pytest.mark.parametrize("stop_after", [1, 2, 5, 9])
def test_stopped_and_gone_on_with_twice(tmp_path: Path, stop_after: int) -> None:
    """A graceful end says that it is none, and of its hosts that they are not finished."""
    scan = Cuttable(tmp_path / "scan.jsonl", "198.18.0.2-4", "1-300", faulty, replace(PLAN, max_rate_pps=500, second_look=True))
    whole = scan.run()
    lines = scan.run(stop_after)
    assert lines[-1]["interrupted"]
    assert all(line["unfinished"] for line in lines if line["type"] == "host")
    lines = scan.resume(stop_after + 3)
    assert lines[-1]["interrupted"]
    lines = scan.resume()
    assert not lines[-1]["interrupted"]
    assert told(lines) == told(whole)
    assert hosts(lines) == hosts(whole)
    assert lines[-1]["counts"] == whole[-1]["counts"]


def test_a_host_that_has_gone_keeps_what_was_known_of_it(tmp_path: Path) -> None:
    scan = Cuttable(tmp_path / "scan.jsonl", "198.18.0.2", "1-300", faulty, PLAN)
    scan.run()
    scan.cut(scan.path.stat().st_size // 2)
    known = settled(scan)
    scan.absent = frozenset({"198.18.0.2"})
    lines = scan.resume()
    assert hosts(lines)["198.18.0.2"]["state"] == "down"
    assert sum(lines[-1]["counts"].values()) == len(told(lines))
    assert 0 < len(known) == len(told(lines))
    assert scan.progress is not None
    assert (scan.progress.settled, scan.progress.total) == (len(known), len(known))


@pytest.mark.parametrize("ports", ["0", "20-40"])
def test_who_has_answered_a_ping_is_not_pinged_again(tmp_path: Path, ports: str) -> None:
    methods = () if ports == "0" else ("syn",)
    plan = ScanPlan(methods=methods, pings=(Ping("icmp-echo"),), max_rate_pps=200, seed=5)
    scan = Cuttable(tmp_path / "scan.jsonl", "198.18.0.0/26", ports, faulty, plan, routed=True)
    whole = scan.run()
    pinged = [line["address"] for line in whole if line["type"] == "found"]
    assert len(pinged) == 64
    tenth = scan.path.read_bytes().index(f'"address":"{pinged[10]}"'.encode())
    scan.cut(tenth)
    lines = scan.resume()
    again = {str(ip_address(probe.dst)) for probe in scan.sent if probe.protocol == ICMP}
    assert again == {*pinged[10:]}
    assert (told(lines), reasons(lines)) == (told(whole), reasons(whole))


def reasons(lines: list[Line]) -> dict[str, str]:
    return {line["address"]: line["reason"] for line in lines if line["type"] == "host"}


def test_errors_that_came_before_show_who_may_ration_them(tmp_path: Path) -> None:
    """Silence is asked again after a second, as it would have been by the run that heard the errors."""

    def silent(probe: Probe) -> Iterator[Reply]:
        yield from ()

    plan = ScanPlan(methods=("udp",), seed=5)
    scan = Cuttable(tmp_path / "scan.jsonl", "198.18.0.2", "9001-9040", lambda: FaultyWorld({}), plan)
    scan.run()
    second = [line for line in scan.path.read_bytes().splitlines(keepends=True) if b'"type":"port"' in line][30]
    scan.cut(scan.path.read_bytes().index(second))
    scan.world = lambda: silent
    scan.resume()
    times = sorted(probe.at_s for probe in scan.sent)
    assert max(later - earlier for earlier, later in pairwise(times)) > 1.0


def test_the_order_is_that_of_the_first_run(tmp_path: Path) -> None:
    scan = Cuttable(tmp_path / "scan.jsonl", "198.18.0.2", "1-200", faulty, replace(PLAN, seed=None))
    scan.run()
    first = [probe.seq for probe in scan.sent if probe.dport == 22]
    scan.cut(scan.path.read_bytes().index(b"\n") + 1)
    scan.resume()
    assert [probe.seq for probe in scan.sent if probe.dport == 22] == first


def test_what_was_open_before_is_looked_at_again_as_well(tmp_path: Path) -> None:
    scan = Cuttable(tmp_path / "scan.jsonl", "198.18.0.2", "1-60", faulty, replace(PLAN, second_look=True))
    whole = scan.run()
    assert not any("unsteady" in line for line in whole)
    host = next(line for line in scan.path.read_bytes().splitlines() if b'"type":"host"' in line)
    scan.cut(scan.path.read_bytes().index(host))
    scan.world = lambda: FaultyWorld({})
    lines = scan.resume()
    unsteady = hosts(lines)["198.18.0.2"]["unsteady"]
    assert {(port["port"], *port["states"]) for port in unsteady} >= {(22, "open", "closed"), (53, "open", "closed")}
    assert {probe.dport for probe in scan.sent} >= {22, 53}
