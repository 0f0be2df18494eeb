"""Clients of the web server that no browser is: run on a lab's host by ``Host.call``, so arguments and results are JSON."""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
from contextlib import suppress

PORT = 8080


def raw_answers(address: str, requests: list[str], port: int = PORT) -> list[str]:
    """What comes back for each of these requests (Latin-1), each on a connection of its own, until the server closes or a
    second request would be due."""
    answers = []
    for request in requests:
        with socket.create_connection((address, port), 50) as connection:
            connection.sendall(request.encode("latin-1"))
            connection.shutdown(socket.SHUT_WR)
            answers.append(_rest(connection).decode("latin-1"))
    return answers


def _rest(connection: socket.socket) -> bytes:
    said = bytearray()
    try:
        while data := connection.recv(65536):
            said += data
    except ConnectionResetError:
        pass
    return bytes(said)


def held_clients(address: str, port: int, count: int, begun: str) -> list[str]:
    """So many clients that begin (with *begun*) and then neither send nor read. While they hold their connections a client
    like any other asks for ``/small``: its answer comes first in the result, then what each of the others heard until it was
    let go."""
    held = []
    for _client in range(count):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(60)
        connection.connect((address, port))
        connection.sendall(begun.encode("latin-1"))
        held.append(connection)
    answers = raw_answers(address, ["GET /small HTTP/1.0\r\n\r\n"], port)
    for connection in held:
        answers.append(_rest(connection)[:12].decode("latin-1"))
        connection.close()
    return answers


def flood_of_headers(address: str, count: int) -> list[str]:
    """So many clients, one after the other, each sending ten megabytes of header as fast as the server takes it. What they
    heard."""
    answers = []
    for _client in range(count):
        with socket.create_connection((address, PORT), 50) as connection:
            flood = b"GET / HTTP/1.1\r\nX: " + b"a" * 10_000_000
            sender = threading.Thread(target=_send_quietly, args=(connection, flood))
            sender.start()
            answers.append(_rest(connection)[:12].decode("latin-1"))
            sender.join()
    return answers


def _send_quietly(connection: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        connection.sendall(data)


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the server closed the connection")
    return data


def raced_link(address: str, folder: str, tries: int) -> list[str]:
    """Ask for a file at least so many times, while it and a link to a file outside take each other's place as fast as they can.
    Return the different bodies and statuses that came."""
    stop = threading.Event()
    good, bad, name = (os.path.join(folder, each) for each in ("good", "bad", "raced"))

    def exchange() -> None:
        while not stop.is_set():
            os.rename(name, good)
            os.rename(bad, name)
            os.rename(name, bad)
            os.rename(good, name)

    sys.setswitchinterval(1e-4)  # else each answer waits for the other thread to be asked to make room
    thread = threading.Thread(target=exchange, daemon=True)
    thread.start()
    seen = set()
    with socket.create_connection((address, PORT), 50) as connection:
        while tries > 0 or "200 public\n" not in seen:  # the thread exchanges when the machine lets it
            tries -= 1
            connection.sendall(b"GET /raced HTTP/1.1\r\nHost: x\r\n\r\n")
            head = b""
            while b"\r\n\r\n" not in head:
                head += _some(connection)
            head, _blank, body = head.partition(b"\r\n\r\n")
            length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
            while len(body) < length:
                body += _some(connection)
            seen.add(f"{head[9:12].decode()} {body.decode()}")
    stop.set()
    thread.join()
    return sorted(seen)


def hold(address: str, port: str, begun: str) -> None:
    """Begin a talk, say ``held`` (where a whole head was sent, once the answer begins), and wait for the end of standard
    input."""
    with socket.create_connection((address, int(port)), 50) as connection:
        connection.sendall(begun.encode("latin-1"))
        if begun.endswith("\r\n\r\n"):
            connection.recv(1)
        print("held", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    hold(*sys.argv[1:])
