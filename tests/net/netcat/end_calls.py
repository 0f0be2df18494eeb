"""What ``test_nc_run.py`` looks at, called on a lab's host: ends, faults and signals, with plain sockets as the peer."""

from __future__ import annotations

import fcntl
import itertools
import os
import signal
import socket
import struct
import sys
import termios
from typing import Any

from hatoba.cli import nc_run
from hatoba.netcat import dialing
from tests.net.netcat.nc_calls import Running, drain, ended, listener, start

_PORTS = itertools.count(6000)
SIZES = [1, 1400, 0, 60_000, 9000, 65_507, 2]
RESET = struct.pack("ii", 1, 0)
NC = ["hatoba", "nc"]


def _server() -> tuple[socket.socket, list[str]]:
    server = socket.create_server(("127.0.0.1", next(_PORTS)))
    server.settimeout(50)
    return server, ["127.0.0.1", str(server.getsockname()[1])]


def _outcome(running: Running) -> dict[str, Any]:
    (status,) = ended(running)
    return {"status": status, "out": bytes(running.out).decode(), "err": bytes(running.err).decode()}


def interrupted() -> dict[str, Any]:
    """Ctrl-C while it listens."""
    running = listener([*NC, "-l", "-v", str(next(_PORTS))], None)
    os.kill(running.pid, signal.SIGINT)
    return _outcome(running)


def output_closed() -> dict[str, Any]:
    """Nobody reads standard output any more."""
    server, where = _server()
    running = start([*NC, *where], None)
    connection, _address = server.accept()
    os.close(running.stdout)
    running.stdout = -1
    connection.sendall(b"to nobody")
    return _outcome(running)


def disk_full(*options: str, full_output: bool = False) -> dict[str, Any]:
    server, where = _server()
    full = os.open("/dev/full", os.O_WRONLY)
    running = start([*NC, *options, *where], None, stdout=full if full_output else None)
    connection, _address = server.accept()
    connection.sendall(b"does not fit")
    return _outcome(running)


def input_closed() -> dict[str, Any]:
    """``<&-``: there is no input at all."""
    server, where = _server()
    running = start([*NC, *where], b"", stdin=-1)
    connection, _address = server.accept()
    told = connection.recv(10)
    connection.sendall(b"answer")
    connection.close()
    return {**_outcome(running), "told": told.decode()}


def reset() -> dict[str, Any]:
    """The peer sends, and resets."""
    server, where = _server()
    running = start([*NC, *where], None)
    connection, _address = server.accept()
    connection.sendall(b"before")
    running.read(out=6)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()
    return _outcome(running)


def reset_at_once() -> dict[str, Any]:
    """The peer takes the connection and resets it before we have looked at it, as a service does that lets few in. Who it is
    (getpeername(2)) can't be asked any more then, so it is reset while we are stopped."""
    server, where = _server()
    connecting = start([*NC, *where], b"", before=_stops_once_connected)
    connection, _address = server.accept()
    os.waitpid(connecting.pid, os.WUNTRACED)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()
    os.kill(connecting.pid, signal.SIGCONT)
    return _outcome(connecting)


def _stops_once_connected() -> None:
    dialed = dialing.dial

    def dial(*arguments: Any) -> socket.socket:
        connection = dialed(*arguments)
        os.kill(os.getpid(), signal.SIGSTOP)
        return connection

    nc_run.dial = dial


def taken_no_more() -> dict[str, Any]:
    """The peer is gone while there is more to send."""
    server, where = _server()
    running = start([*NC, *where], None)
    connection, _address = server.accept()
    connection.close()
    running.feed(b"x" * 3_000_000)
    return _outcome(running)


def idle() -> dict[str, Any]:
    server, where = _server()
    return _outcome(start([*NC, "-i", "100ms", *where], None)) | {"server": server.fileno() > 0}


