"""Where services stand among a scan's events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from typing import Any

import numpy as np
import pytest

from hatoba.identify.identified_scan import Event, IdentifiedScan
from hatoba.identify.manner import Manner
from hatoba.identify.runner import Runner
from hatoba.model import Deception, Doing, Host, Progress, Protocol, Reason, ScanEnd, State, TakenOver
from hatoba.results.batch import HostBatch, VerdictBatch
from hatoba.service import Outcome, Service
from tests.unit.identify.peers import FakeDials, FakeLoop, Peer
from tests.unit.identify.protocols.feeding import CAPTURES
from tests.unit.reports.scans import ended, info
from tests.unit.results.rows import Hosts, batch, closed, opened, rows

SSH = b"SSH-2.0-OpenSSH_9.2p1\r\n"
HOSTS = Hosts("198.18.0.2", "198.18.0.3", names={"198.18.0.2": ("web.lab",)})
PROGRESS = Progress(1, 2, 3, 0.5, 10.0, 1.0)


class Script:
    def __init__(self, events: Sequence[Any]) -> None:
        self._events = events
        self.stopped = False

    def events(self) -> Iterator[Event]:
        for event in self._events:
            if callable(event):
                event()
            else:
                yield event

    def stop(self) -> None:
        self.stopped = True


def host(number: int, **fields: Any) -> Host:
    return Host(ip_address(f"198.18.0.{number}"), (), "up", "syn-ack", 0.001, **fields)


def told(script: Script | Sequence[Any], make: Callable[[], Any] = lambda: Peer([SSH])) -> tuple[list[Event], FakeDials]:
    dials = FakeDials(make)
    script = script if isinstance(script, Script) else Script(script)
    scan = IdentifiedScan(script, lambda: Runner(dials, Manner(), new_loop=FakeLoop))
    return list(scan.events()), dials


def kinds(events: Sequence[Event]) -> list[str]:
    return [type(event).__name__ for event in events if not isinstance(event, Progress)]


def test_services_follow_verdicts_and_precede_their_host() -> None:
    events, dials = told([info(), batch(HOSTS, opened([22, 80]), closed(23)), host(2), ended()])
    assert kinds(events) == ["ScanInfo", "VerdictBatch", "Service", "Service", "Host", "ScanEnd"]
    assert {port for _protocol, _address, port in dials.dialled} == {22, 80}


def test_each_host_waits_for_its_own_only() -> None:
    """The first host never says a word; the second is told while the scan goes on."""
    dials = FakeDials(lambda: Peer() if dials.dialled[-1][1] == "198.18.0.2" else Peer([SSH]))
    runner = Runner(dials, Manner())

    both = batch(HOSTS, opened(22), opened(22, host=1))
    scan = IdentifiedScan(Script([info(), both, host(2), host(3), *[PROGRESS] * 500_000, ended()]), lambda: runner)
    for event in scan.events():
        if isinstance(event, Host):
            assert event.address == ip_address("198.18.0.3")
            scan.stop()
            break
    runner.close()


def test_a_host_without_open_ports_is_told_at_once() -> None:
    events, dials = told([info(), batch(HOSTS, closed(22)), host(2), host(3), ended()])
    assert kinds(events) == ["ScanInfo", "VerdictBatch", "Host", "Host", "ScanEnd"]
    assert dials.dialled == []


def test_only_open_ports_of_tcp_and_udp_are_asked() -> None:
    sctp = rows(36412, State.OPEN, 8, protocol=Protocol.SCTP)
    _events, dials = told([info(), batch(HOSTS, opened(22), sctp, closed(23)), host(2), ended()])
    assert {(kind, port) for kind, _address, port in dials.dialled} == {(Protocol.TCP, 22)}


def maybe(ports: Sequence[int] | range, host: int = 0) -> Any:
    return rows(ports, State.OPEN_FILTERED, Reason.NO_RESPONSE, host, protocol=Protocol.UDP, answer=0, answered_probe=0)


def verdicts(events: Sequence[Event]) -> dict[tuple[str, int], Any]:
    found = {}
    for event in events:
        if isinstance(event, VerdictBatch):
            for verdict in event.verdicts():
                assert (str(verdict.address), verdict.port) not in found, "told twice"
                found[str(verdict.address), verdict.port] = verdict
    return found


def test_udp_ports_that_may_be_open_are_asked_and_open_if_they_answer() -> None:
    ntp = CAPTURES["chrony"].answers

    def peer() -> Peer:
        answers = dials.dialled[-1][2] == 123
        return Peer((), lambda said: [ntp[0]] if answers and said.endswith(b"hatoba!!") else [])

    dials = FakeDials(peer)
    script = Script([info(), batch(HOSTS, opened(22), maybe([123, 40_000])), host(2), ended()])
    events = list(IdentifiedScan(script, lambda: Runner(dials, Manner(), new_loop=FakeLoop)).events())
    found = verdicts(events)
    assert {port: verdict.state for (_ip, port), verdict in found.items()} == {
        22: State.OPEN,
        123: State.OPEN,
        40_000: State.OPEN_FILTERED,
    }
    answered = found["198.18.0.2", 123]
    assert (answered.reason, answered.evidence.answer) == (Reason.UDP_RESPONSE, "udp")
    assert answered.evidence.answered_probe == answered.evidence.probes
    assert {event.port for event in events if isinstance(event, Service)} == {22, 123}
    assert kinds(events)[-2:] == ["Host", "ScanEnd"]


def test_of_many_silent_udp_ports_those_are_asked_whose_number_speaks_for_a_protocol() -> None:
    events, dials = told([info(), batch(HOSTS, maybe(range(100, 200))), host(2), ended()], Peer)
    asked = {port for _kind, _ip, port in dials.dialled}
    assert {111, 123, 137, 161, 177} == asked
    assert {port for _ip, port in verdicts(events)} == set(range(100, 200))


def test_hosts_that_say_nothing_at_all_are_not_asked() -> None:
    gone = HostBatch(HOSTS, np.array([1]), "unknown", "no-response")
    events, dials = told([info(), batch(HOSTS, maybe([161]), maybe([161], host=1)), gone, host(2), ended()], Peer)
    assert {ip for _kind, ip, _port in dials.dialled} == {"198.18.0.2"}
    assert set(verdicts(events)) == {("198.18.0.2", 161), ("198.18.0.3", 161)}
    assert kinds(events) == ["ScanInfo", "VerdictBatch", "HostBatch", "VerdictBatch", "Host", "ScanEnd"]


def test_a_scan_that_is_stopped_has_every_verdict() -> None:
    events, _dials = told([info(), batch(HOSTS, maybe([161]), maybe([161], host=1)), ended()], Peer)
    assert set(verdicts(events)) == {("198.18.0.2", 161), ("198.18.0.3", 161)}


@pytest.mark.parametrize(("held", "asked"), [((22,), {22}), ((), set()), (None, set())])
def test_what_answers_for_every_port_is_believed_where_a_connection_held(held: tuple[int, ...] | None, asked: set[int]) -> None:
    deceptive = host(2, deception=Deception.SYN_PROXY, held_ports=held)
    _events, dials = told([info(), batch(HOSTS, opened([22, 80, 443])), deceptive, ended()])
    assert {port for _kind, _address, port in dials.dialled} == asked


def test_the_names_that_were_asked_for_go_along_and_reverse_names_do_not() -> None:
    http: list[bytes] = []

    def answers(said: bytes) -> list[bytes]:
        http.append(said)
        return [b"HTTP/1.1 200 OK\r\n\r\n"]

    named = Host(ip_address("198.18.0.2"), ("web.lab", "ptr.example"), "up", "syn-ack")
    unnamed = Host(ip_address("198.18.0.3"), ("ptr.example",), "up", "syn-ack")
    told([info(), batch(HOSTS, opened(80), opened(80, host=1)), named, unnamed, ended()], lambda: Peer((), answers))
    first = sorted(said.split(b"\r\n")[1] for said in http if said.startswith(b"GET / "))
    assert first == [b"Host: 198.18.0.3", b"Host: web.lab"]


def test_the_end_comes_last_and_later() -> None:
    clock = iter([10.0, 14.5])
    dials = FakeDials(lambda: Peer([SSH]))
    scan = IdentifiedScan(
        Script([info(), batch(HOSTS, opened(22)), host(2), ended()]),
        lambda: Runner(dials, Manner(), new_loop=FakeLoop),
        lambda: next(clock),
    )
    end = list(scan.events())[-1]
    assert isinstance(end, ScanEnd)
    assert (end.duration_s, end.finished_at - ended().finished_at) == (1.5 + 4.5, 4.5)
    assert not end.interrupted


def test_a_scan_that_is_stopped_tells_what_is_known() -> None:
    """Nothing is ever said here: the stop ends it."""
    dials = FakeDials(Peer)

    def stop() -> None:
        scan.stop()

    script = Script([info(), batch(HOSTS, opened([22, 80])), host(2), stop, ended()])
    scan = IdentifiedScan(script, lambda: Runner(dials, Manner()))
    events = list(scan.events())
    assert script.stopped
    assert kinds(events) == ["ScanInfo", "VerdictBatch", "Service", "Service", "Host", "ScanEnd"]
    assert {event.outcome for event in events if isinstance(event, Service)} == {Outcome.UNFINISHED}
    assert isinstance(events[-1], ScanEnd)
    assert events[-1].interrupted
    dials.assert_all_closed()


def test_while_it_waits_it_shows_what_it_is_at() -> None:
    dials = FakeDials(Peer)
    scan = IdentifiedScan(
        Script([info(), PROGRESS, batch(HOSTS, opened(22)), host(2), ended()]), lambda: Runner(dials, Manner())
    )
    events = scan.events()
    for event in events:
        if isinstance(event, Progress) and event.doing is Doing.IDENTIFYING:
            scan.stop()
    dials.assert_all_closed()


def test_closing_the_generator_ends_the_interviews() -> None:
    dials = FakeDials(Peer)
    events = IdentifiedScan(
        Script([info(), batch(HOSTS, opened(22)), host(2), PROGRESS, ended()]), lambda: Runner(dials, Manner())
    ).events()
    for event in events:
        if isinstance(event, Progress):
            break
    events.close()
    dials.assert_all_closed()


def known(port: int, host: int = 2) -> Service:
    return Service(ip_address(f"198.18.0.{host}"), Protocol.TCP, port, Outcome.SILENT)


def resumed(events: Sequence[Any], services: Sequence[Service]) -> tuple[list[Event], FakeDials]:
    dials = FakeDials(lambda: Peer([SSH]))
    scan = IdentifiedScan(Script(events), lambda: Runner(dials, Manner(), new_loop=FakeLoop), told=services)
    return list(scan.events()), dials


def test_what_an_earlier_run_told_comes_after_its_verdicts_and_is_not_asked_again() -> None:
    begins = info(taken_over=TakenOver(3, 0, 2))
    first, second = batch(HOSTS, opened([22, 80])), batch(HOSTS, opened(22, host=1))
    services = [known(80), known(22, host=3)]
    events, dials = resumed([begins, first, second, host(3), host(2), ended()], services)
    assert events[3:5] == services
    assert kinds(events[5:]) == ["Host", "Service", "Host", "ScanEnd"]
    assert [(address, port) for _protocol, address, port in dials.dialled] == [("198.18.0.2", 22)]


def test_hosts_that_an_earlier_run_finished_are_told_at_once() -> None:
    """Whatever of their services is known: there is nothing more to be asked of them."""
    begins = info(taken_over=TakenOver(1, 3, 0))
    silent = HostBatch(HOSTS, np.array([1]), "down", "no-response")
    events, dials = resumed(
        [begins, batch(HOSTS, opened(22)), host(2), HostBatch(HOSTS, np.array([0, 1]), "down", "x"), ended()], []
    )
    assert kinds(events) == ["ScanInfo", "VerdictBatch", "Host", "HostBatch", "ScanEnd"]
    assert dials.dialled == []
    events, dials = resumed([begins, batch(HOSTS, opened(22)), silent, silent, silent, host(2), ended()], [])
    assert [port for _protocol, _address, port in dials.dialled] == [22]


def test_services_alone_may_be_known() -> None:
    """A report of open ports only, of a host that has none any more."""
    events, _dials = resumed([info(taken_over=TakenOver(0, 0, 1)), ended()], [known(80)])
    assert kinds(events) == ["ScanInfo", "Service", "ScanEnd"]


def test_a_host_whose_services_a_stop_cut_short_is_not_finished() -> None:
    dials = FakeDials(Peer)
    events: list[Any] = [info(), batch(HOSTS, opened(22), opened(80, host=1)), host(2)]
    scan = IdentifiedScan(Script(events), lambda: Runner(dials, Manner()))
    events += [scan.stop, host(3), ended()]
    told = {event.address: event.unfinished for event in scan.events() if isinstance(event, Host)}
    assert told == {ip_address("198.18.0.2"): True, ip_address("198.18.0.3"): True}
