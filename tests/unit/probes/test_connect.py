from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.model import Answer, Reason, State
from hatoba.probes.connect import OUTCOME, Kind, judge

# The table of verdicts, written down once more in the plainest way.
ICMP4 = {
    (3, 0): Reason.NET_UNREACH,
    (3, 1): Reason.HOST_UNREACH,
    (3, 2): Reason.PROTO_UNREACH,
    (3, 3): Reason.PORT_UNREACH,
    (3, 9): Reason.NET_PROHIBITED,
    (3, 10): Reason.HOST_PROHIBITED,
    (3, 13): Reason.ADMIN_PROHIBITED,
}
ICMP6 = {
    (1, 0): Reason.NO_ROUTE,
    (1, 1): Reason.ADMIN_PROHIBITED,
    (1, 2): Reason.BEYOND_SCOPE,
    (1, 3): Reason.ADDR_UNREACH,
    (1, 4): Reason.PORT_UNREACH,
    (1, 5): Reason.POLICY_FAIL,
    (1, 6): Reason.REJECT_ROUTE,
}


def plainly(kind: int, icmp_type: int, icmp_code: int, family: int) -> tuple[int, int, int]:
    what = (icmp_type, icmp_code)
    if kind == Kind.CONNECTED:
        return State.OPEN, Reason.CONNECTED, Answer.CONNECTED
    if kind == Kind.REFUSED:
        return State.CLOSED, Reason.CONN_REFUSED, Answer.REFUSED
    if kind == Kind.ICMP:
        reason = Reason.TIME_EXCEEDED if icmp_type == 11 else ICMP4.get(what)
        return (State.FILTERED, reason, Answer.ICMP) if reason else (0, 0, Answer.ICMP)
    if kind == Kind.ICMP6:
        reason = Reason.TIME_EXCEEDED if icmp_type == 3 else ICMP6.get(what)
        return (State.FILTERED, reason, Answer.ICMP6) if reason else (0, 0, Answer.ICMP6)
    if kind == Kind.LOCAL:
        alone = (family, *what) in {(4, 3, 1), (6, 1, 3)}
        return State.FILTERED, Reason.NO_NEIGHBOUR if alone else Reason.LOCAL_ERROR, Answer.LOCAL
    return 0, 0, Answer.NONE


outcomes = st.tuples(
    st.sampled_from(sorted(Kind)),
    st.one_of(st.sampled_from([0, 1, 3, 11]), st.integers(0, 255)),
    st.one_of(st.integers(0, 15), st.integers(0, 255)),
    st.sampled_from([0, 4, 6]),
)


@given(st.lists(outcomes, max_size=40))
def test_judge_reads_the_table(asked: list[tuple[int, int, int, int]]) -> None:
    rows = np.zeros(len(asked), OUTCOME)
    for row, (kind, icmp_type, icmp_code, family) in zip(rows, asked, strict=True):
        row["kind"], row["icmp_type"], row["icmp_code"], row["offender_family"] = kind, icmp_type, icmp_code, family
    state, reason, answer = judge(rows)
    assert state.dtype == reason.dtype == answer.dtype == np.uint8
    found = list(zip(state.tolist(), reason.tolist(), answer.tolist(), strict=True))
    assert found == [plainly(*question) for question in asked]


@pytest.mark.parametrize(("icmp_type", "icmp_code"), [(3, 4), (3, 5), (3, 11), (12, 0), (4, 0)])
def test_an_error_that_says_nothing_about_the_port_is_noted_and_changes_nothing(icmp_type: int, icmp_code: int) -> None:
    row = np.zeros(1, OUTCOME)
    row["kind"], row["icmp_type"], row["icmp_code"] = Kind.ICMP, icmp_type, icmp_code
    assert [part.item() for part in judge(row)] == [0, 0, Answer.ICMP]
