from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from ipaddress import IPv4Address, ip_address

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.model import Address, Host, State
from hatoba.results.batch import VERDICT, HostBatch, VerdictBatch
from hatoba.results.collector import Collector, in_order
from tests.unit.results.rows import Hosts, batch, closed, opened, refused, silent

HOSTS = Hosts(*(f"198.18.0.{n}" for n in range(2, 8)), names={"198.18.0.3": ("web.lab",)})


@st.composite
def scans(draw: st.DrawFn) -> list[tuple[str, object]]:
    """Batches of (host, port) pairs, each pair once, with host events of finished hosts in between."""
    pairs = draw(st.permutations([(host, port) for host in range(4) for port in range(1, 9)]))
    events: list[tuple[str, object]] = []
    left = dict.fromkeys(range(4), 8)
    while pairs:
        size = draw(st.integers(1, len(pairs)))
        chunk, pairs = pairs[:size], pairs[size:]
        events.append(("batch", chunk))
        for host, _port in chunk:
            left[host] -= 1
            if not left[host]:
                events.append(("host", host))
    return events


@given(scans(), st.booleans())
def test_every_host_has_its_rows_sorted_when_its_event_comes(events: list[tuple[str, object]], keep: bool) -> None:
    collector = Collector(keep=keep)
    for kind, what in events:
        if kind == "batch":
            collector.verdicts(batch(HOSTS, *(opened(port, host) for host, port in what)))
            continue
        address = HOSTS.address(what)
        found = collector.of(address)
        assert found.rows["port"].tolist() == list(range(1, 9))
        assert set(found.rows["host"].tolist()) == {what}
        collector.host(Host(address, (), "up"))
    assert not list(collector.unreported())
    if keep:
        whole = collector.as_array()
        assert whole.dtype == VERDICT
        pairs = list(zip(whole["host"].tolist(), whole["port"].tolist(), strict=True))
        assert pairs == [(host, port) for host in range(4) for port in range(1, 9)]


def test_reported_rows_are_let_go_unless_kept() -> None:
    for keep, left in ((False, 10), (True, 20)):
        collector = Collector(keep=keep)
        collector.verdicts(batch(HOSTS, closed(range(5), host=0), closed(range(5), host=1)))
        collector.host(Host(HOSTS.address(0)))
        collector.host(Host(HOSTS.address(1)))
        collector.verdicts(batch(HOSTS, closed(range(10), host=2)))
        assert len(collector.as_array()) == left


def test_rows_are_copied_because_a_wire_may_use_its_array_again() -> None:
    collector = Collector()
    one = batch(HOSTS, opened(22))
    collector.verdicts(one)
    one.rows["port"] = 9
    assert collector.as_array()["port"].tolist() == [22]


def test_an_address_without_verdicts_has_none() -> None:
    collector = Collector()
    assert len(collector.of(HOSTS.address(0))) == 0
    collector.verdicts(batch(HOSTS, opened(22)))
    assert len(collector.of(HOSTS.address(5))) == 0
    collector.host(Host(HOSTS.address(5), (), "down"))


def test_what_an_interrupted_scan_left_becomes_hosts() -> None:
    collector = Collector()
    collector.verdicts(
        batch(HOSTS, opened(22, rtt_s=0.25), silent(7), silent(7, host=1), refused(8, host=2), opened(9, host=3))
    )
    collector.host(Host(HOSTS.address(3)))
    assert list(collector.unreported()) == [
        Host(HOSTS.address(0), (), "up", "syn-ack", 0.25, unfinished=True),
        Host(HOSTS.address(1), ("web.lab",), "unknown", "no-response", None, unfinished=True),
        Host(HOSTS.address(2), (), "unknown", "no-response", None, unfinished=True),  # a router's word is not the host's
    ]


def test_array_rows_can_be_read_as_text_and_as_values() -> None:
    collector = Collector()
    collector.verdicts(batch(HOSTS, opened([22, 80], host=1), opened(443), refused(25, host=2)))
    whole = collector.as_array()
    found = whole[whole["state"] == State.OPEN]
    assert collector.addresses(found["host"]).tolist() == ["198.18.0.2", "198.18.0.3", "198.18.0.3"]
    assert [verdict.port for verdict in collector.batch(found).verdicts()] == [443, 22, 80]
    assert str(next(collector.batch(whole[-1:]).verdicts()).evidence.responder) == "198.18.0.1"


