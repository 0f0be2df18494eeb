"""The options of proxies and brokers: what they name, and which go together."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from typing import Any

import pytest

from hatoba.cli import nc_proxy
from hatoba.cli.nc import command
from hatoba.cli.nc_run import dialer_of, handler_of, welcome_of
from hatoba.cli.nc_values import check_together
from hatoba.errors import UsageError
from hatoba.netcat import proxy as proxies
from hatoba.netcat.broker import Broker
from hatoba.netcat.chat import Chat, NcatChat
from hatoba.netcat.console import Console
from hatoba.netcat.dialing import dial
from hatoba.netcat.ends import Dialer, End, SocketSettings, Transport
from hatoba.netcat.http_proxy import HttpProxy
from hatoba.netcat.listening import MOST_AT_ONCE
from hatoba.netcat.proxy import Lookup, ProxyKind, ProxySettings
from hatoba.netcat.socks import Account
from hatoba.netcat.socks_proxy import SocksProxy

ANN = Account("ann", "sec:ret")


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HATOBA_PROXY_AUTH", raising=False)


def given(*arguments: str) -> dict[str, Any]:
    return command.make_context("nc", list(arguments)).params


def named(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> list[ProxySettings]:
    """The proxies that are passed, the first one first."""
    passed: list[ProxySettings] = []

    def through(settings: ProxySettings, _dialer: Dialer) -> Dialer:
        passed.append(settings)
        return dial

    monkeypatch.setattr(proxies, "through", through)
    dialer_of(given(*arguments, "host", "1"))
    return passed


def proxy(kind: str, host: str, port: int, account: Account | None = None, lookup: str = "remote") -> ProxySettings:
    return ProxySettings(ProxyKind(kind), End(Transport.TCP, host, port), account, Lookup(lookup))


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (["--proxy", "gate"], proxy("http", "gate", 3128)),
        (["--proxy", "gate:8080"], proxy("http", "gate", 8080)),
        (["--proxy", "[fd00::1]:8080"], proxy("http", "fd00::1", 8080)),
        (["--proxy", "[fd00::1]", "--proxy-type", "socks5"], proxy("socks5", "fd00::1", 1080)),
        (["--proxy", "socks4a://gate/"], proxy("socks4a", "gate", 1080)),
        (["--proxy", "socks5://ann:sec:ret@gate:99"], proxy("socks5", "gate", 99, ANN)),
        (["--proxy", "gate", "--proxy-auth", "ann:sec:ret"], proxy("http", "gate", 3128, ANN)),
        (["--proxy", "gate", "--proxy-auth", "ann:%40"], proxy("http", "gate", 3128, Account("ann", "%40"))),
        (["--proxy", "socks5://an%40n:p%3A@/s@gate:99"], proxy("socks5", "gate", 99, Account("an@n", "p:@/s"))),
        (["--proxy", "gate", "--proxy-auth", "ann"], proxy("http", "gate", 3128, Account("ann"))),
        (["--proxy", "socks4://gate", "--proxy-dns", "local"], proxy("socks4", "gate", 1080, lookup="local")),
        (["--compat", "ncat", "--proxy-type", "socks4", "--proxy", "gate"], proxy("socks4a", "gate", 1080)),
    ],
)
def test_proxies(monkeypatch: pytest.MonkeyPatch, arguments: list[str], settings: ProxySettings) -> None:
    assert named(monkeypatch, *arguments) == [settings]


def test_several_proxies_and_an_account_that_ps_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATOBA_PROXY_AUTH", "ann:sec:ret")
    passed = named(monkeypatch, "--proxy", "socks5://one", "--proxy", "two")
    assert passed == [proxy("socks5", "one", 1080, ANN), proxy("http", "two", 3128, ANN)]
    assert dialer_of(given("host", "1")) is dial


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--proxy", "a:b:c", "h", "1"], "--proxy a:b:c: type a host, or host:port"),
        (["--proxy", "gate:99999", "h", "1"], "--proxy gate:99999: type a host, or host:port"),
        (["--proxy", "", "h", "1"], "--proxy : type a host, or host:port"),
        (["--proxy", "ftp://gate", "h", "1"], "--proxy-type ftp: type http, socks4, socks4a or socks5"),
        (["--proxy", "gate", "--proxy-dns", "x", "h", "1"], "--proxy-dns x: type remote, local, both or none"),
    ],
)
def test_words_that_name_no_proxy(arguments: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        dialer_of(given(*arguments))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-l", "--proxy", "gate", "1"], "--proxy is for connecting: leave out -l; to be a proxy, type -l --proxy-type"),
        (["--proxy-type", "http", "h", "1"], "--proxy-type goes with --proxy: name the proxy"),
        (["-l", "--proxy-auth", "a:b", "1"], "--proxy-auth goes with --proxy: name the proxy"),
        (["-l", "--proxy-type", "http", "--proxy-dns", "local", "1"], "--proxy-dns goes with --proxy"),
        (["-z", "--proxy", "gate", "h", "1"], "-z checks ports from here"),
        (["--broker", "h", "1"], "--broker is for listening: add -l"),
        (["-l", "--broker", "-o", "x", "1"], "--broker and -o don't go together"),
        (["-l", "--chat", "-i", "1", "1"], "--chat and -i don't go together"),
        (["-l", "--proxy-type", "http", "-q", "1", "1"], "--proxy-type and -q don't go together"),
        (["-l", "--proxy-type", "socks5", "-d", "1"], "--proxy-type and -d don't go together"),
        (["--chat", "h", "1"], "--chat is for listening: add -l"),
        (["-l", "--chat", "--proxy-type", "http", "1"], "a broker and a proxy are two things"),
        (["-l", "--chat", "--echo", "1"], "a broker or a proxy can't be another server too"),
        (["-l", "--chat", "-u", "1"], "a broker and a proxy need connections: leave -u out"),
    ],
)
def test_what_does_not_go_together(arguments: list[str], words: str) -> None:
    for checks in (nc_proxy.check, check_together):
        with pytest.raises(UsageError, match=words):
            checks(given(*arguments))


@pytest.mark.parametrize(
    ("arguments", "kind", "account", "strangers"),
    [
        (["--proxy-type", "http"], HttpProxy, None, False),
        (["--proxy-type", "http", "--proxy-auth", "ann:sec:ret"], HttpProxy, ANN, True),
        (["--proxy-type", "socks5", "--allow", "198.18.0.0/24"], SocksProxy, None, True),
        (["--proxy-type", "socks5", "--deny", "198.18.0.1"], SocksProxy, None, False),
        (["--compat", "ncat", "--proxy-type", "http"], HttpProxy, None, True),
    ],
)
def test_proxy_servers(arguments: list[str], kind: Callable[..., Any], account: Account | None, strangers: bool) -> None:
    told = given("-l", *arguments, "--idle-timeout", "5", "1")
    check_together(told)
    made: Any = handler_of(told, SocketSettings(family=socket.AF_INET), Console(io.StringIO()))
    assert isinstance(made, kind)  # type: ignore[arg-type]
    service = made._service
    assert (service.account, service.open_to_strangers, service.idle_s) == (account, strangers, 5.0)
    assert service.settings.family == socket.AF_INET
    assert (welcome_of(told).keep_open, welcome_of(told).at_once) == (True, MOST_AT_ONCE)


@pytest.mark.parametrize(
    ("arguments", "voice"), [(["--chat"], Chat), (["--chat", "--broker"], Chat), (["--compat", "ncat", "--chat"], NcatChat)]
)
def test_brokers(arguments: list[str], voice: type) -> None:
    told = given("-l", "--recv-only", "-m", "7", *arguments, "1")
    check_together(told)
    made = handler_of(told, SocketSettings(), Console(None))
    assert isinstance(made, Broker)
    assert isinstance(made._voice, voice)
    assert welcome_of(told).at_once == 7
    made.close()
