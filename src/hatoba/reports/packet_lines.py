"""One line for each packet that was sent or received, and for each connection that ended: ``--packet-trace``.

::

    SENT 0.0123 s  TCP 198.18.0.1:61440 > 198.18.0.2:22 S seq=7 win=1024 ttl=64 id=0 mss=1460 44 bytes
    RCVD 0.0127 s  ICMP 198.18.0.254 > 198.18.0.1 3/13 (admin-prohibited) about TCP 198.18.0.1:61440 > 198.18.0.2:25 ttl=63 ...
    CONN 0.0130 s  TCP > 198.18.0.2:22 connected
    HELD 1.0130 s  TCP > 198.18.0.2:22 held for a second win=0

The lines are data, the same in every language but for the few words that explain. Numbers and addresses only: nothing that came
from the network gets into them as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from os import strerror
from typing import TextIO

import numpy as np
import numpy.typing as npt

from hatoba.messages import _N, _, translated
from hatoba.packets.dissect import CUT_SHORT, MALFORMED, Header, Packet
from hatoba.packets.dissect_batch import PacketBatch
from hatoba.packets.dissect_names import SCTP_CHUNKS, icmp_word
from hatoba.packets.dissect_transport import flag_letters
from hatoba.packets.layouts import IP_BYTES
from hatoba.probes.connect import End, Handshake, Kind
from hatoba.reports.text import safe

_IP = ("IPv4", "IPv6")
_TRANSPORTS = ("TCP", "UDP", "SCTP", "ICMP", "ICMPv6", "IGMP")
_FACTS = {
    "TCP": (("seq", "seq"), ("ack", "ack"), ("win", "window"), ("urg", "urgent"), ("mss", "mss"), ("ws", "ws"), ("ts", "ts")),
    "SCTP": (("vtag", "vtag"), ("init-tag", "init_tag")),
    "ICMP": (("ident", "ident"), ("seq", "seq"), ("mask", "mask"), ("gateway", "gateway"), ("mtu", "mtu")),
    "ICMPv6": (
        ("ident", "ident"),
        ("seq", "seq"),
        ("target", "target"),
        ("mac", "mac"),
        ("mtu", "mtu"),
        ("pointer", "pointer"),
    ),
    "IGMP": (("group", "group"),),
}
"""What a line says of each protocol: its label and the field's key."""

_ENDS = {
    Kind.CONNECTED: _N("connected"),
    Kind.REFUSED: _N("refused"),
    Kind.LOCAL: _N("failed on this machine"),
    Kind.EXPIRED: _N("no answer, given up"),
}
_HOLDS = {End.HELD: _N("held for a second"), End.CUT: _N("completed, then reset"), End.FAILED: _N("never completed")}


class PacketLines:
    """An observer of traced wires (``wire.traced``) that writes lines to *stream*; times count from *started_s* on the scan's
    clock. OSError from the stream is passed on."""

    def __init__(self, stream: TextIO, started_s: float) -> None:
        self._stream, self._started_s = stream, started_s

    def packets(self, batch: PacketBatch) -> None:
        word = "SENT" if batch.outbound else "RCVD"
        self._write(f"{self._when(word, at_s)}  {packet_line(packet)}" for at_s, packet in batch.dissected())

    def connects(self, outcomes: npt.NDArray[np.void], asked: Sequence[tuple[bytes, int]]) -> None:
        self._write(
            f"{self._when('CONN', float(row['at_s']))}  {connect_line(row, address, port)}"
            for row, (address, port) in zip(outcomes, asked, strict=True)
        )

    def holds(self, ended: Sequence[Handshake], asked: Sequence[tuple[bytes, int]], at_s: float) -> None:
        self._write(
            f"{self._when('HELD', at_s)}  {hold_line(handshake, address, port)}"
            for handshake, (address, port) in zip(ended, asked, strict=True)
        )

    def _when(self, word: str, at_s: float) -> str:
        return f"{word} {max(0.0, at_s - self._started_s):.4f} s"

    def _write(self, lines: Iterator[str]) -> None:
        self._stream.write("".join(f"{line}\n" for line in lines))
        self._stream.flush()


def packet_line(packet: Packet) -> str:
    """What a packet is, in a line."""
    if (arp := packet.header("ARP")) is not None:
        said = ["ARP", *_arp(packet, arp)]
    elif (ip := packet.header(*_IP)) is not None:
        said = [*_subject(packet, 0), *_about(packet), *_outside(packet, ip)]
    else:
        link = packet.header("Ethernet")
        said = ["Ethernet", _ends(link, "eth_src", "eth_dst"), link.text("eth_type") if link else ""]
    line = " ".join(word for word in said if word)
    for is_so, remark in ((packet.is_malformed, MALFORMED), (packet.is_cut_short, CUT_SHORT)):
        if is_so:
            line = _("{text} ({remark})").format(text=line, remark=translated(remark))
    return safe(line)


def connect_line(row: np.void, address: bytes, port: int) -> str:
    """How a connection ended: *row* of dtype ``probes.connect.OUTCOME``, and whom it asked."""
    return safe(f"TCP > {_endpoint(str(ip_address(address)), port)} {_end(row)}")


def hold_line(handshake: Handshake, address: bytes, port: int) -> str:
    """How a connection ended that was completed to see whether it holds, and how much the other side would have taken."""
    end = _("the other side spoke, or closed in good order") if handshake.spoke else translated(_HOLDS[handshake.end])
    window = "" if handshake.window_bytes is None else f" win={handshake.window_bytes}"
    return safe(f"TCP > {_endpoint(str(ip_address(address)), port)} {end}{window}")


