"""The interview of one port, with scripted strangers: the order of questions, and bounds for whatever they do."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

import pytest

from hatoba.identify.interview import Interview
from hatoba.identify.listening import MOST_BYTES
from hatoba.identify.manner import Manner, Patience, Target
from hatoba.identify.protocols import PROTOCOLS
from hatoba.model import Protocol
from hatoba.service import Outcome, Service
from tests.unit.identify.peers import END, RESET, FakeDials, Peer, Said, Timed, run
from tests.unit.identify.protocols.feeding import CAPTURES
from tests.unit.identify.servers import TlsPeer, server_context

HTTP = b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 2\r\n\r\nhi"
SSH = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
PATIENCE = Patience()


def target(port: int, protocol: Protocol = Protocol.TCP, *names: str) -> Target:
    return Target(ip_address("198.18.0.2"), protocol, port, names)


def interview(make: Callable[[], Any], port: int, **options: Any) -> tuple[Service, float, FakeDials]:
    """The result, the seconds that it took, and what was dialled."""
    dials = make if isinstance(make, FakeDials) else FakeDials(make)
    where = target(port, options.pop("protocol", Protocol.TCP))
    service, took_s = run(Interview(dials, where, Manner(**options)).run())
    dials.assert_all_closed()
    return service, took_s, dials


def saying(*pieces: Said | Timed) -> Callable[[], Peer]:
    return lambda: Peer(pieces)


def answering(answers: Callable[[bytes], Iterable[Said | Timed]]) -> Callable[[], Peer]:
    return lambda: Peer((), answers)


def test_a_greeting_is_enough_and_nothing_is_sent() -> None:
    service, took_s, dials = interview(saying(SSH), 22)
    assert service.facts is not None
    assert (service.outcome, service.facts.product, service.question) == (Outcome.RECOGNISED, "OpenSSH", "greeting")
    assert (dials.sent, len(dials.peers), took_s) == ([], 1, 0.0)


@pytest.mark.parametrize("port", [22, 80, 6379, 40_000])
def test_a_server_that_greets_is_recognised_on_any_port(port: int) -> None:
    service, _took_s, _dials = interview(saying((0.1, SSH)), port)
    assert service.facts is not None
    assert service.facts.name == "ssh"


@pytest.mark.parametrize("port", [80, 22, 6379, 40_000])
def test_a_server_that_waits_is_recognised_on_any_port(port: int) -> None:
    service, _took_s, _dials = interview(answering(lambda said: [HTTP, END] if b"HTTP/1.1" in said else []), port)
    assert service.facts is not None
    assert (service.facts.name, service.facts.version) == ("http", "1.22.1")


def test_the_ports_own_protocol_is_asked_at_once() -> None:
    _service, took_s, dials = interview(answering(lambda _said: [HTTP]), 80, intensity=4)
    assert (len(dials.sent), took_s) == (1, 0.0)
    assert dials.sent[0].startswith(b"GET / HTTP/1.1\r\nHost: 198.18.0.2\r\n")


def test_the_name_that_was_asked_for_is_told_to_the_server() -> None:
    dials = FakeDials(answering(lambda _said: [HTTP]))
    run(Interview(dials, target(80, Protocol.TCP, "www.target.lab"), Manner()).run())
    assert b"\r\nHost: www.target.lab\r\n" in dials.sent[0]


def test_questions_follow_the_greeting_and_a_farewell_comes_last() -> None:
    def answers(said: bytes) -> list[bytes]:
        return [b"250-mail\r\n250 SIZE 1\r\n"] if said.startswith(b"EHLO") else []

    service, _took_s, dials = interview(lambda: Peer([b"220 mail.lab ESMTP Postfix\r\n"], answers), 25)
    assert dials.sent == [b"EHLO hatoba.invalid\r\n", b"QUIT\r\n"]
    assert service.facts is not None
    assert service.facts.details == (("extensions", "SIZE 1"),)


def test_a_greeting_of_several_lines_is_waited_for() -> None:
    pieces = (b"220-one\r\n", (0.05, b"220-two FTP\r\n"), (0.05, b"220 three\r\n"))
    _service, _took_s, dials = interview(lambda: Peer(pieces, lambda _said: [b"211 none\r\n"]), 21)
    assert dials.sent[0] == b"FEAT\r\n"
    assert len(dials.peers) == 1


def test_one_that_answers_in_another_protocol_is_asked_in_its_own() -> None:
    redis = CAPTURES["redis"].answers[0]

    def answers(said: bytes) -> list[bytes]:
        return [redis] if said == b"INFO server\r\n" else [b"-ERR unknown command 'GET'\r\n"]

    service, _took_s, dials = interview(answering(answers), 8080)
    assert service.facts is not None
    assert (service.facts.name, service.facts.version) == ("redis", "7.0.15")
    assert [sent.split()[0] for sent in dials.sent][:2] == [b"GET", b"INFO"]


def test_what_nobody_understands_is_kept() -> None:
    service, _took_s, _dials = interview(saying(b"\x01\x02who are you\n"), 40_000)
    assert (service.outcome, service.facts, service.heard) == (Outcome.UNRECOGNISED, None, b"\x01\x02who are you\n")


@pytest.mark.parametrize(("port", "intensity", "found"), [(40_000, 7, True), (8080, 7, True), (40_000, 4, False)])
def test_a_greeting_that_comes_late_where_none_was_expected(port: int, intensity: int, found: bool) -> None:
    """Of a server that looks up our name first, and breaks off with who does not wait."""

    service, took_s, _dials = interview(lambda: Peer([(5.5, SSH)], lambda _said: [END]), port, intensity=intensity)
    assert (service.facts is not None and service.facts.product == "OpenSSH") is found
    assert took_s < PATIENCE.port_s / 3


@pytest.mark.parametrize("port", [40_000, 8080])
def test_a_page_that_takes_seconds_is_waited_for(port: int) -> None:
    service, took_s, _dials = interview(answering(lambda said: [(4.5, HTTP)] if said.startswith(b"GET") else []), port)
    assert service.facts is not None
    assert service.facts.product == "nginx"
    assert took_s < PATIENCE.port_s / 3


def test_a_server_that_shakes_hands_with_one_after_the_other_is_not_kept_busy_by_who_only_listens() -> None:
    """As Python's ``HTTPServer`` around a socket that TLS wraps: while one says nothing, no other is accepted."""
    now: list[Any] = []

    class OneByOne(TlsPeer):
        def __init__(self) -> None:
            super().__init__(server_context(), (), lambda said: [HTTP] if said.startswith(b"GET") else [])
            now.append(self)

        def _records(self, data: bytes) -> list[Said]:
            first = next(peer for peer in now if not peer.closed)
            return super()._records(data) if self is first else []

    service, _took_s, _dials = interview(OneByOne, 40_000)
    assert service.facts is not None
    assert (service.facts.product, service.encrypted) == ("nginx", True)


