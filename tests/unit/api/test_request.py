"""From a call's arguments to a scan: what is refused, and what the scan is told."""

from __future__ import annotations

import inspect
import logging
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hatoba
from hatoba.api import request as module
from hatoba.api.request import ScanOptions, request
from hatoba.errors import NotInScope, NotPermitted, UsageError
from hatoba.identify.identified_scan import IdentifiedScan
from hatoba.identify.judged_scan import JudgedScan
from hatoba.model import Ping, ScanPlan, Shard
from hatoba.targets.ports import PortChoice
from hatoba.targets.scope import Permitted


class Noted:
    """In the place of the engine's scan: keeps what it was told."""

    def __init__(self, plan: ScanPlan, permitted: Permitted, *, arguments: tuple[str, ...]) -> None:
        self.plan, self.permitted, self.arguments = plan, permitted, arguments

    @property
    def ports(self) -> str:
        """What its targets were to be asked for."""
        return {PortChoice(block.ports).describe() for block in self.permitted.targets.blocks}.pop()


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with one address that may not send raw packets, and a user without a scope file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(module, "Scan", Noted)
    monkeypatch.setattr(module, "own_networks", lambda: [ip_network("198.18.0.1")])
    monkeypatch.setattr(module, "lab_networks", list)
    monkeypatch.setattr(module, "default_method", lambda: "connect")

    def refuse(method: str) -> None:
        raise NotPermitted(f"{method} needs a right")

    monkeypatch.setattr(module, "require_raw", refuse)
    monkeypatch.setattr(module, "require_packets", refuse)


