"""What ``hatoba scan`` asks and writes, with an engine that plays a script."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from hatoba.cli.scan_run import Means
from hatoba.errors import NotInScope, OutputError, UsageError
from hatoba.model import Address, Ping, ScanPlan, Shard
from hatoba.targets.scope import Permitted
from tests.unit.cli.scripted_scans import Script, run


def test_a_scan_prints_the_table() -> None:
    script = Script()
    status, shown = run(script)
    assert status == 0
    assert "22/tcp" in shown
    assert "198.18.0.2" in shown
    assert (script.ports, script.plan.methods, script.arguments) == ("22", ("connect",), ("hatoba", "scan"))
    assert script.watch is None
    assert script.closed


@pytest.mark.parametrize(("verbose", "shown"), [(1, False), (2, True)])
def test_twice_verbose_shows_reasons(verbose: int, shown: bool) -> None:
    assert ("REASON" in run(Script(), options={"verbose": verbose})[1]) is shown


def test_several_reports_at_once(tmp_path: Path) -> None:
    outputs = (("jsonl", "-"), ("xml", str(tmp_path / "x.xml")), ("jsonl", str(tmp_path / "x.jsonl")))
    status, shown = run(Script(), options={"outputs": outputs})
    assert status == 0
    kinds = [json.loads(line)["type"] for line in shown.splitlines()]
    assert (kinds[0], kinds[-1]) == ("scan", "end")
    assert "port" in kinds
    assert (tmp_path / "x.jsonl").read_text(encoding="utf-8") == shown
    assert (tmp_path / "x.xml").read_text(encoding="utf-8").rstrip().endswith("</nmaprun>")


def test_an_output_that_cannot_be_opened_costs_no_packet_and_no_older_report(tmp_path: Path) -> None:
    script, older, capture = Script(), tmp_path / "monday.xml", tmp_path / "monday.pcapng"
    for file in (older, capture):
        file.write_text("what monday's scan found", encoding="utf-8")
    outputs = (("xml", str(older)), ("xml", str(tmp_path / "missing" / "b")))
    with pytest.raises(UsageError, match="missing"):
        run(script, options={"methods": ("syn",), "outputs": outputs, "pcap": str(capture)})
    assert not script.started
    assert {file.read_text(encoding="utf-8") for file in (older, capture)} == {"what monday's scan found"}


def test_a_scan_that_nobody_would_hear_of_leaves_the_older_capture(tmp_path: Path) -> None:
    script, capture = Script(), tmp_path / "monday.pcapng"
    capture.write_text("what monday's scan found", encoding="utf-8")
    with open(os.devnull, "w", encoding="utf-8") as nowhere, pytest.raises(OutputError, match="closed"):
        run(script, options={"methods": ("syn",), "pcap": str(capture)}, stdout=nowhere)
    assert not script.started
    assert capture.read_text(encoding="utf-8") == "what monday's scan found"


def test_a_dry_run_shows_packets_and_says_what_it_does_not_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The script sends nothing, so there is nothing to show."""
    path = str(tmp_path / "x")
    assert run(Script(), options={"methods": ("syn",), "dry_run": True, "outputs": (("xml", path),)}) == (0, "")
    assert capsys.readouterr().err.splitlines() == [
        f"hatoba: a dry run finds nothing out, so nothing of it goes to {path}",
        "hatoba: no packet would be sent",
    ]
    assert list(tmp_path.iterdir()) == []


CLOSED = {"stdout": open(os.devnull, "w", encoding="utf-8")}  # noqa: SIM115 - as the shell of the command opens it


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"outputs": (("xml", "-"),)},
        {"outputs": (("xml", "-"), ("jsonl", os.devnull))},
        {"list_only": True, "list_names": False},
        {"methods": ("syn",), "dry_run": True},
    ],
)
def test_a_standard_output_that_is_closed_costs_no_packet(options: dict[str, Any]) -> None:
    script = Script()
    with pytest.raises(OutputError, match="standard output is closed"):
        run(script, options=options, **CLOSED)
    assert not script.started


def test_a_file_needs_no_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = Script(problems=("eth0 went down",))
    assert run(script, options={"outputs": (("normal", str(tmp_path / "x")),)}, **CLOSED)[0] == 0
    assert "22/tcp" in (tmp_path / "x").read_text(encoding="utf-8")
    assert capsys.readouterr().err == "hatoba: eth0 went down\n"