def test_silence_is_told_as_such_in_bounded_time() -> None:
    service, took_s, _dials = interview(saying(), 40_000)
    assert service.outcome is Outcome.SILENT
    assert took_s < PATIENCE.port_s / 3


def test_a_server_that_hangs_up_on_who_has_nothing_to_say_is_asked_at_once() -> None:
    """As Monit's, which waits half a second for a request."""

    class Hasty(Peer):
        async def send(self, data: bytes) -> None:
            self._inbox.clear()
            await super().send(data)

    service, _took_s, _dials = interview(
        lambda: Hasty([(0.5, END)], lambda said: [HTTP] if said.startswith(b"GET") else [END]), 40_000
    )
    assert service.facts is not None
    assert service.facts.product == "nginx"


def test_intensity_bounds_the_questions() -> None:
    asked = [len(interview(saying(), 40_000, intensity=level)[2].sent) for level in (0, 1, 2, 7, 9)]
    assert asked == sorted(asked)
    assert asked[:2] == [0, 1]
    assert asked[-1] > asked[-2]


def test_at_no_intensity_the_ports_own_protocol_is_asked_all_the_same() -> None:
    service, _took_s, dials = interview(answering(lambda _said: [b"VERSION 1.6.18\r\n"]), 11211, intensity=0)
    assert service.facts is not None
    assert dials.sent[0] == b"version\r\n"


@pytest.mark.parametrize("port", [9100, 9107])
def test_printers_are_not_fed(port: int) -> None:
    service, _took_s, dials = interview(saying(SSH), port)
    assert (service.outcome, dials.dialled) == (Outcome.EXCLUDED, [])
    assert interview(saying(SSH), port, all_ports=True)[0].outcome is Outcome.RECOGNISED


