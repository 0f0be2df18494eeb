"""The course of a scan, with an engine that plays a script."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hatoba.cli.scan_options import ScanOptions
from hatoba.cli.scan_run import CLOSED_PIPE, Event, Means, World, scan
from hatoba.errors import NotInScope, OutputError, UsageError
from hatoba.model import (
    Address,
    Answer,
    Host,
    Ping,
    PortsAsked,
    Progress,
    Protocol,
    Reason,
    ScanEnd,
    ScanInfo,
    ScanPlan,
    Shard,
    State,
)
from hatoba.results.batch import VERDICT, VerdictBatch
from hatoba.results.known import Known
from hatoba.targets.ports import PortChoice
from hatoba.targets.scope import Permitted, Scope


class Script:
    """An engine that finds port 22 open on every target; what a test adds happens before the end."""

    def __init__(self, *extra: object, problems: tuple[str, ...] = (), failed: bool = False, silent: bool = False) -> None:
        self.extra = extra
        self.problems = problems
        self.failed = failed
        self.silent = silent
        self.stopped = False
        self.started = False
        self.closed = False
        self.plan = ScanPlan()

    def __call__(
        self,
        plan: ScanPlan,
        permitted: Permitted,
        *,
        arguments: Sequence[str],
        watch: object | None = None,
        known: Known | None = None,
    ) -> Script:
        self.plan, self.permitted, self.arguments, self.watch = plan, permitted, tuple(arguments), watch
        self.known = known
        return self

    @property
    def ports(self) -> dict[str, str]:
        """What its targets were to be asked for."""
        return {PortChoice(block.ports).describe() for block in self.permitted.targets.blocks}.pop()

    def stop(self) -> None:
        self.stopped = True

    def events(self) -> Iterator[Event]:
        self.started = True
        targets = self.permitted.targets
        try:
            asked = tuple(PortsAsked(method, Protocol.TCP, "22", 1) for method in self.plan.methods)
            yield ScanInfo("0", self.arguments, asked, len(targets), 0.0)
            for index in range(len(targets)):
                rows = np.zeros(1, VERDICT)
                rows[0] = (index, 22, 6, State.OPEN, Reason.SYN_ACK, 1, 1, Answer.SYN_ACK, 64, 0, 0, 0, 0, 0.001)
                if asked:
                    yield VerdictBatch(self.plan.methods[0], targets, rows)
                yield Host(targets.address(index), targets.names(index), "up", "syn-ack", 0.001)
                yield Progress(1, 2, 1, 0.1, 10.0, 1.0, 1)
            for action in self.extra:
                if isinstance(action, BaseException):
                    raise action
                if callable(action):
                    action()
                yield Progress(1, 2, 1, 0.2, 10.0, 1.0, 1)
            interrupted = self.stopped or self.failed
            counts = {} if self.silent or not asked else {"open": 1}
            up = int(not self.silent)
            yield ScanEnd(1.0, 1.0, up, 0, 1, counts, 1, interrupted=interrupted, problems=self.problems)
        finally:
            self.closed = True


def world(script: Script, **changes: Any) -> World:
    given: dict[str, Any] = {
        "stdin": io.StringIO(),
        "stdout": io.StringIO(),
        "stderr": io.StringIO(),
        "environ": {},
        "permit": lambda options, targets: Scope([]).waive(targets),
        "means": lambda options: Means(() if options.hosts_only else options.methods or ("connect",)),
        "new_scan": script,
        "names": lambda: pytest.fail("nobody asked for names"),
        "library": lambda _options: None,
        "identified": lambda *_given: pytest.fail("nobody asked for services"),
    }
    return World(**given | changes)


def run(script: Script, *, options: dict[str, Any] | None = None, **changes: Any) -> tuple[int, str]:
    """Exit status and standard output."""
    chosen = ScanOptions(**{"targets": ("198.18.0.2",), "ports": ("22",)} | (options or {}))
    place = world(script, **changes)
    status = scan(chosen, place, ("hatoba", "scan"))
    stdout = place.stdout
    return status, stdout.getvalue() if isinstance(stdout, io.StringIO) else ""


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


def test_an_output_that_cannot_be_opened_costs_no_packet(tmp_path: Path) -> None:
    script = Script()
    with pytest.raises(UsageError, match="missing"):
        run(script, options={"outputs": (("xml", str(tmp_path / "a")), ("xml", str(tmp_path / "missing" / "b")))})
    assert not script.started


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


def test_ctrl_c_once_ends_properly_with_130(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = Script(lambda: os.kill(os.getpid(), signal.SIGINT))
    status, shown = run(script, options={"outputs": (("xml", str(tmp_path / "x")),)})
    assert status == 130
    assert script.stopped
    assert "22/tcp" in shown
    assert "Ctrl-C once more" in capsys.readouterr().err
    assert (tmp_path / "x").read_text(encoding="utf-8").rstrip().endswith("</nmaprun>")


def test_ctrl_c_twice_stops_at_once(tmp_path: Path) -> None:
    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    script = Script(twice)
    with pytest.raises(KeyboardInterrupt):
        run(script, options={"outputs": (("jsonl", str(tmp_path / "x")),)})
    assert script.closed
    assert '"open"' in (tmp_path / "x").read_text(encoding="utf-8")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_sigterm_ends_properly_too() -> None:
    status, shown = run(Script(lambda: os.kill(os.getpid(), signal.SIGTERM)))
    assert status == 143
    assert "22/tcp" in shown


@pytest.mark.parametrize(
    ("failed", "silent", "expected"), [(True, False, 1), (False, True, 1), (True, True, 1), (False, False, 0)]
)
def test_a_problem_is_told_and_the_status_says_whether_the_scan_failed(
    failed: bool, silent: bool, expected: int, capsys: pytest.CaptureFixture[str]
) -> None:
    status, shown = run(Script(problems=("eth0 went down",), failed=failed, silent=silent))
    assert status == expected
    assert "22/tcp" in shown
    assert "Problem: eth0 went down\n" in shown
    assert capsys.readouterr().err == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("changes", "options", "told"),
    [
        ({}, {}, False),
        ({"stdout": Terminal()}, {}, False),
        ({"stdout": Terminal(), "stderr": Terminal()}, {}, False),
        ({"stderr": Terminal()}, {}, True),
        ({}, {"outputs": (("xml", "-"),)}, True),
        ({}, {"outputs": (("jsonl", "-"),)}, True),
    ],
)
def test_a_problem_is_not_told_beside_the_table_that_shows_it(
    changes: dict[str, Any], options: dict[str, Any], told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """A reader at a terminal sees no table that went to a file."""
    run(Script(problems=("eth0 went down",)), options=options, **changes)
    assert ("hatoba: eth0 went down\n" in capsys.readouterr().err) is told


class Broken(io.StringIO):
    """A pipe whose reader goes after so many writes, or a disk that is full by then."""

    def __init__(self, error: OSError, after: int = 0) -> None:
        super().__init__()
        self._error, self._left = error, after

    def write(self, text: str, /) -> int:
        self._left -= 1
        if self._left < 0:
            raise self._error
        return super().write(text)


def test_when_nobody_reads_the_scan_stops(capsys: pytest.CaptureFixture[str]) -> None:
    script = Script(lambda: pytest.fail("the scan went on"))
    status, _shown = run(script, stdout=Broken(BrokenPipeError()))
    assert status == CLOSED_PIPE
    assert script.closed
    shown = capsys.readouterr().err
    assert shown.startswith("hatoba: nobody reads")
    assert shown.count("\n") == 1


def test_when_one_of_two_readers_goes_the_other_gets_all(tmp_path: Path) -> None:
    status, _shown = run(Script(), options={"outputs": (("jsonl", str(tmp_path / "x")),)}, stdout=Broken(BrokenPipeError()))
    assert status == 0
    assert json.loads((tmp_path / "x").read_text(encoding="utf-8").splitlines()[-1])["type"] == "end"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_one_sentence_and_the_table_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    status, shown = run(Script(), options={"outputs": (("jsonl", "/dev/full"),)})
    assert status == 1
    assert "22/tcp" in shown
    told = capsys.readouterr().err
    assert "/dev/full" in told
    assert told.count("\n") == 1


def test_what_nobody_foresaw_still_closes_the_files(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        run(Script(ZeroDivisionError()), options={"outputs": (("jsonl", str(tmp_path / "x")),)})
    assert '"open"' in (tmp_path / "x").read_text(encoding="utf-8")


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
