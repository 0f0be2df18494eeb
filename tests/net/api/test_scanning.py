"""``import hatoba`` on a host whose every port is known beforehand."""

from __future__ import annotations

import pytest

from hatoba.lab.topologies import TruthHost

PORTS = "1-1024,20000-20200,30000-31100"
ASKED = [*range(1, 1025), *range(20000, 20201), *range(30000, 31101)]
METHODS = pytest.mark.parametrize("method", ["syn", "connect"])


@METHODS
@pytest.mark.parametrize("function", ["by_scan", "by_array", "by_async"])
def test_each_port_comes_once_with_its_state_and_reason(truth_lab: TruthHost, method: str, function: str) -> None:
    rows = truth_lab.scanner.call(f"tests.net.api.scan_calls:{function}", truth_lab.address(), PORTS, method)
    truth = truth_lab.expected(4, method)
    assert sorted(rows) == [[truth_lab.address(), port, *map(int, truth[port]), True] for port in ASKED]


def test_ipv6(truth_lab: TruthHost) -> None:
    rows = truth_lab.scanner.call("tests.net.api.scan_calls:by_array", truth_lab.address(6), PORTS, "syn")
    truth = truth_lab.expected(6, "syn")
    assert rows == [[truth_lab.address(6), port, *map(int, truth[port]), True] for port in ASKED]


@METHODS
def test_events_begin_and_end_as_promised(truth_lab: TruthHost, method: str) -> None:
    names = truth_lab.scanner.call("tests.net.api.scan_calls:by_events", truth_lab.address(), "1-1000", method)
    assert names[0] == "ScanInfo"
    assert names[-1] == "ScanEnd"
    assert names.count("Host") == 1
    assert "VerdictBatch" in names[: names.index("Host")]
    assert "VerdictBatch" not in names[names.index("Host") :]


@METHODS
@pytest.mark.parametrize("how", ["leave_early", "cancel"])
def test_a_scan_that_was_left_holds_nothing(truth_lab: TruthHost, method: str, how: str) -> None:
    held = truth_lab.scanner.call(f"tests.net.api.scan_calls:{how}", truth_lab.address(), method)
    assert held == {"files": 0, "threads": 0}
