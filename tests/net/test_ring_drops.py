"""A receiver that does not come to take packets out of its ring loses answers: that is said, and they are asked for again."""

from __future__ import annotations

import pytest

from tests.labs import MakeLab
from tests.net.lab_pair import pair

THEM = {4: "198.18.0.2", 6: "fd00:18::2"}
CALLS = "tests.net.drop_calls:"
PORTS = 30_000
OPEN = [22, 80, 443, *range(20_000, 20_100)]


@pytest.mark.parametrize("family", [4, 6])
def test_answers_that_the_ring_had_no_room_for_are_counted_and_asked_for_again(make_lab: MakeLab, family: int) -> None:
    us, them = pair(make_lab())
    them.listen(OPEN)
    told = us.call(CALLS + "scan", THEM[family], f"1-{PORTS}", PORTS // 2)
    assert told["drops"] > 1000
    assert told["states"] == {"open": OPEN, "closed": PORTS - len(OPEN)}
    assert told["told"] == PORTS
    assert told["probes_sent"] > PORTS + told["drops"] // 2, "what was lost was asked for again"
    assert [problem for problem in told["problems"] if f"lost {told['drops']:,} arriving packets" in problem]


def test_a_receiver_that_keeps_up_loses_nothing(make_lab: MakeLab) -> None:
    us, them = pair(make_lab())
    them.listen(OPEN)
    told = us.call(CALLS + "scan", THEM[4], "20000-20999", 0)
    assert (told["drops"], told["problems"], told["told"]) == (0, [], 1000)
