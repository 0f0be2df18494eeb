"""To a peer by way of a proxy: a dialer made of a dialer.

::

    dial = through(ProxySettings(ProxyKind.SOCKS5, End(Transport.TCP, "198.18.0.1", 1080)), dial)

gives a dialer like the one it was made of, so proxies stand one behind another, and TLS is put around what comes out of it as
around any connection.
"""

from __future__ import annotations

import enum
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_address

from hatoba.errors import UsageError
from hatoba.messages import _, system_words
from hatoba.netcat.console import Console
from hatoba.netcat.ends import Dialer, End, NotConnected, SocketSettings, Transport
from hatoba.netcat.resolving import places
from hatoba.netcat.socks import Account, ask_4, ask_5
from hatoba.netcat.talks import ProxyFault, converse
from hatoba.reports.text import safe

PATIENCE_S = 60.0
"""How long a proxy may take to answer, unless -w says otherwise: it has to connect, after all."""


class ProxyKind(enum.Enum):
    """What a proxy speaks. The value is the word of --proxy-type."""

    HTTP = "http"
    SOCKS4 = "socks4"
    SOCKS4A = "socks4a"
    SOCKS5 = "socks5"

    @property
    def port(self) -> int:
        """Where such proxies listen, unless another port is named."""
        return 3128 if self is ProxyKind.HTTP else 1080

    @property
    def words(self) -> str:
        return "HTTP" if self is ProxyKind.HTTP else f"SOCKS {self.value.removeprefix('socks').upper()}"


class Lookup(enum.Enum):
    """Who looks up the peer's name. The value is the word of --proxy-dns."""

    REMOTE = "remote"
    LOCAL = "local"
    BOTH = "both"
    """This machine; the proxy where it knows no address."""
    NONE = "none"
    """Nobody: only addresses are taken."""


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """One proxy, and how to use it."""

    kind: ProxyKind
    end: End
    account: Account | None = None
    lookup: Lookup = Lookup.REMOTE


def through(proxy: ProxySettings, dialer: Dialer) -> Dialer:
    """A dialer that reaches its ends by way of *proxy*, which *dialer* reaches. What it returns is the socket to the proxy, at
    the first byte of the stream. Its NotConnected tells whose refusal it was."""

    def dial(end: End, settings: SocketSettings, console: Console) -> socket.socket:
        if end.transport is not Transport.TCP:
            raise UsageError(_("a proxy carries TCP only: leave out --proxy, or else -u, -U or --sctp"))
        route = _Route(proxy, dialer, settings, console)
        fault: NotConnected | None = None
        for host in _hosts(proxy, end, settings):
            try:
                connection = route.connect(replace(end, host=host))
            except NotConnected as refusal:
                fault = refusal
                continue
            _tell(proxy, end, console)
            return connection
        assert fault is not None
        raise fault

    return dial


def _tell(proxy: ProxySettings, end: End, console: Console) -> None:
    if console.explaining:
        console.explain(
            _(
                "asked the {kind} proxy {proxy} for {end}, and it connected: from now on it passes on what both sides say, and "
                "sees all of it that is not encrypted"
            ).format(kind=proxy.kind.words, proxy=proxy.end, end=end)
        )
    else:
        console.tell(
            _("connected to {end} through the {kind} proxy {proxy}").format(end=end, kind=proxy.kind.words, proxy=proxy.end)
        )


def _hosts(proxy: ProxySettings, end: End, settings: SocketSettings) -> list[str]:
    """What the proxy is asked for, in turn: a name as it is, or the addresses that it stands for here."""
    if _is_address(end.host):
        return [end.host]
    if proxy.lookup is Lookup.NONE or settings.numeric:
        raise UsageError(
            _("{host} is not an address, and -n or --proxy-dns none says not to look up names: type an address").format(
                host=safe(end.host)
            )
        )
    if proxy.lookup is Lookup.REMOTE and proxy.kind is not ProxyKind.SOCKS4:
        return [end.host]
    if proxy.kind in (ProxyKind.SOCKS4, ProxyKind.SOCKS4A):
        settings = replace(settings, family=socket.AF_INET)
    try:
        return [str(place.address[0]) for place in places(end, settings)]
    except NotConnected:
        if proxy.lookup is Lookup.BOTH:
            return [end.host]
        raise


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class _Route:
    """One way through a proxy, for one call of the dialer."""

    def __init__(self, proxy: ProxySettings, dialer: Dialer, settings: SocketSettings, console: Console) -> None:
        self._proxy, self._dialer, self._settings, self._console = proxy, dialer, settings, console
        self._patience_s = settings.connect_timeout_s or PATIENCE_S

    def connect(self, end: End) -> socket.socket:
        """The stream to *end*, whose host is written as the proxy is to see it. Raises NotConnected."""
        proxy = self._proxy
        if proxy.kind is ProxyKind.HTTP:
            return self._connect_http(end)
        ask = ask_5 if proxy.kind is ProxyKind.SOCKS5 else ask_4
        connection = self._reach()
        with self._faults(end, connection):
            converse(ask(end.host, end.port, proxy.account), connection, self._patience_s)
        return connection

    def _connect_http(self, end: End) -> socket.socket:
        from hatoba.netcat.http_connect import ask, authority
        from hatoba.netcat.http_credentials import answer

        target, account = authority(end.host, end.port), self._proxy.account
        authorization: str | None = None
        while True:
            connection = self._reach()
            with self._faults(end, connection):
                reply = converse(ask(target, authorization), connection, self._patience_s)
                if 200 <= reply.status < 300:
                    return connection
                if reply.status != 407:
                    raise ProxyFault(_("answers {status} {reason}").format(status=reply.status, reason=safe(reply.reason)))
                if account is None:
                    raise ProxyFault(_("wants to know who asks; give user and password with --proxy-auth"))
                if authorization is not None:
                    raise ProxyFault(_("does not accept this user and password; check --proxy-auth"))
                authorization = answer(reply.challenges, account, "CONNECT", target, secrets.token_hex(16))
                if authorization is None:
                    schemes = ", ".join(dict.fromkeys(safe(one.scheme) for one in reply.challenges)) or "–"
                    raise ProxyFault(
                        _("wants to know who asks in a way that is not known here ({schemes}); Basic and Digest are").format(
                            schemes=schemes
                        )
                    )
            # The credentials go by a connection of their own: many proxies close the one on which they refused.
            connection.close()

    def _reach(self) -> socket.socket:
        return self._dialer(self._proxy.end, self._settings, self._console)

    @contextmanager
    def _faults(self, end: End, connection: socket.socket) -> Iterator[None]:
        """What goes wrong with the proxy, as NotConnected; *connection* is closed then."""
        try:
            yield
        except OSError as fault:
            connection.close()
            raise NotConnected(
                _("{end}: the proxy {proxy} {clause}").format(end=end, proxy=self._proxy.end, clause=_clause(fault)), fault
            ) from fault
        except BaseException:
            connection.close()
            raise


def _clause(fault: OSError) -> str:
    if isinstance(fault, ProxyFault):
        return str(fault)
    if isinstance(fault, TimeoutError):
        return _("does not answer in time")
    return _("broke off: {reason}").format(reason=system_words(fault))
