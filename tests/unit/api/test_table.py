"""The whole result as an array that stands by itself."""

from __future__ import annotations

import numpy as np

from hatoba.api.table import table_of
from hatoba.model import Answer, State
from hatoba.results.batch import VERDICT
from hatoba.results.collector import Collector
from tests.unit.results.rows import ROUTER, Hosts, batch, closed, opened, refused, silent


def collected(*batches: object) -> Collector:
    collector = Collector()
    for one in batches:
        collector.verdicts(one)  # type: ignore[arg-type]
    return collector


def test_addresses_are_text_and_rows_are_in_order() -> None:
    hosts = Hosts("198.18.0.2", "198.18.0.10")
    table = table_of(collected(batch(hosts, opened(80, 1), closed(22, 1)), batch(hosts, opened(443, 0))))
    assert table[["address", "port"]].tolist() == [("198.18.0.2", 443), ("198.18.0.10", 22), ("198.18.0.10", 80)]


def test_only_who_answered_in_the_targets_stead_is_a_responder() -> None:
    hosts = Hosts("198.18.0.2")
    table = table_of(collected(batch(hosts, opened(80), refused(81), silent(82))))
    assert table["responder"].tolist() == ["", str(ROUTER), ""]
    assert table["state"].tolist() == [State.OPEN, State.FILTERED, State.FILTERED]
    assert table["answer"].tolist() == [Answer.SYN_ACK, Answer.ICMP, Answer.NONE]
    assert np.isnan(table["rtt_s"]).tolist() == [False, False, True]


def test_the_widest_address_fits() -> None:
    widest = "fd00:18:aaaa:bbbb:cccc:dddd:eeee:ffff"
    zoned = "fe80:0:0:1:aaaa:bbbb:cccc:dddd%averylongname0"
    table = table_of(collected(batch(Hosts(widest, zoned, "198.18.0.2"), opened(1, 0), opened(2, 1), opened(3, 2))))
    assert table["address"].tolist() == [widest, zoned.replace(":0:0:", "::"), "198.18.0.2"]


def test_every_field_but_the_indices_is_taken_over_unchanged() -> None:
    rows = opened(range(1, 300), ttl=63, icmp_code=7, contradicted=3, probes=200)
    table = table_of(collected(batch(Hosts("198.18.0.2"), rows)))
    for name in set(VERDICT.names or ()) - {"host", "responder"}:
        assert table[name].dtype == VERDICT[name]
        assert table[name].tolist() == rows[name].tolist()


def test_nothing_asked_is_an_empty_array_of_the_same_fields() -> None:
    table = table_of(Collector())
    assert len(table) == 0
    assert table.dtype.names == table_of(collected(batch(Hosts("198.18.0.2"), opened(80)))).dtype.names
