"""The matrix of ``test_interop.py``, called on a lab's host."""

from __future__ import annotations

import itertools
import os
import tempfile
from typing import Any

from tests.net.netcat.nc_calls import ANSWER, COMMANDS, QUESTION, SHORT_ANSWER, SHORT_QUESTION, drain, ended, listener, start

_PORTS = itertools.count(5000)

TELLS_END = {"hatoba": [], "ncat": [], "openbsd": ["-N"]}
"""What makes each tell its peer that input ended."""


def _listening(program: str, *options: str) -> list[str]:
    bound = ["-n"] if program == "openbsd" else []
    return [*COMMANDS[program], "-l", "-v", *bound, *options]


def streams(client: str, server: str, kind: str) -> dict[str, Any]:
    """Both send a lot and end; each must get all that the other sent."""
    where, options = _where(kind)
    answering = listener([*_listening(server, *options, *TELLS_END[server]), *where], ANSWER)
    asking = start([*COMMANDS[client], *options, *TELLS_END[client], *where], None)
    # Those that listen quit when their peer's end comes, and keep the rest of their own answer to themselves: ncat at once,
    # OpenBSD's nc if it holds nothing at that moment that it has read and not sent.
    patient = server != "hatoba"
    asking.feed(QUESTION, close=not patient)
    if patient:
        drain([asking, answering], lambda: len(asking.out) >= len(ANSWER))
        asking.feed(b"")
    statuses = ended(asking, answering)
    return {"statuses": statuses, "asked": bytes(answering.out) == QUESTION, "answered": bytes(asking.out) == ANSWER}


def datagrams(client: str, server: str, kind: str) -> dict[str, Any]:
    """One asks, the other answers; both are stopped, for datagrams have no end."""
    where, options = _where(kind)
    answering = start([*_listening(server, *options), *where], SHORT_ANSWER)
    answering.read(err=b"on")
    # ncat ends with its input
    asking = start([*COMMANDS[client], *options, *where], None)
    os.write(asking.stdin, SHORT_QUESTION)
    answering.read(out=len(SHORT_QUESTION))
    asking.read(out=len(SHORT_ANSWER))
    for running in (asking, answering):
        running.stop()
    ended(asking, answering)
    return {"asked": bytes(answering.out) == SHORT_QUESTION, "answered": bytes(asking.out) == SHORT_ANSWER}


def _where(kind: str) -> tuple[list[str], list[str]]:
    if kind.startswith("unix"):
        path = os.path.join(tempfile.mkdtemp(), "socket")
        return [path], ["-U", *(["-u"] if "datagram" in kind else [])]
    address = "::1" if kind.endswith("6") else "127.0.0.1"
    return [address, str(next(_PORTS))], ["-u"] if kind.startswith("udp") else []


def late_answer(client: str) -> dict[str, Any]:
    """The client's input is over and told; what we answer afterwards must still arrive."""
    where, _options = _where("tcp")
    answering = listener([*COMMANDS["hatoba"], "-l", "-v", *where], None)
    asking = start([*COMMANDS[client], *TELLS_END[client], *where], SHORT_QUESTION)
    answering.read(out=len(SHORT_QUESTION))
    answering.feed(SHORT_ANSWER)
    statuses = ended(asking, answering)
    return {"statuses": statuses, "answered": bytes(asking.out) == SHORT_ANSWER}


def late_question(server: str) -> dict[str, Any]:
    """The server's input is over from the beginning, and told; what we send afterwards must still arrive."""
    where, _options = _where("tcp")
    answering = listener([*_listening(server, *TELLS_END[server]), *where], b"")
    asking = start([*COMMANDS["hatoba"], "--explain", *where], None)
    asking.read(err=b"closed its sending side")
    asking.feed(QUESTION)
    statuses = ended(asking, answering)
    return {"statuses": statuses, "asked": bytes(answering.out) == QUESTION}


def one_after_the_other(client: str, server: str) -> dict[str, Any]:
    """``-k``: three clients, one listener."""
    where, _options = _where("tcp")
    answering = listener([*_listening(server, "-k"), *where], b"")
    statuses = []
    for number in range(3):
        asking = start([*COMMANDS[client], *TELLS_END[client], *where], b"%d" % number)
        answering.read(out=number + 1)
        if server != "hatoba":  # they don't end with their client where their own input is over already
            asking.stop()
            ended(asking)
            continue
        statuses += ended(asking)
    answering.stop()
    ended(answering)
    return {"statuses": statuses, "heard": bytes(answering.out).decode()}


def checks(client: str, server: str) -> dict[str, Any]:
    """``-z``: an open port and a closed one."""
    where, _options = _where("tcp")
    answering = listener([*_listening(server, "-k"), *where], b"")
    closed = str(next(_PORTS))
    found = ended(*(start([*COMMANDS[client], "-z", where[0], port]) for port in (where[1], closed)))
    answering.stop()
    ended(answering)
    return {"statuses": found}


def matrix() -> dict[str, Any]:
    """All of it, by what is tried, with whom, in which role."""
    found: dict[str, Any] = {}
    for other in ("ncat", "openbsd"):
        for client, server in (("hatoba", other), (other, "hatoba")):
            for kind in ("tcp", "tcp6", "unix"):
                found[f"{kind} {client} {server}"] = streams(client, server, kind)
            for kind in ("udp", "udp6", "unix-datagram"):
                found[f"{kind} {client} {server}"] = datagrams(client, server, kind)
            found[f"keep-open {client} {server}"] = one_after_the_other(client, server)
            found[f"check {client} {server}"] = checks(client, server)
        found[f"late-answer {other}"] = late_answer(other)
        found[f"late-question {other}"] = late_question(other)
    return found
