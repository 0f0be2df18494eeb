"""The HTTP proxy server: tunnels, requests that are passed on, and what it refuses."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Iterator
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.netcat import http_proxy, proxy_service
from hatoba.netcat.ends import End, NotConnected, Peer
from hatoba.netcat.http_credentials import answer, basic, challenges
from hatoba.netcat.http_proxy import HttpProxy
from hatoba.netcat.proxy_service import ProxyService
from hatoba.netcat.socks import Account
from tests.unit.netcat.proxy_world import PATIENCE_S, World, echo, everything, lookup, world

ACCOUNT = Account("ann", "sec:ret")
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: x-hop\r\nX-Hop: 1\r\nX-End: 2\r\n\r\nhello"


def web(answer: bytes) -> object:
    """A server that hears a request to its end, and says *answer*; it returns what it heard."""

    def serve(connection: socket.socket) -> bytes:
        heard = b""
        while b"\r\n\r\n" not in heard or (b"chunked" in heard and not heard.endswith(b"0\r\n\r\n")):
            heard += connection.recv(65536)
        while b"content-length: 4" in heard and not heard.endswith(b"body"):
            heard += connection.recv(65536)
        connection.sendall(answer)
        return heard

    return serve


def proxy(inside: World, account: Account | None = None) -> HttpProxy:
    return HttpProxy(ProxyService(account, dialer=inside.dial, lookup=lookup), name="test")


@pytest.fixture
def inside() -> Iterator[World]:
    with world({"198.18.0.80:80": web(HELLO), "198.18.0.22:22": echo}) as made:  # type: ignore[dict-item]
        yield made


def ask(inside: World, request: bytes, account: Account | None = None) -> bytes:
    """What a client hears that says *request* and nothing more."""
    with inside.handle(proxy(inside, account)) as client:
        with contextlib.suppress(BrokenPipeError):  # some are turned away before they have said a word
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
        return everything(client)


def test_a_tunnel_that_the_client_can_not_wait_for(inside: World) -> None:
    heard = ask(inside, b"CONNECT 198.18.0.22:22 HTTP/1.1\r\nHost: x\r\n\r\nhello")
    head, _end, stream = heard.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 Connection established")
    assert b"chunked" not in head.lower()
    assert stream == b"220 ready\r\nhello"


def test_a_request_is_passed_on_without_what_concerned_the_connection(inside: World) -> None:
    request = (
        b"POST http://user@www/a?b=c HTTP/1.1\r\nHost: elsewhere\r\nProxy-Connection: keep-alive\r\n"
        b"Connection: x-mine, close\r\nX-Mine: 1\r\nX-Theirs: 2\r\nTE: trailers\r\nContent-Length: 4\r\n\r\nbody"
    )
    heard = ask(inside, request)
    assert b"\r\n\r\nhello" in heard
    assert b"x-end: 2" in heard.lower()
    assert b"x-hop" not in heard.lower()
    assert b"via: 1.1 test" in heard.lower()
    sent = inside.served[-1].result().lower()
    assert sent.startswith(b"post /a?b=c http/1.1\r\nhost: www\r\n")
    assert sent.endswith(b"\r\n\r\nbody")
    for field, there in (
        (b"x-theirs: 2", True),
        (b"via: 1.1 test", True),
        (b"x-mine", False),
        (b"proxy-", False),
        (b"te:", False),
    ):
        assert (field in sent) is there
    assert sent.count(b"host:") == 1


def test_a_body_of_unknown_length_stays_one(inside: World) -> None:
    heard = ask(
        inside, b"POST http://198.18.0.80 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
    )
    assert heard.endswith(b"hello")
    assert b"POST / HTTP/1.1" in inside.served[-1].result()
    assert b"body" in inside.served[-1].result()


def test_one_connection_for_many_requests(inside: World) -> None:
    one = b"GET http://198.18.0.80/ HTTP/1.1\r\nHost: x\r\n\r\n"
    assert ask(inside, one * 3).count(b"hello") == 3
    assert inside.dialed == ["198.18.0.80:80"] * 3


def test_a_client_that_waits_for_leave_to_go_on(inside: World) -> None:
    with inside.handle(proxy(inside)) as client:
        client.sendall(b"POST http://198.18.0.80/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 100")
        client.sendall(b"body")
        client.shutdown(socket.SHUT_WR)
        assert everything(client).endswith(b"hello")


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /local HTTP/1.1", 400),
        (b"GET ftp://198.18.0.80/ HTTP/1.1", 400),
        (b"CONNECT 198.18.0.22 HTTP/1.1", 400),
        (b"CONNECT 198.18.0.22:99999 HTTP/1.1", 400),
        (b"CONNECT [::1:22 HTTP/1.1", 400),
        (b"CONNECT 198.18.0.99:22 HTTP/1.1", 502),
        (b"GET http://unknown/ HTTP/1.1", 502),
        (b"NONSENSE", 400),
    ],
)
def test_refusals_have_a_status(inside: World, request_line: bytes, status: int) -> None:
    heard = ask(inside, request_line + b"\r\nHost: x\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 %d " % status)
    assert "was refused" in inside.told()


def test_a_refused_client_may_ask_again(inside: World) -> None:
    refused = b"POST ftp://198.18.0.80/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
    heard = ask(inside, refused + b"GET http://198.18.0.80/ HTTP/1.1\r\nHost: x\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 400")
    assert heard.endswith(b"hello")


def test_too_much_is_not_read_to_be_refused(inside: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_proxy, "_MOST_READ_OUT_BYTES", 3)
    heard = ask(inside, b"POST ftp://x/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody")
    assert b"connection: close" in heard.lower()


def test_huge_heads_are_refused(inside: World) -> None:
    heard = ask(inside, b"GET http://198.18.0.80/ HTTP/1.1\r\nX: " + b"x" * 70000)
    assert heard.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400"))


def test_a_request_that_goes_round_in_circles(inside: World) -> None:
    heard = ask(inside, b"GET http://198.18.0.80/ HTTP/1.1\r\nHost: x\r\nVia: 1.0 other, 1.1 test\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 508 Loop Detected")


@pytest.mark.parametrize("answer", [b"SSH-2.0\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b""])
def test_a_server_that_speaks_no_http(answer: bytes) -> None:
    with world({"198.18.0.80:80": web(answer)}) as inside:  # type: ignore[dict-item]
        assert ask(inside, b"GET http://198.18.0.80/ HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 502")


def test_a_server_that_answers_before_it_has_heard_all() -> None:
    answered = Event()

    def hasty(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(HELLO)
        connection.close()
        answered.set()

    with world({"198.18.0.80:80": hasty}) as inside, inside.handle(proxy(inside)) as client:
        client.sendall(b"POST http://198.18.0.80/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 5000)
        assert answered.wait(PATIENCE_S)
        with contextlib.suppress(BrokenPipeError):  # the proxy may be done with it by now
            client.sendall(b"x" * 5000)
            client.shutdown(socket.SHUT_WR)
        assert everything(client).endswith(b"hello")


def test_an_answer_that_is_cut_short_looks_so() -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello"
    with world({"198.18.0.80:80": web(cut)}) as inside:  # type: ignore[dict-item]
        heard = ask(inside, b"GET http://198.18.0.80/ HTTP/1.1\r\nHost: x\r\n\r\n")
        assert heard.endswith(b"hello")
        assert b"content-length: 50" in heard.lower()
        assert isinstance(inside.served[0].exception(), ConnectionAbortedError)


def test_an_answer_that_ends_with_the_connection_and_one_to_head() -> None:
    for method, body in ((b"GET", b"hello"), (b"HEAD", b"")):
        with world({"198.18.0.80:80": web(b"HTTP/1.0 200 OK\r\n\r\n" + body)}) as inside:  # type: ignore[dict-item]
            heard = ask(inside, method + b" http://198.18.0.80/ HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (b"hello" in heard) is (method == b"GET")


def test_who_does_not_say_who_he_is(inside: World) -> None:
    one = b"CONNECT 198.18.0.22:22 HTTP/1.1\r\nHost: x\r\n%s\r\n"
    heard = ask(inside, one % b"", ACCOUNT)
    assert heard.startswith(b"HTTP/1.1 407 Proxy Authentication Required")
    offered = challenges([line.partition(": ")[2] for line in heard.decode().split("\r\n") if "uthenticate" in line])
    assert [one.scheme for one in offered] == ["digest", "digest", "basic"]
    assert not inside.dialed


def test_who_does(inside: World) -> None:
    with inside.handle(proxy(inside, ACCOUNT)) as client:
        client.sendall(b"CONNECT 198.18.0.22:22 HTTP/1.1\r\nHost: x\r\n\r\n")
        head = b""
        while not head.endswith(b"\n\n") and b"say who you are" not in head:
            head += client.recv(65536)
        offered = challenges([line.partition(": ")[2] for line in head.decode().split("\r\n") if "uthenticate" in line])
        told = answer(offered, ACCOUNT, "CONNECT", "198.18.0.22:22", "cnonce")
        assert told is not None
        client.sendall(f"CONNECT 198.18.0.22:22 HTTP/1.1\r\nHost: x\r\nProxy-Authorization: {told}\r\n\r\n".encode())
        client.shutdown(socket.SHUT_WR)
        assert everything(client).endswith(b"220 ready\r\n")
    wrong = f"Proxy-Authorization: {basic(Account('ann', 'x'))}\r\n".encode()
    assert ask(inside, b"CONNECT 198.18.0.22:22 HTTP/1.1\r\nHost: x\r\n" + wrong + b"\r\n", ACCOUNT).startswith(b"HTTP/1.1 407")
    right = f"Proxy-Authorization: {basic(ACCOUNT)}\r\n".encode()
    assert b"220 ready" in ask(inside, b"CONNECT 198.18.0.22:22 HTTP/1.1\r\nHost: x\r\n" + right + b"\r\n", ACCOUNT)


def test_strangers_are_turned_away(inside: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy_service, "is_own", lambda _connection, _peer: False)
    heard = ask(inside, b"CONNECT 198.18.0.22:22 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 403 Forbidden")
    assert "198.18.0.9:4000 is turned away: the proxy serves this machine only" in inside.told()


def test_a_slow_client_is_not_waited_for(inside: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_proxy, "HEAD_S", 0.01)
    with inside.handle(proxy(inside)) as client:
        with contextlib.suppress(BrokenPipeError):  # so slow that it has said nothing yet
            client.sendall(b"GET http")
        assert everything(client) == b""
        assert isinstance(inside.served[0].exception(PATIENCE_S), TimeoutError)


def test_a_server_that_does_not_answer_in_time(inside: World) -> None:
    def late(end: End, _settings: object, _console: object) -> socket.socket:
        raise NotConnected(f"{end}: timed out", TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)))

    handler = HttpProxy(ProxyService(dialer=late, lookup=lookup))
    with inside.handle(handler, Peer("127.0.0.1", 1)) as client:
        client.sendall(b"CONNECT 198.18.0.22:22 HTTP/1.1\r\nHost: x\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        assert everything(client).startswith(b"HTTP/1.1 504 Gateway Timeout")


WORDS = (
    *(b"GET ", b"CONNECT ", b"http://198.18.0.80/", b"198.18.0.22:22", b" HTTP/1.1", b" HTTP/1.0", b"\r\n", b"\n", b"Host: x"),
    *(
        b"Transfer-Encoding: chunked",
        b"Content-Length: 4",
        b"Expect: 100-continue",
        b": ",
        b"4\r\nbody\r\n",
        b"0\r\n\r\n",
        b"\0",
    ),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=12).map(b"".join) | st.binary(max_size=100))
def test_no_bytes_of_a_client_confuse_it(request_bytes: bytes) -> None:
    servers = {"198.18.0.80:80": web(HELLO), "198.18.0.22:22": echo}
    with world(servers) as inside:  # type: ignore[arg-type]
        heard = ask(inside, request_bytes)
        fault = inside.served[0].exception(PATIENCE_S)
    assert fault is None or isinstance(fault, OSError)
    assert heard == b"" or heard.startswith(b"HTTP/1.1 ")