@pytest.fixture
def _may_send(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same machine, allowed to send raw packets."""
    monkeypatch.setattr(module, "default_method", lambda: "syn")
    monkeypatch.setattr(module, "require_raw", lambda method: None)
    monkeypatch.setattr(module, "require_packets", lambda option: None)


def told(targets: Any, **options: Any) -> Noted:
    scan: Any = request(targets, **options).scan
    assert isinstance(scan, Noted)
    return scan


def addresses(noted: Noted) -> list[str]:
    targets = noted.permitted.targets
    return [str(targets.address(index)) for index in range(len(targets))]


@pytest.mark.parametrize(
    "targets",
    [
        "127.0.0.1 127.0.0.2",
        ["127.0.0.1", "127.0.0.2"],
        ip_network("127.0.0.1/31", strict=False).supernet(),
        (ip_address("127.0.0.1"), "127.0.0.2"),
        (text for text in ("127.0.0.1-2",)),
    ],
    ids=["text", "texts", "network", "mixed", "generator"],
)
def test_targets_in_every_shape(targets: Any) -> None:
    assert {"127.0.0.1", "127.0.0.2"} <= set(addresses(told(targets)))


@pytest.mark.parametrize(
    ("ports", "range_list"),
    [
        ("22,80-82", "22,80-82"),
        (443, "443"),
        ([443, 22], "22,443"),
        (range(1, 4), "1-3"),
        (0, "0"),
        (["22", 80], "22,80"),
        (np.arange(3), "0-2"),
    ],
)
def test_ports_in_every_shape(ports: Any, range_list: str) -> None:
    assert told("127.0.0.1", ports=ports).ports == range_list


@pytest.mark.usefixtures("_may_send")
def test_a_letter_holds_to_the_end_of_its_own_text() -> None:
    noted = told("127.0.0.1", ports=["U:53", 22, "80"], method=["syn", "udp"], exclude_ports=["T:80", 9])
    assert noted.ports == "T:22,U:22,53,80"


def test_without_ports_the_thousand_likeliest_are_asked() -> None:
    targets = told("127.0.0.1").permitted.targets
    assert [len(array) for block in targets.blocks for array in block.ports.values()] == [1000]


def test_what_is_excluded_is_left_out() -> None:
    noted = told("127.0.0.0/30", exclude=["127.0.0.2"], ports="1-10", exclude_ports=range(2, 10))
    assert addresses(noted) == ["127.0.0.0", "127.0.0.1", "127.0.0.3"]
    assert [array.tolist() for block in noted.permitted.targets.blocks for array in block.ports.values()] == [[1, 10]]


def test_the_plan_holds_what_was_asked() -> None:
    noted = told("127.0.0.1", min_rate_pps=10, max_rate_pps=20, max_retries=0, seed=7, interface="lo", method="connect")
    rates = {"min_rate_pps": 10, "max_rate_pps": 20}
    assert noted.plan == ScanPlan(("connect",), max_retries=0, **rates, seed=7, interface="lo", second_look=True)


@pytest.mark.usefixtures("_may_send")
def test_every_option_of_the_plan_gets_there() -> None:
    times = {"scan_delay_s": 0.1, "host_timeout_s": 60.0, "initial_rtt_timeout_s": 0.5}
    times |= {"min_rtt_timeout_s": 0.1, "max_rtt_timeout_s": 2.0}
    flags = {"prove_closed": True, "second_look": False, "traceroute": True, "reverse_names": True}
    said = {**times, **flags, "tcp_flags": 3, "source_port": 53}
    plan = told("127.0.0.1", method=["syn", "udp"], pings=["syn:22,443", "icmp-echo", Ping("ack", (80,))], **said).plan
    assert (plan.methods, plan.pings) == (("syn", "udp"), (Ping("syn", (22, 443)), Ping("icmp-echo"), Ping("ack", (80,))))
    assert {name: getattr(plan, name) for name in said} == said


def test_without_a_method_the_machine_decides() -> None:
    assert told("127.0.0.1").plan.methods == ("connect",)


@pytest.mark.usefixtures("_may_send")
@pytest.mark.parametrize(
    ("targets", "options", "methods"),
    [
        ("127.0.0.0/28", {}, []),
        ("127.0.0.0/27", {}, ["icmp-echo", "syn", "ack", "icmp-timestamp"]),
        ("127.0.0.1", {"hosts_only": True}, ["icmp-echo", "syn", "ack", "icmp-timestamp"]),
        ("127.0.0.0/27", {"pings": ()}, []),
        ("127.0.0.1", {"pings": "udp"}, ["udp"]),
    ],
)
def test_hosts_are_looked_for_where_there_are_many(targets: str, options: ScanOptions, methods: list[str]) -> None:
    assert [ping.method for ping in told(targets, **options).plan.pings] == methods


def test_hosts_only_asks_no_ports_and_connects_where_it_must() -> None:
    noted = told("127.0.0.1", hosts_only=True)
    assert (noted.plan.methods, noted.plan.pings) == ((), (Ping("connect", (80, 443)),))


def test_what_needs_packets_is_refused_without_the_right() -> None:
    for options in ({"traceroute": True}, {"pings": "icmp-echo"}, {"hosts_only": True, "pings": ["connect", "ack"]}):
        with pytest.raises(NotPermitted):
            request("127.0.0.1", **options)  # type: ignore[arg-type]


def test_syn_without_the_right_to_it_is_refused() -> None:
    with pytest.raises(NotPermitted, match="syn"):
        request("127.0.0.1", method="syn")


def test_own_addresses_need_no_permission() -> None:
    assert told("198.18.0.1").permitted.by == "scope"


def test_others_do() -> None:
    with pytest.raises(NotInScope) as refusal:
        request(["198.18.0.1", "198.18.0.2"])
    assert refusal.value.networks == ("198.18.0.2/32",)


def test_a_caller_may_vouch_for_them() -> None:
    noted = told("198.18.0.2", authorized=True)
    assert noted.permitted.by == "authorized=True"


def test_the_scope_file_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "hatoba"
    folder.mkdir()
    (folder / "scope.jsonl").write_text(
        '{"format": "hatoba scope", "version": 1}\n'
        '{"network": "198.18.0.2/32", "by": "aoi", "at": "2026-04-01T09:30:00+00:00", "reason": "ours"}\n',
        encoding="ascii",
    )
    assert told("198.18.0.2").permitted.by == "scope"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ports": "70000"}, "0 to 65535"),
        ({"ports": 70000}, "0 to 65535"),
        ({"ports": []}, "empty"),
        ({"ports": "U:53"}, "UDP ports are chosen, but no method that asks them"),
        ({"method": ["syn", "fin"]}, "keep one of them"),
        ({"hosts_only": True, "method": "connect"}, "hosts_only asks no ports: leave out method"),
        ({"hosts_only": True, "ports": 80}, "leave out ports, or hosts_only"),
        ({"hosts_only": True, "exclude_ports": 80}, "leave out exclude_ports"),
        ({"tcp_flags": 3}, "tcp_flags is for methods that send TCP segments"),
        ({"method": "syn", "tcp_flags": 256}, "tcp_flags 256: a whole number from 0 to 255"),
        ({"source_port": 0}, "source_port 0: a whole number from 1 to 65535"),
        ({"pings": "arp"}, "there is no ping 'arp'"),
        ({"pings": ["syn:80,U:53"]}, "leave out the ports of UDP"),
        ({"scan_delay_s": 0}, "scan_delay_s 0: a time is"),
        ({"min_rtt_timeout_s": 2, "max_rtt_timeout_s": 1}, "exchange them"),
        ({"ports": -1}, "-1: ports run"),
        ({"ports": [22, 65536]}, "65536: ports run"),
        ({"method": "xmas-tree"}, "no scan method 'xmas-tree'; there are: ack, connect"),
        ({"max_rate_pps": 0}, "max_rate_pps 0"),
        ({"min_rate_pps": float("nan")}, "min_rate_pps nan"),
        ({"min_rate_pps": 9, "max_rate_pps": 8}, "exchange them"),
        ({"max_retries": -1}, "max_retries -1"),
        ({"seed": -1}, "seed -1"),
        ({"families": ()}, r"write \(4,\)"),
        ({"families": 5}, r"write \(4,\)"),
        ({"families": (5,)}, r"write \(4,\)"),
        ({"exclude": "127.0.0.1"}, "excluded"),
    ],
    ids=str,
)
def test_a_wrong_argument_is_one_sentence(options: ScanOptions, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        request("127.0.0.1", **options)


def test_hosts_only_and_ports_of_ones_own_do_not_go_together() -> None:
    with pytest.raises(UsageError, match="leave out 80"):
        request("127.0.0.1:80", hosts_only=True)


@pytest.mark.parametrize("targets", ["", [], "127.0.0.1:U:53", "300.1.1.1.1:x:"])
def test_wrong_targets_are_refused(targets: Any) -> None:
    with pytest.raises(UsageError):
        request(targets)


def test_an_unknown_argument_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="port"):
        request("127.0.0.1", port=80)  # type: ignore[call-arg]


def test_notes_go_to_the_log_and_nowhere_else(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.WARNING, "hatoba"):
        request(["127.0.0.1", "0.0.0.0/31"], authorized=True)
    assert any("left out" in message for message in caplog.messages)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("more", [{}, {"tls_ciphers": True}, {"waf_test": True}])
def test_what_else_services_are_asked(more: dict[str, bool]) -> None:
    scan = request("127.0.0.1", ports=80, version_intensity=7, **more).scan  # type: ignore[arg-type]
    assert isinstance(scan, IdentifiedScan)
    runner = scan._new_runner()
    runner.close()
    manner = runner._manner
    assert {"tls_ciphers": manner.tls_ciphers, "waf_test": manner.waf_test} == {"tls_ciphers": False, "waf_test": False} | more


@pytest.mark.parametrize("name", ["tls_ciphers", "waf_test"])
def test_what_is_about_services_wants_them_asked_for(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} is about services: give version_intensity as well"):
        request("127.0.0.1", ports=80, **{name: True})  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{}, {"method": ["connect", "udp"]}, {"method": "syn", "pings": "connect"}])
@pytest.mark.usefixtures("_may_send")
def test_the_source_port_is_not_connects_to_choose(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "default_method", lambda: "connect")
    with pytest.raises(UsageError, match="ask by syn instead, or leave out source_port"):
        request("127.0.0.1", ports=80, source_port=53, **options)


def test_services_are_asked_for_at_an_intensity() -> None:
    assert isinstance(request("127.0.0.1", ports=80).scan, Noted)
    assert isinstance(request("127.0.0.1", ports=80, version_intensity=0).scan, IdentifiedScan)


def test_systems_need_packets_of_ones_own() -> None:
    with pytest.raises(NotPermitted, match="systems"):
        request("127.0.0.1", ports=80, systems=True)


@pytest.mark.usefixtures("_may_send")
def test_systems_are_told_beside_services_or_without() -> None:
    for intensity in (None, 0):
        scan = request("127.0.0.1", ports=80, systems=True, version_intensity=intensity).scan
        assert isinstance(scan, JudgedScan)
    assert told("127.0.0.1", ports=80).plan.systems is False
    for intensity in (-1, 10):
        with pytest.raises(UsageError, match=f"version_intensity {intensity}: a whole number from 0 to 9"):
            request("127.0.0.1", ports=80, version_intensity=intensity)


@pytest.mark.parametrize("function", [hatoba.scan, hatoba.scan_array, hatoba.scan_async, hatoba.scan_events])
def test_help_names_every_option(function: Any) -> None:
    names = list(inspect.signature(function).parameters)
    assert names == ["targets", *ScanOptions.__annotations__]


@pytest.mark.usefixtures("_may_send")
def test_shards_share_the_addresses_and_the_way_to_look_for_them() -> None:
    whole = told("127.0.0.0/27")
    parts = [told("127.0.0.0/27", shard=f"{number}/3") for number in (1, 2, 3)]
    assert sorted(address for part in parts for address in addresses(part)) == sorted(addresses(whole))
    assert {part.plan.pings for part in parts} == {whole.plan.pings}
    assert [part.permitted.targets.shard for part in parts] == [Shard(number, 3) for number in (1, 2, 3)]
    with pytest.raises(UsageError, match="shard 0/3: write which one of how many"):
        request("127.0.0.1", shard="0/3")