def no_answer() -> dict[str, Any]:
    """A listener whose queue is full: the kernel drops our SYN, as a firewall would."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", next(_PORTS)))
        server.listen(0)
        queued = [socket.socket() for _call in range(3)]
        for call in queued:
            call.setblocking(False)
            call.connect_ex(server.getsockname())
        return _outcome(start([*NC, "-w", "200ms", "--explain", "127.0.0.1", str(server.getsockname()[1])]))


def nobody_came() -> dict[str, Any]:
    return _outcome(start([*NC, "-l", "-w", "50ms", str(next(_PORTS))]))


def hung_up() -> dict[str, Any]:
    """The terminal is closed."""
    server, where = _server()
    master, terminal = os.openpty()

    def own_terminal() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # who started the tests may ignore it
        os.setsid()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)

    running = start([*NC, *where], b"", stdin=terminal, before=own_terminal)
    os.close(terminal)
    connection, _address = server.accept()
    with connection:  # its end would be the end before the terminal's is
        os.write(master, b"typed\n")
        os.close(master)
        return _outcome(running)


def typed() -> dict[str, Any]:
    """At a terminal the end of the peer is the end."""
    server, where = _server()
    master, terminal = os.openpty()
    running = start([*NC, *where], b"", stdin=terminal)
    connection, _address = server.accept()
    os.write(master, b"typed\n")
    heard = connection.recv(100)
    connection.close()
    outcome = _outcome(running)
    os.close(master)
    return {**outcome, "heard": heard.decode()}


def datagrams_received() -> dict[str, Any]:
    port = next(_PORTS)
    running = listener([*NC, "-l", "-v", "-u", "127.0.0.1", str(port)], None)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", port))
        for number, size in enumerate(SIZES):
            sender.send(bytes([number]) * size)
        drain([running], lambda: len(running.out) >= sum(SIZES))
    running.stop()
    ended(running)
    whole = b"".join(bytes([number]) * size for number, size in enumerate(SIZES))
    return {"whole": bytes(running.out) == whole}


def datagrams_sent() -> dict[str, Any]:
    """A pipe in packet mode (pipe(2), O_DIRECT) keeps what was written apart: so does what is sent."""
    sizes = [1, 1400, 4000, 7, 4096]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", next(_PORTS)))
        receiver.settimeout(50)
        source, feed = os.pipe2(os.O_DIRECT)
        for size in sizes:
            os.write(feed, bytes(size))
        os.close(feed)
        running = start([*NC, "-u", "-q", "0", "127.0.0.1", str(receiver.getsockname()[1])], b"", stdin=source)
        os.close(source)
        got = [len(receiver.recv(70_000)) for _size in sizes]
        return {**_outcome(running), "sizes": got == sizes}


def refused_datagrams() -> dict[str, Any]:
    return _outcome(start([*NC, "-u", "127.0.0.1", str(next(_PORTS))], b"anybody?"))


def turned_away() -> dict[str, Any]:
    port = next(_PORTS)
    running = listener([*NC, "-l", "-v", "--deny", "127.0.0.9", str(port)], b"hello")
    heard = []
    for source in ("127.0.0.9", "127.0.0.1"):
        with socket.create_connection(("127.0.0.1", port), source_address=(source, 0)) as call:
            heard.append(call.recv(100).decode())
    return {**_outcome(running), "heard": heard}


def from_where() -> dict[str, Any]:
    server, where = _server()
    port = next(_PORTS)
    running = start([*NC, "-s", "127.0.0.7", "-p", str(port), *where])
    _connection, address = server.accept()
    _connection.close()
    return {**_outcome(running), "from": list(address) == ["127.0.0.7", port]}


def sctp() -> dict[str, Any]:
    return _outcome(start([*NC, "--sctp", "127.0.0.1", str(next(_PORTS))]))


def checked() -> dict[str, Any]:
    server, (host, port) = _server()
    closed = next(_PORTS)
    found = _outcome(start([*NC, "-z", "-v", host, f"{port}-{closed}"]))
    nothing = _outcome(start([*NC, "-z", host, str(closed)]))
    explained = _outcome(start([*NC, "-z", "--explain", host, str(port), str(closed)]))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        udp = _outcome(start([*NC, "-z", "-v", "-u", "-w", "100ms", host, str(silent.getsockname()[1]), str(closed)]))
    return {
        "server": server.fileno() > 0,
        "port": port,
        "closed": closed,
        "found": found,
        "nothing": nothing,
        "udp": udp,
        "explained": explained,
    }


def explained() -> dict[str, Any]:
    server, where = _server()
    running = start([*NC, "--explain", "localhost", where[1]], b"question")
    connection, _address = server.accept()
    while connection.recv(100):
        pass
    connection.close()
    return _outcome(running)


def everything() -> dict[str, Any]:
    """All of it, by name."""
    names = (
        *("interrupted", "output_closed", "input_closed", "reset", "reset_at_once", "taken_no_more", "idle", "no_answer"),
        *("nobody_came",),
        *("hung_up", "typed", "datagrams_received", "datagrams_sent", "refused_datagrams", "turned_away", "from_where"),
        *("sctp", "checked", "explained"),
    )
    here = sys.modules[__name__]
    found = {name: getattr(here, name)() for name in names}
    found["full_output"] = disk_full(full_output=True)
    found["full_record"] = disk_full("-o", "/dev/full")
    return found
