"""The way into a lab for others than its maker: a socket in the lab's own folder, where its keeper lets visitors in.

The folder is in memory and mounted in the lab alone, so the socket is gone with the lab, ``kill -9`` included. Inside the lab
it stands at its place; from outside it is reached through ``/proc/PID/root`` of the keeper, which the kernel opens to the
lab's owner and to root only (ptrace(2), PTRACE_MODE_READ_FSCREDS). Root, too, enters no lab but its own: a visitor hands over
its environment and its terminal, and anybody's process can look like a keeper.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from hatoba.errors import LabError
from hatoba.lab.channel import Channel, Message
from hatoba.lab.connection import Connection
from hatoba.lab.process import Process
from hatoba.lab.sandbox import WORK_FOLDER
from hatoba.messages import _

DOOR = WORK_FOLDER / "door"
"""Inside a lab whose door is open."""
_KEEPER = b"hatoba.lab.keeper"
_BACKLOG = 16
_CREDENTIALS = struct.Struct("iII")
"""``struct ucred`` (unix(7), SO_PEERCRED): process, user and group."""


def open_door() -> socket.socket:
    """The keeper's side: a socket to accept visitors at. Raise OSError."""
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        door.bind(str(DOOR))
        DOOR.chmod(0o600)
        door.listen(_BACKLOG)
    except OSError:
        door.close()
        raise
    return door


def is_inside() -> bool:
    """Whether this process is in a lab whose door is open."""
    return DOOR.is_socket()


def doors(processes: Path = Path("/proc")) -> list[Path]:
    """The doors that this process can reach: that of the lab that it is in, else those of this user's labs."""
    if is_inside():
        return [DOOR]
    found: dict[tuple[int, int], Path] = {}
    for folder in processes.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended while we looked, somebody else's, or a lab without a door
            if folder.stat().st_uid != os.geteuid():
                continue
            if _KEEPER in (folder / "cmdline").read_bytes().split(b"\0"):
                door = folder / "root" / DOOR.relative_to("/")
                status = door.stat()
                found[status.st_dev, status.st_ino] = door  # the keeper's two processes have one
    return list(found.values())


class Visit:
    """A lab that another process of this user made, entered by its *door*. Leaving, however it comes about, ends what was
    started there and still runs. Raises :class:`LabError`."""

    def __init__(self, door: Path) -> None:
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._sock.connect(str(door))
        except OSError as error:
            self._sock.close()
            raise LabError(_("The lab is closed.")) from error
        if _owner(self._sock) != os.geteuid():
            self._sock.close()
            raise LabError(_("That lab is another user's; make your own in another terminal: hatoba lab"))
        self._channel = Channel(self._sock)
        self._connection = Connection(self._channel, lambda: "–")
        self.hosts: dict[str, list[str]] = self._connection.ask("hosts")["hosts"]
        """Its hosts by name, with their addresses and prefix lengths."""

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._channel.close()

    def start(self, host: str, request: Message, descriptors: Sequence[int]) -> Process:
        """Start what ``programs.to_start`` has put into words on *host*. *descriptors*: its standard streams."""
        return self._connection.start(host, request, descriptors)


def _owner(sock: socket.socket) -> int:
    """The user who opened the door that *sock* went through, numbered as in this process's user namespace: in a lab that was
    made without privilege its owner is 0, as every process there is."""
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(credentials)[1])
