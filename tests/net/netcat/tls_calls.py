"""What ``test_tls_peers.py`` asks about, called on a lab's host: TLS with ncat and OpenSSL's own programs, in both roles."""

from __future__ import annotations

import itertools
import os
import re
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.net.netcat.nc_calls import ANSWER, COMMANDS, QUESTION, Running, drain, ended, listener, start
from tests.unit.netcat.tls_pairs import Authority, Identity

_PORTS = itertools.count(6000)
HOST = "localhost"


def _where(address: str = "127.0.0.1") -> list[str]:
    return [address, str(next(_PORTS))]


class Certificates:
    """Made once."""

    def __init__(self) -> None:
        self.authority = Authority(Path(tempfile.mkdtemp()))
        self.right = self.authority.sign(HOST)
        self.expired = self.authority.sign(HOST, ends_days=0)
        self.other = self.authority.sign("www.example.org")
        self.client = self.authority.sign("client.example.org")


def _ours(identity: Identity) -> list[str]:
    return ["--ssl-cert", identity.certificate, "--ssl-key", identity.key]


def _s_server(identity: Identity, port: str) -> list[str]:
    files = ["-cert", identity.certificate, "-key", identity.key]
    return ["openssl", "s_server", "-accept", port, "-quiet", "-naccept", "1", *files]


def streams(client: str, server: str, address: str) -> dict[str, Any]:
    """Both send a lot; each must get all that the other sent. Nobody ends before that: with TLS, the end of its input is the
    end of all for ncat, and it goes without a goodbye."""
    where = _where(address)
    answering = listener([*COMMANDS[server], "-l", "-v", "--ssl", *where], None)
    asking = start([*COMMANDS[client], "--ssl", *where], None)
    _exchange(asking, answering, ends_itself=server == "ncat")
    statuses = ended(asking, answering)
    return {"statuses": statuses, "asked": bytes(answering.out) == QUESTION, "answered": bytes(asking.out) == ANSWER}


def _exchange(asking: Running, answering: Running, *, ends_itself: bool = False) -> None:
    answering.feed(ANSWER, close=False)
    asking.feed(QUESTION, close=False)
    drain([asking, answering], lambda: len(asking.out) >= len(ANSWER) and len(answering.out) >= len(QUESTION))
    asking.feed(b"")
    if not ends_itself:
        answering.feed(b"")


def half_close() -> dict[str, Any]:
    """Two hatobas: the question ends, and the answer is still to come."""
    where = _where()
    answering = listener([*COMMANDS["hatoba"], "-l", "-v", "--ssl", *where], None)
    asking = start([*COMMANDS["hatoba"], "--ssl", *where], QUESTION)
    answering.read(out=len(QUESTION))
    answering.feed(ANSWER)
    statuses = ended(asking, answering)
    return {"statuses": statuses, "answered": bytes(asking.out) == ANSWER}


def s_client(certificates: Certificates) -> dict[str, Any]:
    """OpenSSL's client believes our certificate, and agrees on the protocol inside."""
    where = _where()
    answering = listener([*COMMANDS["hatoba"], "-l", "-v", *_ours(certificates.right), "--ssl-alpn", "h2", *where], None)
    trust = ["-CAfile", certificates.authority.file, "-verify_return_error", "-verify_hostname", HOST]
    asking = start(["openssl", "s_client", "-connect", ":".join(where), "-quiet", "-no_ign_eof", "-alpn", "h2,x", *trust], None)
    _exchange(asking, answering, ends_itself=True)
    statuses = ended(asking)
    answering.feed(b"")
    statuses += ended(answering)
    return {
        "statuses": statuses,
        "asked": bytes(answering.out) == QUESTION,
        "answered": bytes(asking.out) == ANSWER,
        "told": answering.err.decode(),
    }


