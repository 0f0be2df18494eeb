"""Hosts that were asked for their systems are told with them."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from hatoba.identify.judged_scan import Event, JudgedScan
from hatoba.model import Deception, Host, Protocol
from hatoba.service import Facts, Outcome, Service
from hatoba.system import Ruling, SystemsTold
from tests.personalities import personality
from tests.systems_seen import seen
from tests.unit.identify.test_identified_scan import HOSTS, Script, host
from tests.unit.reports.scans import ended, info
from tests.unit.results.rows import batch, opened

LINUX = seen(personality("linux-6"))


def told(*events: Any, guess: bool = False) -> list[Event]:
    return list(JudgedScan(Script([info(), *events, ended()]), guess).events())


def systems(events: list[Event]) -> list[SystemsTold | None]:
    return [event.systems for event in events if isinstance(event, Host)]


def service(number: int, os: str) -> Service:
    return Service(HOSTS.address(number - 2), Protocol.TCP, 22, Outcome.RECOGNISED, Facts("ssh", os=os))


def test_all_else_passes_by() -> None:
    events = [batch(HOSTS, opened(22)), host(2), service(3, "Linux"), host(3)]
    assert told(*events)[1:-1] == events


def test_a_host_carries_its_system_and_no_observations_any_more() -> None:
    events = told(host(2, observations=LINUX))
    (found,) = systems(events)
    assert found is not None
    assert [system.family for system in found.systems] == ["Linux"]
    assert next(event for event in events if isinstance(event, Host)).observations == ()


def test_services_speak_for_their_own_host_alone() -> None:
    first, second = systems(
        told(service(2, "Windows"), service(3, "Linux"), host(2, observations=LINUX), host(3, observations=LINUX))
    )
    assert first is not None
    assert second is not None
    assert first.systems[0].confidence < second.systems[0].confidence == 10


def test_what_services_said_is_let_go_with_their_host_though_nothing_was_observed() -> None:
    said = service(2, "Linux")
    scan = JudgedScan(Script([said, host(2), ended()]))
    before = sys.getrefcount(said)
    events = scan.events()
    assert [type(next(events)) for _ in range(2)] == [Service, Host]
    assert sys.getrefcount(said) == before
    events.close()


def test_what_hides_behind_a_proxy_is_masked() -> None:
    (found,) = systems(told(host(2, observations=LINUX, deception=Deception.SYN_PROXY)))
    assert found is not None
    assert found.ruling is Ruling.MASKED


def test_guesses_are_for_who_asked_for_them() -> None:
    strange = seen(personality("linux-6", ttl=128, rst_ttl=64, echo_ttl=64, window=5000))
    for guess in (False, True):
        (found,) = systems(told(host(2, observations=strange), guess=guess))
        assert found is not None
        assert bool(found.systems) is guess


def test_it_stops_what_it_stands_around() -> None:
    script = Script([info(), ended()])
    JudgedScan(script).stop()
    assert script.stopped


def test_silent_observations_are_judged_too() -> None:
    silent = tuple(replace(one, at_s=None, packet=b"") for one in LINUX)
    (found,) = systems(told(host(2, observations=silent)))
    assert found == SystemsTold(Ruling.TOO_LITTLE)
