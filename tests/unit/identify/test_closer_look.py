"""What a web server is asked besides, and what is made of it: whole interviews with scripted servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from hatoba.identify.favicon import hashed
from hatoba.identify.interview import Interview
from hatoba.identify.manner import Manner, Patience, Target
from hatoba.identify.waf_test import HARMLESS
from hatoba.model import Protocol
from hatoba.service import Outcome, Service
from tests.unit.identify.peers import END, FakeDials, Peer, Said, run
from tests.unit.identify.protocols.test_http2 import ANSWER as H2_ANSWER
from tests.unit.identify.protocols.test_http2 import SETTINGS
from tests.unit.identify.servers import TlsPeer, server_context
from tests.unit.identify.test_favicon import ICON


def answer(body: bytes = b"hi", status: str = "200 OK", *fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Server: nginx", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


MISSING = answer(b"no", "404 Not Found")


def web(pages: dict[str, bytes | list[Said]]) -> Callable[[], Peer]:
    """By method and path, ``GET /``."""

    def answers(said: bytes) -> list[Said]:
        found = pages.get(b" ".join(said.split(b" ")[:2]).decode(), MISSING)
        return [found, END] if isinstance(found, bytes) else found

    return lambda: Peer((), answers)


def interview(make: Callable[[], Any], port: int = 80, **manner: Any) -> tuple[Service, float, FakeDials]:
    dials = FakeDials(make)
    service, took_s = run(Interview(dials, Target(ip_address("198.18.0.2"), Protocol.TCP, port), Manner(**manner)).run())
    dials.assert_all_closed()
    return service, took_s, dials


def details(make: Callable[[], Any], port: int = 80, **manner: Any) -> dict[str, str]:
    service = interview(make, port, **manner)[0]
    assert service.facts is not None
    return dict(service.facts.details)


def asked(dials: FakeDials) -> list[str]:
    return [b" ".join(said.split(b" ")[:2]).decode() for said in dials.sent]


def test_the_icon_the_methods_and_http_2() -> None:
    found = hashed(ICON)
    assert found is not None
    pages = {
        "GET /": answer(),
        "GET /favicon.ico": answer(ICON),
        "OPTIONS /": answer(b"", "200 OK", "Allow: GET, HEAD", "DAV: 1,2"),
    }
    _service, took_s, dials = interview(web(pages | {"PRI *": H2_ANSWER}))
    told = details(web(pages | {"PRI *": H2_ANSWER}))
    assert (told["favicon-mmh3"], told["favicon-sha256"]) == (str(found.murmur3), found.sha256)
    assert (told["allow"], told["dav"], told["h2"]) == ("GET, HEAD", "1,2", "yes")
    assert (asked(dials), took_s) == (["GET /", "GET /favicon.ico", "OPTIONS /", "PRI *", "SSH-2.0-hatoba\r\n"], 0.0)


def test_a_refusal_names_methods_too() -> None:
    assert details(web({"GET /": answer(), "OPTIONS /": answer(b"", "405 No", "Allow: GET")}))["allow"] == "GET"


def test_the_icon_that_the_page_names_is_asked_for() -> None:
    page = b'<html><link rel="shortcut icon" type="image/png" href="/i/own.png"></html>'
    dials = interview(web({"GET /": answer(page), "GET /i/own.png": answer(ICON)}))[2]
    assert "GET /i/own.png" in asked(dials)


@pytest.mark.parametrize("href", ["//elsewhere.example/x.ico", "https://elsewhere.example/x.ico"])
def test_nothing_is_asked_of_anybody_else(href: str) -> None:
    page = b'<html><link rel="icon" href="' + href.encode() + b'"></html>'
    dials = interview(web({"GET /": answer(page, "302 Found", "Location: http://elsewhere.example/")}))[2]
    assert {address for _kind, address, _port in dials.dialled} == {"198.18.0.2"}
    assert not any(b"elsewhere" in said for said in dials.sent)


def test_an_icon_in_chunks() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(
        b"%x;x=1\r\n%b\r\n" % (len(part), part) for part in (ICON[:100], ICON[100:])
    )
    told = details(web({"GET /": answer(), "GET /favicon.ico": chunked + b"0\r\n\r\n"}))
    assert told["favicon-mmh3"] == details(web({"GET /": answer(), "GET /favicon.ico": answer(ICON)}))["favicon-mmh3"]


@pytest.mark.parametrize(
    "icon",
    [
        answer(b"<html>a page</html>"),
        answer(ICON, "404 Not Found"),
        answer(ICON)[:-10],
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + ICON + bytes(200_000),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n" + ICON,
        b"\xff" * 50,
    ],
)
def test_what_is_no_whole_icon_is_left_out(icon: bytes) -> None:
    assert "favicon-mmh3" not in details(web({"GET /": answer(), "GET /favicon.ico": icon}))


def test_at_low_intensity_it_is_left_alone() -> None:
    dials = interview(web({"GET /": answer()}), intensity=4)[2]
    assert asked(dials) == ["GET /"]


def test_silence_to_one_question_costs_bounded_time_and_nothing_that_is_known() -> None:
    service, took_s, _dials = interview(web({"GET /": answer(), "GET /favicon.ico": [], "OPTIONS /": [], "PRI *": []}))
    patience = Patience()
    assert service.outcome is Outcome.RECOGNISED
    assert took_s == pytest.approx(2 * patience.answer_s + patience.guess_s)


def test_what_is_known_when_the_time_is_up_is_told() -> None:
    pages: dict[str, bytes | list[Said]] = {"GET /": answer(), "GET /favicon.ico": answer(ICON), "OPTIONS /": []}
    service, took_s, _dials = interview(web(pages), patience=Patience(port_s=1.0))
    assert took_s == pytest.approx(1.0)
    assert service.facts is not None
    assert "favicon-mmh3" in dict(service.facts.details)
    assert service.outcome is Outcome.RECOGNISED


def test_a_waf_is_tested_where_that_was_wished_for() -> None:
    pages: dict[str, bytes | list[Said]] = {"GET /": answer(), f"GET {HARMLESS}": answer()}
    service, _took_s, dials = interview(web(pages), waf_test=True, intensity=0)
    assert service.facts is not None
    assert [shield.sign for shield in service.facts.shields] == ["refusal"]
    assert len(dials.sent) == 7
    assert "hatoba=" not in str(asked(interview(web(pages))[2]))


def test_only_web_servers_are_looked_at() -> None:
    dials = interview(lambda: Peer([b"SSH-2.0-OpenSSH_9.2p1\r\n"]), 22, waf_test=True)[2]
    assert dials.sent == []


def test_a_service_that_speaks_http_2_alone_without_tls() -> None:
    service, _took_s, dials = interview(
        lambda: Peer((), lambda said: [H2_ANSWER if said.startswith(b"PRI") else SETTINGS]), 8080
    )
    assert service.facts is not None
    assert (service.facts.name, service.facts.product) == ("http", "nginx")
    assert dict(service.facts.details)["title"] == "inside"
    assert asked(dials)[:2] == ["GET /", "PRI *"]


def test_a_service_that_speaks_http_2_alone_behind_tls() -> None:
    class Picky(TlsPeer):
        def _records(self, data: bytes) -> list[Said]:
            """RFC 7301 section 3.2: no_application_protocol."""
            refused = data[:1] == b"\x16" and not self._up and b"\2h2" not in data
            return [bytes.fromhex("15030300020278"), END] if refused else super()._records(data)

    made = server_context(alpn=("h2",))
    service, _took_s, dials = interview(
        lambda: Picky(made, (), lambda said: [H2_ANSWER] if said.startswith(b"PRI") else [SETTINGS]), 443
    )
    assert service.facts is not None
    assert service.tls is not None
    assert (service.tls.alpn, service.facts.product) == ("h2", "nginx")
    assert not any(said.startswith(b"GET") for peer in dials.peers for said in peer.inside)


def test_http_2_chosen_in_tls() -> None:
    made = server_context(alpn=("h2", "http/1.1"))

    def inside() -> TlsPeer:
        return TlsPeer(made, (), lambda said: [H2_ANSWER] if said.startswith(b"PRI") else [answer()])

    assert details(inside, 443)["h2-settings"].startswith("max_concurrent_streams=128")


def test_a_printer_is_looked_at_as_web_servers_are() -> None:
    """IPP is HTTP: its icon tells models apart, too."""
    said = answer(b"\1\1\4\6\0\0\0\1\3", "200 OK", "Content-Type: application/ipp")
    pages: dict[str, bytes | list[Said]] = {
        "POST /ipp/print": [said],
        "POST /": [said],
        "GET /": answer(b"<title>Quay</title>"),
        "GET /favicon.ico": answer(ICON),
    }
    service, _took_s, dials = interview(web(pages), 631)
    assert service.facts is not None
    told = dict(service.facts.details)
    assert (service.facts.name, told["title"], "favicon-mmh3" in told) == ("ipp", "Quay", True)
    assert asked(dials)[:3] == ["POST /ipp/print", "POST /", "GET /"]


DROPBEAR = b"SSH-2.0-dropbear_2022.83\r\n"
_SHARED = "ssh Dropbear sshd 2022.83"


def shared_port(make_web: Callable[[], Any], *, hello: bool) -> Callable[[], Any]:
    """A peer that, as sslh does, is one server or another by a client's first words; it is TLS's where *hello* says so."""

    class Sorted(Peer):
        async def send(self, data: bytes) -> None:
            if not self.sent and data.startswith(b"SSH-"):
                self._answers = lambda _said: [DROPBEAR]
            elif not self.sent and data.startswith(b"\x16") is hello:
                behind = make_web()
                self._answers = behind._records if hello else behind._answers
            elif not self.sent:
                other = TlsPeer(server_context()) if data.startswith(b"\x16") else web({})()
                self._answers = getattr(other, "_records", other._answers)
            await super().send(data)

    return Sorted


def test_a_port_that_several_servers_share_without_tls_first() -> None:
    told = details(shared_port(web({"GET /": answer()}), hello=False))
    assert told["beside"] == f"{_SHARED}; tls"


def test_a_port_that_several_servers_share_behind_tls() -> None:
    told = details(shared_port(lambda: TlsPeer(server_context(), (), lambda _said: [answer(), END]), hello=True), 443)
    assert told["beside"] == f"{_SHARED}; http nginx"


@pytest.mark.parametrize("said", [MISSING, b"SSH-2.0-hatoba\r\n", b""])
def test_who_refuses_ssh_or_sends_it_back_shares_with_nobody(said: bytes) -> None:
    pages = web({"GET /": answer()})

    def make() -> Peer:
        return Peer((), lambda sent: [said, END] if sent.startswith(b"SSH-") else pages()._answers(sent))

    assert "beside" not in details(make)


def test_below_intensity_5_nobody_is_asked_who_shares_the_port() -> None:
    _service, _took_s, dials = interview(web({"GET /": answer()}), intensity=4)
    assert not [said for said in dials.sent if said.startswith(b"SSH-")]


def proxied(behind: Callable[[bytes], Any]) -> Callable[[], Peer]:
    """Hangs up on whoever does not begin with a header of the PROXY protocol; who does speaks to the server *behind* it."""

    class Door(Peer):
        async def send(self, data: bytes) -> None:
            first = not self.sent
            if first and not data.startswith(b"PROXY "):
                self._answers = lambda _said: [END]
            elif first:
                self._answers = lambda _said: []
            else:
                self._answers = behind
            await super().send(data)

    return Door


@pytest.mark.parametrize("port", [80, 40_000])
def test_a_port_for_proxies_alone(port: int) -> None:
    service, _took_s, dials = interview(proxied(lambda said: [answer(), END] if said.startswith(b"GET ") else [END]), port)
    assert service.facts is not None
    assert (service.facts.product, dict(service.facts.details)["proxy-protocol"]) == ("nginx", "required")
    assert {said for said in dials.sent if said.startswith(b"PROXY")} == {b"PROXY UNKNOWN\r\n"}


def test_who_hangs_up_for_a_while_only_is_no_port_for_proxies() -> None:
    """It starts, or our own questions were too many for it: when the header comes it is well, and finds that wrong."""

    def make() -> Peer:
        begun_s.append(asyncio.get_running_loop().time())
        if begun_s[-1] - begun_s[0] < 3:
            return Peer((), lambda _said: [END])
        return Peer((), lambda said: [answer() if said.startswith(b"GET ") else answer(b"", "400 Bad Request"), END])

    begun_s: list[float] = []
    service, _took_s, dials = interview(make)
    assert b"PROXY UNKNOWN\r\n" in dials.sent
    assert service.facts is not None
    assert (service.facts.product, dict(service.facts.details)["status"]) == ("nginx", "200 OK")
    assert "proxy-protocol" not in dict(service.facts.details)


@pytest.mark.parametrize("shown", [b"SSH-2.0-hatoba", b"SSH-2.0-hato...", b"SSH-2.0-HATOBA"])
def test_a_page_that_shows_what_was_sent_is_nobody_beside(shown: bytes) -> None:
    page = answer(b"cannot read:\n" + shown + b"\n", "400 Bad Request")
    told = details(lambda: Peer((), lambda said: [answer() if said.startswith(b"GET ") else page, END]))
    assert "beside" not in told


def test_who_hangs_up_on_proxies_too_is_left_after_one_try() -> None:
    service, _took_s, dials = interview(lambda: Peer((), lambda _said: [END]), 40_000)
    assert service.outcome is Outcome.SILENT
    assert dials.sent.count(b"PROXY UNKNOWN\r\n") == 1


def test_who_says_nothing_is_not_taken_for_a_port_for_proxies() -> None:
    service, _took_s, dials = interview(Peer, 40_000)
    assert service.outcome is Outcome.SILENT
    assert b"PROXY UNKNOWN\r\n" not in dials.sent