def s_server(certificates: Certificates) -> dict[str, Any]:
    """OpenSSL's server says something, and we believe its certificate."""
    _address, port = _where()
    answering = _begun_s_server(_s_server(certificates.right, port))
    asking = start([*COMMANDS["hatoba"], "-v", "--ssl-trustfile", certificates.authority.file, HOST, port], None)
    _exchange(asking, answering)
    statuses = ended(asking, answering)
    return {
        "status": statuses[0],
        "asked": bytes(answering.out) == QUESTION,
        "answered": bytes(asking.out) == ANSWER,
        "told": asking.err.decode(),
    }


def _begun_s_server(command: Sequence[str]) -> Running:
    """It says when it listens only without ``-quiet``; its port tells as well."""
    running = start(command, None)
    port = int(command[command.index("-accept") + 1])
    while not any(int(line.split()[1].rpartition(":")[2], 16) == port for line in _listeners()):
        pass
    return running


def _listeners() -> list[str]:
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:] + Path("/proc/net/tcp6").read_text().splitlines()[1:]
    return [line for line in lines if line.split()[3] == "0A"]


def refused(certificates: Certificates, identity: Identity | None, *options: str, host: str = HOST) -> dict[str, Any]:
    """What our client says of a server's certificate, or of a server without TLS, and its status."""
    _address, port = _where()
    tls = [] if identity is None else _ours(identity)
    answering = listener(["ncat", "-l", "-v", *tls, "127.0.0.1", port], ANSWER)
    asking = start([*COMMANDS["hatoba"], *options, host, port], None)
    asking.read(out=len(ANSWER))  # an end of its input would be the end of all for ncat
    asking.feed(b"")
    statuses = ended(asking)
    answering.stop()
    ended(answering)
    return {"status": statuses[0], "told": asking.err.decode(), "heard": len(asking.out)}


def as_ncat() -> dict[str, Any]:
    """What ncat makes of an end without a goodbye."""
    where = _where()
    answering = listener(["ncat", "-l", "-v", "--ssl", *where], b"hello")
    asking = start(["hatoba", "nc", "--compat", "ncat", "--ssl", *where])
    statuses = ended(asking, answering)
    return {"statuses": statuses, "heard": asking.out.decode(), "told": asking.err.decode()}


def cut() -> dict[str, Any]:
    """A server that dies in mid-stream: what came is there, and it is told that it may not be all."""
    where = _where()
    answering = listener(["ncat", "-l", "-v", "--ssl", *where], None)
    asking = start([*COMMANDS["hatoba"], "--ssl", *where], None)
    answering.feed(b"the first half", close=False)
    asking.read(out=14)
    os.kill(answering.pid, signal.SIGKILL)
    ended(answering)
    asking.feed(b"")  # who only ended without a goodbye would still listen
    statuses = ended(asking)
    return {"status": statuses[0], "heard": asking.out.decode(), "told": asking.err.decode()}


def fingerprint() -> dict[str, Any]:
    """The certificate that is made on the spot, by the fingerprint that is told."""
    found: dict[str, Any] = {}
    for name, wrong in (("right", ""), ("wrong", "0" * 64)):
        where = _where()
        answering = listener([*COMMANDS["hatoba"], "-l", "-v", "--ssl", *where], b"hello")
        told = re.search(rb"fingerprint: ([0-9A-F:]{95})", answering.err)
        assert told is not None
        asking = start([*COMMANDS["hatoba"], "--ssl-fingerprint", wrong or told[1].decode(), *where])
        statuses = ended(asking)
        answering.stop()
        ended(answering)
        found[name] = {"status": statuses[0], "heard": asking.out.decode(), "told": asking.err.decode()}
    return found


