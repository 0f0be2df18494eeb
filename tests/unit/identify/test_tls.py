"""Services behind TLS, on a server in memory: the handshake itself, and the interview through it (``identify.layers``)."""

from __future__ import annotations

import ssl
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import hpack
import pytest

from hatoba.identify.interview import Interview
from hatoba.identify.layers import PlainLayer, TlsLayer
from hatoba.identify.manner import Manner, Patience, Target
from hatoba.identify.tls import TlsConversation, _sent_certificates, context, is_tls, server_name
from hatoba.model import Protocol
from hatoba.service import Outcome, Service
from tests.unit.identify.peers import FakeDials, Peer, run
from tests.unit.identify.servers import NOW_S, TlsPeer, server_context

HTTP = b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 2\r\n\r\nhi"
PLAIN_TO_TLS = b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\n\r\n<h1>The plain HTTP request was sent to HTTPS port</h1>"


def interview(dials: FakeDials, port: int, names: tuple[str, ...] = (), intensity: int = 7) -> Service:
    target = Target(ip_address("198.18.0.2"), Protocol.TCP, port, names)
    service, _took_s = run(Interview(dials, target, Manner(intensity), lambda: NOW_S).run())
    dials.assert_all_closed()
    return service


def web(**options: object) -> FakeDials:
    chosen = server_context(**options)  # type: ignore[arg-type]
    return FakeDials(lambda: TlsPeer(chosen, (), lambda said: [HTTP] if said.startswith(b"GET") else []))


def test_a_web_server_behind_tls() -> None:
    service = interview(web(alpn=("http/1.1",)), 443, ("www.target.lab",))
    assert service.facts is not None
    assert service.tls is not None
    assert (service.facts.name, service.facts.product, service.encrypted) == ("http", "nginx", True)
    assert (service.tls.version, service.tls.alpn, service.tls.started) == ("TLSv1.3", "http/1.1", False)
    assert service.tls.versions == ("TLSv1.2", "TLSv1.3")
    certificate = service.tls.certificate
    assert certificate is not None
    assert (certificate.common_name, certificate.problems) == ("target.lab", ("self-signed",))


def test_the_end_is_told_inside_before_the_connection_ends() -> None:
    dials = web()
    interview(dials, 443)
    shaken = [peer for peer in dials.peers if peer._up]
    assert shaken
    assert all(peer.told_of_the_end for peer in shaken)


def test_a_certificate_for_another_name() -> None:
    service = interview(web(), 443, ("other.example",))
    assert service.tls is not None
    assert service.tls.certificate is not None
    assert "wrong-name" in service.tls.certificate.problems


def test_http_2_is_told_where_it_is_offered() -> None:
    service = interview(web(alpn=("h2", "http/1.1")), 443)
    assert service.facts is not None
    assert ("h2", "yes") in service.facts.details
    assert ("h2", "yes") not in (interview(web(alpn=("http/1.1",)), 443).facts or service.facts).details


def test_old_versions_only() -> None:
    service = interview(web(most="TLSv1_2"), 443)
    assert service.tls is not None
    assert (service.tls.version, service.tls.versions) == ("TLSv1.2", ("TLSv1.2",))


def test_at_low_intensity_versions_are_not_tried() -> None:
    dials = web()
    service = interview(dials, 443, intensity=4)
    assert service.tls is not None
    assert (service.tls.versions, len(dials.peers)) == ((), 1)


def test_tls_is_found_on_an_odd_port() -> None:
    """Here a server that says nothing to plain HTTP but an alert, as OpenSSL's do."""
    service = interview(web(), 40_000)
    assert service.facts is not None
    assert (service.facts.name, service.encrypted) == ("http", True)


