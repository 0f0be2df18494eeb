"""Listen at an end, and hand each connection to a handler."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from hatoba.errors import HatobaError, UsageError
from hatoba.messages import _, system_words
from hatoba.netcat.console import Console
from hatoba.netcat.ends import BrokenOff, End, Handler, NotBound, Peer, SocketSettings, Wrapper, fault_sentence
from hatoba.netcat.own_address import tell_own_address
from hatoba.netcat.resolving import Place, places
from hatoba.netcat.sockets import open_socket

BACKLOG = 512
MOST_AT_ONCE = 100
"""Connections at once for servers, unless -m says otherwise: as many as ncat takes."""

_OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_RECOVERY_S = 0.1
"""The queue stays readable while there is no descriptor for its first connection: without a pause we would spin."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """Whom a listener takes, and how many. The default is one connection, and then the end."""

    keep_open: bool = False
    """After a connection listen for the next one (-k)."""
    at_once: int = 1
    """So many connections at the same time, each with its handler in a thread of its own; with 1 the handler runs in the
    caller's thread. Others wait in the kernel's queue until there is room."""
    allows: Callable[[Peer], bool] = lambda _peer: True
    """Whether a peer may connect; otherwise it is closed at once."""
    wait_s: float | None = None
    """How long to wait for a connection while there is none."""


def listen(
    end: End,
    settings: SocketSettings,
    console: Console,
    handler: Handler,
    *,
    welcome: Welcome | None = None,
    wrap: Wrapper | None = None,
    ready: Callable[[Sequence[Peer]], None] | None = None,
) -> int:
    """Accept connections and hand each to *handler*, wrapped first where *wrap* is given; return how many there were, when the
    handlers have ended: after one, or with ``keep_open`` never, unless ``wait_s`` passes without a connection. *ready* is told
    where it listens, once it does.

    With ``keep_open`` a handler's OSError, or the wrapper's, ends its connection only, and is told; otherwise it is raised as
    BrokenOff. Raises NotBound where nothing can be.
    """
    welcome = welcome or Welcome()
    with listening_sockets(end, settings, console) as sockets:
        if ready is not None:
            ready([Peer.of(each.getsockname()) for each in sockets])
        return _Reception(end, console, handler, welcome, wrap).run(sockets)


class _Reception:
    """The accepting loop, and the handlers that it started."""

    def __init__(self, end: End, console: Console, handler: Handler, welcome: Welcome, wrap: Wrapper | None) -> None:
        self._end = end
        self._console = console
        self._handler = handler
        self._welcome = welcome
        self._wrap = wrap
        self._room = threading.BoundedSemaphore(welcome.at_once)

    def run(self, sockets: Sequence[socket.socket]) -> int:
        count = 0
        with selectors.DefaultSelector() as selector:
            for listener in sockets:
                selector.register(listener, selectors.EVENT_READ)
            while True:
                self._room.acquire()
                accepted = self._next(selector)
                if accepted is None:
                    self._room.release()
                    return count
                count += 1
                connection, peer = accepted
                if self._welcome.at_once == 1 or not self._welcome.keep_open:
                    self._serve(connection, peer)
                else:
                    threading.Thread(target=self._serve, args=(connection, peer), daemon=True).start()
                if not self._welcome.keep_open:
                    return count

    def _next(self, selector: selectors.BaseSelector) -> tuple[socket.socket, Peer] | None:
        """The next connection of somebody who may connect; None where none came in time."""
        wait_s = self._welcome.wait_s
        deadline_s = None if wait_s is None else time.monotonic() + wait_s
        while True:
            ready = selector.select(None if deadline_s is None else max(0.0, deadline_s - time.monotonic()))
            if not ready:
                return None
            listener = ready[0][0].fileobj
            assert isinstance(listener, socket.socket)
            accepted = accept(listener, self._console)
            if accepted is None:
                continue
            connection, peer = accepted
            if self._welcome.allows(peer):
                return connection, peer
            self._console.turned_away(peer)
            connection.close()

    def _serve(self, connection: socket.socket, peer: Peer) -> None:
        try:
            self._console.accepted(self._end, peer, Peer.of(connection.getsockname()))
            hand_over(connection, peer, self._console, self._handler, self._wrap)
        except OSError as error:
            if not self._welcome.keep_open:
                raise BrokenOff(fault_sentence(peer, error), error, self._end) from error
            self._console.failed(peer, error)
        except HatobaError as error:
            if threading.current_thread() is threading.main_thread():
                raise
            self._console.complain(str(error))
        finally:
            connection.close()
            self._room.release()


def hand_over(connection: socket.socket, peer: Peer, console: Console, handler: Handler, wrap: Wrapper | None = None) -> None:
    """Let *handler* talk on *connection*, wrapped first where *wrap* is given, and close what it was wrapped in."""
    through = connection if wrap is None else wrap(connection, peer, console)
    try:
        handler(through, peer, console)
    finally:
        through.close()  # TLS says goodbye


def accept(listener: socket.socket, console: Console) -> tuple[socket.socket, Peer] | None:
    """The connection that waits at *listener*, blocking, and who it is; None where there is none after all."""
    try:
        connection, address = listener.accept()
    except OSError as error:
        # One that was gone again before we took it (accept(2), "Error handling") is no fault of ours.
        if error.errno in _OUT_OF_DESCRIPTORS:
            console.complain(system_words(error))
            time.sleep(_RECOVERY_S)
        return None
    connection.setblocking(True)
    return connection, Peer.of(address)


@contextmanager
def listening_sockets(end: End, settings: SocketSettings, console: Console) -> Iterator[list[socket.socket]]:
    """Sockets that listen (or, for datagrams, are bound) at every address that *end* stands for, non-blocking; closed at the
    end, and a Unix socket's file with them. Raises NotBound where that can't be."""
    with ExitStack() as stack:
        yield _bound(end, settings, console, stack)


def _bound(end: End, settings: SocketSettings, console: Console, stack: ExitStack) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    fault: OSError | None = None
    failed = Peer(end.host, end.port)
    port = end.port
    for place in places(end, settings, listening=True):
        try:
            sockets.append(_bind(end, place, port, settings, stack))
        except OSError as error:
            fault, failed = error, Peer.of(place.address)
            # Half of the addresses would be somebody else's: callers would reach the one or the other.
            if error.errno == errno.EADDRINUSE:
                break
            continue
        if not end.transport.by_path:
            port = sockets[0].getsockname()[1]
    if not sockets or (fault is not None and fault.errno == errno.EADDRINUSE):
        reason = system_words(fault or 0)
        message = _("can't listen on {end}: {reason}").format(end=end if end.host else end.port, reason=reason)
        raise NotBound(message, fault, end, failed)
    for opened in sockets:  # who waits for these words may come by any of the addresses
        console.listening(end, Peer.of(opened.getsockname()))
    return sockets


def _bind(end: End, place: Place, port: int, settings: SocketSettings, stack: ExitStack) -> socket.socket:
    opened = stack.enter_context(open_socket(end.transport, place, settings))
    address = place.address
    if end.transport.by_path:
        if isinstance(address, str):
            _clear(address)
            opened.bind(address)
            stack.callback(_unlink, address)
        else:
            opened.bind(address)
    else:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0 if end.transport.datagrams else 1)
        if place.family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((address[0], port, *address[2:]))
    if end.transport.datagrams:
        tell_own_address(opened)
    else:
        opened.listen(BACKLOG)
    opened.setblocking(False)
    return opened


def _clear(path: str) -> None:
    """Remove a socket's file that a program left behind when it ended. Raises UsageError for any other file: it would be lost.

    A socket of a kind that nobody uses asks whether somebody listens there: then the kernel says EPROTOTYPE, and the listener
    hears nothing of it.
    """
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise UsageError(_("{path} exists and is no socket: name another path, or remove it").format(path=path))
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as trial:
            trial.connect(path)
    except FileNotFoundError:
        return
    except ConnectionRefusedError:
        os.unlink(path)
    except OSError as error:
        if error.errno != errno.EPROTOTYPE:
            raise


def _unlink(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
