"""Says of itself that it has addresses, asked or not: ``python -m tests.net.forger DEVICE FRAME`` sends the frame (hex) a
thousand times a second for a minute, and prints ``ready`` after the first."""

from __future__ import annotations

import select
import socket
import sys


def main(device: str, frame: bytes) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as link:
        link.bind((device, 0))
        link.send(frame)
        print("ready", flush=True)
        for _number in range(60_000):
            link.send(frame)
            select.select([], [], [], 0.001)


if __name__ == "__main__":
    main(sys.argv[1], bytes.fromhex(sys.argv[2]))
