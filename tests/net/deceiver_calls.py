"""What tests call on a lab's hosts to look behind a SYN-ACK: ``host.call("tests.net.deceiver_calls:shake_hands", ...)``."""

from __future__ import annotations

import random
import socket
import subprocess
from typing import Any

_NO_RST = """
table inet quiet {{
  chain output {{
    type filter hook output priority 0
    tcp sport {port} tcp flags & rst == rst drop
  }}
}}
"""


def shake_hands(address: str, port: int, wait_s: float = 0.5) -> dict[str, Any]:
    """SYN, and ACK to its answer: the SYN-ACK's window, then flags ("" for nothing) and window of what comes behind it."""
    from scapy.all import IP, TCP, IPv6, sniff

    sport = random.randrange(20_000, 30_000)
    subprocess.run(["nft", "-f", "-"], input=_NO_RST.format(port=sport), text=True, check=True)
    family, layer = (socket.AF_INET6, IPv6) if ":" in address else (socket.AF_INET, IP)
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.connect((address, port))
        source = sock.getsockname()[0]

    def own(packet: Any) -> bool:
        return TCP in packet and packet[TCP].dport == sport and packet[TCP].sport == port

    def answer_to(timeout_s: float, **fields: Any) -> Any:
        packet = layer(src=source, dst=address) / TCP(sport=sport, dport=port, **fields)

        def send() -> None:
            with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
                raw.sendto(bytes(packet), (address, 0))

        heard = sniff(iface="eth0", lfilter=own, count=1, timeout=timeout_s, started_callback=send)
        return heard[0][TCP] if heard else None

    first = answer_to(5, seq=100, flags="S", options=[("MSS", 1460)])
    if first is None:
        return {}
    after = answer_to(wait_s, seq=101, ack=(first.seq + 1) & 0xFFFFFFFF, flags="A")
    return {
        "syn_ack_window": first.window,
        "then": "" if after is None else str(after.flags),
        "window": 0 if after is None else after.window,
    }
