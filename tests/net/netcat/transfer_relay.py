"""A relay that cuts a transfer: run on a lab's host."""

from __future__ import annotations

import socket
import struct
import sys
import threading


def cut(port: int, target: str, target_port: int, after_bytes: int) -> None:
    """Say ``ready``, take one connection, pass on both ways, and reset both sides once *after_bytes* went to the target."""
    with socket.create_server(("", port)) as listener:
        print("ready", flush=True)
        client, _address = listener.accept()
    server = socket.create_connection((target, target_port), 50)
    threading.Thread(target=_pass_on, args=(server, client), daemon=True).start()
    left = after_bytes
    while left and (data := client.recv(min(65536, left))):
        server.sendall(data)
        left -= len(data)
    for side in (client, server):
        if not left and side is client:
            side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
        side.close()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        return


if __name__ == "__main__":
    cut(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