def test_a_refusal_leaves_no_file_and_no_packet(tmp_path: Path) -> None:
    def refuse(options: object, targets: object) -> Permitted:
        raise NotInScope("no", ["198.18.0.2/32"])

    script = Script()
    with pytest.raises(NotInScope):
        run(script, options={"outputs": (("xml", str(tmp_path / "a")),)}, permit=refuse)
    assert not script.started
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ports": ("70000",)}, "70000"),
        ({"ports": ("U:53",)}, "UDP"),
        ({"targets": ("198.18.0.2:U:53",)}, "UDP"),
        ({"ports": ("22",), "exclude_ports": ("22",)}, "port"),
        ({"targets": ("198.18.0.2",), "exclude": ("198.18.0.0/24",)}, "excluded"),
        ({"inputs": ("-",), "exclude_files": ("-",)}, "a single time"),
        ({"inputs": ("/nonexistent/list",)}, "/nonexistent/list"),
        ({"targets": (), "inputs": ("-",)}, "target"),
        ({"ports": (), "top_ports": 0}, "--top-ports"),
    ],
)
def test_bad_input_is_told_before_anything_starts(changes: dict[str, Any], says: str) -> None:
    script = Script()
    with pytest.raises(UsageError) as told:
        run(script, options=changes)
    assert says in str(told.value)
    assert not script.started


def test_targets_come_from_files_and_standard_input(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("198.18.0.3 # a comment\n198.18.0.4\n", encoding="utf-8")
    (tmp_path / "not").write_text("198.18.0.4\n", encoding="utf-8")
    script = Script()
    options = {"inputs": (str(tmp_path / "list"), "-"), "exclude_files": (str(tmp_path / "not"),), "exclude": ("198.18.0.9",)}
    run(script, options=options, stdin=io.StringIO("198.18.0.8-9\n"))
    targets = script.permitted.targets
    assert [str(targets.address(index)) for index in range(len(targets))] == ["198.18.0.2", "198.18.0.3", "198.18.0.8"]


def test_exclusions_are_lists_and_their_addresses_may_be_lists_too() -> None:
    script = Script()
    run(script, options={"targets": ("198.18.0.0/28",), "exclude": ("198.18.0.1,3-9,198.18.0.11", "198.18.0.13 198.18.0.15")})
    targets = script.permitted.targets
    assert [str(targets.address(index)) for index in range(len(targets))] == [f"198.18.0.{n}" for n in (0, 2, 10, 12, 14)]


@pytest.mark.parametrize(("verbose", "told"), [(0, False), (1, True)])
def test_the_choice_of_a_method_is_remarked_on_request(verbose: int, told: bool, capsys: pytest.CaptureFixture[str]) -> None:
    run(Script(), options={"verbose": verbose}, means=lambda options: Means(("connect",), False, "by connect, because"))
    assert ("because" in capsys.readouterr().err) is told


def test_ports_of_each_protocol_are_chosen_by_the_methods() -> None:
    script = Script()
    run(script, options={"methods": ("syn", "udp"), "ports": ("T:80,U:53",)})
    assert (script.plan.methods, script.ports) == (("syn", "udp"), "T:80,U:53")


@pytest.mark.parametrize(
    ("ports", "excluded", "asked"),
    [
        (("22", "80-81"), (), "22,80-81"),
        (("22,80,81",), ("22", "80"), "81"),
        (("22,80,81",), ("80", "22"), "81"),
    ],
)
def test_port_lists_add_up(ports: tuple[str, ...], excluded: tuple[str, ...], asked: str) -> None:
    script = Script()
    run(script, options={"ports": ports, "exclude_ports": excluded})
    assert script.ports == asked


def test_a_letter_holds_to_the_end_of_its_own_port_list() -> None:
    script = Script()
    run(script, options={"methods": ("syn", "udp"), "ports": ("U:53", "T:22,U:69", "80")})
    assert script.ports == "T:22,80,U:53,69,80"


BY_PACKETS = (Ping("icmp-echo"), Ping("syn", (443,)), Ping("ack", (80,)), Ping("icmp-timestamp"))
BY_CONNECT = (Ping("connect", (80, 443)),)


@pytest.mark.parametrize(
    ("targets", "packets", "options", "pings"),
    [
        ("198.18.0.0/28", True, {}, ()),
        ("198.18.0.0-16", True, {}, BY_PACKETS),
        ("198.18.0.0-16", False, {}, BY_CONNECT),
        ("198.18.0.2", True, {"hosts_only": True}, BY_PACKETS),
        ("198.18.0.0/24", True, {"pings": ()}, ()),
        ("198.18.0.2", True, {"pings": (Ping("udp", (53,)),)}, (Ping("udp", (53,)),)),
        ("198.18.0.2", False, {"pings": (Ping("syn", (22,)), Ping("ack", (80,)))}, (Ping("connect", (22, 80)),)),
    ],
)
def test_hosts_are_looked_for_where_there_are_many_or_nothing_else_is_asked(
    targets: str, packets: bool, options: dict[str, Any], pings: tuple[Ping, ...]
) -> None:
    script = Script()
    methods = () if options.get("hosts_only") else ("connect",)
    run(script, options={"targets": (targets,), **options}, means=lambda options: Means(methods, packets))
    assert script.plan.pings == pings


def test_hosts_only(capsys: pytest.CaptureFixture[str]) -> None:
    script = Script()
    status, shown = run(script, options={"hosts_only": True})
    assert (status, script.plan.methods) == (0, ())
    assert shown.startswith("198.18.0.2: up (syn-ack), answers in 1.0 ms\n")
    assert "Ports" not in shown
    assert run(Script(problems=("no way",)), options={"hosts_only": True})[0] == 0
    assert run(Script(problems=("no way",), silent=True), options={"hosts_only": True})[0] == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"hosts_only": True, "targets": ("198.18.0.2:80",)}, "leave out 80"),
        ({"methods": ("connect",), "plan": ScanPlan(tcp_flags=3)}, "--scanflags is for methods"),
        ({"methods": ("udp",), "plan": ScanPlan(tcp_flags=3)}, "--scanflags is for methods"),
        ({"methods": ("connect",), "plan": ScanPlan(source_port=53)}, "leave out -g"),
        ({"methods": ("connect",), "dry_run": True}, "none to show"),
        ({"methods": ("syn", "fin")}, "keep one of them"),
        ({"methods": ("syn", "ip-protocol")}, "scan with it alone"),
        ({"methods": ("syn",), "ports": ("U:53",)}, "add --udp"),
    ],
)
def test_what_does_not_go_together_costs_no_packet(options: dict[str, Any], says: str) -> None:
    script = Script()
    with pytest.raises(UsageError, match=says):
        run(script, options=options)
    assert not script.started