def _end(row: np.void) -> str:
    kind = Kind(int(row["kind"]))
    if kind in (Kind.ICMP, Kind.ICMP6):
        family, name = (4, "ICMP") if kind == Kind.ICMP else (6, "ICMPv6")
        icmp = f"{name} {_coded(family, int(row['icmp_type']), int(row['icmp_code']))}"
        offender = row["offender"][: 4 if row["offender_family"] == 4 else 16].tobytes()
        return _("refused by {who}: {icmp}").format(who=ip_address(offender), icmp=icmp) if row["offender_family"] else icmp
    end = translated(_ENDS[kind])
    return f"{end}: {strerror(int(row['errno']))}" if kind == Kind.LOCAL and row["errno"] else end


def _subject(packet: Packet, depth: int) -> Iterator[str]:
    """Protocol, ends, and what the transport header says; of a quoted packet no more than its ends."""
    ip = packet.header(*_IP, depth=depth)
    transport = packet.header(*_TRANSPORTS, depth=depth)
    if transport is None:
        yield from ("IP", _carried(packet, depth), _ends(ip, "src", "dst"))
        return
    yield transport.protocol
    if transport.field("dport") is None:
        yield _ends(ip, "src", "dst")
    else:
        ends = (("src", "sport"), ("dst", "dport"))
        yield " > ".join(_endpoint(_text(ip, address), packet.number(transport, port)) for address, port in ends)
    if depth == 0 or transport.field("dport") is None:
        yield _kind(packet, transport)
    if depth == 0:
        yield from _facts(packet, transport)


def _about(packet: Packet) -> Iterator[str]:
    """The packet that an ICMP error quotes."""
    quoted = packet.header(*_IP, depth=1)
    if quoted is not None and quoted.field("dst") is not None:
        yield "about"
        yield from _subject(packet, 1)


def _outside(packet: Packet, ip: Header) -> Iterator[str]:
    """What the IP header says, and the lengths."""
    if vlan := _text(packet.header("VLAN"), "vlan", ""):
        yield f"vlan={vlan.split()[-1]}"
    yield from _labelled(ip, (("ttl", "ttl"), ("id", "id")))
    fragment = packet.header("IPv6-fragment") or ip
    if offset := (packet.number(fragment, "fragment") or 0) & (0x1FFF if fragment is ip else 0xFFF8):
        yield f"offset={offset * 8 if fragment is ip else offset}"
    payload = packet.header("data")
    if payload is not None and (content := payload.field("payload")) is not None:
        yield f"payload={content.length}"
    if (length := packet.number(ip, "length")) is not None:
        yield f"{length + (IP_BYTES[6] if ip.protocol == 'IPv6' else 0)} bytes"


def _kind(packet: Packet, header: Header) -> str:
    """The word for what sort of message it is."""
    match header.protocol:
        case "TCP":
            flags = packet.number(header, "flags")
            return "" if flags is None else flag_letters(flags)
        case "SCTP":
            kinds = [packet.data[field.offset] for field in header.fields if field.key == "chunk" and field.length]
            return "+".join(SCTP_CHUNKS.get(kind, str(kind)) for kind in kinds)
        case "ICMP" | "ICMPv6":
            kind, code = packet.number(header, "type"), packet.number(header, "code")
            return "" if kind is None or code is None else _coded(4 if header.protocol == "ICMP" else 6, kind, code)
    return header.text("type")


def _coded(family: int, icmp_type: int, icmp_code: int) -> str:
    word = icmp_word(family, icmp_type, icmp_code)
    return f"{icmp_type}/{icmp_code}" + (f" ({word})" if word else "")


def _facts(packet: Packet, header: Header) -> Iterator[str]:
    unsaid = {key for key in ("ack", "urgent") if header.protocol == "TCP" and not packet.number(header, key)}
    yield from _labelled(header, tuple(pair for pair in _FACTS.get(header.protocol, ()) if pair[1] not in unsaid))
    if header.field("sackok") is not None:
        yield "sackok"


def _labelled(header: Header, pairs: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for label, key in pairs:
        if (field := header.field(key)) is not None:
            yield f"{label}={field.value.replace(', ', ',')}"


def _arp(packet: Packet, arp: Header) -> Iterator[str]:
    sender, target = _text(arp, "sender_ip"), _text(arp, "target_ip")
    match packet.number(arp, "operation"):
        case 1:
            yield f"who-has {target} tell {sender}"
        case 2:
            yield f"{sender} is-at {_text(arp, 'sender_mac')}"
        case _:
            yield f"{_text(arp, 'operation')} {sender} > {target}"
    yield _ends(packet.header("Ethernet"), "eth_src", "eth_dst")


def _carried(packet: Packet, depth: int) -> str:
    """The number and name of the protocol that the innermost IP header announces."""
    announced = [field.value for header in packet.headers if header.depth == depth and (field := header.field("protocol"))]
    return announced[-1] if announced else ""


def _ends(header: Header | None, source: str, destination: str) -> str:
    return f"{_text(header, source)} > {_text(header, destination)}"


def _text(header: Header | None, key: str, missing: str = "?") -> str:
    return (header.text(key) if header else "") or missing


def _endpoint(address: str, port: int | None) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
