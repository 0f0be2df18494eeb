"""Servers that mean harm, by the interview of one port: bounded time by the loop's clock, bounded bytes, and nothing raised."""

from __future__ import annotations

import asyncio
import datetime
import gzip
import socket
import ssl
import tempfile
import tracemalloc
from collections.abc import Callable, Iterable
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.identify.interview import Interview
from hatoba.identify.listening import MOST_BYTES, hear
from hatoba.identify.manner import Manner, Patience, Target
from hatoba.identify.protocols import PROTOCOLS
from hatoba.identify.tls import TlsConversation, context
from hatoba.model import Protocol
from hatoba.service import Outcome, Service
from hatoba.wire.conversations import SocketConversation
from tests.unit.identify.peers import END, RESET, FakeDials, Peer, Said, Timed, run
from tests.unit.identify.protocols.feeding import CAPTURES, Capture
from tests.unit.identify.servers import BEGINS, ENDS, TlsPeer, _rsa_key, server_context

PATIENCE = Patience()
MOST_KEPT_BYTES = 24 * MOST_BYTES
"""Of one port's interview, at its peak: a few answers at once, each in a few copies."""


def interview(make: Callable[[], Any], port: int, protocol: Protocol = Protocol.TCP) -> tuple[Service, float, FakeDials]:
    dials = FakeDials(make)
    target = Target(ip_address("198.18.0.2"), protocol, port)
    service, took_s = run(Interview(dials, target, Manner()).run())
    dials.assert_all_closed()
    return service, took_s, dials


def always(*said: Said | Timed) -> Callable[[], Peer]:
    """Says so first, and again whatever it is asked."""
    return lambda: Peer(said, lambda _asked: said)


class Dripping(Peer):
    """Never ends an answer, and never is silent for long."""

    async def receive(self, most_bytes: int) -> bytes:
        await asyncio.sleep(0.4)
        return b"2"


class Pouring(Peer):
    async def receive(self, most_bytes: int) -> bytes:
        await asyncio.sleep(0)
        return b"HTTP/1.1 200 OK\r\nX: " + b"a" * (most_bytes - 20)


@pytest.mark.parametrize("port", [21, 22, 25, 80, 443, 3306, 40_000])
@pytest.mark.parametrize("make", [Dripping, Pouring])
def test_neither_drip_nor_flood_takes_more_than_its_share(make: type[Peer], port: int) -> None:
    tracemalloc.start()
    try:
        _service, took_s, _dials = interview(make, port)
        _now, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert took_s <= PATIENCE.port_s
    assert peak_bytes < MOST_KEPT_BYTES


@pytest.mark.parametrize("port", [22, 80, 443, 3306, 40_000])
def test_a_tarpit_is_left_after_two_answers_without_end(port: int) -> None:
    """Each takes the time of a whole answer; what other questions were under way beside the second is broken off."""
    service, took_s, _dials = interview(Dripping, port)
    assert (service.outcome, service.heard[:1]) == (Outcome.UNRECOGNISED, b"2")
    assert took_s <= 3 * PATIENCE.whole_s


def test_a_slow_page_is_no_tarpit() -> None:
    page = b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n\r\n" + b"x" * 100
    service, _took_s, _dials = interview(
        lambda: Peer((), lambda _asked: [(0.2, page[at : at + 1]) for at in range(len(page))]), 80
    )
    assert service.facts is not None
    assert service.facts.product == "nginx"


