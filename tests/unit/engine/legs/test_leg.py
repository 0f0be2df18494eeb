from __future__ import annotations

import numpy as np
import pytest
from builders import leg
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("targets", ["198.18.0.0/29", "fd00:18::10/125"])
def test_every_question_is_found_by_its_address_and_port(targets: str) -> None:
    asked = leg(targets, "5,80-90", offsets=[1, 2, 6])
    indices = np.arange(len(asked))
    hosts, places = asked.split(indices)
    assert len(asked) == 3 * 12
    found = asked.asks.find(0, asked.asks.port[places])
    np.testing.assert_array_equal(asked.find(asked.packed[hosts], found), indices)
    np.testing.assert_array_equal(asked.hosts(indices), hosts)
    np.testing.assert_array_equal(asked.questions(1), np.arange(12, 24))
    assert {asked.block.address(int(asked.offsets[host])).packed for host in hosts} == {row.tobytes() for row in asked.packed}


@given(st.integers(0, 255), st.integers(0, 65535))
def test_what_is_not_asked_is_not_found(last_octet: int, port: int) -> None:
    asked = leg("198.18.0.0/29", "80-90", offsets=[1, 2, 6])
    packed = np.array([[198, 18, 0, last_octet]], np.uint8)
    found = int(asked.find(packed, asked.asks.find(0, np.array([port], np.uint16)))[0])
    assert (found >= 0) == (last_octet in (1, 2, 6) and 80 <= port <= 90)


def test_hosts_are_numbered_as_in_the_whole_target_set() -> None:
    asked = leg("198.18.0.0/29", "80", offsets=[3, 5])
    np.testing.assert_array_equal(asked.host_index(np.array([0, 1])), [3, 5])
