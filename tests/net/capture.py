"""What leaves an interface, line by line: ``python -m tests.net.capture DEVICE``; with ``incoming`` behind it, what arrives.

A plain packet socket, which any lab gives. tcpdump insists on becoming another user, who does not exist in a lab that was made
without privilege.
"""

from __future__ import annotations

import socket
import struct
import sys

_ETH_P_ALL, _IPV4, _ARP, _IPV6 = 3, 0x0800, 0x0806, 0x86DD
_INCOMING, _OUTGOING = 0, 4  # linux/if_packet.h


def line(frame: bytes) -> str:
    """``to ADDRESS PORT`` for what has ports, ``to ADDRESS`` for other packets and for a question who has an address."""
    ethertype = struct.unpack_from(">H", frame, 12)[0]
    if ethertype == _ARP:
        return f"to {socket.inet_ntoa(frame[38:42])}"
    if ethertype == _IPV6:
        return f"to {socket.inet_ntop(socket.AF_INET6, frame[38:54])}"
    if ethertype != _IPV4:
        return f"ethertype {ethertype:#06x}"
    start = 14 + (frame[14] & 15) * 4
    to = f"to {socket.inet_ntoa(frame[30:34])}"
    return f"{to} {struct.unpack_from('>H', frame, start + 2)[0]}" if frame[23] in (6, 17) else to


def main(device: str, wanted: int) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sniffer:
        sniffer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        sniffer.bind((device, _ETH_P_ALL))
        print("listening", flush=True)
        while True:
            frame, (_device, _protocol, kind, *_rest) = sniffer.recvfrom(256)
            if kind == wanted:
                print(line(frame), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], _INCOMING if sys.argv[2:] == ["incoming"] else _OUTGOING)
