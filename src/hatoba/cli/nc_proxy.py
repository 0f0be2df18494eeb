"""``hatoba nc``: the options of proxies and brokers, and what they lead to."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hatoba.cli.nc_serving_options import refuse_options_of_relay, wants_server
from hatoba.errors import UsageError
from hatoba.messages import _N, _

if TYPE_CHECKING:
    from hatoba.netcat.console import Console
    from hatoba.netcat.ends import Dialer, Handler, SocketSettings
    from hatoba.netcat.proxy import ProxyKind, ProxySettings
    from hatoba.netcat.socks import Account

Given = Mapping[str, Any]

PROXIES = _N("Proxies")
MANY = _N("Many talk to many")

OPTIONS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (
        ("--proxy", "proxies"),
        {
            "multiple": True,
            "metavar": "HOST[:PORT]",
            "help": _N("Go through this proxy; several are passed one after another. socks5://HOST names the type as well."),
        },
    ),
    (
        ("--proxy-type",),
        {"metavar": "TYPE", "help": _N("http (the default), socks4, socks4a or socks5; with -l, be such a proxy.")},
    ),
    (
        ("--proxy-auth",),
        {
            "metavar": "USER:PASSWORD",
            "help": _N(
                "Who we are to the proxy, or with -l, who may use ours; the variable HATOBA_PROXY_AUTH hides it from ps."
            ),
        },
    ),
    (
        ("--proxy-dns",),
        {"metavar": "WHERE", "help": _N("Who looks names up: remote (the proxy, the default), local, both or none.")},
    ),
)
MANY_OPTIONS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("--broker",), {"is_flag": True, "help": _N("With -l, what one client says all others hear.")}),
    (("--chat",), {"is_flag": True, "help": _N("The same line by line, with names.")}),
)

_ADDRESS = re.compile(
    r"(?:(?P<type>[a-z0-9]+)://)?(?:(?P<account>.*)@)?(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:/@\[\]]+))(?::(?P<port>[0-9]{1,5}))?/?"
)


def is_proxy(given: Given) -> bool:
    """Whether we are to be a proxy server."""
    return bool(given["listen"] and given["proxy_type"])


def is_broker(given: Given) -> bool:
    return bool(given["broker"] or given["chat"])


def check(given: Given) -> None:
    """Raise UsageError for what proxies and brokers do not go with."""
    if given["listen"] and given["proxies"]:
        raise UsageError(_("--proxy is for connecting: leave out -l; to be a proxy, type -l --proxy-type http or socks5"))
    for name in ("proxy_type", "proxy_auth", "proxy_dns"):
        if given[name] is not None and not given["proxies"] and not (is_proxy(given) and name != "proxy_dns"):
            raise UsageError(_("--{option} goes with --proxy: name the proxy").format(option=name.replace("_", "-")))
    if given["proxies"] and given["check"] and given["compat"] is None:
        raise UsageError(_("-z checks ports from here: leave out --proxy, or leave out -z to connect through it"))
    if is_broker(given) and not given["listen"]:
        option = "--chat" if given["chat"] else "--broker"
        raise UsageError(_("{option} is for listening: add -l, or leave it out").format(option=option))
    if is_broker(given) and is_proxy(given):
        raise UsageError(_("a broker and a proxy are two things: leave out --broker and --chat, or --proxy-type"))
    if (is_broker(given) or is_proxy(given)) and wants_server(given):
        raise UsageError(_("a broker or a proxy can't be another server too: leave one of the two out"))
    if (is_broker(given) or is_proxy(given)) and given["udp"]:
        raise UsageError(_("a broker and a proxy need connections: leave -u out"))
    if given["compat"] is None:
        _refuse_what_does_nothing(given)


def _refuse_what_does_nothing(given: Given) -> None:
    """Raise UsageError for an option that a broker or a proxy server would not heed. ncat takes them."""
    if is_proxy(given):
        refuse_options_of_relay(given, "--proxy-type")
    elif is_broker(given):
        option = "--chat" if given["chat"] else "--broker"
        refuse_options_of_relay(given, option, but=["receive_only"])
        if given["idle_s"] is not None:
            raise UsageError(_("{first} and {second} don't go together: choose one").format(first=option, second="-i"))


def dialer(given: Given, straight: Dialer) -> Dialer:
    """*straight*, by way of the proxies that are named, the first one first."""
    from hatoba.netcat.proxy import through

    for text in given["proxies"]:
        straight = through(_proxy(text, given), straight)
    return straight


def server(given: Given, settings: SocketSettings, console: Console) -> Handler:
    """The proxy or the broker that we are to be."""
    if is_broker(given):
        return _broker(given, console)
    from hatoba.netcat.proxy import ProxyKind
    from hatoba.netcat.proxy_service import ProxyService

    kind = _kind(given["proxy_type"])
    account = _account(given)
    if account is None and given["proxy_auth"] is None:
        console.explain(
            _("nobody has to say who he is; without --allow or --proxy-auth the proxy serves this machine's own programs only")
        )
    service = ProxyService(
        account=account,
        open_to_strangers=bool(account or given["allow"] or given["allowfile"] or given["compat"] == "ncat"),
        idle_s=given["idle_s"],
        settings=replace(settings, source_port=0),
    )
    if kind is ProxyKind.HTTP:
        from hatoba.netcat.http_proxy import HttpProxy

        return HttpProxy(service)
    from hatoba.netcat.socks_proxy import SocksProxy

    return SocksProxy(service)


def _broker(given: Given, console: Console) -> Handler:
    from hatoba.netcat.broker import Broker, Plain
    from hatoba.netcat.chat import Chat, NcatChat

    voice = (NcatChat() if given["compat"] == "ncat" else Chat()) if given["chat"] else Plain()
    made = Broker(console, voice)
    if not given["receive_only"]:
        made.say_all_of(0)
    return made


def _proxy(text: str, given: Given) -> ProxySettings:
    from hatoba.netcat.ends import End, Transport
    from hatoba.netcat.proxy import Lookup, ProxySettings

    found = _ADDRESS.fullmatch(text)
    if found is None or int(found["port"] or 1) not in range(1, 65536):
        raise UsageError(
            _("--proxy {text}: type a host, or host:port, such as 198.18.0.1:1080 or [fd00::1]:1080").format(text=text)
        )
    kind = _kind(found["type"] or given["proxy_type"] or "http")
    lookup = given["proxy_dns"] or "remote"
    if lookup not in {one.value for one in Lookup}:
        raise UsageError(_("--proxy-dns {word}: type remote, local, both or none").format(word=lookup))
    account = _written_account(found["account"]) if found["account"] else _account(given)
    if given["compat"] == "ncat" and kind.value == "socks4" and lookup != "local":
        kind = _kind("socks4a")
    end = End(Transport.TCP, found["six"] or found["host"], int(found["port"] or kind.port))
    return ProxySettings(kind, end, account, Lookup(lookup))


def _kind(word: str) -> ProxyKind:
    from hatoba.netcat.proxy import ProxyKind

    try:
        return ProxyKind(word)
    except ValueError:
        raise UsageError(_("--proxy-type {word}: type http, socks4, socks4a or socks5").format(word=word)) from None


def _account(given: Given) -> Account | None:
    from hatoba.netcat.socks import Account

    text = given["proxy_auth"] if given["proxy_auth"] is not None else os.environ.get("HATOBA_PROXY_AUTH")
    if not text:
        return None
    return Account(*_user_and_password(text))


def _written_account(text: str) -> Account:
    """As in any URL (RFC 3986 section 2.1) %40 stands for an @; one that is written as it is does no harm."""
    from urllib.parse import unquote

    from hatoba.netcat.socks import Account

    return Account(*map(unquote, _user_and_password(text)))


def _user_and_password(text: str) -> tuple[str, str]:
    user, _colon, password = text.partition(":")
    return user, password
