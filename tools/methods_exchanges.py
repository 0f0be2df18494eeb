"""Which packets belong together: a question, what came back, and what the scanner's kernel said to that."""

from __future__ import annotations

from hatoba.packets.dissect import Header, Packet
from hatoba.packets.dissect_names import ICMP_ERRORS
from tools.methods_scenes import Played

Exchange = list[Packet]


def exchanges(played: Played, name: str, subject: int) -> list[Exchange]:
    """Those about *name*, ``22/tcp`` or ``1/ip`` or ``arp``, in the order of their questions; in a trace the farthest first.

    An answer belongs to the latest question from the port that it goes to, and an ICMP error quotes that port; where there are
    no ports it belongs to the latest question. A packet of the scanner's that looks like the first begins a new exchange.
    """
    protocol = name.rpartition("/")[2]
    latest: dict[object, Exchange] = {}
    found: list[Exchange] = []
    for packet in played.packets:
        outbound = is_outbound(packet, played.scanner)
        place = _place(packet, protocol, subject, outbound)
        if place is None or (outbound and _is_error(packet)):
            continue  # what the scanner's kernel says about answers in SCTP depends on whether it has SCTP
        if outbound and (place not in latest or _alike(packet, latest[place][0])):
            latest[place] = []
            found.append(latest[place])
        latest[place].append(packet)
    return sorted(found, key=lambda exchange: -_number(exchange[0], exchange[0].header("IPv4"), "ttl"))


def is_outbound(packet: Packet, scanner: str) -> bool:
    arp, ip = packet.header("ARP"), packet.header("IPv4")
    return (arp.text("sender_ip") if arp else ip.text("src") if ip else "") == scanner


def _place(packet: Packet, protocol: str, subject: int, outbound: bool) -> object:
    """What answers to the same question have in common; None where a packet is about something else."""
    if protocol == "arp" or packet.header("ARP"):
        return "arp" if protocol == "arp" and packet.header("ARP") else None
    if protocol == "icmp":
        return "icmp"
    depth = 1 if packet.header("IPv4", depth=1) else 0
    if protocol == "ip":
        return "ip" if _number(packet, packet.header("IPv4", depth=depth), "protocol") == subject else None
    header = packet.header(protocol.upper(), depth=depth)
    if header is None:
        return None
    from_us, from_them = _number(packet, header, "sport"), _number(packet, header, "dport")
    ours, theirs = (from_us, from_them) if outbound or depth else (from_them, from_us)
    return ours if theirs == subject else None


def _is_error(packet: Packet) -> bool:
    return _number(packet, packet.header("ICMP"), "type") in ICMP_ERRORS


def _alike(packet: Packet, first: Packet) -> bool:
    """Whether it asks as the first did: the same flags, or not TCP at all."""
    return _number(packet, packet.header("TCP"), "flags") == _number(first, first.header("TCP"), "flags")


def _number(packet: Packet, header: Header | None, key: str) -> int:
    number = packet.number(header, key) if header else None
    return -1 if number is None else number