def test_a_wrapper_that_ends_every_connection_is_told_after_two() -> None:
    service, took_s, dials = interview(saying(END), 2222)
    assert (service.outcome, len(dials.peers), took_s) == (Outcome.CUT, 2, 0.0)


def test_a_port_that_is_closed_by_now() -> None:
    service, _took_s, _dials = interview(FakeDials(Peer, refuse=ConnectionRefusedError()), 80)
    assert service.outcome is Outcome.UNREACHABLE


class Pouring(Peer):
    """Never stops talking."""

    taken = 0

    async def receive(self, most_bytes: int) -> bytes:
        self.taken += most_bytes
        return b"A" * most_bytes


def test_an_endless_greeting_is_cut_off() -> None:
    service, took_s, dials = interview(Pouring, 40_000)
    assert service.outcome is Outcome.UNRECOGNISED
    assert len(service.heard) <= 256
    assert max(peer.taken for peer in dials.peers) <= 2 * MOST_BYTES
    assert took_s < PATIENCE.port_s


@pytest.mark.parametrize("port", [22, 80, 40_000])
def test_a_slow_drip_is_cut_off(port: int) -> None:
    def drip() -> Peer:
        return Peer(((0.4, bytes([65 + number % 26])) for number in range(10_000)), lambda _said: ())

    service, took_s, _dials = interview(drip, port)
    assert service.outcome is Outcome.UNRECOGNISED
    assert took_s <= PATIENCE.port_s


@pytest.mark.parametrize("length", range(0, len(SSH), 5))
@pytest.mark.parametrize("end", [END, RESET])
def test_one_that_hangs_up_at_any_byte(length: int, end: Said) -> None:
    service, took_s, _dials = interview(saying(SSH[:length] or END, end), 22)
    assert service.outcome in (Outcome.RECOGNISED, Outcome.UNRECOGNISED, Outcome.CUT)
    assert took_s < PATIENCE.port_s


@pytest.mark.parametrize(
    "said",
    [b"\x1b[2J\x1b]0;owned\x07\r\n", b"\xff" * 4000, b"220 " + b"x" * 100_000 + b"\r\n", b"\r\n" * 5000, "波止場".encode()],
)
def test_whatever_is_said_facts_are_bounded(said: bytes) -> None:
    for port in (21, 25, 80, 3306, 40_000):
        service, _took_s, _dials = interview(lambda: Peer([said], lambda _asked: [said, END]), port)
        told = str(service.facts)
        assert len(told) < 3000, port


def test_a_protocol_that_is_told_to_take_tls_refuses() -> None:
    """STARTTLS is offered and then refused: the service is known all the same."""

    def answers(said: bytes) -> list[bytes]:
        return {b"EHLO": [b"250-mail\r\n250 STARTTLS\r\n"], b"STAR": [b"454 not now\r\n"]}.get(said[:4], [])

    service, _took_s, dials = interview(lambda: Peer([b"220 mail.lab ESMTP\r\n"], answers), 25)
    assert (service.outcome, service.tls) == (Outcome.RECOGNISED, None)
    assert b"STARTTLS\r\n" in dials.sent


def test_a_handshake_that_nobody_answers_ends() -> None:
    def answers(said: bytes) -> list[bytes]:
        return {b"EHLO": [b"250-mail\r\n250 STARTTLS\r\n"], b"STAR": [b"220 go\r\n"]}.get(said[:4], [])

    service, took_s, _dials = interview(lambda: Peer([b"220 mail.lab ESMTP\r\n"], answers), 25)
    assert (service.outcome, service.tls) == (Outcome.RECOGNISED, None)
    assert took_s <= PATIENCE.whole_s


def test_datagrams_are_asked_again_once() -> None:
    bind = CAPTURES["bind9"].answers[0][2:]
    turns = itertools.count()
    service, took_s, dials = interview(answering(lambda _said: [bind] if next(turns) else []), 53, protocol=Protocol.UDP)
    assert service.facts is not None
    assert (service.facts.product, dials.sent[0]) == ("ISC BIND", dials.sent[1])
    assert (took_s, len(dials.peers)) == (pytest.approx(PATIENCE.datagram_s), 1)


