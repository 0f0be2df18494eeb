"""Words of the command line turned into entries of the registry."""

from __future__ import annotations

import pytest

from hatoba.cli.ports_asked import ask
from hatoba.errors import HatobaError, UsageError
from hatoba.model import Protocol


def numbers(*words: str, protocol: Protocol | None = Protocol.TCP) -> list[int]:
    return [entry.port for entry in ask(words, protocol).entries]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["443"], [443]),
        (["00443"], [443]),
        (["0"], [0]),
        (["65535"], [65535]),
        (["20-23"], [20, 21, 22, 23]),
        (["22-22"], [22]),
        (["65533-"], [65533, 65534, 65535]),
        (["22,80", "8443"], [22, 80, 8443]),
        (["22 , 80"], [22, 80]),
        (["80,22,80,20-22"], [80, 22, 20, 21]),
        (["telnet,ssh"], [23, 22]),
        (["443/tcp"], [443]),
        (["443/TCP"], [443]),
    ],
)
def test_ports_come_once_and_in_the_order_they_are_asked(words: list[str], expected: list[int]) -> None:
    assert numbers(*words) == expected


def test_only_a_range_leaves_its_ports_open_to_be_left_out() -> None:
    assert ask(["10-12,11,ssh"], Protocol.TCP).from_ranges == {10, 12}


@pytest.mark.parametrize(
    ("words", "one"), [(["22"], True), (["ssh"], True), (["22-22"], True), (["22,23"], False), (["22-23"], False)]
)
def test_whether_it_is_one_port(words: list[str], one: bool) -> None:
    assert ask(words, None).one_port is one


def test_sctp_and_dccp_are_shown_where_they_have_something_to_say() -> None:
    protocols = {port: [entry.protocol for entry in ask([port], None).entries] for port in ("443", "445", "9")}
    assert protocols["443"] == [Protocol.TCP, Protocol.UDP, Protocol.SCTP]
    assert protocols["445"] == [Protocol.TCP, Protocol.UDP]
    assert protocols["9"] == [Protocol.TCP, Protocol.UDP, Protocol.SCTP, Protocol.DCCP]


def test_a_protocol_of_its_own_may_stand_beside_others() -> None:
    found = [(entry.port, entry.protocol) for entry in ask(["53/udp,22/tcp"], None).entries]
    assert found == [(53, Protocol.UDP), (22, Protocol.TCP)]


@pytest.mark.parametrize("word", ["65536", "1-70000", "9-3", "1--2", "--3", "1-2-3", "-", ",", "", "22/", "22/icmp", "-22"])
def test_what_is_malformed(word: str) -> None:
    with pytest.raises(UsageError):
        ask([word], None)


def test_another_protocol_than_the_one_asked_for() -> None:
    with pytest.raises(UsageError, match="53/udp"):
        ask(["53/udp"], Protocol.TCP)


def test_words_are_looked_for_only_where_no_number_is_among_them() -> None:
    assert 3389 in numbers("remote", "desktop")
    with pytest.raises(HatobaError, match="remote desktop"):
        ask(["22,remote desktop"], None)
