from __future__ import annotations

import json
import re
from io import StringIO

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.model import Answer, Reason, State
from hatoba.reports.formats import open_report
from hatoba.reports.jsonl_ports import LINE, Numbers, PortLines
from hatoba.results.batch import VERDICT, VerdictBatch
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from tests.unit.reports.scans import PLAIN, SERVICES
from tests.unit.results.rows import ROUTER, closed, opened, refused, rows, silent

TARGETS = build_targets(["198.18.0.2-3", "fe80::1%lo"], ports=parse_ports("1-65535")).targets


def text_of(*parts: npt.NDArray[np.void], method: str = "syn") -> bytes:
    stream = StringIO()
    batch = VerdictBatch(method, TARGETS, np.concatenate([np.zeros(0, VERDICT), *parts]), [ROUTER])
    open_report("jsonl", stream, PLAIN, SERVICES).verdicts(batch)
    return stream.getvalue().encode()


def assert_same(mine: npt.NDArray[np.void], theirs: npt.NDArray[np.void]) -> None:
    for name in VERDICT.names or ():
        if name == "rtt_s":
            assert np.allclose(mine[name], theirs[name], rtol=1e-5, equal_nan=True)
        else:
            assert mine[name].tolist() == theirs[name].tolist(), name


KINDS = st.sampled_from(
    [
        opened,
        closed,
        silent,
        refused,
        lambda port, host: closed(port, host, ttl=0, rtt_s=np.nan),
        lambda port, host: opened(port, host, contradicted=Answer.RST, probes=3, answered_probe=2),
        lambda port, host: refused(port, host, responder=0, icmp_code=1),
        lambda port, host: silent(port, host, answer=Answer.ICMP, icmp_type=3, icmp_code=8, responder=1),
        lambda port, host: rows(port, State.OPEN, Reason.CONNECTED, host, answer=Answer.CONNECTED, protocol=6),
        lambda port, host: rows(port, State.OPEN_FILTERED, Reason.NO_RESPONSE, host, answer=0, answered_probe=0, protocol=17),
    ]
)


@given(st.lists(st.tuples(KINDS, st.integers(0, 65535), st.integers(0, 2)), max_size=40))
def test_there_and_back(told: list[tuple[object, int, int]]) -> None:
    before = np.concatenate([np.zeros(0, VERDICT), *(make(port, host) for make, port, host in told)])  # type: ignore[operator]
    before["rtt_s"][before["answer"] == Answer.NONE] = np.nan
    before["ttl"][before["answer"] == Answer.NONE] = 0
    lines = PortLines(TARGETS, numbers := Numbers())
    parts = LINE.findall(text_of(before))
    assert not any(part[-1] for part in parts), "each line is known at sight"
    after = lines.rows(parts)
    assert_same(after, before)
    assert list(numbers) in ([], [ROUTER])


def test_a_line_that_another_program_wrote_anew() -> None:
    before = np.concatenate([refused([80], host=1), opened([443], host=2)])
    lines = PortLines(TARGETS, Numbers())
    written = [json.dumps(dict(reversed(json.loads(line).items())), indent=None) for line in text_of(before).splitlines()]
    parts = LINE.findall("\n".join(written).encode())
    assert [part[-1].decode() for part in parts] == written
    assert_same(np.concatenate([lines.row(json.loads(line)) for line in written]), before)


def test_hosts_that_are_no_targets_are_passed_over() -> None:
    text = text_of(opened([22, 23], host=0), opened(24, host=1)).replace(b'"198.18.0.2"', b'"203.0.113.7"')
    assert PortLines(TARGETS, Numbers()).rows(LINE.findall(text))["port"].tolist() == [24]


@pytest.mark.parametrize(
    ("pattern", "changed"),
    [
        (rb'"port":22', b'"port":65536'),
        (rb'"state":"open"', b'"state":"maybe"'),
        (rb'"reason":"syn-ack"', b'"reason":"maybe"'),
        (rb'"answer":"syn-ack"', b'"answer":"maybe"'),
        (rb'"protocol":"tcp"', b'"protocol":"tpc"'),
        (rb'"address":"198.18.0.2"', b'"address":"198.18.0.256"'),
        (rb'"probes":1', b'"probes":256'),
        (rb'"rtt_s":[0-9.]+', b'"rtt_s":1.2.3'),
    ],
)
def test_a_line_that_none_of_ours_is(pattern: bytes, changed: bytes) -> None:
    text = re.sub(pattern, changed, text_of(opened(22)))
    with pytest.raises((LookupError, TypeError, ValueError, OverflowError)):
        PortLines(TARGETS, Numbers()).rows(LINE.findall(text))
