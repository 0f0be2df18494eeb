"""The choices of a scan, checked against each other."""

from __future__ import annotations

from typing import Any

import pytest

from hatoba.cli.scan_options import METHOD_NAMES, ScanOptions, options_of
from hatoba.errors import UsageError
from hatoba.model import ScanPlan


def options(**changes: Any) -> ScanOptions:
    given: dict[str, Any] = {
        **dict.fromkeys(("top_ports", "min_rate", "max_rate", "max_retries", "timing")),
        **dict.fromkeys(("interface", "scope_file", "seed", "scanflags", "source_port", "pcap", "version_intensity", "shard")),
        **dict.fromkeys(("resume",)),
        **dict.fromkeys(("scan_delay", "host_timeout", "initial_rtt_timeout", "min_rtt_timeout", "max_rtt_timeout")),
        **dict.fromkeys(("ping_syn", "ping_ack", "ping_udp", "ping_sctp", "ping_protocol")),
        **dict.fromkeys((name.replace("-", "_") for name in METHOD_NAMES), False),
        **dict.fromkeys(("fast", "ipv4", "ipv6", "all_addresses", "authorized"), False),
        **dict.fromkeys(("open_only", "reason", "explain", "progress", "prove_closed", "second_look"), False),
        **dict.fromkeys(("find_hosts", "list_only", "no_discovery", "ping_echo", "ping_timestamp", "ping_mask"), False),
        **dict.fromkeys(("no_names", "reverse_names", "traceroute", "packet_trace", "dry_run"), False),
        **dict.fromkeys(("services", "version_light", "version_all", "all_ports", "tls_ciphers", "waf_test"), False),
        **dict.fromkeys(("systems", "osscan_limit", "osscan_guess", "everything"), False),
        **dict.fromkeys(
            (
                "ports",
                "exclude_ports",
                "inputs",
                "exclude",
                "exclude_files",
                "jsonl",
                "xml",
                "grepable",
                "normal",
                "all_formats",
                "signatures",
                "recog",
            ),
            (),
        ),
        "targets": ("198.18.0.2",),
        "verbose": 0,
    }
    return options_of(given | changes)


def test_defaults() -> None:
    chosen = options()
    assert (chosen.top_ports, chosen.ports, chosen.methods, chosen.families) == (1000, (), (), {4})
    assert (chosen.hosts_only, chosen.list_only, chosen.pings) == (False, False, None)
    assert chosen.outputs == ()
    assert chosen.table
    assert (chosen.plan.min_rate_pps, chosen.plan.max_rate_pps, chosen.plan.max_retries) == (None, None, None)


@pytest.mark.parametrize(
    ("changes", "ports", "top"),
    [
        ({"ports": ("22", "80")}, ("22", "80"), None),
        ({"fast": True}, (), 100),
        ({"top_ports": 7}, (), 7),
        ({"ports": ("",)}, ("",), None),
    ],
)
def test_ports(changes: dict[str, Any], ports: tuple[str, ...], top: int | None) -> None:
    chosen = options(**changes)
    assert (chosen.ports, chosen.top_ports) == (ports, top)


@pytest.mark.parametrize(
    ("changes", "families"),
    [
        ({"ipv4": True}, {4}),
        ({"ipv6": True}, {6}),
        ({"ipv4": True, "ipv6": True}, {4, 6}),
        ({"all_addresses": True}, {4, 6}),
        ({"all_addresses": True, "ipv6": True}, {6}),
    ],
)
def test_families(changes: dict[str, Any], families: set[int]) -> None:
    assert options(**changes).families == families


def test_outputs_and_where_the_table_goes() -> None:
    chosen = options(jsonl=("-",), xml=("a", "b"), all_formats=("x.y",))
    assert set(chosen.outputs) == {
        *(("jsonl", "-"), ("xml", "a"), ("xml", "b")),
        *(("normal", "x.y.nmap"), ("xml", "x.y.xml"), ("grepable", "x.y.gnmap"), ("jsonl", "x.y.jsonl")),
    }
    assert not chosen.table


def test_a_name_that_begins_with_a_dash_is_written_with_its_folder() -> None:
    assert options(xml=("./-p22",), inputs=("-",), pcap="./-").outputs == (("xml", "./-p22"),)