def known_clients(certificates: Certificates) -> dict[str, Any]:
    """A server that asks for certificates goes on after a client without one; a Unix socket carries TLS too."""
    path = os.path.join(tempfile.mkdtemp(), "socket")
    trust = ["--ssl-trustfile", certificates.authority.file]
    command = [*COMMANDS["hatoba"], "-U", *trust]
    answering = listener([*command, "-l", "-k", "-v", "-d", *_ours(certificates.right), path], b"")
    named = ["--ssl-servername", HOST]
    stranger = start([*command, *named, path], b"let me in")
    known = start([*command, *named, *_ours(certificates.client), path], b"it is me")
    statuses = ended(stranger, known)
    answering.read(out=8)
    answering.stop()
    ended(answering)
    return {
        "statuses": statuses,
        "heard": answering.out.decode(),
        "told": answering.err.decode(),
        "stranger": stranger.err.decode(),
    }


def many() -> dict[str, Any]:
    """``-k -m``: clients at the same time, and what the server says goes to all."""
    where = _where()
    answering = listener([*COMMANDS["hatoba"], "-l", "-k", "-m", "5", "-v", "--ssl", *where], None)
    asking = [start([*COMMANDS[name], "--ssl", *where], None) for name in ("hatoba", "ncat")]
    for number, one in enumerate(asking):
        one.feed(b"%d" % number, close=False)
    answering.read(out=2)
    answering.feed(b"to all", close=False)
    for one in asking:
        one.read(out=6)
    answering.stop()
    for one in asking:
        one.stop()
    ended(*asking, answering)
    return {"heard": sorted(answering.out.decode()), "answered": [one.out.decode() for one in asking]}


def served() -> dict[str, Any]:
    """A web server and a file transfer know nothing of TLS, and have it all the same."""
    folder, there = tempfile.mkdtemp(), tempfile.mkdtemp()
    Path(folder, "page").write_bytes(QUESTION)
    where = _where()
    serving = listener([*COMMANDS["hatoba"], "-l", "-v", "--ssl", "--serve", folder, *where], b"")
    asking = start(["curl", "-sk", f"https://{':'.join(where)}/page"])
    status = ended(asking)[0]
    serving.stop()
    ended(serving)
    where = _where()
    receiving = listener([*COMMANDS["hatoba"], "-l", "-v", "--ssl", "--receive", there, *where], b"")
    sending = start([*COMMANDS["hatoba"], "--ssl", "--send", str(Path(folder, "page")), *where])
    statuses = ended(sending, receiving)
    received = [path.read_bytes() == QUESTION for path in Path(there).iterdir()]
    return {"curl": status, "page": bytes(asking.out) == QUESTION, "statuses": statuses, "received": received}


def explained() -> dict[str, Any]:
    where = _where()
    answering = listener([*COMMANDS["hatoba"], "-l", "--explain", "--ssl", *where], b"hello")
    asking = start([*COMMANDS["hatoba"], "--explain", "--ssl", *where])
    ended(asking, answering)
    return {"client": asking.err.decode(), "server": answering.err.decode()}


def matrix() -> dict[str, Any]:
    certificates = Certificates()
    found: dict[str, Any] = {}
    for client, server in (("hatoba", "hatoba"), ("hatoba", "ncat"), ("ncat", "hatoba")):
        for address in ("127.0.0.1", "::1"):
            found[f"streams {client} {server} {address}"] = streams(client, server, address)
    trust = ["--ssl-trustfile", certificates.authority.file]
    return {
        **found,
        "half-close": half_close(),
        "s_client": s_client(certificates),
        "s_server": s_server(certificates),
        "right": refused(certificates, certificates.right, *trust),
        "expired": refused(certificates, certificates.expired, *trust),
        "other name": refused(certificates, certificates.other, *trust),
        "other address": refused(certificates, certificates.right, *trust, host="127.0.0.1"),
        "not trusted": refused(certificates, certificates.right, "--ssl-verify"),
        "no tls": refused(certificates, None, "--ssl"),
        "cut": cut(),
        "as ncat": as_ncat(),
        "fingerprint": fingerprint(),
        "known clients": known_clients(certificates),
        "many": many(),
        "served": served(),
        "explained": explained(),
    }
