"""Where clients of a proxy server may go, and the SOCKS server that sends them there."""

from __future__ import annotations

import errno
import socket
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from hatoba.netcat import proxy_service
from hatoba.netcat.ends import NotConnected, Peer
from hatoba.netcat.proxy_service import Forbidden, ProxyService, is_own, reason_number
from hatoba.netcat.socks import Account
from hatoba.netcat.socks_proxy import SocksProxy
from tests.unit.netcat.proxy_world import PATIENCE_S, World, echo, everything, lookup, world


def connection(ours: str) -> Any:
    """A connection on whose near side is *ours*."""
    return SimpleNamespace(family=socket.AF_INET, getsockname=lambda: (ours, 1080))


@pytest.mark.parametrize(
    ("ours", "peer", "own"),
    [
        ("198.18.0.1", "198.18.0.9", False),
        ("198.18.0.1", "198.18.0.1", True),
        ("127.0.0.1", "127.0.0.5", True),
        ("::1", "::1", True),
        ("::ffff:198.18.0.1", "198.18.0.1", True),
        ("fe80::1%eth0", "fe80::2%eth0", False),
    ],
)
def test_who_is_this_machine(ours: str, peer: str, own: bool) -> None:
    assert is_own(connection(ours), Peer(peer, 4000)) is own


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"])
def test_loopback_is_for_this_machine(host: str) -> None:
    with world({f"{host}:80": echo, f"[{host}]:80": echo}) as inside:
        service = ProxyService(open_to_strangers=True, dialer=inside.dial, lookup=lookup)
        with pytest.raises(Forbidden, match="may not reach this machine's own addresses"):
            service.connect(host, 80, connection("198.18.0.1"), Peer("198.18.0.9", 4000), inside.console)
        assert not inside.dialed
        service.connect(host, 80, connection("127.0.0.1"), Peer("127.0.0.1", 4000), inside.console).close()


def test_the_address_that_was_judged_is_the_one_that_is_dialed() -> None:
    """A name may stand for something else the next time that it is looked up."""
    with world({"198.18.0.80:80": echo}) as inside:
        service = ProxyService(open_to_strangers=True, dialer=inside.dial, lookup=lookup)
        service.connect("www", 80, connection("198.18.0.1"), Peer("198.18.0.9", 4000), inside.console).close()
        assert inside.dialed == ["[fd00:18::80]:80", "198.18.0.80:80"]


def test_numbers_of_faults() -> None:
    assert reason_number(NotConnected("x", OSError(errno.ENETUNREACH, "x"))) == errno.ENETUNREACH
    assert reason_number(NotConnected("x", socket.gaierror(-2, "x"))) == errno.EHOSTUNREACH
    assert reason_number(NotConnected("x")) == errno.EHOSTUNREACH


def ask_socks(inside: World, request_hex: str, account: Account | None = None) -> bytes:
    handler = SocksProxy(ProxyService(account, dialer=inside.dial, lookup=lookup))
    with inside.handle(handler) as client:
        with suppress(BrokenPipeError):  # some are turned away before they have said a word
            client.sendall(bytes.fromhex(request_hex))
            client.shutdown(socket.SHUT_WR)
        return everything(client)


@pytest.mark.parametrize(
    ("request_hex", "heard"),
    [
        ("05 01 00  05 01 00 01 c6120050 0050  6869", b"\x05\x00" + b"\x05\x00\x00\x01" + bytes(6) + b"220 ready\r\nhi"),
        ("05 01 00  05 01 00 03 03 777777 0050", b"\x05\x00" + b"\x05\x00\x00\x01" + bytes(6) + b"220 ready\r\n"),
        ("04 01 0050 c6120050 00  6869", b"\x00\x5a" + bytes(6) + b"220 ready\r\nhi"),
        ("05 01 00  05 01 00 01 c6120063 0050", b"\x05\x00" + b"\x05\x05\x00\x01" + bytes(6)),
        ("05 01 00  05 01 00 03 01 78 0050", b"\x05\x00" + b"\x05\x04\x00\x01" + bytes(6)),
        ("04 01 0050 c6120063 00", b"\x00\x5b" + bytes(6)),
        ("05 01 00  05 02 00 01 c6120050 0050", b"\x05\x00" + b"\x05\x07\x00\x01" + bytes(6)),
    ],
)
def test_socks(request_hex: str, heard: bytes) -> None:
    with world({"198.18.0.80:80": echo}) as inside:
        assert ask_socks(inside, request_hex) == heard


def test_socks_with_an_account() -> None:
    with world({"198.18.0.80:80": echo}) as inside:
        go = "05 01 00 01 c6120050 0050"
        assert ask_socks(inside, "05 01 02 01 01 61 01 62" + go, Account("a", "b")).endswith(b"220 ready\r\n")
        assert ask_socks(inside, "05 01 02 01 01 61 01 63" + go, Account("a", "b")) == b"\x05\x02\x01\x01"
        assert "was refused" in inside.told()


def test_socks_turns_strangers_and_strange_words_away(monkeypatch: pytest.MonkeyPatch) -> None:
    with world({"198.18.0.80:80": echo}) as inside:
        assert ask_socks(inside, b"GET / HTTP/1.0\r\n\r\n".hex()) == b""
        assert "speaks no SOCKS" in str(inside.served[0].exception(PATIENCE_S))
        monkeypatch.setattr(proxy_service, "is_own", lambda _connection, _peer: False)
        assert ask_socks(inside, "05 01 00  05 01 00 01 c6120050 0050") == b""
        inside.served.pop(0)
        assert "is turned away" in inside.told()
