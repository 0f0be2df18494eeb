"""SCTP ports of a host whose kernel has no SCTP: ``python -m hatoba.lab.sctp_responder JSON``, see
:meth:`hatoba.lab.Host.listen_sctp`.

It answers what opens an association or pretends to have opened one, over raw sockets, and goes no further::

    INIT         to an open port      INIT ACK, with the peer's initiate tag     RFC 9260 section 5.1
    INIT         to any other port    ABORT, with the peer's initiate tag        section 8.4 (3)
    COOKIE ECHO  to an open port      nothing: it signed no such cookie          section 5.1.5
    COOKIE ECHO  to any other port    ABORT, T bit, the packet's own tag         section 8.4 (8), section 8.5.1
    all else                          nothing

A packet whose CRC32c is wrong is dropped in silence (section 6.8). Packets arrive here behind the host's input rules, as they
would at the kernel's own SCTP. Don't start it where the kernel has SCTP: both would answer. Writes ``ready`` once it listens.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import struct
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

IPPROTO_SCTP: Final = 132
_INIT, _INIT_ACK, _ABORT, _COOKIE_ECHO = 1, 2, 6, 10
_T_BIT = 1
_STATE_COOKIE = 7
_COMMON = struct.Struct(">HHII")
_CHUNK = struct.Struct(">BBH")
_INIT_FIXED = struct.Struct(">IIHHI")
_IP_PKTINFO, _IPV6_PKTINFO, _IPV6_RECVPKTINFO = 8, 50, 49
_RECEIVE_WINDOW, _STREAMS = 65536, 10
_COOKIE_BYTES = 32

Draw = Callable[[int], bytes]
"""``draw(count)``: that many random bytes."""


def _crc_table() -> tuple[int, ...]:
    table = list(range(256))
    for _bit in range(8):
        table = [value >> 1 ^ (0x82F63B78 if value & 1 else 0) for value in table]
    return tuple(table)


_TABLE: Final = _crc_table()


def crc32c(data: bytes) -> int:
    """RFC 9260 appendix A: polynomial 0x1EDC6F41, reflected; in SCTP it stands little end first."""
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ _TABLE[(value ^ byte) & 255]
    return value ^ 0xFFFFFFFF


def sealed(packet: bytes) -> bytes:
    """The packet with its checksum (bytes 8 to 11) set."""
    blank = packet[:8] + bytes(4) + packet[12:]
    return blank[:8] + crc32c(blank).to_bytes(4, "little") + blank[12:]


@dataclass(frozen=True, slots=True)
class Packet:
    """The common header and the first chunk of a sound packet (RFC 9260 section 3)."""

    source_port: int
    port: int
    tag: int
    chunk_type: int
    value: bytes
    """The chunk behind its own header."""

    def reply(self, tag: int, chunk_type: int, flags: int = 0, value: bytes = b"") -> bytes:
        chunk = _CHUNK.pack(chunk_type, flags, _CHUNK.size + len(value)) + value
        return sealed(_COMMON.pack(self.port, self.source_port, tag, 0) + chunk + bytes(-len(chunk) % 4))


def parse(data: bytes) -> Packet | None:
    """The packet in *data*; None where it is cut short, or its checksum is wrong."""
    if len(data) < _COMMON.size + _CHUNK.size or data != sealed(data):
        return None
    source_port, port, tag, _sum = _COMMON.unpack_from(data)
    chunk_type, _flags, length = _CHUNK.unpack_from(data, _COMMON.size)
    if not _CHUNK.size <= length <= len(data) - _COMMON.size:
        return None
    return Packet(source_port, port, tag, chunk_type, data[_COMMON.size + _CHUNK.size : _COMMON.size + length])


def answer(data: bytes, ports: Collection[int], draw: Draw = os.urandom) -> bytes | None:
    """What a host with these open ports answers to the packet; None for silence."""
    packet = parse(data)
    if packet is None:
        return None
    is_open = packet.port in ports
    if packet.chunk_type == _INIT and packet.tag == 0 and len(packet.value) >= _INIT_FIXED.size:
        tag = _INIT_FIXED.unpack_from(packet.value)[0]
        if tag == 0:  # section 3.3.2: such an INIT is dropped
            return None
        return packet.reply(tag, _INIT_ACK, value=_init_ack(draw)) if is_open else packet.reply(tag, _ABORT)
    if packet.chunk_type == _COOKIE_ECHO and not is_open:
        return packet.reply(packet.tag, _ABORT, _T_BIT)
    return None


def _init_ack(draw: Draw) -> bytes:
    """Section 3.3.3: our tag, window, streams, first sequence number; then a state cookie that nobody will be asked for."""
    tag, sequence = (int.from_bytes(draw(4), "big") | 1 for _number in range(2))
    fixed = _INIT_FIXED.pack(tag, _RECEIVE_WINDOW, _STREAMS, _STREAMS, sequence)
    return fixed + struct.pack(">HH", _STATE_COOKIE, 4 + _COOKIE_BYTES) + draw(_COOKIE_BYTES)


def open_socket(family: int) -> socket.socket:
    """A raw socket that hears all SCTP of one family and tells to which address it came. Raise OSError."""
    raw = socket.socket(family, socket.SOCK_RAW, IPPROTO_SCTP)
    if family == socket.AF_INET6:
        raw.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVPKTINFO, 1)
    else:
        raw.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
    return raw


def serve_once(raw: socket.socket, ports: Collection[int]) -> None:
    """Take one packet and answer it from the address that it came to."""
    data, control, _flags, peer = raw.recvmsg(65536, 512)
    if raw.family == socket.AF_INET:
        data = data[(data[0] & 15) * 4 :]  # raw(7): IPv4 sockets get the IP header, too; ipv6(7): others don't
    reply = answer(data, ports)
    if reply is None:
        return
    kinds = ((socket.IPPROTO_IP, _IP_PKTINFO), (socket.IPPROTO_IPV6, _IPV6_PKTINFO))
    back = [(level, kind, info) for level, kind, info in control if (level, kind) in kinds]
    try:
        raw.sendmsg([reply], back, 0, peer)
    except OSError as error:  # no way back to that peer: it hears nothing, as from any host without a route
        print(f"{peer[0]}: {error}", file=sys.stderr)  # noqa: T201 - the lab keeps it for Process.tail


def main(wanted: Mapping[str, Any]) -> None:
    """Serve for ever what :meth:`hatoba.lab.Host.listen_sctp` asks for."""
    ports = frozenset(wanted["ports"])
    selector = selectors.DefaultSelector()
    for family in (socket.AF_INET, socket.AF_INET6)[: 2 if wanted["ipv6"] else 1]:
        selector.register(open_socket(family), selectors.EVENT_READ)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        for key, _events in selector.select():
            assert isinstance(key.fileobj, socket.socket)
            serve_once(key.fileobj, ports)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
