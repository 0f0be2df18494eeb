"""One client's connection to the web server: requests in, answers out. HTTP itself is h11's (RFC 9112, no I/O of its own).

A request's head comes within one deadline, a body and an answer as fast as a :class:`Patience` wants; h11 holds at most
:data:`HEAD_BYTES` of a head that isn't complete.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

import h11

from hatoba.messages import _
from hatoba.netcat.console import Console
from hatoba.netcat.ends import Peer
from hatoba.netcat.servers import web_upload
from hatoba.netcat.servers.patience import CHUNK_BYTES, Clock, Patience, PatientPeer, PeerGone, PeerSlow
from hatoba.netcat.servers.web_address import read_target
from hatoba.netcat.servers.web_site import Answer, FileBody, Site, get, plain
from hatoba.netcat.servers.web_words import meaning

HEAD_BYTES = 16384
LINGER_BYTES = 1 << 20
"""What we still take from a client whose request we have refused before it was all here, so that it sees why."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a client is waited for. *idle_s*: for a request to begin; *head_s*: for its head to be complete; *stall_s* and
    *stall_bytes*: bodies and answers move so many bytes in so long, or the client is let go; *linger_s*: for a client to close
    once we have."""

    idle_s: float = 15.0
    head_s: float = 10.0
    stall_s: float = 30.0
    stall_bytes: int = 16384
    linger_s: float = 2.0


class _Span:
    """Stands for bytes that h11 needn't see: it asks for their number only."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count


