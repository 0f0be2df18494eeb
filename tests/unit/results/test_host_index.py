from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.results import host_index
from hatoba.results.host_index import HostIndex, grown
from tests.unit.results.rows import Hosts

TEXTS = [f"198.18.{a}.{b}" for a in range(4) for b in range(64)] + ["fe80::1%eth0", "fe80::1%eth1", "fe80::1"]


@given(st.lists(st.sets(st.integers(0, len(TEXTS) - 1)), max_size=8))
def test_finds_what_was_added_and_nothing_else(calls: list[set[int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(host_index, "_RECENT_LIMIT", 7)  # so that small examples reach the sorted part
        table = Hosts(*TEXTS)
        index = HostIndex(table)
        for indices in calls:
            index.add(np.array(sorted(indices), np.uint32))
        added = set().union(*calls) if calls else set()
        for wanted in range(len(TEXTS)):
            assert index.find(table.address(wanted)) == (wanted if wanted in added else None)


def test_equal_hashes_do_not_confuse_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_index, "_RECENT_LIMIT", 1)
    monkeypatch.setattr(host_index, "hash", lambda address: 7, raising=False)
    table = Hosts("198.18.0.1", "198.18.0.2", "198.18.0.3")
    index = HostIndex(table)
    index.add(np.array([0, 1], np.uint32))
    assert [index.find(table.address(at)) for at in range(3)] == [0, 1, None]


def test_flags_grow_and_keep_what_they_say() -> None:
    flags = grown(np.array([True]), 5)
    assert flags[:5].tolist() == [True, False, False, False, False]
    assert grown(flags, 2) is flags
