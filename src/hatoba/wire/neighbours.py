"""Who has this address? ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861) for many addresses at once.

A ring writes Ethernet frames by itself, so it needs the hardware address of every next hop. Questions go out as one array;
what is unanswered is asked again. An address that nobody answers for is not on the link.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from hatoba.packets import checksum
from hatoba.packets.layouts import ARP, ETHERTYPE, ETHERTYPE_ARP, NEIGHBOUR
from hatoba.wire.faults import broken_link, no_raw_right
from hatoba.wire.routes import Link

PATIENCE_S = (0.15, 0.35, 0.5)
"""How long to wait after each asking. A host that sleeps answers its first question late; one that is there answers in a
millisecond, and nothing is waited for once all have answered."""

_SOLICITATION, _ADVERTISEMENT = 135, 136
_ICMP6 = 58
_BATCH = 512
_SNIFF_BYTES = 128
_FLOOD_S = 0.2
"""How long after its time a listener goes on while packets keep waiting for it; a busy link never falls silent."""


def find_neighbours(
    link: Link, family: int, source: bytes, addresses: Iterable[bytes], clock: Callable[[], float]
) -> dict[bytes, bytes]:
    """Hardware addresses of those *addresses* (packed) that somebody on *link* answers for."""
    missing = set(addresses)
    if not missing:
        return {}
    build = _arp_requests if family == 4 else _solicitations
    found: dict[bytes, bytes] = {}
    ethertype = ETHERTYPE_ARP if family == 4 else ETHERTYPE[6]
    try:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as packet_socket:
            packet_socket.bind((link.name, ethertype))  # only now does anything arrive, and from this link alone
            packet_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            packet_socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 1, 0))
            for patience_s in PATIENCE_S:
                asked = sorted(missing)
                for start in range(0, len(asked), _BATCH):
                    for frame in build(link, source, asked[start : start + _BATCH]):
                        _send(packet_socket, frame.tobytes())
                    _listen(packet_socket, family, missing, found, clock, 0.0)
                _listen(packet_socket, family, missing, found, clock, patience_s)
                if not missing:
                    break
    except PermissionError:
        raise no_raw_right() from None
    except OSError as error:
        raise broken_link(link.name, error) from error
    return found


def _send(packet_socket: socket.socket, frame: bytes) -> None:
    try:
        packet_socket.send(frame)
    except OSError as error:
        if error.errno not in (errno.ENOBUFS, errno.EAGAIN):  # a full queue: this question is asked again
            raise


def _listen(
    packet_socket: socket.socket,
    family: int,
    missing: set[bytes],
    found: dict[bytes, bytes],
    clock: Callable[[], float],
    patience_s: float,
) -> None:
    """Move those who answer from *missing* to *found*, until nobody is missing or the time is up."""
    until_s = clock() + patience_s
    while missing:
        left_s = until_s - clock()
        ready, _w, _x = select.select([packet_socket], [], [], max(0.0, left_s))
        if not ready or left_s < -_FLOOD_S:
            return
        answer = _read(family, packet_socket.recv(_SNIFF_BYTES))
        if answer is not None and answer[0] in missing:
            missing.remove(answer[0])
            found[answer[0]] = answer[1]


def _read(family: int, frame: bytes) -> tuple[bytes, bytes] | None:
    """(address, hardware address) that a frame tells of, or None."""
    if family == 4:
        if len(frame) < ARP.itemsize:
            return None
        arp = np.frombuffer(frame, ARP, count=1)[0]
        return (arp["sender_ip"].tobytes(), arp["sender_mac"].tobytes()) if arp["operation"] == 2 else None
    if len(frame) < NEIGHBOUR.itemsize:
        return None
    told = np.frombuffer(frame, NEIGHBOUR, count=1)[0]
    # RFC 4861 section 7.1.2: hop limit 255 shows that no router forwarded it; option 2 is the target's link-layer address
    genuine = (
        told["next_header"] == _ICMP6
        and told["ttl"] == 255
        and told["icmp_type"] == _ADVERTISEMENT
        and told["option_type"] == 2
    )
    return (told["target"].tobytes(), told["option_mac"].tobytes()) if genuine else None


def _arp_requests(link: Link, source: bytes, addresses: list[bytes]) -> npt.NDArray[np.void]:
    frames = np.zeros(len(addresses), ARP)
    frames["eth_dst"] = 0xFF
    frames["eth_src"] = frames["sender_mac"] = np.frombuffer(link.mac, np.uint8)
    frames["eth_type"] = ETHERTYPE_ARP
    frames["hardware"], frames["protocol"], frames["hardware_bytes"], frames["protocol_bytes"] = 1, ETHERTYPE[4], 6, 4
    frames["operation"] = 1
    frames["sender_ip"] = np.frombuffer(source, np.uint8)
    frames["target_ip"] = np.frombuffer(b"".join(addresses), np.uint8).reshape(-1, 4)
    return frames


def _solicitations(link: Link, source: bytes, addresses: list[bytes]) -> npt.NDArray[np.void]:
    targets = np.frombuffer(b"".join(addresses), np.uint8).reshape(-1, 16)
    frames = np.zeros(len(addresses), NEIGHBOUR)
    frames["eth_dst"][:, :3] = (0x33, 0x33, 0xFF)  # RFC 2464 section 7
    frames["eth_dst"][:, 3:] = targets[:, 13:]
    frames["eth_src"] = frames["option_mac"] = np.frombuffer(link.mac, np.uint8)
    frames["eth_type"] = ETHERTYPE[6]
    frames["version_class_flow"] = 6 << 28
    frames["payload_bytes"] = 32
    frames["next_header"], frames["ttl"] = _ICMP6, 255
    frames["src"] = np.frombuffer(source, np.uint8)
    frames["dst"][:, :13] = np.frombuffer(bytes.fromhex("ff0200000000000000000001ff"), np.uint8)  # solicited-node, RFC 4291
    frames["dst"][:, 13:] = targets[:, 13:]
    frames["icmp_type"] = _SOLICITATION
    frames["target"] = targets
    frames["option_type"], frames["option_units"] = 1, 1
    raw = frames.view(np.uint8).reshape(len(frames), -1)
    # The pseudo header is both addresses, the length and the next header (RFC 8200 section 8.1).
    total = checksum.rows_sum(raw[:, 14 + 8 :]) + np.uint32(32 + _ICMP6)
    frames["icmp_checksum"] = checksum.fold(total)
    return frames