def test_a_server_that_asks_for_tls_in_plain_text_is_asked_by_tls() -> None:
    class Either(TlsPeer):
        def _records(self, data: bytes) -> list[bytes | OSError | None]:
            return [PLAIN_TO_TLS, None] if data.startswith(b"GET") and not self._up else super()._records(data)

    dials = FakeDials(lambda: Either(server_context(), (), lambda said: [HTTP] if said.startswith(b"GET") else []))
    service = interview(dials, 8080)
    assert service.facts is not None
    assert (service.facts.product, service.encrypted) == ("nginx", True)
    assert dict(service.facts.details)["status"] == "200 OK"


def test_a_greeting_inside() -> None:
    dials = FakeDials(lambda: TlsPeer(server_context(), [b"* OK IMAP4rev1 Dovecot ready.\r\n"], lambda _said: []))
    service = interview(dials, 993)
    assert service.facts is not None
    assert (service.facts.product, service.encrypted) == ("Dovecot imapd", True)


def test_what_is_inside_is_silent() -> None:
    service = interview(FakeDials(lambda: TlsPeer(server_context())), 443)
    assert (service.outcome, service.facts, service.encrypted) == (Outcome.SILENT, None, True)


def test_plain_text_where_tls_was_expected() -> None:
    service = interview(
        FakeDials(lambda: Peer((), lambda said: [HTTP] if said.startswith(b"GET") else [b"HTTP/1.1 400 x\r\n\r\n"])), 443
    )
    assert service.facts is not None
    assert (service.facts.product, service.tls) == ("nginx", None)


@pytest.mark.parametrize(
    ("alert", "names", "why"),
    [
        (40, (), "no common version or cipher"),
        (70, ("www.target.lab",), "no common version or cipher"),
        (112, (), "host name required"),
        (112, ("198.18.0.2",), "host name required"),
        (112, ("www.target.lab",), "unknown host name"),
        (80, (), "handshake refused: internal error"),
        (49, (), "handshake refused: alert 49"),
    ],
)
def test_why_a_handshake_is_refused(alert: int, names: tuple[str, ...], why: str) -> None:
    service = interview(FakeDials(lambda: Peer((), lambda _said: [bytes((21, 3, 3, 0, 2, 2, alert)), None])), 443, names)
    assert service.facts is not None
    assert (service.facts.name, service.facts.extra, service.tls) == ("ssl", why, None)


class OnlyHttp2(TlsPeer):
    """Shakes hands with everybody, and hangs up on who did not choose HTTP/2, as nghttpd does; or says nothing."""

    def __init__(self, *, hangs_up: bool) -> None:
        self._hangs_up = hangs_up
        super().__init__(server_context(alpn=("h2",)), (), self._answer)

    def _answer(self, said: bytes) -> list[bytes | OSError | None]:
        if self._tls.selected_alpn_protocol() != "h2":
            return [None] if self._hangs_up else []
        head = hpack.Encoder().encode([(":status", "200"), ("server", "nghttpd nghttp2/1.52.0")])
        return [bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)), bytes((0, 0, len(head), 1, 5, 0, 0, 0, 1)) + head]


@pytest.mark.parametrize("hangs_up", [True, False])
def test_a_server_of_http_2_alone_that_shakes_hands_with_everybody(hangs_up: bool) -> None:
    service = interview(FakeDials(lambda: OnlyHttp2(hangs_up=hangs_up)), 8446)
    assert service.facts is not None
    assert service.tls is not None
    assert (service.facts.name, service.facts.product, service.tls.alpn) == ("http", "nghttpd", "h2")


class StartsTls(TlsPeer):
    """Plain IMAP that changes over."""

    def __init__(self) -> None:
        super().__init__(server_context())
        self._plain = True
        self._say([b"* OK [CAPABILITY IMAP4rev1 STARTTLS] Dovecot ready.\r\n"])

    def _records(self, data: bytes) -> list[bytes | OSError | None]:
        if not self._plain:
            return super()._records(data)
        tag, _space, command = data.partition(b" ")
        self._plain = not command.startswith(b"STARTTLS")
        return [tag + b" OK done\r\n"]


