"""The truth host's table and its rules tell the same."""

from __future__ import annotations

import re

import pytest

from hatoba.lab.topologies.truth import REJECTS, RESET_PORT, TruthHost, ruleset
from hatoba.model import Reason, State


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("method", ["syn", "connect"])
def test_table_counts(version: int, method: str) -> None:
    truth = TruthHost.expected(version, method)
    states = [state for state, _reason in truth.values()]
    assert sorted(truth) == list(range(1, 65536))
    assert (states.count(State.OPEN), states.count(State.FILTERED)) == (116, 11 + len(REJECTS[version]))
    assert states.count(State.CLOSED) == 65535 - 116 - 11 - len(REJECTS[version])
    assert truth[RESET_PORT] == truth[1]
    assert truth[22][1] is (Reason.SYN_ACK if method == "syn" else Reason.CONNECTED)
    assert truth[1][1] is (Reason.RESET if method == "syn" else Reason.CONN_REFUSED)


@pytest.mark.parametrize(("version", "family"), [(4, "ipv4"), (6, "ipv6")])
def test_each_rejected_port_has_its_rule(version: int, family: str) -> None:
    truth = TruthHost.expected(version)
    rules = dict(re.findall(rf"meta nfproto {family} tcp dport (\d+) reject with icmp(?:v6)? type (\S+)", ruleset()))
    words = dict(REJECTS[version])
    assert {int(port): words[kind] for port, kind in rules.items()} == {
        port: reason for port, (state, reason) in truth.items() if state is State.FILTERED and reason is not Reason.NO_RESPONSE
    }
