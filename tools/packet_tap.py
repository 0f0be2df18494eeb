"""What passes an interface, for whoever asks: ``python packet_tap.py DEVICE``, on a host of a lab.

Writes ``ready``; then, for each line on standard input, one line of JSON: the frames that passed since the last, in order, as
hexadecimal text. A plain packet socket, which any lab gives, and nothing of hatoba's: the packets are told by somebody who did
not send them.
"""

from __future__ import annotations

import json
import socket
import sys

_ETH_P_ALL = 3
_ROOM_BYTES = 1 << 23
_LONGEST_BYTES = 65_536


def taken(tap: socket.socket) -> list[str]:
    """All that waits there."""
    frames: list[str] = []
    while True:
        try:
            frames.append(tap.recv(_LONGEST_BYTES).hex())
        except BlockingIOError:
            return frames


def main(device: str) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as tap:
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM_BYTES)
        tap.setblocking(False)
        tap.bind((device, _ETH_P_ALL))
        print("ready", flush=True)
        for _line in sys.stdin:
            print(json.dumps(taken(tap)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
