from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.model import Address, Answer, Host, Reason, State
from hatoba.reports import jsonl_settled
from hatoba.reports.jsonl_settled import hosts_of, rows_of, settled, settled_hosts
from hatoba.results.batch import HostBatch
from hatoba.results.known import each_once
from tests.unit.results.rows import ROUTER, Hosts, batch, closed, refused, rows, silent

HOSTS = Hosts("198.18.0.2", "198.18.0.3", "198.18.0.4")
KEPT = ("host", "port", "protocol", "state", "reason", "answer", "ttl", "icmp_type", "icmp_code", "responder")


def numbers() -> dict[Address, int]:
    found: dict[Address, int] = defaultdict(lambda: len(found) + 1)
    return found


def test_one_host_is_told_port_by_port_and_one_port_host_by_host() -> None:
    (entry,) = settled(batch(HOSTS, closed([5, 1, 2, 3], host=1)))
    assert (entry["hosts"], entry["ports"], entry["state"], entry["reason"]) == ("1", "1-3,5", "closed", "reset")
    (entry,) = settled(batch(HOSTS, *(silent(80, host=host) for host in range(3))))
    assert (entry["hosts"], entry["ports"], entry["answer"], entry["method"]) == ("0-2", "80", None, "syn")


def test_hosts_with_the_same_ports_share_an_entry() -> None:
    (entry,) = settled(batch(HOSTS, *(closed([1, 2, 9], host=host) for host in (0, 2))))
    assert (entry["hosts"], entry["ports"]) == ("0,2", "1-2,9")


KINDS = st.sampled_from(
    [
        closed,
        silent,
        refused,
        lambda port, host: closed(port, host, ttl=63),
        lambda port, host: refused(port, host, responder=0),
    ]
)


@given(st.dictionaries(st.tuples(st.integers(0, 2), st.integers(0, 65535)), KINDS, max_size=60))
def test_there_and_back(told: dict[tuple[int, int], object]) -> None:
    before = each_once([make(port, host) for (host, port), make in told.items()])  # type: ignore[operator]
    if not len(before):
        return
    known = numbers()
    after = each_once([rows_of(entry, known, 3) for entry in settled(batch(HOSTS, before))])
    for name in KEPT:
        assert after[name].tolist() == before[name].tolist(), name
    assert set(known) <= {ROUTER}
    assert np.isnan(after["rtt_s"]).all()


def test_connects_keep_their_reason() -> None:
    before = rows(80, State.FILTERED, Reason.CONNECTED, answer=Answer.CONNECTED)
    (entry,) = settled(batch(HOSTS, before, method="connect"))
    assert rows_of(entry, numbers(), 1)["reason"].tolist() == [Reason.CONNECTED]


@pytest.mark.parametrize(
    "changes",
    [
        *({"hosts": text} for text in ("", "3", "1-0", "-1", "x", "0-99999999999999999999")),
        *({"ports": text} for text in ("", "65536", "9-8", "1,,2")),
        *({"protocol": "x"}, {"state": "x"}, {"reason": "x"}, {"answer": "x"}, {"ttl": 300}, {"responder": "x"}),
    ],
)
def test_an_entry_that_is_none(changes: dict[str, object]) -> None:
    (entry,) = settled(batch(HOSTS, closed(1)))
    with pytest.raises((KeyError, TypeError, ValueError, OverflowError)):
        rows_of(entry | changes, numbers(), 3)


def test_hosts_of_a_batch_by_number_and_one_that_came_by_itself_by_address() -> None:
    many = settled_hosts(HostBatch(HOSTS, np.array([2, 0, 1]), "down", "host-unreach", ROUTER))
    assert many == {"state": "down", "reason": "host-unreach", "responder": str(ROUTER), "hosts": "0-2"}
    one = settled_hosts(Host(HOSTS.address(1), state="unknown", reason="no-response", timed_out=True))
    assert one == {"state": "unknown", "reason": "no-response", "address": "198.18.0.3"}
    read = [hosts_of(entry, HOSTS) for entry in (many, one)]
    assert [(batch.indices.tolist(), batch.state, batch.reason, batch.responder) for batch in read] == [
        ([0, 1, 2], "down", "host-unreach", ROUTER),
        ([1], "unknown", "no-response", None),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"hosts": "3"},
        {"hosts": ""},
        {"hosts": 7},
        {"address": "198.18.0.9"},
        {"address": "x"},
        {"state": "up"},
        {"responder": "x"},
    ],
)
def test_hosts_that_are_none(changes: dict[str, object]) -> None:
    entry = {"state": "down", "reason": "no-response", "hosts": "0"}
    assert len(hosts_of(entry, HOSTS)) == 1
    with pytest.raises((AttributeError, ValueError)):
        hosts_of(entry | changes, HOSTS)


def test_more_kinds_than_there_are_numbers_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl_settled, "_MOST_KINDS", 2)
    before = each_once([closed(port, host, ttl=port) for port in range(1, 8) for host in range(3)])
    after = each_once([rows_of(entry, numbers(), 3) for entry in settled(batch(HOSTS, before))])
    assert after[list(KEPT)].tolist() == before[list(KEPT)].tolist()