def test_tls_on_request() -> None:
    dials = FakeDials(StartsTls)
    service = interview(dials, 143)
    assert all(peer.told_of_the_end for peer in dials.peers)
    assert service.tls is not None
    assert (service.encrypted, service.tls.started, service.tls.version) == (False, True, "TLSv1.3")
    assert service.tls.certificate is not None


def test_a_server_that_refuses_our_names_is_asked_without_them() -> None:
    """RFC 7301 section 3.2: no_application_protocol."""
    turns: list[TlsPeer] = []

    class Picky(TlsPeer):
        def _records(self, data: bytes) -> list[bytes | OSError | None]:
            if b"http/1.1" in data and not self._up:
                return [bytes.fromhex("15030300020278"), None]
            return super()._records(data)

    def make() -> TlsPeer:
        turns.append(Picky(server_context(), (), lambda said: [HTTP]))
        return turns[-1]

    service = interview(FakeDials(make), 443, intensity=2)
    assert service.facts is not None
    assert (service.facts.product, len(turns)) == ("nginx", 2)


def test_data_passes_both_ways() -> None:
    async def talk() -> tuple[bytes, bytes]:
        peer = TlsPeer(server_context(), [b"hello"], lambda said: [said[::-1], None])
        inside = TlsConversation(peer, context(), "target.lab")
        assert await inside.begin() is None
        first = await inside.receive(100)
        await inside.send(b"abc")
        rest = await inside.receive(100)
        assert await inside.receive(100) == b""
        inside.close()
        inside.close()
        assert peer.closed
        return first, rest

    assert run(talk())[0] == (b"hello", b"cba")


@pytest.mark.parametrize("heard", [b"", b"\x16\x03\x01" + b"\xff" * 70_000, b"\x15\x03\x03\x00\x02\x02\x28", b"SSH-2.0-x\r\n"])
def test_a_handshake_that_fails_is_a_refusal(heard: bytes) -> None:
    async def talk() -> bool:
        refusal = await TlsConversation(Peer((), lambda _said: [heard or None, None]), context(), None).begin()
        assert refusal is not None
        return refusal.speaks_tls

    assert run(talk())[0] == is_tls(heard)


def test_a_layer_tells_what_was_said_instead() -> None:
    async def talk() -> tuple[bytes, bool]:
        target = Target(ip_address("198.18.0.2"), Protocol.TCP, 443)
        below = PlainLayer(FakeDials(lambda: Peer([b"220 hi\r\n"])), target, 1.0)
        layer = TlsLayer(below, target, Patience(), Manner(), lambda: NOW_S)
        assert await layer.open() is None
        return layer.heard, layer.speaks_tls

    assert run(talk())[0] == (b"220 hi\r\n", False)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("www.target.lab",), "www.target.lab"),
        (("198.18.0.2", "a.lab"), "a.lab"),
        (("",), None),
        ((".x",), None),
        (("a b",), None),
        ((), None),
    ],
)
def test_which_name_a_server_is_told(names: tuple[str, ...], told: str | None) -> None:
    assert server_name(names) == told


def test_nothing_is_verified_and_old_versions_are_offered() -> None:
    ours = context()
    assert (ours.verify_mode, ours.check_hostname, ours.minimum_version) == (ssl.CERT_NONE, False, ssl.TLSVersion.TLSv1)


def test_all_certificates_are_told_by_every_python() -> None:
    class Behind:
        @staticmethod
        def get_unverified_chain() -> list[Any]:
            return [SimpleNamespace(public_bytes=lambda kind: b"own" if kind == 2 else b"")]

    newer = SimpleNamespace(get_unverified_chain=lambda: [b"own", b"issuer"])
    older = SimpleNamespace(_sslobj=Behind(), getpeercert=None)
    other = SimpleNamespace(getpeercert=lambda binary_form: b"own")
    none = SimpleNamespace(get_unverified_chain=lambda: None)
    sent = [_sent_certificates(one) for one in (newer, older, other, none)]  # type: ignore[arg-type]
    assert sent == [[b"own", b"issuer"], [b"own"], [b"own"], []]
