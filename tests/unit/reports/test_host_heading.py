from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from hatoba.model import Deception, Hop, Host, Protocol, State, Trace, Unsteady, Vanishing
from hatoba.reports.host_heading import cautions, hardware, heading, way

ADDRESS = ip_address("198.18.0.2")
UP = Host(ADDRESS, ("web.lab",), "up", "syn-ack", 0.0004)
MAC = bytes.fromhex("b827eb000001")


def vendor(mac: bytes) -> str | None:
    return "Raspberry Pi\x1b[2J" if mac == MAC else None


@pytest.mark.parametrize(
    ("host", "with_reason", "line"),
    [
        (UP, False, "198.18.0.2 (web.lab): up, answers in 0.4 ms"),
        (UP, True, "198.18.0.2 (web.lab): up (syn-ack), answers in 0.4 ms"),
        (replace(UP, rtt_s=None), False, "198.18.0.2 (web.lab): up"),
        (replace(UP, rtt_s=None, names=()), True, "198.18.0.2: up (syn-ack)"),
        (replace(UP, mac=bytes(6)), False, "198.18.0.2 (web.lab): up, answers in 0.4 ms, 00:00:00:00:00:00"),
        (Host(ADDRESS, (), "down", "no-neighbour"), True, "198.18.0.2: down (no-neighbour)"),
        (
            Host(ADDRESS, (), "down", "host-unreach", responder=ip_address("198.18.0.1")),
            True,
            "198.18.0.2: down (host-unreach from 198.18.0.1)",
        ),
        (
            Host(ADDRESS, reason="admin-prohibited", responder=ip_address("198.18.0.1")),
            False,
            "198.18.0.2: no answer from the host itself (admin-prohibited from 198.18.0.1)",
        ),
        (Host(ADDRESS, (), "down", "no-route"), True, "198.18.0.2: can't be reached (no-route)"),
        (Host(ADDRESS), False, "198.18.0.2: no answer from the host itself"),
        (Host(ADDRESS, ("web.lab",), reason="user-set"), True, "198.18.0.2 (web.lab)"),
    ],
)
def test_one_line(host: Host, with_reason: bool, line: str) -> None:
    assert heading(host, vendor, with_reason) == line


def test_a_vendor_is_shown_and_not_obeyed() -> None:
    assert hardware(MAC, vendor) == "b8:27:eb:00:00:01 (Raspberry Pi\\x1b[2J)"


def test_a_host_without_doubts_has_no_caution() -> None:
    assert list(cautions(UP)) == []


@pytest.mark.parametrize("deception", Deception)
def test_every_deception_is_warned_of(deception: Deception) -> None:
    sentence, *_others = cautions(replace(UP, deception=deception, tried_ports=(61_000,)))
    assert sentence.startswith("Beware: ")


@pytest.mark.parametrize(
    ("deception", "held", "tried", "words"),
    [
        (Deception.ANSWERS_EVERYTHING, None, (), ["not known whether it is a SYN proxy or a tarpit"]),
        (Deception.ANSWERS_EVERYTHING, None, (61_000,), []),
        (Deception.SYN_PROXY, None, (61_000,), ["tried on 61000; "]),
        (Deception.SYN_PROXY, (), (22, 61_000), ["No program was found behind 22, 61000; "]),
        (Deception.TARPIT, (22,), (22, 23, 61_000), ["stayed up on 22: ", "tried on 22-23, 61000; "]),
    ],
)
def test_what_connections_told_and_could_not_tell(
    deception: Deception, held: tuple[int, ...] | None, tried: tuple[int, ...], words: list[str]
) -> None:
    _beware, *others = cautions(replace(UP, deception=deception, held_ports=held, tried_ports=tried))
    assert len(others) == len(words)
    for sentence, part in zip(others, words, strict=True):
        assert part in sentence


def test_all_that_limits_the_trust_is_said() -> None:
    unsteady = (Unsteady(Protocol.TCP, 23, (State.CLOSED, State.OPEN)),)
    held_ports = 22, 80, 81
    host = replace(UP, deception=Deception.SYN_PROXY, held_ports=held_ports, unsteady=unsteady, timed_out=True)
    timed_out, proxy, held, _tried, differing = cautions(replace(host, tried_ports=(*held_ports, 443)))
    assert "--host-timeout" in timed_out
    assert "SYN proxy" in proxy
    assert "22, 80-81" in held
    assert differing == "23/tcp answered the same question in different ways: closed, open"


def test_the_way_in_columns() -> None:
    hops = tuple(
        Hop(ttl, None if ttl == 2 else ip_address(f"198.18.{ttl}.1"), None if ttl == 2 else ttl / 1000) for ttl in range(1, 11)
    )
    lines = list(way(replace(UP, trace=Trace("syn", 80, hops))))
    assert lines[0] == "Way to it, by syn to port 80:"
    assert lines[1:3] == ["   1  1.0 ms  198.18.1.1", "   2          (no answer)"]
    assert lines[10] == "  10  10 ms   198.18.10.1"


@pytest.mark.parametrize(
    ("hop", "words"),
    [
        (None, "before the first station"),
        (Hop(2, ip_address("198.18.1.1")), "at 198.18.1.1, station 2, or behind it"),
    ],
)
def test_where_probes_get_lost(hop: Hop | None, words: str) -> None:
    (line,) = way(replace(UP, vanishing=Vanishing(Protocol.UDP, 53, hop)))
    assert line.startswith("The probes to 53/udp get lost ")
    assert words in line
