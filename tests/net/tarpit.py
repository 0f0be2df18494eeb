"""A tarpit on an interface, after LaBrea: ``python -m tests.net.tarpit DEVICE ADDRESS...`` prints ``ready`` and never ends.

It says that the addresses are its own (ARP, neighbour discovery), answers ping, and answers every SYN with a SYN-ACK whose
window is 0: a client that connects waits for ever to send its first byte. Nobody listens. The host's kernel must not own the
addresses, or it would answer too, with an RST.
"""

from __future__ import annotations

import socket
import struct
import sys
import zlib
from collections.abc import Collection
from ipaddress import ip_address

_ETH_P_ALL, _OUTGOING = 3, 4
_ARP, _IPV4, _IPV6 = 0x0806, 0x0800, 0x86DD
_TCP, _ICMP, _ICMP6 = 6, 1, 58
_SYN, _RST, _ACK = 2, 4, 16


def answer(frame: bytes, mac: bytes, addresses: Collection[bytes]) -> bytes | None:
    """The frame that answers *frame*, None where there is nothing to say. *addresses*: those that this is, packed."""
    kind = struct.unpack_from(">H", frame, 12)[0]
    if kind == _ARP and len(frame) >= 42:
        return _answer_arp(frame, mac, addresses)
    if kind == _IPV4 and frame[30:34] in addresses and frame[14] == 0x45:
        total = struct.unpack_from(">H", frame, 16)[0]
        reply = _answer_packet(frame[26:30], frame[30:34], frame[23], frame[34 : 14 + total])
        if reply is None:
            return None
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(reply), 0, 0x4000, 64, frame[23], 0) + frame[30:34] + frame[26:30]
        head = head[:10] + checksum(head) + head[12:]
        return frame[6:12] + mac + frame[12:14] + head + reply
    if kind == _IPV6:
        source, target, payload = frame[22:38], frame[38:54], frame[54 : 54 + struct.unpack_from(">H", frame, 18)[0]]
        if frame[20] == _ICMP6 and payload[:1] == b"\x87" and payload[8:24] in addresses:  # neighbour solicitation
            target = payload[8:24]
            # RFC 4861 section 4.4: solicited, override; the option is the hardware address of the target
            reply = _with_checksum(source, target, _ICMP6, b"\x88\0\0\0\x60\0\0\0" + target + b"\x02\x01" + mac)
        elif target in addresses:
            reply = _answer_packet(source, target, frame[20], payload)
        else:
            reply = None
        if reply is None:
            return None
        head = struct.pack(">IHBB", 6 << 28, len(reply), frame[20], 255 if frame[20] == _ICMP6 else 64) + target + source
        return frame[6:12] + mac + frame[12:14] + head + reply
    return None


def _answer_arp(frame: bytes, mac: bytes, addresses: Collection[bytes]) -> bytes | None:
    asker, wanted = frame[22:32], frame[38:42]
    if frame[20:22] != b"\0\1" or wanted not in addresses:
        return None
    return frame[6:12] + mac + frame[12:20] + b"\0\2" + mac + wanted + asker


def _answer_packet(source: bytes, target: bytes, protocol: int, payload: bytes) -> bytes | None:
    if (protocol, payload[:1]) in ((_ICMP, b"\x08"), (_ICMP6, b"\x80")):
        echo = (b"\0" if protocol == _ICMP else b"\x81") + b"\0\0\0" + payload[4:]
        return echo[:2] + checksum(echo) + echo[4:] if protocol == _ICMP else _with_checksum(source, target, _ICMP6, echo)
    if protocol != _TCP or len(payload) < 20 or payload[13] & _RST:
        return None
    sport, dport, seq, ack = struct.unpack_from(">HHII", payload)
    body = len(payload) - (payload[12] >> 4) * 4
    if payload[13] & _SYN:
        own = zlib.crc32(source + target + payload[:4])
        return _segment(source, target, (dport, sport, own, seq + 1), _SYN | _ACK)
    if body:  # a window probe: acknowledge nothing, offer nothing
        return _segment(source, target, (dport, sport, ack, seq), _ACK)
    return None


def _segment(source: bytes, target: bytes, numbers: tuple[int, int, int, int], flags: int) -> bytes:
    dport, sport, seq, ack = numbers
    head = struct.pack(">HHIIBBHHH", dport, sport, seq, ack & 0xFFFFFFFF, 5 << 4, flags, 0, 0, 0)
    return _with_checksum(source, target, _TCP, head)


def _with_checksum(source: bytes, target: bytes, protocol: int, payload: bytes) -> bytes:
    """*payload* with its checksum field, taken to be 0, filled in: at byte 16 in TCP, at byte 2 in ICMPv6."""
    at = 16 if protocol == _TCP else 2
    total = checksum(source + target + struct.pack(">II", len(payload), protocol) + payload)
    return payload[:at] + total + payload[at + 2 :]


def checksum(data: bytes) -> bytes:
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack(">H", ~total & 0xFFFF)


def main(device: str, addresses: Collection[bytes]) -> None:
    """Answer for ever."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        link.bind((device, _ETH_P_ALL))
        # Questions for a neighbour go to groups that the kernel has not joined.
        link.setsockopt(263, 1, struct.pack("iHH8s", socket.if_nametoindex(device), 2, 0, b""))  # PACKET_MR_ALLMULTI
        mac = link.getsockname()[4]
        print("ready", flush=True)
        while True:
            frame, (_device, _protocol, kind, *_rest) = link.recvfrom(2048)
            reply = answer(frame, mac, addresses) if kind != _OUTGOING and len(frame) >= 14 else None
            if reply is not None:
                link.send(reply)


if __name__ == "__main__":
    main(sys.argv[1], {ip_address(address).packed for address in sys.argv[2:]})
