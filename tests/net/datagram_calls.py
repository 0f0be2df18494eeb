"""What tests call on a lab's hosts to send datagrams by hand: ``host.call("tests.net.datagram_calls:ask", ...)``."""

from __future__ import annotations

import contextlib
import select
import socket
import time


def ask(address: str, port: int, question: str, timeout_s: float = 30) -> list[object]:
    """Send *question* (hex) and return [address, port, hex] of the first answer, from wherever; [] where none comes."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout_s)
        sock.sendto(bytes.fromhex(question), (address, port))
        try:
            answer, sender = sock.recvfrom(65536)
        except TimeoutError:
            return []
    return [sender[0], sender[1], answer.hex()]


def refused(address: str, ports: list[int], wait_s: float) -> int:
    """How many of *ports* were refused by port unreachable within *wait_s* of asking all at once."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with contextlib.ExitStack() as stack:
        poll = select.poll()
        for port in ports:
            sock = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            sock.connect((address, port))
            sock.send(b"")
            poll.register(sock, 0)  # POLLERR is told without being asked for
        told: set[int] = set()
        deadline = time.monotonic() + wait_s
        while (left_s := deadline - time.monotonic()) > 0 and len(told) < len(ports):
            for descriptor, _events in poll.poll(left_s * 1000):
                told.add(descriptor)
                poll.unregister(descriptor)
        return len(told)
