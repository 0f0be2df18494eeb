"""The truth host answers as its table says."""

from __future__ import annotations

import pytest

from hatoba.lab.topologies import TruthHost, truth_host
from hatoba.lab.topologies.truth import DROPPED_PORTS, OPEN_PORTS, RESET_PORT
from hatoba.model import Reason, State
from tests.net.conftest import MakeLab

CONNECT = "tests.net.lab_calls:connect"
ICMP = "tests.net.lab_calls:icmp_answer"
CODES = {
    4: {
        Reason.NET_UNREACH: [3, 0],
        Reason.HOST_UNREACH: [3, 1],
        Reason.PROTO_UNREACH: [3, 2],
        Reason.PORT_UNREACH: [3, 3],
        Reason.NET_PROHIBITED: [3, 9],
        Reason.HOST_PROHIBITED: [3, 10],
        Reason.ADMIN_PROHIBITED: [3, 13],
    },
    6: {
        Reason.NO_ROUTE: [1, 0],
        Reason.ADMIN_PROHIBITED: [1, 1],
        Reason.ADDR_UNREACH: [1, 3],
        Reason.PORT_UNREACH: [1, 4],
        Reason.POLICY_FAIL: [1, 5],
        Reason.REJECT_ROUTE: [1, 6],
    },
}


@pytest.mark.parametrize("version", [4, 6])
def test_truth_host_refuses_with_every_icmp_error_of_its_table(truth_lab: TruthHost, version: int) -> None:
    truth = truth_lab.expected(version)
    rejected = {
        port: reason for port, (state, reason) in truth.items() if state is State.FILTERED and reason is not Reason.NO_RESPONSE
    }
    assert set(rejected.values()) == set(CODES[version])
    for port, reason in rejected.items():
        assert truth_lab.scanner.call(ICMP, truth_lab.address(version), port) == CODES[version][reason], reason


@pytest.mark.parametrize("version", [4, 6])
def test_truth_host_has_open_closed_and_silent_ports(truth_lab: TruthHost, version: int) -> None:
    address, scanner = truth_lab.address(version), truth_lab.scanner
    assert scanner.call("tests.net.lab_calls:connect_all", address, list(OPEN_PORTS)) == list(OPEN_PORTS)
    assert scanner.call(CONNECT, address, DROPPED_PORTS[0], 0.2) == "ETIMEDOUT"
    for port in (1, 65535, RESET_PORT):
        assert scanner.call(CONNECT, address, port) == "ECONNREFUSED"


def test_icmp_limit_is_kept_where_asked_for(make_lab: MakeLab) -> None:
    limited = truth_host(make_lab(), icmp_limit=True)
    assert limited.target.run(["cat", "/proc/sys/net/ipv4/icmp_ratelimit"]).stdout.strip() != "0"
