"""Through proxies: what they are asked, in which order, and what their refusals sound like."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from hatoba.errors import UsageError
from hatoba.netcat import proxy as proxies
from hatoba.netcat.console import Console
from hatoba.netcat.ends import End, NotConnected, SocketSettings, Transport
from hatoba.netcat.http_proxy import HttpProxy
from hatoba.netcat.proxy import Lookup, ProxyKind, ProxySettings, through
from hatoba.netcat.proxy_service import ProxyService
from hatoba.netcat.socks import Account
from hatoba.netcat.socks_proxy import SocksProxy
from tests.unit.netcat.proxy_world import PEER, World, echo, everything, lookup, world

PROXY = "198.18.0.1:1080"
ACCOUNT = Account("ann", "secret")
WWW = {"198.18.0.80:80": echo}


def settings(kind: ProxyKind, account: Account | None = None, how: Lookup = Lookup.REMOTE) -> ProxySettings:
    return ProxySettings(kind, End(Transport.TCP, "198.18.0.1", 1080), account, how)


def real(kind: ProxyKind, inside: World, account: Account | None = None) -> Callable[[socket.socket], None]:
    """A proxy server of ours that reaches what *inside* holds."""
    service = ProxyService(account, dialer=inside.dial, lookup=lookup)
    handler = HttpProxy(service) if kind is ProxyKind.HTTP else SocksProxy(service)
    return lambda connection: handler(connection, PEER, inside.console)


def scripted(*answers: bytes) -> Callable[[socket.socket], bytes]:
    """A proxy that hears something and says the next of *answers*, then hears to the end; returns what it heard."""
    left = list(answers)

    def serve(connection: socket.socket) -> bytes:
        heard = connection.recv(65536)
        connection.sendall(left.pop(0))
        connection.shutdown(socket.SHUT_WR)
        return heard + everything(connection)

    return serve


@pytest.mark.parametrize("kind", ProxyKind)
@pytest.mark.parametrize("host", ["198.18.0.80", "www"])
def test_a_stream_through_each_kind(kind: ProxyKind, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "places", lookup)
    account = ACCOUNT if kind in (ProxyKind.HTTP, ProxyKind.SOCKS5) else None
    with world(WWW) as inside, world({PROXY: real(kind, inside, account)}) as outside:
        dial = through(settings(kind, account), outside.dial)
        with dial(End(Transport.TCP, host, 80), SocketSettings(), outside.console) as connection:
            connection.sendall(b"hello")
            connection.shutdown(socket.SHUT_WR)
            assert everything(connection) == b"220 ready\r\nhello"
        inside.told()
        assert f"connected to {host}:80 through the {kind.words} proxy {PROXY}" in outside.told()


def test_one_proxy_behind_another() -> None:
    with (
        world(WWW) as inside,
        world({"198.18.0.2:3128": real(ProxyKind.HTTP, inside)}) as between,
        world({PROXY: real(ProxyKind.SOCKS5, between)}) as outside,
    ):
        first = through(settings(ProxyKind.SOCKS5), outside.dial)
        dial = through(ProxySettings(ProxyKind.HTTP, End(Transport.TCP, "198.18.0.2", 3128)), first)
        with dial(End(Transport.TCP, "198.18.0.80", 80), SocketSettings(), outside.console) as connection:
            assert connection.recv(100) == b"220 ready\r\n"


@pytest.mark.parametrize(
    ("kind", "how", "asked"),
    [
        (ProxyKind.SOCKS5, Lookup.REMOTE, b"\x03\x03www"),
        (ProxyKind.SOCKS5, Lookup.BOTH, b"\x04" + socket.inet_pton(socket.AF_INET6, "fd00:18::80")),
        (ProxyKind.SOCKS5, Lookup.LOCAL, b"\x04" + socket.inet_pton(socket.AF_INET6, "fd00:18::80")),
        (ProxyKind.SOCKS4, Lookup.REMOTE, socket.inet_aton("198.18.0.80")),
        (ProxyKind.SOCKS4A, Lookup.LOCAL, socket.inet_aton("198.18.0.80")),
        (ProxyKind.SOCKS4A, Lookup.REMOTE, b"\0\0\0\1\0www\0"),
    ],
)
def test_who_looks_the_name_up(kind: ProxyKind, how: Lookup, asked: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "places", lookup)
    heard: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        if kind is ProxyKind.SOCKS5:
            connection.recv(100)
            connection.sendall(b"\x05\x00")
        heard.append(connection.recv(100))

    with world({PROXY: serve}) as outside, pytest.raises(NotConnected, match="hung up before everything was said"):
        through(settings(kind, how=how), outside.dial)(End(Transport.TCP, "www", 80), SocketSettings(), outside.console)
    assert asked in heard[0]


def test_every_address_is_tried_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "places", lookup)
    with world(WWW) as inside, world({PROXY: real(ProxyKind.SOCKS5, inside)}) as outside:
        dial = through(settings(ProxyKind.SOCKS5, how=Lookup.LOCAL), outside.dial)
        with dial(End(Transport.TCP, "www", 80), SocketSettings(), outside.console) as connection:
            assert connection.recv(100) == b"220 ready\r\n"
        assert inside.dialed == ["[fd00:18::80]:80", "198.18.0.80:80"]


def test_who_is_asked_where_this_machine_knows_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "places", lookup)
    with world({PROXY: scripted(bytes([0, 91]) + bytes(6))}) as outside:
        dial = through(settings(ProxyKind.SOCKS4A, how=Lookup.BOTH), outside.dial)
        with pytest.raises(NotConnected, match="it could not connect"):
            dial(End(Transport.TCP, "inner", 80), SocketSettings(), outside.console)
        assert b"\0inner\0" in outside.served[0].result()
        with pytest.raises(NotConnected, match="Name or service not known"):
            through(settings(ProxyKind.SOCKS4), outside.dial)(
                End(Transport.TCP, "inner", 80), SocketSettings(), outside.console
            )


HTTP = settings(ProxyKind.HTTP)
HTTP_WITH = settings(ProxyKind.HTTP, ACCOUNT)
ASKS = b"HTTP/1.1 407 Who?\r\nProxy-Authenticate: %s\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("proxy", "answers", "words"),
    [
        (HTTP, [b"HTTP/1.1 403 Not for \x1b[31myou\r\n\r\n"], "answers 403 Not for \\x1b[31myou"),
        (HTTP, [b"HTTP/1.1 503 Busy\r\n\r\n"], "answers 503 Busy"),
        (HTTP, [b"HTTP/1.1 503 \xc2\x9b31m\r\n\r\n"], "answers 503 Â\\x9b31m"),
        (HTTP, [b""], "hung up before everything was said"),
        (HTTP, [ASKS % b"Basic realm=x"], "wants to know who asks; give user and password with --proxy-auth"),
        (HTTP_WITH, [ASKS % b"Basic realm=x"] * 2, "does not accept this user and password; check --proxy-auth"),
        (HTTP_WITH, [ASKS % b"Negotiate, NTLM"], "in a way that is not known here (negotiate, ntlm); Basic and Digest are"),
        (settings(ProxyKind.SOCKS5), [b"HTTP/1.0 400"], "speaks no SOCKS version 5"),
        (settings(ProxyKind.SOCKS5), [b"\x05"], "hung up before everything was said"),
        (settings(ProxyKind.SOCKS4), [bytes([0, 91]) + bytes(6)], "refuses: it could not connect"),
    ],
)
def test_refusals(proxy: ProxySettings, answers: list[bytes], words: str) -> None:
    with world({PROXY: scripted(*answers)}) as outside, pytest.raises(NotConnected) as caught:
        through(proxy, outside.dial)(End(Transport.TCP, "198.18.0.80", 80), SocketSettings(), outside.console)
    assert str(caught.value).startswith(f"198.18.0.80:80: the proxy {PROXY} ")
    assert words in str(caught.value)
    assert caught.value.fault is not None


def test_a_proxy_that_says_nothing() -> None:
    hasty = SocketSettings(connect_timeout_s=0.01)
    with world({PROXY: everything}) as outside, pytest.raises(NotConnected, match=r"does not answer in time"):
        through(settings(ProxyKind.SOCKS5), outside.dial)(End(Transport.TCP, "198.18.0.80", 80), hasty, outside.console)


@pytest.mark.parametrize(
    ("proxy", "end", "numeric", "words"),
    [
        (HTTP, End(Transport.UDP, "198.18.0.80", 80), False, "a proxy carries TCP only"),
        (HTTP, End(Transport.TCP, "www", 80), True, "type an address"),
        (settings(ProxyKind.SOCKS5, how=Lookup.NONE), End(Transport.TCP, "www", 80), False, "type an address"),
        (settings(ProxyKind.SOCKS4), End(Transport.TCP, "fd00:18::2", 80), False, "use --proxy-type socks5"),
        (HTTP, End(Transport.TCP, "a b", 80), False, "can't be a name"),
    ],
)
def test_what_the_user_got_wrong(proxy: ProxySettings, end: End, numeric: bool, words: str) -> None:
    with world({PROXY: everything}) as outside, pytest.raises(UsageError, match=words):
        through(proxy, outside.dial)(end, SocketSettings(numeric=numeric), outside.console)


def test_the_teaching_mode_tells_who_sees_what(monkeypatch: pytest.MonkeyPatch) -> None:
    with world(WWW) as inside, world({PROXY: real(ProxyKind.SOCKS5, inside)}) as outside:
        console = Console(outside.text, explaining=True)
        dial = through(settings(ProxyKind.SOCKS5), outside.dial)
        dial(End(Transport.TCP, "198.18.0.80", 80), SocketSettings(), console).close()
    assert "sees all of it that is not encrypted" in outside.text.getvalue()
