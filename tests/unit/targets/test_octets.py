from __future__ import annotations

from ipaddress import IPv4Address
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.errors import UsageError
from hatoba.targets.octets import parse_octets


def listed(text: str) -> list[tuple[str, str]]:
    return [(str(IPv4Address(a)), str(IPv4Address(b))) for a, b in parse_octets(text).ranges().pairs()]


def test_examples() -> None:
    assert listed("198.18.0.2") == [("198.18.0.2", "198.18.0.2")]
    assert listed("198.18.0-1.1,5,7-9") == [
        (f"198.18.{c}.{a}", f"198.18.{c}.{b}") for c in (0, 1) for a, b in ((1, 1), (5, 5), (7, 9))
    ]
    assert listed("198.18.*.*") == [("198.18.0.0", "198.18.255.255")]
    assert listed("198.18-19.*.*") == [("198.18.0.0", "198.19.255.255")]
    assert listed("198.18.0.-5") == [("198.18.0.0", "198.18.0.5")]
    assert listed("198.18.0.250-") == [("198.18.0.250", "198.18.0.255")]
    assert listed("*.*.*.*") == [("0.0.0.0", "255.255.255.255")]
    assert listed("198.18.0.-") == [("198.18.0.0", "198.18.0.255")]


RUNS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 255), st.integers(0, 3)).map(lambda p: (p[0], min(255, p[0] + p[1]))),
        st.just((0, 255)),
    ),
    min_size=1,
    max_size=2,
)


@given(st.tuples(st.integers(0, 255).map(lambda n: [(n, n)]), st.integers(0, 255).map(lambda n: [(n, n)]), RUNS, RUNS))
def test_a_pattern_is_the_product_of_its_octets(octets: tuple[list[tuple[int, int]], ...]) -> None:
    text = ".".join(",".join(f"{a}-{b}" if a != b else str(a) for a, b in runs) for runs in octets)
    values = [{v for a, b in runs for v in range(a, b + 1)} for runs in octets]
    expected = {a << 24 | b << 16 | c << 8 | d for a, b, c, d in product(*values)}
    pattern = parse_octets(text)
    assert pattern.count == len(expected)
    assert {v for a, b in pattern.ranges().pairs() for v in range(a, b + 1)} == expected
    assert len(pattern.ranges()) <= pattern.range_count()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("198.18.0", "four numbers"),
        ("198.18.0.1.2", "four numbers"),
        ("198.18.0.1,198.18.0.2", "by spaces"),
        ("198.18.0.256", "more than 255"),
        ("198.18.0.1-300", "more than 255"),
        ("198.18.0.9-7", "write 7-9"),
        ("010.1.1.1", "octal"),
        ("198.18.0.1-010", "octal"),
        ("198.18.0.00", "octal"),
        ("198.18..1", "0 to 255"),
        ("198.18.0.1,", "0 to 255"),
        ("198.18.0.1-2-3", "0 to 255"),
        ("*.*.*.1", "separate ranges"),
    ],
)
def test_mistakes_get_one_sentence(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_octets(text)
