"""An HTTP proxy server: CONNECT for whatever runs over TCP, and requests for ``http://`` addresses (RFC 9110, RFC 9112).

h11 does the protocol; nothing is kept of what passes. Each request that is passed on goes by a connection of its own to the
server, so that no two clients ever share one, and the server's answer is framed anew: what the two ends might read differently
never passes as it is.
"""

from __future__ import annotations

import errno
import re
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

import h11

from hatoba.messages import _
from hatoba.netcat.console import Console
from hatoba.netcat.ends import NotConnected, Peer
from hatoba.netcat.http_connect import MOST_HEAD_BYTES, authority
from hatoba.netcat.proxy_accounts import ProxyAccounts
from hatoba.netcat.proxy_service import HEAD_S, Forbidden, ProxyService, reason_number
from hatoba.netcat.tunnel import PIECE_BYTES, tunnel

_STREAM_S = 300.0
"""How long either side of a request that is passed on may pause."""
_MOST_READ_OUT_BYTES = 1 << 20
_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([!-9;-Z\\^-~]{1,255}?))(?::([0-9]{1,5}))?")
_URL = re.compile(r"http://([^/?#\s]{1,300})(/[^\s#]*|\?[^\s#]*)?", re.IGNORECASE)
_HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"proxy-authenticate", b"te", b"trailer",
     b"transfer-encoding", b"upgrade", b"expect"}
)  # fmt: skip
"""Fields that concern one connection only (RFC 9110 section 7.6.1)."""


class Refused(NamedTuple):
    """A request that is not carried out: status, reason phrase, and a line for whoever reads the answer."""

    status: int
    words: str
    fields: tuple[tuple[str, str], ...] = ()


class HttpProxy:
    """A handler (:data:`hatoba.netcat.ends.Handler`)."""

    def __init__(self, service: ProxyService, *, name: str | None = None) -> None:
        self._service = service
        self._accounts = None if service.account is None else ProxyAccounts(service.account)
        self._name = name or f"hatoba-{secrets.token_hex(4)}"
        """What it calls itself in ``Via``: a request that bears it already goes round in circles."""

    def __call__(self, connection: socket.socket, peer: Peer, console: Console) -> None:
        """Serve one client, until it has no more to ask. Raises OSError where a connection breaks off."""
        try:
            self._serve(_Client(connection), peer, console)
        except h11.RemoteProtocolError:
            raise ConnectionAbortedError(errno.ECONNABORTED, _("it broke off in the middle of a request")) from None

    def _serve(self, client: _Client, peer: Peer, console: Console) -> None:
        welcome = self._service.serves(client.connection, peer, console)
        while (request := client.request()) is not None:
            refusal: Refused | None
            if isinstance(request, Refused):
                refusal = request
            elif welcome:
                refusal = self._carry_out(request, client, peer, console)
            else:
                refusal = Refused(403, _("this proxy serves its own machine only"))
            if refusal is not None:
                console.tell(_("{peer} was refused: {reason}").format(peer=peer, reason=refusal.words))
                client.refuse(refusal)
            if not client.begin_another():
                return

    def _carry_out(self, request: h11.Request, client: _Client, peer: Peer, console: Console) -> Refused | None:
        method, target = request.method.decode("ascii"), request.target.decode("ascii", "replace")
        place, path = _asked_for(method, target)
        given = _field(request, b"proxy-authorization")
        if self._accounts is not None and not self._accounts.admits(given, method, target, path):
            asked = tuple(("Proxy-Authenticate", value) for value in self._accounts.challenges())
            return Refused(407, _("say who you are"), asked)
        if any(self._name.encode() in value for name, value in request.headers if name == b"via"):
            return Refused(508, _("this request has been here before"))
        if place is None:
            return Refused(400, _("only CONNECT host:port and addresses that begin with http:// can be asked for"))
        try:
            onward = self._service.connect(*place, client.connection, peer, console)
        except NotConnected as fault:
            status = 504 if reason_number(fault) == errno.ETIMEDOUT else 502
            return Refused(403 if isinstance(fault, Forbidden) else status, str(fault))
        with onward:
            if method == "CONNECT":
                early = client.connected()
                tunnel(client.connection, onward, early=early, idle_s=self._service.idle_s)
                return None
            return self._pass_on(request, authority(*place), path, client, onward)

    def _pass_on(self, request: h11.Request, host: str, path: str, client: _Client, onward: socket.socket) -> Refused | None:
        onward.settimeout(_STREAM_S)
        client.connection.settimeout(_STREAM_S)
        server = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD_BYTES)
        via = ("Via", f"1.1 {self._name}")
        fields = [("Host", host.removesuffix(":80")), *_passed_on(request, b"host"), via, ("Connection", "close")]
        if _field(request, b"transfer-encoding") is not None:
            fields.append(("Transfer-Encoding", "chunked"))
        try:
            # A server may answer, and close, before it has the whole request: its answer counts all the same.
            with suppress(BrokenPipeError, ConnectionResetError):
                _say(onward, server.send(h11.Request(method=request.method, target=path, headers=fields)))
                for data in client.body():
                    _say(onward, server.send(h11.Data(data=data)))
                _say(onward, server.send(h11.EndOfMessage()))
            for event in _events(server, onward):
                if isinstance(event, h11.Response):
                    answer = [*_passed_on(event), via]
                    client.send(h11.Response(status_code=event.status_code, reason=event.reason, headers=answer))
                elif isinstance(event, h11.Data):
                    client.send(h11.Data(data=event.data))
                elif isinstance(event, h11.EndOfMessage):
                    client.send(h11.EndOfMessage())
        except (h11.RemoteProtocolError, h11.LocalProtocolError):
            if client.answered:
                raise ConnectionAbortedError(errno.ECONNABORTED, _("the server's answer can't be passed on")) from None
            return Refused(502, _("the server's answer is no HTTP"))
        return None