def test_asked_names() -> None:
    collector = Collector()
    collector.verdicts(batch(HOSTS, opened(22, host=1)))
    assert collector.asked_names(HOSTS.address(1)) == ("web.lab",)
    assert collector.asked_names(HOSTS.address(0)) == ()
    assert collector.asked_names(ip_address("192.0.2.1")) is None
    assert Collector().asked_names(HOSTS.address(1)) is None


def test_a_host_that_nothing_was_known_of_yet_is_found_later() -> None:
    collector = Collector()
    assert collector.asked_names(HOSTS.address(1)) is None
    collector.verdicts(batch(HOSTS, opened(80, 1)))
    assert collector.asked_names(HOSTS.address(1)) == ("web.lab",)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.sampled_from([6, 17, 132]), st.integers(0, 65535)), max_size=30))
def test_order_is_by_host_protocol_and_port_however_large_they_are(keys: list[tuple[int, int, int]]) -> None:
    rows = np.zeros(len(keys), VERDICT)
    for place, (host, protocol, port) in enumerate(keys):
        rows[place]["host"], rows[place]["protocol"], rows[place]["port"], rows[place]["rtt_s"] = host, protocol, port, place
    found = in_order(rows)
    assert [tuple(row) for row in found[["host", "protocol", "port"]].tolist()] == sorted(keys)
    assert [keys[int(place)] for place in found["rtt_s"]] == sorted(keys), "each row is kept together"


def test_hosts_that_were_told_in_a_batch_are_reported() -> None:
    collector = Collector()
    collector.verdicts(batch(HOSTS, opened(22, host=0), opened(22, host=1), opened(22, host=2)))
    collector.hosts_told(HostBatch(HOSTS, np.array([0, 2]), "unknown", "no-response"))
    assert [host.address for host in collector.unreported()] == [HOSTS.address(1)]


def test_hosts_without_verdicts_take_no_memory() -> None:
    """Those of a search for hosts, which are told and have no port; one other has, and is never told."""
    collector, table = Collector(keep=False), Sweep()
    tracemalloc.start()
    try:
        collector.verdicts(VerdictBatch("syn", table, opened(22, host=1 << 31)))
        for group in range(1, 40):
            collector.hosts_told(HostBatch(table, np.arange(group * 50_000, (group + 1) * 50_000), "down", "no-response"))
            collector.host(Host(table.address(group)))
        left = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert left < 500_000
    assert [host.address for host in collector.unreported()] == [table.address(1 << 31)]


def test_two_scans_do_not_mix() -> None:
    collector = Collector()
    collector.verdicts(batch(HOSTS, opened(22)))
    with pytest.raises(ValueError, match="another host table"):
        collector.verdicts(batch(Hosts("198.18.0.9"), opened(22)))


def test_an_empty_scan_is_an_empty_array() -> None:
    collector = Collector()
    assert len(collector.as_array()) == 0
    assert collector.addresses(np.zeros(0, np.uint32)).tolist() == []
    assert list(collector.unreported()) == []


class Sweep:
    """A host table of 2**32 computed addresses."""

    def __len__(self) -> int:
        return 1 << 32

    def address(self, index: int) -> Address:
        return IPv4Address(index)

    def find(self, addresses: Sequence[Address]) -> npt.NDArray[np.int64]:
        return np.array([int(address) for address in addresses], np.int64)

    def names(self, index: int) -> tuple[str, ...]:
        return ()


def test_memory_does_not_grow_with_the_hosts_that_were_told() -> None:
    """Group after group of silent hosts, high up among 2**32: what one takes, twenty take."""
    collector, table, many = Collector(keep=False), Sweep(), 3000
    peaks = []
    tracemalloc.start()
    try:
        for group in range(20):
            first = (1 << 31) + group * many
            found = np.repeat(silent(range(8)), many)
            found["host"] = first + np.arange(len(found)) % many
            collector.verdicts(VerdictBatch("syn", table, found))
            del found
            for index in range(first, first + many):
                collector.host(Host(table.address(index)))
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    assert peaks[-1] < 1.1 * peaks[1], "it goes by the number of groups"
    assert peaks[-1] < 1000 * many, "it goes by the highest index"
    assert not list(collector.unreported())