def test_a_silent_udp_port_is_asked_everything_in_a_few_seconds() -> None:
    service, took_s, dials = interview(saying(), 40_000, protocol=Protocol.UDP)
    assert (service.outcome, took_s) == (Outcome.SILENT, pytest.approx(2 * PATIENCE.datagram_s))
    assert len(dials.sent) == 2 * len(set(dials.sent)) > 40
    _service, took_s, dials = interview(saying(), 161, protocol=Protocol.UDP)
    assert took_s == pytest.approx(3 * PATIENCE.datagram_s)


def test_whose_answer_a_datagram_is_tells_the_protocol() -> None:
    """All are asked on one socket; noise that is nobody's is passed over, and further questions follow on another."""
    answers = CAPTURES["chrony"].answers

    def scripted(said: bytes) -> list[Said | Timed]:
        return [b"noise", answers[0]] if said.endswith(b"hatoba!!") else [answers[1]] if said[0] == 0x16 else []

    service, _took_s, dials = interview(answering(scripted), 40_000, protocol=Protocol.UDP)
    assert service.facts is not None
    assert (service.facts.name, service.question, len(dials.peers)) == ("ntp", "ntp", 2)


def test_who_answers_from_another_port_has_a_socket_to_itself() -> None:
    """Its own port asks in TFTP first and alone; elsewhere it comes last, and only if everything is asked."""
    (answer,) = CAPTURES["tftpd-hpa"].answers
    only_tftp = answering(lambda said: [answer] if said.startswith(b"\0\1hatoba-") else [])
    service, _took_s, dials = interview(only_tftp, 69, protocol=Protocol.UDP)
    assert service.facts is not None
    assert (service.facts.name, dials.any_port, len(dials.sent)) == ("tftp", [True], 1)
    service, took_s, dials = interview(saying(), 69, protocol=Protocol.UDP)
    assert (service.outcome, dials.any_port, took_s) == (Outcome.SILENT, [True, False], pytest.approx(4 * PATIENCE.datagram_s))
    service, _took_s, dials = interview(only_tftp, 40_000, protocol=Protocol.UDP, intensity=9)
    assert service.facts is not None
    assert (service.facts.name, dials.any_port) == ("tftp", [False, True])
    assert interview(only_tftp, 40_000, protocol=Protocol.UDP)[0].outcome is Outcome.SILENT


def test_a_udp_port_that_is_closed_by_now() -> None:
    service, took_s, dials = interview(answering(lambda _said: [ConnectionRefusedError()]), 161, protocol=Protocol.UDP)
    assert (service.outcome, took_s, len(dials.peers)) == (Outcome.SILENT, 0.0, 1)


@pytest.mark.parametrize("protocol", [Protocol.TCP, Protocol.UDP])
def test_a_server_that_echoes_is_told_as_such(protocol: Protocol) -> None:
    """Wherever it stands, whatever it is asked first; at a debugger's own port nothing can tell them apart."""
    own = {one.ports[0] for one in PROTOCOLS if one.protocol == protocol and not one.greets and one.name != "jdwp"}
    for port in (40_000, *sorted(own)):
        service, _took_s, _dials = interview(answering(lambda said: [said]), port, protocol=protocol)
        assert service.facts is not None, port
        assert service.facts.name == "echo", port


def test_few_bytes_count_only_where_they_were_asked_for() -> None:
    """What SOCKS 5 would answer, said to a question in HTTP; asked in SOCKS 5 it says something else."""
    service, _took_s, _dials = interview(answering(lambda said: [b"\5\0" if said.startswith(b"GET") else b"?"]), 40_000)
    assert service.facts is None
    service, _took_s, _dials = interview(answering(lambda said: [b"\5\0"] if said[:1] == b"\5" else []), 1080)
    assert service.facts is not None
    assert service.facts.name == "socks5"


def test_a_datagram_service_on_an_odd_port() -> None:
    ntp = CAPTURES["chrony"].answers[0]
    service, _took_s, _dials = interview(
        answering(lambda said: [ntp] if said.endswith(b"hatoba!!") else []), 40_000, protocol=Protocol.UDP
    )
    assert service.facts is not None
    assert service.facts.name == "ntp"


def test_the_time_of_a_port_is_bounded_whatever_happens() -> None:
    patience = Patience(port_s=1.0)
    service, took_s, _dials = interview(saying(), 22, patience=patience)
    assert (service.outcome, took_s) == (Outcome.UNFINISHED, pytest.approx(1.0))
