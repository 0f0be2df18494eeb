"""How ``hatoba nc`` and the programs beside it are told to do the same work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

PORT = "5000"
ADDRESS = "198.18.0.2"
"""Where the listener is."""

HATOBA = (sys.executable, "-P", "-m", "hatoba", "nc")


@dataclass(frozen=True, slots=True)
class Task:
    """What one program is to do. *carrier*: tcp, tls or udp; *way*: sends, receives or both."""

    listens: bool
    carrier: str
    way: str
    pem: str
    """A certificate and its key, for who listens by TLS."""

    def client(self, way: str) -> Task:
        return Task(False, self.carrier, way, self.pem)


@dataclass(frozen=True, slots=True)
class Contender:
    name: str
    command: Callable[[Task], list[str]]
    carriers: frozenset[str] = frozenset({"tcp", "tls", "udp"})


def _like_ncat(*program: str) -> Callable[[Task], list[str]]:
    def command(task: Task) -> list[str]:
        certificate = ["--ssl-cert", task.pem, "--ssl-key", task.pem] if task.listens else []
        carrier = {"tcp": [], "tls": ["--ssl", *certificate], "udp": ["-u"]}[task.carrier]
        way = {"sends": ["--send-only"], "receives": ["--recv-only"], "both": []}[task.way]
        return [*program, "-n", *(["-l"] if task.listens else []), *carrier, *way, ADDRESS, PORT]

    return command


def _openbsd(task: Task) -> list[str]:
    way = {"sends": ["-q", "0"] if task.carrier == "udp" else ["-N"], "receives": ["-d"], "both": ["-N"]}[task.way]
    carrier = ["-u"] if task.carrier == "udp" else []
    return ["nc.openbsd", "-n", *(["-l"] if task.listens else []), *carrier, *way, ADDRESS, PORT]


def _socat(task: Task) -> list[str]:
    if task.listens:
        kind = {"tcp": "TCP-LISTEN", "tls": "OPENSSL-LISTEN", "udp": "UDP-LISTEN"}[task.carrier]
        tls = f",cert={task.pem},verify=0" if task.carrier == "tls" else ""
        peer = f"{kind}:{PORT},bind={ADDRESS},reuseaddr{tls}"
    else:
        kind = {"tcp": "TCP", "tls": "OPENSSL", "udp": "UDP"}[task.carrier]
        peer = f"{kind}:{ADDRESS}:{PORT}" + (",verify=0" if task.carrier == "tls" else "")
    return ["socat", *{"sends": ["-u", "-", peer], "receives": ["-u", peer, "-"], "both": ["-", peer]}[task.way]]


CONTENDERS = (
    Contender("hatoba", _like_ncat(*HATOBA)),
    Contender("ncat", _like_ncat("ncat")),
    Contender("OpenBSD nc", _openbsd, frozenset({"tcp", "udp"})),
    Contender("socat", _socat),
)
