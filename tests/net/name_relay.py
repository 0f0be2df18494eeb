"""A name server that answers only those who ask many things at once: ``python name_relay.py COUNT PORT``.

It keeps questions until COUNT of them wait, then hands them to the real server at 127.0.0.1:PORT and its answers back. With
COUNT 0 it is a dead server, which takes every question and answers none. Writes ``ready`` once it listens on port 53.
"""

from __future__ import annotations

import socket
import sys


def main(most: int, upstream: int) -> None:
    waiting: list[tuple[bytes, tuple[str, int]]] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as front, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as back:
        front.bind(("0.0.0.0", 53))
        back.connect(("127.0.0.1", upstream))
        print("ready", flush=True)
        while True:
            question, client = front.recvfrom(4096)
            waiting.append((question, client))
            if len(waiting) != most:
                continue
            for question, client in waiting:
                back.send(question)
                front.sendto(back.recv(4096), client)
            waiting.clear()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
