"""What ncat says, word for word (7.93): for scripts that read it. English only, as there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

from hatoba import __version__
from hatoba.errors import UsageError
from hatoba.netcat.console import Console
from hatoba.netcat.ends import BrokenOff, End, NotBound, NotConnected, NotResolved, Peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatoba.netcat.relay import Ending

VERSION = "7.93"
"""The version whose ways are followed."""

DEFAULT_PORT = 31337


class NcatConsole(Console):
    """Says on ``-v`` who connected and how much passed, and always why it could not."""

    def __init__(self, stream: TextIO | None, *, verbosity: int = 0, idle_s: float | None = None) -> None:
        super().__init__(stream, verbosity=verbosity, program="Ncat")
        self._idle_s = idle_s

    def begin(self) -> None:
        self.tell(version_line())

    def gave_up(self, error: NotConnected) -> int:
        reason = _reason(error.fault)
        if isinstance(error, NotResolved):
            self.write(f'Ncat: Could not resolve hostname "{error.end.host if error.end else ""}": {reason}. QUITTING.')
            return 2
        if isinstance(error, NotBound):
            self.write(f"Ncat: bind to {_with_port(error.local)}: {reason}. QUITTING.")
            return 2
        if isinstance(error, BrokenOff):
            self.tell(f"Ncat: {reason}.")
        else:
            self.write(f"Ncat: {reason}.")
        return 1

    def misused(self, error: UsageError) -> int:
        self.write(f"Ncat: {error}. QUITTING.")
        return error.exit_status

    def connected(self, end: End, peer: Peer, local: Peer, took_s: float) -> None:
        self.tell(f"Ncat: Connected to {_with_port(peer)}.")

    def not_connected(self, end: End, peer: Peer, fault: OSError, *, last: bool) -> None:
        if not last:
            self.tell(f"Ncat: Connection to {peer.host} failed: {_reason(fault)}.")
            self.tell("Ncat: Trying next address...")

    def listening(self, end: End, local: Peer) -> None:
        self.tell(f"Ncat: Listening on {_with_port(local)}")

    def accepted(self, end: End, peer: Peer, local: Peer) -> None:
        if end.transport.by_path:
            self.tell("Ncat: Connection from a client on Unix domain socket.")
        else:
            self.tell(f"Ncat: Connection from {peer.host}.")
        if not end.transport.datagrams:
            self.tell(f"Ncat: Connection from {_with_port(peer)}.")

    def turned_away(self, peer: Peer) -> None:
        self.tell(f"Ncat: Connection from {peer.host}.")
        self.tell(f"Ncat: Connection from {_with_port(peer)}.")
        self.tell("Ncat: New connection denied: not allowed")

    def input_ended(self, told: bool) -> None:
        """Not said."""

    def peer_ended(self, still_sending: bool) -> None:
        """Not said."""

    def left(self, peer: Peer) -> None:
        """Not said."""

    def failed(self, peer: Peer, fault: OSError) -> None:
        """Not said."""

    def finished(self, ending: Ending, *, listening: bool = False) -> int:
        if ending.idle:
            self.write(f"Ncat: Idle timeout expired ({1000 * (self._idle_s or 0):.0f} ms).")
            return 1
        if ending.fault is not None:
            if not listening:
                self.write(f"Ncat: {_reason(ending.fault)}.")
            return 1
        if not listening:
            self.tell(
                f"Ncat: {ending.sent_bytes} bytes sent, {ending.received_bytes} bytes received in {ending.took_s:.2f} seconds."
            )
        return 0


def version_line() -> str:
    """What it says first on ``-v``: whose ways these are, and who follows them."""
    return f"Ncat: Version {VERSION} ( hatoba {__version__} )"


def dump(_way: str, offset: int, data: bytes) -> Iterator[str]:
    """Lines of its hex dump: ``0010   20 73 ...  74 65 ...  text``; each piece begins at 0, whichever way it went."""
    for start in range(0, len(data), 16):
        piece = data[start : start + 16]
        text = piece.translate(_TEXT).decode("ascii")
        yield f"{start:04x}   {piece[:8].hex(' '):<23}  {piece[8:].hex(' '):<23}  {text:<16}"


_TEXT = bytes(byte if 0x20 < byte < 0x7F else ord(".") for byte in range(256))


def _with_port(peer: Peer) -> str:
    return f"{peer.host}:{peer.port}" if peer.port else peer.host


def _reason(fault: OSError | None) -> str:
    if fault is None:
        return ""
    return os.strerror(fault.errno) if fault.errno and fault.errno > 0 else fault.strerror or str(fault)