@pytest.mark.parametrize("capture", CAPTURES.values(), ids=CAPTURES)
@pytest.mark.parametrize("end", [END, RESET])
def test_one_that_hangs_up_anywhere_in_what_it_says(capture: Capture, end: Said) -> None:
    """What a real daemon said, broken off; at the places where protocols have their marks, and a few others."""
    words = capture.answers[0]
    port = next(iter((*capture.protocol.ports, *capture.protocol.tls_ports)), 40_000)
    for cut in sorted({0, 1, 2, 3, 4, 5, 8, 12, 16, 24, 32, len(words) // 2, len(words) - 1} & set(range(len(words)))):
        said: Iterable[Said] = (words[:cut], end) if cut else (end,)
        _service, took_s, _dials = interview(always(*said), port, capture.protocol.protocol)
        assert took_s <= PATIENCE.port_s


LIES = {
    "ASN.1 of 4 GB": b"\x30\x84\xff\xff\xff\xff\x02\x01\x01",
    "MySQL's packet of 16 MB": b"\xff\xff\xff\x00\x0a8.0.36\0",
    "PostgreSQL's message of 4 GB": b"R\xff\xff\xff\xff\0\0\0\x05",
    "a length below nothing": b"\x80\x00\x00\x00\xff\xff\xff\xff",
    "Redis's text of 9 EB": b"$9223372036854775807\r\nredis_version:1\r\n",
    "a page of an exabyte": b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999999999\r\n\r\n<title>x</title>",
    "a page of less than nothing": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
    "chunks without end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"fffffffffffffff\r\nx" * 9,
    "SMB's message of 16 MB": b"\x00\xff\xff\xff\xfeSMB",
    "a DNS answer over TCP of 64 KB": b"\xff\xff\x12\x34\x81\x80\0\x01\xff\xff\0\0\0\0",
    "a TLS record of 64 KB": b"\x16\x03\x03\xff\xff\x02\xff\xff\xff",
    "a screen's name of 4 GB": b"RFB 003.008\n\0\0\0\0\xff\xff\xff\xff",
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_lengths_that_lie_are_not_waited_for(lie: bytes) -> None:
    """Each protocol is told so on its own port; then silence."""
    for known in PROTOCOLS:
        for port in (known.ports or known.tls_ports)[:1]:
            tracemalloc.start()
            _service, took_s, _dials = interview(always(lie), port, known.protocol)
            _now, peak_bytes = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert took_s <= PATIENCE.port_s, known.name
            assert peak_bytes < MOST_KEPT_BYTES, known.name


def test_a_bomb_stays_packed() -> None:
    bomb = gzip.compress(b"<title>bang</title>" + b"\0" * 20_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    tracemalloc.start()
    service, _took_s, dials = interview(lambda: Peer((), lambda _asked: [head + bomb, END]), 80)
    _now, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert b"Accept-Encoding: identity" in dials.sent[0]
    assert service.facts is not None
    assert "title" not in dict(service.facts.details)
    assert peak_bytes < MOST_KEPT_BYTES


def test_redirects_lead_nowhere() -> None:
    answer = b"HTTP/1.1 301 Moved\r\nLocation: http://203.0.113.9:8080/\r\nRefresh: 0; url=//203.0.113.9\r\n\r\n"
    service, _took_s, dials = interview(lambda: Peer((), lambda _asked: [answer]), 80)
    assert service.facts is not None
    assert dict(service.facts.details)["location"] == "http://203.0.113.9:8080/"
    assert {(address, port) for _protocol, address, port in dials.dialled} == {("198.18.0.2", 80)}


def test_a_header_of_100_MB_is_read_to_its_64th_kilobyte() -> None:
    piece = b"x" * (1 << 20)

    class Header(Peer):
        taken = 0

        async def receive(self, most_bytes: int) -> bytes:
            first = b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nX: " if not self.taken else b""
            self.taken += most_bytes
            await asyncio.sleep(0)
            return (first + piece)[:most_bytes]

    service, took_s, dials = interview(Header, 80)
    assert service.facts is not None
    assert (service.facts.product, service.facts.version, took_s) == ("nginx", "1.22.1", 0.0)
    assert max(peer.taken for peer in dials.peers) <= 2 * MOST_BYTES
    assert len(dials.peers) <= 5


def test_a_long_answer_in_crumbs_is_not_read_anew_for_each() -> None:
    looked_at = []

    def complete(heard: bytes) -> bool:
        looked_at.append(len(heard))
        return False

    async def listen() -> None:
        await hear(Peer([b"x" * 16] * (MOST_BYTES // 16)), complete, 1.0, 1.0, 1.0)

    run(listen())
    assert sum(looked_at) < 100 * MOST_BYTES, "for each it would be 2,048 times"


def test_an_answer_whose_end_was_not_looked_at_is_whole_all_the_same() -> None:
    async def listen() -> tuple[bytes, float]:
        said = await hear(Peer([b"x" * 8000, b"\n"]), lambda heard: heard.endswith(b"\n"), 1.0, 0.5, 9.0)
        return said.data, asyncio.get_running_loop().time()

    (data, _at_s), took_s = run(listen())
    assert (len(data), took_s) == (8001, 0.5)


def test_who_pours_leaves_everybody_their_turn() -> None:
    """A real socket that always has something: others run between two pieces, and time-outs come to pass."""

    async def listen() -> int:
        ours, theirs = socket.socketpair()
        theirs.send(b"x" * 4096)
        ours.setblocking(False)
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        other = asyncio.ensure_future(count())
        conversation = SocketConversation(ours)
        for _piece in range(100):
            await conversation.receive(1)
        other.cancel()
        conversation.close()
        theirs.close()
        return turns

    assert asyncio.run(listen()) >= 100


@cache
def _large_certificate(extension_bytes: int, names: int) -> ssl.SSLContext:
    key, subject = _rsa_key(2048), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "large.lab")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime.fromtimestamp(BEGINS, datetime.UTC))
        .not_valid_after(datetime.datetime.fromtimestamp(ENDS, datetime.UTC))
        .add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), bytes(extension_bytes)), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"{n}.lab") for n in range(names)]), critical=False)
    )
    made = builder.sign(key, SHA256())
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "server.pem")
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(secret + made.public_bytes(Encoding.PEM))
        server.load_cert_chain(path)
    return server


