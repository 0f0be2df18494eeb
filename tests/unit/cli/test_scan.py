"""``hatoba scan`` as a command: its options and its help."""

from __future__ import annotations

from typing import Any

import click
import pytest

from hatoba.cli import nmap_flags, scan
from hatoba.cli.scan_options import ScanOptions
from hatoba.cli.shell import run
from hatoba.model import Ping

PINGS = (
    *(Ping("icmp-timestamp"), Ping("icmp-mask"), Ping("udp", (40125,))),
    *(Ping("sctp-init", (80,)), Ping("ip-protocol", (1, 2, 4))),
)


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> list[ScanOptions]:
    """What the command was told, instead of a scan."""
    seen: list[ScanOptions] = []

    def record(options: ScanOptions, world: object, arguments: object) -> int:
        seen.append(options)
        return 0

    monkeypatch.setattr("hatoba.cli.scan_run.scan", record)
    return seen


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("198.18.0.2", "targets", ("198.18.0.2",)),
        ("a b c", "targets", ("a", "b", "c")),
        ("-p22 h", "ports", ("22",)),
        ("-p -100 h", "ports", ("-100",)),
        ("h -p-", "ports", ("-",)),
        ("h -p 22 -pU:53", "ports", ("22", "U:53")),
        ("h --exclude-ports 22 --exclude-ports 80", "exclude_ports", ("22", "80")),
        ("-F h", "top_ports", 100),
        ("--top-ports 7 h", "top_ports", 7),
        ("-sS h", "methods", ("syn",)),
        ("--connect h", "methods", ("connect",)),
        ("-sSU -sY h", "methods", ("syn", "udp", "sctp-init")),
        ("-sO h", "methods", ("ip-protocol",)),
        ("-sn h", "hosts_only", True),
        ("-sL h", "list_only", True),
        ("-sL -n h", "list_names", False),
        ("h", "pings", None),
        ("-Pn h", "pings", ()),
        ("-PE -PS22,80 -PA h", "pings", (Ping("icmp-echo"), Ping("syn", (22, 80)), Ping("ack", (80,)))),
        ("-PP -PM -PU -PY -PO h", "pings", PINGS),
        ("--ping-syn h --ping-udp=53,161", "pings", (Ping("syn", (80,)), Ping("udp", (53, 161)))),
        ("--packet-trace h", "packet_trace", True),
        ("--pcap f h", "pcap", "f"),
        ("--dry-run h", "dry_run", True),
        ("-PR --disable-arp-ping h", "pings", None),
        ("-vv h", "verbose", 2),
        ("-iL f --excludefile g", "inputs", ("f",)),
        ("h --excludefile g --exclude-file k", "exclude_files", ("g", "k")),
        ("h -oX a -oJ- -oG c", "outputs", (("jsonl", "-"), ("xml", "a"), ("grepable", "c"))),
        ("h --open", "open_only", True),
        ("h --reason", "reason", True),
        ("h --explain", "explain", True),
        ("h --no-progress", "progress", False),
        ("h --authorized", "authorized", True),
        ("h -6", "families", {6}),
        ("-n h", "targets", ("h",)),
    ],
)
def test_options(chosen: list[ScanOptions], line: str, field: str, value: Any) -> None:
    assert run(["scan", *line.split()]) == 0
    assert getattr(chosen[0], field) == value


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("-T2", "scan_delay_s", 0.4),
        ("-T polite", "scan_delay_s", 0.4),
        ("-T5 --host-timeout 2m", "host_timeout_s", 120.0),
        ("--max-rate 9.5", "max_rate_pps", 9.5),
        ("--scan-delay 500ms", "scan_delay_s", 0.5),
        ("--initial-rtt-timeout .2", "initial_rtt_timeout_s", 0.2),
        ("--scanflags SYNFIN", "tcp_flags", 3),
        ("-g 53", "source_port", 53),
        ("--traceroute", "traceroute", True),
        ("-R", "reverse_names", True),
        ("--prove-closed", "prove_closed", True),
        ("-F", "second_look", True),
        ("--no-second-look", "second_look", False),
    ],
)
def test_the_plan(chosen: list[ScanOptions], line: str, field: str, value: Any) -> None:
    assert run(["scan", "h", *line.split()]) == 0
    assert getattr(chosen[0].plan, field) == value


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "there is no target"),
        ("--version-light h", "--version-light is about services, which only -sV asks for: add -sV"),
        ("--allports h", "--allports is about services"),
        ("-sV --version-all --version-intensity 3 h", "contradict each other"),
        ("-sV --version-intensity 10 h", "--version-intensity 10: a whole number from 0 to 9"),
        ("-sV -sn h", "-sn asks no ports"),
        ("-sV -sL h", "-sL asks no ports"),
        ("-A -sn h", "-A looks at ports, and -sn asks none"),
        ("--osscan-guess h", "add -O"),
        ("-g 0 h", "--source-port 0: a whole number from 1 to 65535"),
        ("-PS99999 h", "--ping-syn: 99999: ports run from 0 to 65535"),
        ("-POx h", "--ping-protocol: x: no IP service has this name"),
        ("--scan-delay soon h", "--scan-delay soon: a time is"),
        ("-sn -p22 h", "leave out -p, or -sn"),
        ("-T9 h", "-T 9"),
        ("--prots 22 h", "did you mean --ports?"),
        ("--topports 22 h", "did you mean --top-ports?"),
        ("--foo h", "there is no option --foo; hatoba scan --help lists them"),
        ("--wizard f", "there is no option --wizard; hatoba scan --help lists them"),
        ("-PI h", "there is no option -PI; hatoba scan --help lists them"),
        ("-v -PB h - -PQ", "there is no option -PB;"),
        ("-sQ h", "there is no option -sQ;"),
        ("h -nz", "there is no option -nz;"),
        ("-q h", "there is no option -q;"),
        ("--top-ports x h", "--top-ports x: a whole number belongs here"),
        ("--max-retries 101 h", "--max-retries 101: a whole number from 0 to 100"),
        ("--max-rate fast h", "--max-rate fast: a rate is"),
        ("-p", "--ports needs a value behind it; hatoba scan --help tells more"),
        ("h --open=1", "does not take a value"),
        ("h -oX a -oJ a", "two reports"),
        ("-e eth0 -e eth1 h", "--interface=eth0 and --interface=eth1 contradict each other"),
        ("-g 53 h --source-port 54", "--source-port=53 and --source-port=54 contradict each other"),
        ("-T4 -T5 h", "contradict"),
        ("-PS22 -PS80 h", "--ping-syn=22 and --ping-syn=80 contradict each other"),
        ("--max-rate 5 --max-rate 6 h", "contradict"),
    ],
)
def test_mistakes_are_one_sentence(chosen: list[ScanOptions], line: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", *line.split()]) == 2
    shown = capsys.readouterr()
    assert says in shown.err
    assert (shown.err.count("\n"), shown.out) == (1, "")
    assert not chosen


@pytest.mark.parametrize(
    "line", ["-T4 -T4 h", "-e eth0 -sT -e eth0 h", "-e eth0 -- --interface=eth1", "--exclude a --exclude b h"]
)
def test_what_is_said_twice_alike_or_may_be_said_often_is_no_mistake(chosen: list[ScanOptions], line: str) -> None:
    assert run(["scan", *line.split()]) == 0
    assert len(chosen) == 1


@pytest.mark.parametrize("language", ["en", "ja"])
def test_help_is_there_in_both_languages(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--lang", language, "scan", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "-oX, --xml" in shown
    assert "--ping-protocol [=PROTOCOLS]" in shown
    assert ("Find out which ports" in shown) is (language == "en")
    assert (
        shown.index("-iL, --input") < shown.index("-sn, --find-hosts") < shown.index("-p, --ports") < shown.index("-sU, --udp")
    )


def test_the_translator_knows_every_option_that_takes_a_value() -> None:
    taking = {
        name
        for option in scan.command.params
        if isinstance(option, click.Option) and not option.is_flag and not option.count
        for name in option.opts
        if name.startswith("--")
    }
    assert taking == nmap_flags.VALUE_OPTIONS | set(nmap_flags.PING_PORTS.values())


def test_the_translator_leads_to_options_that_exist() -> None:
    known = {name for option in scan.command.params for name in option.opts}
    tables = (
        *(nmap_flags.FLAGS, nmap_flags.VALUES, nmap_flags.METHODS, nmap_flags.OUTPUTS, nmap_flags.ALIASES),
        *(nmap_flags.PINGS, nmap_flags.PING_PORTS),
    )
    assert {name for table in tables for name in table.values()} - known == {"--help"}


def test_what_is_absent_does_not_exist() -> None:
    assert not {name for option in scan.command.params for name in option.opts} & set(nmap_flags.ABSENT_LONG)