class _Client:
    """The client's side of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEAD_BYTES)

    @property
    def answered(self) -> bool:
        """Whether the answer has begun: no other can be given."""
        return self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE)

    def request(self) -> h11.Request | Refused | None:
        """The next request; None where the client has no more. Raises TimeoutError where it is too slow to say it."""
        try:
            event = self._next(time.monotonic() + HEAD_S)
        except h11.RemoteProtocolError as error:
            return Refused(error.error_status_hint, _("this is no request that a proxy understands"))
        except ConnectionResetError:  # gone without having read our last answer, a refusal perhaps
            return None
        return event if isinstance(event, h11.Request) else None

    def body(self) -> Iterator[bytes]:
        """The rest of the request."""
        while isinstance(event := self._next(), h11.Data):
            yield bytes(event.data)

    def send(self, event: h11.Event) -> None:
        _say(self.connection, self._http.send(event))

    def connected(self) -> bytes:
        """Say that the tunnel stands; return what the client has said into it already."""
        while not isinstance(self._next(), h11.EndOfMessage):
            pass
        self.send(h11.Response(status_code=200, reason=b"Connection established", headers=[]))
        return self._http.trailing_data[0]

    def refuse(self, refusal: Refused) -> None:
        """Answer with a refusal, unless an answer has begun."""
        if self.answered:
            return
        text = (refusal.words + "\n").encode()
        fields = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text))), *refusal.fields]
        if not self._read_out():
            fields.append(("Connection", "close"))
        self.send(h11.Response(status_code=refusal.status, reason=_PHRASES.get(refusal.status, b""), headers=fields))
        self.send(h11.Data(data=text))
        self.send(h11.EndOfMessage())

    def begin_another(self) -> bool:
        """Whether the client may ask again on this connection."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    def _read_out(self) -> bool:
        """Read what is left of a request that is refused; False where that is not worth it. Unread, it would reset the
        connection, and the client might not get the answer."""
        if self._http.their_state is h11.ERROR or self._http.they_are_waiting_for_100_continue:
            return False
        left = _MOST_READ_OUT_BYTES
        while self._http.their_state is h11.SEND_BODY:
            event = self._next(time.monotonic() + HEAD_S)
            left -= len(event.data) if isinstance(event, h11.Data) else 0
            if left < 0:
                return False
        return True

    def _next(self, deadline: float | None = None) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                self.send(h11.InformationalResponse(status_code=100, headers=[]))
            if deadline is not None:
                self.connection.settimeout(max(deadline - time.monotonic(), 0.001))
            self._http.receive_data(self.connection.recv(PIECE_BYTES))
        return event


_PHRASES = {
    400: b"Bad Request", 403: b"Forbidden", 407: b"Proxy Authentication Required", 431: b"Request Header Fields Too Large",
    502: b"Bad Gateway", 504: b"Gateway Timeout", 508: b"Loop Detected",
}  # fmt: skip


def _events(server: h11.Connection, onward: socket.socket) -> Iterator[object]:
    """What the server says, to the end of its answer."""
    while True:
        event = server.next_event()
        if event is h11.NEED_DATA:
            server.receive_data(onward.recv(PIECE_BYTES))
            continue
        yield event
        if isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            return


def _say(connection: socket.socket, data: bytes | None) -> None:
    if data:
        connection.sendall(data)


def _asked_for(method: str, target: str) -> tuple[tuple[str, int] | None, str]:
    """Host and port that a request is for, None where it names none that we can go to; and what of the target is for the
    server there."""
    if method == "CONNECT":
        return _place(target, None), target
    url = _URL.fullmatch(target)
    if url is None:
        return None, target
    path = url[2] or "/"
    return _place(url[1].rpartition("@")[2], 80), path if path.startswith("/") else "/" + path


def _place(text: str, default: int | None) -> tuple[str, int] | None:
    """Host and port of ``host:port``; None where it is none."""
    found = _AUTHORITY.fullmatch(text)
    if found is None or not (found[3] or default):
        return None
    port = int(found[3] or default or 0)
    return (found[1] or found[2], port) if 0 < port < 65536 else None


def _field(message: h11.Request | h11.Response, wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in message.headers if name == wanted), None)


def _passed_on(message: h11.Request | h11.Response, *but: bytes) -> list[tuple[str, str]]:
    """The fields that concern both ends, and not one connection: those that ``Connection`` names are left out too."""
    named = [value for name, value in message.headers if name == b"connection"]
    dropped = {word.strip().lower() for value in named for word in value.split(b",")} | _HOP_BY_HOP | set(but)
    return [(name.decode("ascii"), value.decode("latin-1")) for name, value in message.headers if name not in dropped]