class Names:
    """Knows one name."""

    problem: str | None = None

    def __init__(self) -> None:
        self.closed = False

    def ask(self, address: Address) -> None:
        """It needs no time."""

    def name(self, address: Address) -> str | None:
        return "web.lab" if str(address) == "198.18.0.2" else None

    def close(self) -> None:
        self.closed = True


def test_a_list_needs_no_permission_and_no_engine(tmp_path: Path) -> None:
    script, names = Script(), Names()
    outputs = (("jsonl", str(tmp_path / "x")),)
    options = {"targets": ("198.18.0.2-3",), "list_only": True, "outputs": outputs}
    status, shown = run(script, options=options, names=lambda: names, permit=lambda *_: pytest.fail("asked for permission"))
    assert status == 0
    assert shown == "198.18.0.2 (web.lab)\n198.18.0.3\n\nAddresses: 2. Nothing was sent to them.\n"
    assert [json.loads(line)["type"] for line in (tmp_path / "x").read_text().splitlines()] == ["scan", "host", "host", "end"]
    assert names.closed
    assert not script.started
    assert run(script, options={**options, "outputs": (), "list_names": False})[1].startswith("198.18.0.2\n")


def test_a_list_without_names_for_want_of_a_server_is_a_list() -> None:
    names = Names()
    names.problem = "nobody answered"
    status, shown = run(Script(), options={"list_only": True}, names=lambda: names)
    assert status == 0
    assert "Problem: nobody answered" in shown


def test_a_shard_asks_its_own_addresses_and_looks_for_hosts_as_the_whole_would() -> None:
    told: list[str] = []
    for number in (1, 2, 3):
        script = Script()
        options = {"targets": ("198.18.0.0/27",), "shard": Shard(number, 3)}
        assert run(script, options=options)[0] == 0
        targets = script.permitted.targets
        assert (targets.shard, targets.all_addresses) == (Shard(number, 3), 32)
        assert len(targets) < 16, "so many alone would be asked without a ping"
        assert script.plan.pings
        told += [str(targets.address(index)) for index in range(len(targets))]
    assert sorted(told) == sorted(f"198.18.0.{last}" for last in range(32))


def test_an_empty_shard_is_done_at_once() -> None:
    done = [run(Script(silent=True), options={"shard": Shard(number, 3)}, stderr=io.StringIO()) for number in (1, 2, 3)]
    assert [status for status, _shown in done] == [0, 0, 0]
    assert sum("198.18.0.2" in shown for _status, shown in done) == 1
