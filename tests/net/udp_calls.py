"""What the tests of the UDP questions call on a lab's host: ask a daemon, with an ordinary socket."""

from __future__ import annotations

import socket
import time
from typing import Any

from tests.udp_asking import BY_NAME, filled

PATIENCE_S = 50.0
"""How long a daemon may take to be there and to answer."""
ONCE_S = 0.5
"""How long to wait before asking again."""


def ask(address: str, name: str, cookie: int, port: int = 0, patience_s: float = PATIENCE_S) -> dict[str, Any] | None:
    """The first datagram from *address*, with the port that it came from; None where none came in time. Asked again and
    again, because a daemon may not be there yet. *port*: another than the question's first."""
    question = BY_NAME[name]
    port = port or question.ports[0]
    datagram = filled(question, cookie)
    end_s = time.monotonic() + patience_s
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as asking:
        while (left_s := end_s - time.monotonic()) > 0:
            asking.sendto(datagram, (address, port))
            asking.settimeout(min(ONCE_S, left_s))
            try:
                answer, (source, its_port, *_rest) = asking.recvfrom(65536)
            except TimeoutError:
                continue
            if source == address:
                return {"answer": answer.hex(), "port": its_port}
    return None
