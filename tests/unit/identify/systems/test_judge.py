"""Hosts of every row of the table are told as what they are, several as several, noise as nothing."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.identify.systems.judge import judge
from hatoba.identify.systems.table import rows
from hatoba.model import Deception, Protocol
from hatoba.probes.system import PROBES
from hatoba.service import Facts, Outcome, Service
from hatoba.system import Known, Observation, Opinion, Ruling, ShieldKind, SystemsTold
from tests.personalities import PERSONALITIES, Personality, personality
from tests.systems_seen import CLOSED_UDP, seen


def only(told: SystemsTold) -> str:
    assert told.ruling is Ruling.TOLD, told
    (system,) = told.systems
    return system.name


def service(port: int, os: str, name: str = "ssh", **fields: Any) -> Service:
    facts = Facts(name, os=os, **fields)
    return Service(ip_address("198.18.0.2"), Protocol.TCP, port, Outcome.RECOGNISED, facts)


@pytest.mark.parametrize("name", sorted(PERSONALITIES))
def test_each_system_of_the_table_is_told_as_itself(name: str) -> None:
    told = judge(seen(personality(name)))
    assert only(told) == PERSONALITIES[name][1]
    known = next(row.known for row in rows() if row.name == PERSONALITIES[name][1])
    assert told.systems[0].confidence >= (7 if known is Known.READ else 9)
    assert (told.open_port, told.closed_port, told.udp_port) == (22, 23, CLOSED_UDP)
    assert told.shields == ()


@pytest.mark.parametrize("name", ["linux-6", "windows-10", "freebsd-14", "macos", "openbsd", "cisco-ios"])
def test_and_over_ipv6(name: str) -> None:
    family = PERSONALITIES[name][1].split()[0]
    told = judge(seen(personality(name), family=6))
    assert told.systems[0].name.startswith(family)


@pytest.mark.parametrize(
    ("window", "name"),
    [
        ("64k", "Linux 4.19 to 7.x"),
        ("20 segments", "Linux 3.10 to 4.18"),
        ("10 segments", "Linux 2.6.39 to 7.x"),
        ("4 segments", "Linux 2.6 to 7.x"),
        (28960, "Linux 3.10 to 7.x"),
        (31856, "Linux 3.10 to 7.x"),
    ],
)
def test_a_linux_with_a_smaller_window_may_be_a_new_one(window: int | str, name: str) -> None:
    """A route, a program or an administrator may have made it so."""
    assert only(judge(seen(personality("linux-6", window=window, isn_hz=15_625_000)))) == name


@pytest.mark.parametrize("hops", [1, 12, 25])
def test_a_long_way_changes_nothing(hops: int) -> None:
    assert only(judge(seen(personality("freebsd-14", ttl=64 - hops)))) == "FreeBSD 12 to 15"


def test_the_evidence_stands_beside_it() -> None:
    (system,) = judge(seen(personality("linux-6"))).systems
    held = {trait.name: (trait.seen, trait.opinion) for trait in system.evidence}
    assert held["options"] == ("mss sack ts nop ws", Opinion.FITS)
    assert held["window"] == ("65160", Opinion.FITS)
    assert held["clock"] == ("1000 Hz", Opinion.FITS)
    assert held["scale"] == ("7", Opinion.SAYS_NOTHING)


def test_without_an_open_port_less_is_sure() -> None:
    told = judge(seen(personality("linux-6"), open_ports=()))
    assert only(told) == "Linux 2.6 to 7.x"
    assert told.systems[0].confidence < 8
    assert told.open_port is None


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_system(seed: int) -> None:
    told = judge(seen(Personality(noisy=True, draw=Random(seed))))
    assert told.systems == ()
    assert told.ruling in (Ruling.UNKNOWN, Ruling.TOO_LITTLE)
    assert told.shields == ()


def test_a_system_that_is_not_in_the_table_is_unknown() -> None:
    strange = Personality(ttl=255, options="ts nop nop mss ws nop sack", window=5555, ids="random", clock_hz=10)
    told = judge(seen(strange))
    assert (told.ruling, told.systems) == (Ruling.UNKNOWN, ())
    assert {trait.name: trait.seen for trait in told.traits}["window"] == "5555"


def test_a_guess_only_where_it_was_asked_for() -> None:
    hardened = personality("linux-6", ttl=128, rst_ttl=64, echo_ttl=64, window=5000)
    assert judge(seen(hardened)).systems == ()
    told = judge(seen(hardened), guess=True)
    assert told.ruling is Ruling.UNSURE
    assert told.systems[0].family == "Linux"
    assert told.systems[0].confidence <= 4


def test_silence_is_too_little() -> None:
    assert judge(()) == SystemsTold(Ruling.TOO_LITTLE)
    silent = tuple(replace(one, at_s=None, packet=b"") for one in seen(Personality()))
    assert judge(silent).ruling is Ruling.TOO_LITTLE


def test_a_service_that_agrees_makes_it_surer() -> None:
    host = seen(personality("linux-6"), open_ports=())
    (alone,), (joined,) = judge(host).systems, judge(host, [service(22, "Linux")]).systems
    assert joined.confidence == alone.confidence + 1
    assert ("service", "ssh on 22/tcp: Linux") in [(trait.name, trait.seen) for trait in joined.evidence]


def test_a_service_that_disagrees_is_told() -> None:
    told = judge(seen(personality("linux-6")), [service(80, "Windows", "http")])
    (system,) = told.systems
    assert (system.family, system.confidence) == ("Linux", 7)
    assert [trait.seen for trait in system.evidence if trait.opinion is Opinion.DIFFERS] == ["http on 80/tcp: Windows"]


def test_a_service_may_say_more() -> None:
    (system,) = judge(seen(personality("linux-3")), [service(22, "RouterOS")]).systems
    assert (system.name, system.device) == ("MikroTik RouterOS (Linux 3.10 to 4.18)", "router")
    assert [name.split(":")[4] for name in system.cpe23] == ["routeros", "linux_kernel"]


def test_a_service_may_settle_what_packets_leave_open() -> None:
    linux = next(row for row in rows() if row.name == "Linux 4.19 to 7.x")
    table = [linux, replace(linux, name="FreeBSD", family="FreeBSD")]
    host = seen(personality("linux-6"))
    undecided = judge(host, table=table)
    assert (undecided.ruling, len(undecided.systems)) == (Ruling.UNSURE, 2)
    assert only(judge(host, [service(22, "FreeBSD")], table=table)) == "FreeBSD"


def test_services_alone() -> None:
    told = judge((), [service(22, "FreeBSD"), service(25, "FreeBSD", "smtp")])
    assert only(told) == "FreeBSD"
    assert told.systems[0].confidence == 7
    contradicting = judge((), [service(22, "FreeBSD"), service(445, "Windows", "microsoft-ds")])
    assert contradicting.ruling is Ruling.UNSURE
    assert {system.family for system in contradicting.systems} == {"FreeBSD", "Windows"}


def test_a_forwarded_port_is_another_host() -> None:
    """The router answers at 64, the web server behind it, a Windows, at 127."""
    told = judge(seen({0: personality("linux-6"), 80: personality("windows-10", ttl=127)}))
    assert told.ruling is Ruling.SEVERAL
    assert {system.ports: system.family for system in told.systems} == {(22,): "Linux", (80,): "Windows"}
    (shield,) = told.shields
    assert (shield.kind, shield.ports) == (ShieldKind.PORT_FORWARD, (80,))
    assert any("ttl 127" in trait.seen for trait in shield.evidence)


def test_a_service_speaks_for_the_host_behind_its_own_port() -> None:
    host = seen({0: personality("linux-6"), 80: personality("windows-10", ttl=127)})
    told = judge(host, [service(80, "Windows", "http"), service(22, "Linux")])
    opinions = {trait.seen: trait.opinion for system in told.systems for trait in system.evidence if trait.name == "service"}
    assert opinions == {"http on 80/tcp: Windows": Opinion.FITS, "ssh on 22/tcp: Linux": Opinion.FITS}


def test_one_host_a_station_further_behind_forwarded_ports() -> None:
    """Both open ports lead to the same host; the router refuses the others, and answers pings, itself."""
    told = judge(seen({0: personality("linux-6"), **dict.fromkeys((22, 80), personality("freebsd-14", ttl=63))}))
    assert told.ruling is Ruling.SEVERAL
    assert {system.ports: system.family for system in told.systems} == {(22, 80): "FreeBSD", (): "Linux"}
    assert [shield.kind for shield in told.shields] == [ShieldKind.PORT_FORWARD]
    assert told.shields[0].ports == (22, 80)


def test_somebody_on_the_way_who_refuses() -> None:
    """The host answers pings itself, from as far away as its open ports; the RSTs come from nearer."""
    told = judge(seen(personality("linux-6", ttl=62, rst_ttl=64)))
    assert told.systems[0].family == "Linux"
    assert [shield.kind for shield in told.shields] == [ShieldKind.GO_BETWEEN]


STRANGE = {"options": "ts nop nop mss ws nop sack", "window": 5555, "ids": "random", "clock_hz": 10}
"""What no row explains."""


def test_an_unknown_host_behind_a_forwarded_port_is_another_host_all_the_same() -> None:
    told = judge(seen({0: personality("linux-6"), 80: Personality(ttl=127, **STRANGE)}))  # type: ignore[arg-type]
    assert (told.ruling, [system.ports for system in told.systems]) == (Ruling.SEVERAL, [(22,)])
    assert [shield.kind for shield in told.shields] == [ShieldKind.PORT_FORWARD]


@pytest.mark.parametrize("odd", [22, 80])
def test_a_listener_with_options_of_its_own_is_no_other_host(odd: int) -> None:
    told = judge(seen({0: personality("linux-6"), odd: Personality(ttl=64, **STRANGE)}))  # type: ignore[arg-type]
    assert only(told) == "Linux 4.19 to 7.x"
    assert told.shields == ()


def test_several_that_nothing_explains_are_nothing() -> None:
    strange = {22: Personality(ttl=64, **STRANGE), 80: Personality(ttl=127, **STRANGE)}  # type: ignore[arg-type]
    told = judge(seen({0: personality("linux-6"), **strange}))
    assert told.ruling is not Ruling.SEVERAL
    assert told.shields == ()


def test_hosts_that_take_turns() -> None:
    first, second = personality("linux-6", ttl=63), personality("freebsd-14", ttl=62)
    turns = [first, second]

    class Balancer(Personality):
        def answers(self, packet: bytes, now_s: float) -> bytes | None:
            turns.append(turns.pop(0))
            return turns[0].answers(packet, now_s)

    told = judge(seen(Balancer()))
    assert told.ruling is Ruling.SEVERAL
    assert {system.family for system in told.systems} == {"Linux", "FreeBSD"}
    assert [shield.kind for shield in told.shields] == [ShieldKind.LOAD_BALANCER]


def test_two_hosts_of_one_kind_by_their_clocks() -> None:
    """Time stamps that would put the start of one machine at two times."""
    told = judge(seen({0: personality("freebsd-14"), 80: personality("freebsd-14", clock_began=900_000_000)}))
    assert told.ruling is Ruling.SEVERAL
    assert {system.ports for system in told.systems} == {(22,), (80,)}
    assert judge(seen({0: personality("freebsd-14"), 80: personality("freebsd-14")})).ruling is Ruling.TOLD


def test_two_hosts_of_one_kind_by_their_counters() -> None:
    other = personality("windows-10")
    other._id = 30_000
    told = judge(seen({0: personality("windows-10"), 80: other}))
    assert {system.ports for system in told.systems} == {(22,), (80,)}


def test_a_window_of_its_own_makes_no_other_host() -> None:
    """A program may choose its own."""
    told = judge(seen({0: personality("linux-6"), 80: personality("linux-6", window=1448 * 3)}))
    assert told.ruling is Ruling.TOLD
    assert told.shields == ()


@pytest.mark.parametrize("deception", list(Deception))
def test_what_hides_behind_something_is_not_told(deception: Deception) -> None:
    told = judge(seen(personality("linux-6")), deception=deception)
    assert (told.ruling, told.systems) == (Ruling.MASKED, ())
    assert [shield.kind for shield in told.shields] == [ShieldKind.SYN_PROXY] * (deception is Deception.SYN_PROXY)


GENUINE = [seen(personality(name), family=family) for name in sorted(PERSONALITIES) for family in (4, 6)]
MUTATIONS = st.lists(st.tuples(st.integers(0, 191), st.integers(0, 255)), max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(GENUINE), st.integers(0, 192), MUTATIONS, st.randoms(use_true_random=False))
def test_whatever_came_is_judged(
    genuine: tuple[Observation, ...], length: int, mutations: list[tuple[int, int]], draw: Random
) -> None:
    """Real answers cut short anywhere, with bytes changed, in any order, some of them twice."""
    changed = []
    for one in genuine:
        packet = bytearray(one.packet[:length] if draw.random() < 0.5 else one.packet)
        for at, value in mutations:
            if at < len(packet) and draw.random() < 0.7:
                packet[at] = value
        changed += [replace(one, packet=bytes(packet))] * draw.choice((0, 1, 1, 2))
    draw.shuffle(changed)
    told = judge(changed, guess=draw.random() < 0.5)
    assert all(1 <= system.confidence <= 10 for system in told.systems)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.builds(
            Observation,
            st.sampled_from([probe.name for probe in PROBES]),
            st.integers(0, 3),
            st.floats(0, 10),
            st.none() | st.floats(0, 10),
            st.binary(max_size=192),
        ),
        max_size=30,
    )
)
def test_any_bytes_are_judged(observations: list[Observation]) -> None:
    judge(observations, guess=True)
