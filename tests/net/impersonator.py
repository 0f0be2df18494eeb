"""Answers in the stead of a host's kernel as another system does: ``python -m tests.net.impersonator DEVICE PERSONALITY``.

The kernel, which has the addresses and answers who asks for them, must be kept from answering the rest (``HUSH``). Prints
``ready`` once it hears; ends when it is killed.
"""

from __future__ import annotations

import socket
import sys
import time

from tests.personalities import Personality, personality

HUSH = """
table inet hush {
  chain input {
    type filter hook input priority filter
    meta l4proto { tcp, udp } drop
    icmp type echo-request drop
    icmpv6 type echo-request drop
  }
}
"""
_ETH_P_ALL, _TO_US = 3, 0  # linux/if_ether.h, linux/if_packet.h
_ETHERNET_BYTES = 14
_ETHERTYPES = (b"\x08\x00", b"\x86\xdd")


def main(device: str, name: str) -> None:
    host = Personality(noisy=True) if name == "noise" else personality(name)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL)) as link:
        link.bind((device, 0x0003))
        print("ready", flush=True)
        while True:
            frame, (_device, _protocol, kind, *_rest) = link.recvfrom(2048)
            if kind == _TO_US and frame[12:14] in _ETHERTYPES:
                _answer(link, host, frame)


def _answer(link: socket.socket, host: Personality, frame: bytes) -> None:
    packet = frame[_ETHERNET_BYTES:]
    protocol = packet[9] if packet[0] >> 4 == 4 else packet[6]
    if protocol not in (1, 6, 17, 58):
        return
    answer = host.answers(packet, time.monotonic())
    if answer is not None:
        link.send(frame[6:12] + frame[:6] + frame[12:14] + answer)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
