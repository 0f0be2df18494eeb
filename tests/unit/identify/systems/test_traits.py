from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hatoba.identify.systems.traits import Traits, heard_from, host_traits, initial_ttl, port_traits
from hatoba.probes.system import FULL
from hatoba.system import Observation
from tests.personalities import Personality
from tests.systems_seen import seen


def traits(host: Personality, **options: object) -> Traits:
    heard = heard_from(seen(host, **options))  # type: ignore[arg-type]
    return {**port_traits(heard, 22), **host_traits(heard)}


@pytest.mark.parametrize(
    ("ttl", "initial"), [(0, 32), (32, 32), (33, 64), (64, 64), (65, 128), (128, 128), (129, 255), (255, 255)]
)
def test_what_the_sender_began_with(ttl: int, initial: int) -> None:
    assert initial_ttl(ttl) == initial


@pytest.mark.parametrize(
    ("clock_hz", "text"),
    [
        (1000, "1000 Hz"),
        (250, "250 Hz"),
        (100, "100 Hz"),
        (10, "10 Hz"),
        (2, "2 Hz"),
        (0, "zero"),
        (None, "random"),
        (5000, "5000 Hz"),
    ],
)
def test_how_fast_a_clock_goes(clock_hz: float | None, text: str) -> None:
    assert traits(Personality(clock_hz=clock_hz))["clock"].text == text


def test_a_clock_may_begin_anew() -> None:
    assert traits(Personality(clock_began=(1 << 32) - 100_200))["clock"].text == "1000 Hz"


def test_no_clock_where_there_are_no_time_stamps() -> None:
    assert traits(Personality(options="mss nop nop sack"))["clock"].text == "none"


@pytest.mark.parametrize(
    ("isn_hz", "text", "form"),
    [
        (15_625_000, "rising", "15625000 Hz"),
        (250_000, "rising", "250000 Hz"),
        (0, "constant", "constant"),
        (None, "random", "random"),
    ],
)
def test_how_sequence_numbers_go_on(isn_hz: float | None, text: str, form: str) -> None:
    shown = traits(Personality(isn_hz=isn_hz))["isn"]
    assert shown.text == text
    assert form in shown.forms


@pytest.mark.parametrize(("ids", "text"), [("zero", "zero"), ("rising", "rising"), ("random", "random")])
def test_how_identifications_go_on(ids: str, text: str) -> None:
    assert traits(Personality(ids=ids))["id"].text == text


@pytest.mark.parametrize(
    ("window", "family", "forms"),
    [
        ("64k", 4, {"65160", "45 segments", "64 KiB in segments"}),
        ("64k", 6, {"64260", "45 segments", "64 KiB in segments"}),
        ("20 segments", 4, {"28960", "20 segments"}),
        (65535, 4, {"65535"}),
        (0, 4, {"0"}),
    ],
)
def test_a_window_has_several_names(window: int | str, family: int, forms: set[str]) -> None:
    assert traits(Personality(window=window), family=family)["window"].forms == forms


def test_a_window_that_was_set_in_bytes_is_no_number_of_segments() -> None:
    """28,960 bytes happen to be 20 segments with time stamps. Without them a kernel that counts 20 would announce 29,200."""
    chosen = traits(Personality(window=28960))
    assert (chosen["window"].forms, chosen["window-bare"].forms) == ({"28960"}, {"28960"})
    counted = traits(Personality(window="20 segments"))
    assert [counted[name].forms for name in ("window", "window-bare")] == [{"28960", "20 segments"}, {"29200", "20 segments"}]


def test_what_is_seen_in_two_ways_is_no_trait() -> None:
    before: Sequence[Observation] = seen(Personality())
    second = next(one for one in before[1:] if one.probe == FULL and one.port == 22)
    other = replace(second, packet=second.packet[:8] + bytes([200]) + second.packet[9:])
    mixed = [other if one is second else one for one in before]
    assert "ttl" not in port_traits(heard_from(mixed), 22)
    assert "options" in port_traits(heard_from(mixed), 22)


def test_ipv6_has_neither_the_bit_nor_the_number() -> None:
    assert not {"df", "id", "rst-df", "echo-df", "error-tos", "echo-id"} & traits(Personality(), family=6).keys()


def test_a_port_that_answers_no_syn_shows_nothing() -> None:
    assert port_traits(heard_from(seen(Personality())), 23) == {}
