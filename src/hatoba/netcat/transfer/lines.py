"""The lines around a transferred file: read with a bound, written, checked; see the package's page."""

from __future__ import annotations

import json
import re
import socket
from typing import Any

from hatoba.errors import HatobaError
from hatoba.messages import _N, _, translated
from hatoba.netcat.servers.patience import Patience, PatientPeer, PeerGone, PeerSlow
from hatoba.reports.text import safe

VERSION = 1
LINE_BYTES = 4096
GREETING_S = 10.0
"""Each end greets at once; one that does not is no hatoba."""
BUFFER_BYTES = 1 << 20
_KEEP_ALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 6}
"""Seconds of silence before the first question, between questions, and how many without an answer end it: 45 s in all."""

ERRORS = {
    "exists": _N("it has a file of that name already"),
    "busy": _N("another transfer to the same name is going on there"),
    "name": _N("it can't take the name of the file"),
    "full": _N("its disk is full; what had come is kept"),
    "storage": _N("it can't write the file"),
    "mismatch": _N("what came has another SHA-256 than what was sent"),
}
"""What a receiver may say instead of going on; the other end says it in its own language."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


class TransferFailed(HatobaError):
    """A file did not come over; the message says how far it came and what to do."""


class Lines:
    """Lines and bytes in turn over one connection. *idle_s*: how long the other end may be silent while it has something to
    say; None: as long as the connection stands."""

    def __init__(self, connection: socket.socket, idle_s: float | None = None) -> None:
        _keep_alive(connection)
        self.peer = PatientPeer(connection)
        self._idle_s = idle_s
        self._come = b""

    def patience(self) -> Patience:
        return Patience(self._idle_s, 1)

    def say(self, **fields: Any) -> None:
        """Raise PeerGone."""
        text = json.dumps({name.replace("_", "-"): value for name, value in fields.items()}) + "\n"
        self.peer.send(text.encode(), self.patience())

    def hear(self, patience: Patience | None = None) -> dict[str, Any]:
        """The next line. Raise TransferFailed where it is none of ours, PeerGone where none comes."""
        patience = patience or self.patience()
        while b"\n" not in self._come and len(self._come) < LINE_BYTES:
            data = self.peer.receive(LINE_BYTES, patience)
            if not data:
                raise PeerGone(_("the other end closed the connection"))
            self._come += data
        line, newline, self._come = self._come.partition(b"\n")
        try:
            fields = json.loads(line) if newline and len(line) < LINE_BYTES else None
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            raise not_ours()
        return fields

    def has_heard_something(self) -> bool:
        """Whether there is a line, or an end, to hear at once."""
        return bool(self._come) or self.peer.has_said_something()

    def take(self, buffer: memoryview, patience: Patience) -> int:
        """Bytes of the file into *buffer*; return how many, 0 at the end of the connection."""
        if self._come:
            count = min(len(self._come), len(buffer))
            buffer[:count] = self._come[:count]
            self._come = self._come[count:]
            return count
        return self.peer.receive_into(buffer, patience)

    def greet(self, **fields: Any) -> dict[str, Any]:
        """Say who we are and hear who the other end is; raise TransferFailed unless it is the one that we need."""
        self.say(hatoba_file=VERSION, **fields)
        try:
            greeting = self.hear(Patience(GREETING_S))
        except PeerSlow:
            raise not_ours() from None
        version, role = greeting.get("hatoba-file"), greeting.get("role")
        if version is None:
            raise not_ours()
        if version != VERSION:
            raise TransferFailed(_("the other end is a hatoba that sends files in another way: use the same version on both"))
        if role == fields["role"]:
            raise TransferFailed(
                _("the other end wants to send too: one end needs --send, the other --receive")
                if role == "send"
                else _("the other end wants to receive too: one end needs --send, the other --receive")
            )
        return greeting


def _keep_alive(connection: socket.socket) -> None:
    """Let the kernel ask a silent peer whether it is still there (tcp(7)): one that reads a large file for its digest says
    nothing for long, and one whose machine is gone says nothing for ever."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEP_ALIVE.items():
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    except (OSError, AttributeError):  # no TCP, or a system that lets nobody choose
        return


def not_ours() -> TransferFailed:
    return TransferFailed(
        _(
            "the other end does not speak hatoba's file transfer: use hatoba nc --send or --receive there too, or --raw here"
            " for a plain netcat"
        )
    )


def count_of(fields: dict[str, Any], name: str) -> int:
    """A number of bytes out of a line. Raise TransferFailed."""
    value = fields.get(name)
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise not_ours()
    return value


def digest_of(fields: dict[str, Any]) -> str:
    """A SHA-256 out of a line. Raise TransferFailed for anything else, with the other end's own words for an error."""
    if "error" in fields:
        word = str(fields["error"])
        reason = translated(ERRORS[word]) if word in ERRORS else safe(word[:100])
        raise TransferFailed(_("the other end stopped: {reason}").format(reason=reason))
    value = fields.get("sha256")
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise not_ours()
    return value
