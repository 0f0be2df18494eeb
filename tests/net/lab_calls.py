"""What tests call on a lab's hosts, by ``host.call("tests.net.lab_calls:connect", ...)``."""

from __future__ import annotations

import errno
import os
import socket
import struct
from typing import Any

_IP_RECVERR, _IPV6_RECVERR = 11, 25


def connect(address: str, port: int, timeout_s: float = 30) -> str:
    """``connected``, or the name of the errno that came instead (``ETIMEDOUT`` after *timeout_s*)."""
    try:
        socket.create_connection((address, port), timeout_s).close()
    except TimeoutError:
        return "ETIMEDOUT"
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "connected"


def connect_all(address: str, ports: list[int]) -> list[int]:
    """Those of *ports* that a connection can be made to, all held open at the same time."""
    connections = []
    for port in ports:
        connection = socket.create_connection((address, port), 30)
        connections.append(connection)
    reached = [connection.getpeername()[1] for connection in connections]
    for connection in connections:
        connection.close()
    return reached


def icmp_answer(address: str, port: int) -> list[int] | None:
    """Type and code of the ICMP error that refuses a connection, from the socket's error queue (ip(7), IP_RECVERR)."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    level, option = (socket.IPPROTO_IPV6, _IPV6_RECVERR) if family == socket.AF_INET6 else (socket.IPPROTO_IP, _IP_RECVERR)
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(level, option, 1)
        probe.settimeout(30)
        try:
            probe.connect((address, port))
        except OSError:
            _data, control, _flags, _from = probe.recvmsg(1, 512, socket.MSG_ERRQUEUE)
            for its_level, its_type, data in control:
                if (its_level, its_type) == (level, option):
                    _number, _origin, kind, code = struct.unpack_from("IBBB", data)
                    return [kind, code]
    return None


def udp_answer(address: str, port: int, words: str, timeout_s: float) -> list[str] | None:
    """What came back to a datagram with these words, and from which address; None for nothing. Any sender is heard."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.settimeout(timeout_s)
        probe.sendto(words.encode(), (address, port))
        try:
            data, peer = probe.recvfrom(65536)
        except TimeoutError:
            return None
    return [data.decode(), peer[0]]


def about_itself(greeting: str) -> dict[str, Any]:
    """Where this runs. What it prints must not get into its result."""
    print("talk on standard output")
    return {"greeting": greeting, "name": socket.gethostname(), "interfaces": sorted(os.listdir("/sys/class/net"))}


def fail(words: str) -> None:
    raise ValueError(words)