def test_the_plan_holds_all_that_is_said_of_pace_and_packets() -> None:
    said = {"scan_delay": 0.1, "host_timeout": 60.0, "initial_rtt_timeout": 0.5, "min_rtt_timeout": 0.1, "max_rtt_timeout": 2.0}
    flags = dict.fromkeys(("prove_closed", "second_look", "traceroute", "reverse_names"), True)
    plan = options(**said, **flags, max_retries=3, scanflags=2, source_port=53, interface="eth0", seed=7, max_rate=9.0).plan
    assert plan == ScanPlan(
        methods=("connect",),
        tcp_flags=2,
        max_retries=3,
        max_rate_pps=9.0,
        scan_delay_s=0.1,
        host_timeout_s=60.0,
        initial_rtt_timeout_s=0.5,
        min_rtt_timeout_s=0.1,
        max_rtt_timeout_s=2.0,
        prove_closed=True,
        second_look=True,
        traceroute=True,
        reverse_names=True,
        seed=7,
        interface="eth0",
        source_port=53,
    )


def test_a_template_sets_what_is_not_said() -> None:
    assert options(timing=2).plan.scan_delay_s == 0.4
    assert options(timing=5, max_retries=0).plan.max_retries == 0


def test_methods_stand_in_the_order_in_which_they_ask() -> None:
    assert options(udp=True, syn=True, sctp_init=True).methods == ("syn", "udp", "sctp-init")


def test_a_list_looks_up_names_unless_told_otherwise() -> None:
    assert options(list_only=True).list_names
    assert not options(list_only=True, no_names=True).list_names


def test_exclusions_are_lists_whose_commas_are_read_with_the_addresses() -> None:
    assert options(exclude=("198.18.0.1,3-9,a.example", "b")).exclude == ("198.18.0.1,3-9,a.example", "b")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"targets": ()}, "hatoba scan localhost"),
        ({"targets": (), "xml": ("198.18.0.2",)}, "-oX takes 198.18.0.2 for the name of its file; write -oX FILE 198.18.0.2"),
        ({"targets": (), "all_formats": ("localhost",)}, "write -oA FILE localhost"),
        ({"ports": ("22",), "fast": True}, "-p and -F"),
        ({"fast": True, "top_ports": 5}, "-F and --top-ports"),
        ({"fast": True, "top_ports": 0}, "-F and --top-ports"),
        ({"pcap": "f", "xml": ("f",)}, "two reports would go to f"),
        ({"pcap": "-"}, "--pcap scan.pcapng"),
        ({"find_hosts": True, "sctp_cookie": True}, "-sn looks for hosts and asks no ports: leave out -sZ, or -sn"),
        ({"xml": ("-",), "jsonl": ("-",)}, "two reports would go to standard output"),
        ({"xml": ("f",), "jsonl": ("f",)}, "two reports would go to f"),
        ({"xml": ("",)}, "is empty"),
        ({"xml": ("-p22",)}, "-oX needs the name of a file, and -p22 looks like an option: write ./-p22"),
        ({"inputs": ("a", "-sT")}, "-iL needs the name of a file, and -sT looks like an option"),
        ({"all_formats": ("-v",)}, "-oA needs"),
        ({"pcap": "-v"}, "--pcap needs"),
        ({"exclude_files": ("--", "-")}, "--exclude-file needs"),
        ({"all_formats": ("-",)}, "-oA monday"),
        ({"min_rate": 10.0, "max_rate": 5.0}, "--min-rate 10 is above --max-rate 5"),
        ({"seed": -1}, "--seed -1"),
        ({"seed": 1 << 63}, "2^63 - 1"),
        ({"min_rate": 0.0}, "--min-rate 0"),
        ({"max_rate": -1.0}, "--max-rate -1"),
        ({"max_rate": float("nan")}, "--max-rate nan"),
        ({"max_rate": float("inf")}, "--max-rate inf"),
    ],
)
def test_what_does_not_go_together_is_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as told:
        options(**changes)
    assert says in str(told.value)
    assert "\n" not in str(told.value)
