"""A whole talk with the web server in one call, over a pair of sockets: what is asked, then what was answered."""

from __future__ import annotations

import io
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path

import h11

from hatoba.netcat.console import Console
from hatoba.netcat.ends import Peer
from hatoba.netcat.servers.beneath import Folder
from hatoba.netcat.servers.web_session import Limits, Session
from hatoba.netcat.servers.web_site import Site

CLIENT = Peer("198.18.0.9", 4321)


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes
    informational: list[int] = field(default_factory=list)


def site_of(folder: Path | None, **settings: object) -> Site:
    """A site over *folder*; ``upload`` in *settings* is a path too. The descriptors live as long as the test run."""
    upload = settings.pop("upload", None)
    return Site(
        None if folder is None else Folder(folder),
        None if upload is None else Folder(upload),  # type: ignore[arg-type]
        **settings,  # type: ignore[arg-type]
    )


def talk(
    site: Site,
    sent: bytes,
    *,
    limits: Limits | None = None,
    log: io.StringIO | None = None,
    ends: bool = True,
    explaining: bool = False,
) -> bytes:
    """Everything that the server says to a client that sends *sent* and then *ends* its sending, or just falls silent."""
    ours, theirs = socket.socketpair()
    console = Console(log or io.StringIO(), verbosity=1, explaining=explaining)

    def serve() -> None:
        Session(theirs, CLIENT, console, site, limits or Limits()).run()
        theirs.close()

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    sender = threading.Thread(target=_send, args=(ours, sent, ends), daemon=True)
    sender.start()
    said = bytearray()
    while data := ours.recv(65536):
        said += data
    server.join(60)
    sender.join(60)
    assert not server.is_alive()
    ours.close()
    return bytes(said)


def _send(ours: socket.socket, sent: bytes, ends: bool) -> None:
    try:
        ours.sendall(sent)
        if ends:
            ours.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the server had enough


def replies(said: bytes, *methods: str) -> list[Reply]:
    """The answers in *said*, as h11's client reads them; *methods* of the requests, GET where not given."""
    found = []
    client = h11.Connection(h11.CLIENT)
    left = said
    for method in methods or ("GET",):
        client.send(h11.Request(method=method, target="/", headers=[("Host", "x"), ("Connection", "keep-alive")]))
        client.send(h11.EndOfMessage())
        if left:
            client.receive_data(left)
            left = b""
        reply = Reply(0, {}, b"")
        while True:
            event = client.next_event()
            if event is h11.NEED_DATA:
                client.receive_data(b"")
            elif isinstance(event, h11.InformationalResponse):
                reply.informational.append(event.status_code)
            elif isinstance(event, h11.Response):
                reply.status = event.status_code
                reply.headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
            elif isinstance(event, h11.Data):
                reply.body += bytes(event.data)
            else:
                break
        found.append(reply)
        if client.our_state is h11.DONE and client.their_state is h11.DONE:
            client.start_next_cycle()
        else:
            break
    return found


def ask(site: Site, target: str | bytes, method: str = "GET", body: bytes = b"", **headers: str) -> Reply:
    """One request and its answer. *headers*: underscores stand for hyphens."""
    raw_target = target.encode() if isinstance(target, str) else target
    lines = [method.encode() + b" " + raw_target + b" HTTP/1.1", b"Host: 198.18.0.1:8080"]
    lines += [f"{name.replace('_', '-')}: {value}".encode() for name, value in headers.items()]
    if body or method in ("PUT", "POST"):
        lines.append(f"Content-Length: {len(body)}".encode())
    return replies(talk(site, b"\r\n".join(lines) + b"\r\n\r\n" + body), method)[0]