class Session:
    """The talk with one client."""

    def __init__(
        self, connection: socket.socket, peer: Peer, console: Console, site: Site, limits: Limits, clock: Clock = time.monotonic
    ) -> None:
        self._stream = PatientPeer(connection)
        self._peer, self._console, self._site, self._limits, self._clock = peer, console, site, limits, clock
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)

    def run(self) -> None:
        """Answer requests until the client has no more, or one of us has to close."""
        try:
            while self._serve_one():
                self._http.start_next_cycle()
        except PeerSlow:
            self._console.tell(_("{peer} was too slow and is let go").format(peer=self._peer))
        except PeerGone as error:
            self._console.detail(_("{peer}: {reason}").format(peer=self._peer, reason=error))

    def _serve_one(self) -> bool:
        """Answer one request; whether another may follow."""
        try:
            request = self._request()
            if request is None:
                return False
            with self._answer(request) as answer:
                self._send(answer, request)
        except h11.RemoteProtocolError as error:
            self._refuse(HTTPStatus(error.error_status_hint))
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            return True
        self._stream.end(LINGER_BYTES, Patience(self._limits.linger_s, clock=self._clock))
        return False

    def _request(self) -> h11.Request | None:
        """The next request; None where the client closes, or lets the time for one pass."""
        begun = bool(self._http.trailing_data[0])
        patience = Patience(self._limits.head_s if begun else self._limits.idle_s, clock=self._clock)
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                return event
            if event is not h11.NEED_DATA:
                return None
            try:
                data = self._stream.receive(HEAD_BYTES, patience)
            except PeerSlow:
                if begun:
                    raise
                return None
            if not begun:
                begun, patience = True, Patience(self._limits.head_s, clock=self._clock)
            self._http.receive_data(data)

    def _pieces(self) -> Iterator[bytes]:
        """The body of the request, as it comes."""
        patience = Patience(self._limits.stall_s, self._limits.stall_bytes, self._clock)
        if self._http.they_are_waiting_for_100_continue:
            self._write(h11.InformationalResponse(status_code=100, headers=[], reason="Continue"), patience)
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif event is h11.NEED_DATA:
                self._http.receive_data(self._stream.receive(CHUNK_BYTES, patience))
            else:
                return

    def _answer(self, request: h11.Request) -> Answer:
        headers = _fields(request)
        address = read_target(request.target)
        methods = "GET, HEAD, PUT, POST" if self._site.upload is not None else "GET, HEAD"
        match request.method:
            case b"GET" | b"HEAD" if address is not None:
                return get(self._site, address, headers)
            case b"PUT" if address is not None:
                return web_upload.put(self._site, address, headers, self._pieces())
            case b"POST" if address is not None:
                return web_upload.post(self._site, address, headers, self._pieces())
            case b"GET" | b"HEAD" | b"PUT" | b"POST":
                return plain(HTTPStatus.NOT_FOUND)
            case _:
                return plain(HTTPStatus.METHOD_NOT_ALLOWED, headers=[("Allow", methods)])

    def _send(self, answer: Answer, request: h11.Request) -> None:
        patience = Patience(self._limits.stall_s, self._limits.stall_bytes, self._clock)
        self._drain_what_has_come()
        self._write(self._head(answer), patience)
        sent = 0
        if request.method != b"HEAD" and answer.status is not HTTPStatus.NOT_MODIFIED:
            sent = self._send_body(answer, patience)
        if not isinstance(answer.body, FileBody) or request.method == b"HEAD" or sent == answer.body.count:
            self._write(h11.EndOfMessage(), patience)
        # Otherwise the file became shorter, and the answer has no end: so the connection is closed, which tells the client.
        self._log(request, answer.status, sent)

    def _drain_what_has_come(self) -> None:
        """Let h11 see the end of a request without a body, or with one that is here already: the connection can then go on."""
        while self._http.their_state is h11.SEND_BODY and not self._http.they_are_waiting_for_100_continue:
            if self._http.next_event() is h11.NEED_DATA:
                return

    def _head(self, answer: Answer) -> h11.Response:
        headers = [
            *answer.headers,
            ("Date", formatdate(self._site.now_s(), usegmt=True)),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if isinstance(answer.body, FileBody):
            headers.append(("Content-Length", str(answer.body.count)))
        elif isinstance(answer.body, bytes) and answer.status is not HTTPStatus.NOT_MODIFIED:
            headers.append(("Content-Length", str(len(answer.body))))
        if self._http.their_state is not h11.DONE:  # the rest of the request is not worth waiting for
            headers.append(("Connection", "close"))
        return h11.Response(status_code=answer.status.value, headers=headers, reason=answer.status.phrase)

    def _send_body(self, answer: Answer, patience: Patience) -> int:
        if isinstance(answer.body, FileBody):
            span = answer.body
            if not span.count:
                return 0
            self._http.send_with_data_passthrough(h11.Data(data=_Span(span.count)))  # type: ignore[arg-type]
            return self._stream.send_file(span.descriptor, span.offset, span.count, patience)
        sent = 0
        for piece in (answer.body,) if isinstance(answer.body, bytes) else answer.body:
            if piece:
                self._write(h11.Data(data=piece), patience)
                sent += len(piece)
        return sent

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer what is no request, as far as one still can."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            patience = Patience(self._limits.stall_s, self._limits.stall_bytes, self._clock)
            answer = plain(status)
            self._write(self._head(answer), patience)
            self._send_body(answer, patience)
            self._write(h11.EndOfMessage(), patience)
        self._console.tell(_("{peer}: not a request that can be read ({status})").format(peer=self._peer, status=status.value))
        self._explain(status)

    def _write(self, event: h11.Event, patience: Patience) -> None:
        data = self._http.send(event)
        if data:
            self._stream.send(data, patience)

    def _log(self, request: h11.Request, status: HTTPStatus, sent_bytes: int) -> None:
        method, target = request.method.decode("ascii"), request.target.decode("ascii", "replace")
        self._console.tell(f"{self._peer} {method} {target} {status.value} {sent_bytes}".lstrip())
        self._explain(status)

    def _explain(self, status: HTTPStatus) -> None:
        if words := meaning(status):
            self._console.explain(f"{status.value} {status.phrase}: {words}")


def _fields(request: h11.Request) -> dict[str, str]:
    """The fields of a request's head by their names in small letters; those that come more than once are joined (RFC 9110
    section 5.3). A range is for GET alone (section 14.2)."""
    fields: dict[str, str] = {}
    for raw_name, raw_value in request.headers:
        name, value = raw_name.decode("ascii"), raw_value.decode("latin-1")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    if request.method != b"GET":
        fields.pop("range", None)
    return fields