def test_a_certificate_of_10_MB_is_refused_before_it_is_taken() -> None:
    server = _large_certificate(10_000_000, 1)
    service, took_s, _dials = interview(lambda: TlsPeer(server), 443)
    assert service.facts is not None
    assert service.facts.name == "ssl"
    assert service.tls is not None
    assert (service.tls.certificate, service.tls.chain) == (None, ())
    assert took_s <= PATIENCE.port_s


def test_of_a_certificate_with_thousands_of_names_a_few_are_told() -> None:
    service, _took_s, _dials = interview(lambda: TlsPeer(_large_certificate(0, 5000)), 443)
    assert service.tls is not None
    assert service.tls.certificate is not None
    assert len(service.tls.certificate.names) == 50


def test_a_name_in_tls_that_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL before 3.2 takes what a server chooses, offered or not."""

    def chosen(_tls: ssl.SSLObject) -> str:
        return b"\xff".decode()

    async def shake() -> str:
        conversation = TlsConversation(TlsPeer(server_context()), context())
        assert await conversation.begin() is None
        monkeypatch.setattr(ssl.SSLObject, "selected_alpn_protocol", chosen)
        return conversation.facts(ENDS, (), started=False).alpn

    assert run(shake())[0] == ""


@pytest.mark.parametrize("words", [b"\x1b]0;owned\x07\x9b2J", "\u202e\u2066".encode(), b"\xff\xfe\xc0\x80", b"\0" * 999])
def test_what_can_not_be_shown_is_kept_as_bytes(words: bytes) -> None:
    service, _took_s, _dials = interview(always(words, END), 40_000)
    assert (service.outcome, service.heard) == (Outcome.UNRECOGNISED, words[:256])


PIECES = st.lists(
    st.one_of(
        st.just(END),
        st.just(RESET),
        st.binary(max_size=60),
        st.sampled_from([words[:80] for one in CAPTURES.values() for words in one.answers]),
        st.tuples(st.sampled_from([0.05, 0.4, 2.0]), st.binary(min_size=1, max_size=9)),
    ),
    max_size=5,
)


def _ended(pieces: list[Said | Timed]) -> list[Said | Timed]:
    """Up to the first end: nothing comes after that."""
    first = next((at for at, piece in enumerate(pieces) if piece is END or isinstance(piece, OSError)), len(pieces))
    return pieces[: first + 1]


@settings(max_examples=80, deadline=None)
@given(PIECES, PIECES, st.sampled_from([22, 25, 80, 143, 443, 3306, 5432, 5900, 40_000]), st.booleans())
def test_no_server_makes_an_interview_raise(greeting: list[Said], answers: list[Said], port: int, datagrams: bool) -> None:
    kind = Protocol.UDP if datagrams else Protocol.TCP
    _service, took_s, _dials = interview(lambda: Peer(_ended(greeting), lambda _asked: _ended(answers)), port, kind)
    assert took_s <= PATIENCE.port_s


PARROTS: dict[str, Callable[[bytes], bytes]] = {
    "behind words": lambda said: b"You said: " + said,
    "behind a prompt": lambda said: b"> " + said,
    "before a prompt": lambda said: said + b"\r\n> ",
    "twice": lambda said: said + said,
    "filled up": lambda said: said + bytes(64),
    "without its beginning": lambda said: said[4:],
    "behind its length": lambda said: len(said).to_bytes(4, "big") + said,
    "with a bit set": lambda said: said[:1] + bytes(one | 0x80 for one in said[1:2]) + said[2:],
    "its first 4 bytes": lambda said: said[:4] + bytes(28),
    "its first 12 bytes": lambda said: said[:12] + bytes(500),
    "a line at a time": lambda said: b"".join(b"unknown command: " + line + b"\r\n" for line in said.splitlines()),
    "busy": lambda _said: b"421 too busy\r\n",
    "an error": lambda _said: b"-ERR unknown command\r\n",
    "no": lambda _said: b"\xff",
}
"""What comes back of whatever is sent."""


@pytest.mark.parametrize("port", [80, 445, 5222, 5672, 6379, 40_000])
@pytest.mark.parametrize("repeat", PARROTS.values(), ids=PARROTS)
def test_who_repeats_what_it_is_sent_speaks_none_of_it(repeat: Callable[[bytes], bytes], port: int) -> None:
    service, _took_s, _dials = interview(lambda: Peer((), lambda said: [repeat(said)]), port)
    assert service.facts is None, service.facts


def test_a_page_that_shows_the_request_is_a_page() -> None:
    def page(said: bytes) -> list[Said]:
        return [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(said) + said, END] if said[:4] == b"GET " else [END]

    service, _took_s, _dials = interview(lambda: Peer((), page), 80)
    assert service.facts is not None
    assert service.facts.name == "http"
