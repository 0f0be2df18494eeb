"""Networks that misbehave on purpose, for the fake wire: what is true of each port is known, what arrives is not reliable."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from hatoba.packets import layouts
from hatoba.packets.layouts import ACK, FIN, ICMP, ICMP6, IP_BYTES, RST, SCTP, SYN, TCP, UDP
from hatoba.probes.udp_questions import questions_for
from hatoba.wire.fake import Probe, Reply, icmp_error, icmp_reply, ip_packet, tcp_reply, udp_reply

ROUTER = {4: ip_address("198.18.255.254").packed, 6: ip_address("fd00:18:ffff::1").packed}
STRANGER = {4: ip_address("198.18.77.77").packed, 6: ip_address("fd00:18:77::77").packed}
ADMIN_PROHIBITED = {4: (3, 13), 6: (1, 1)}
PORT_UNREACHABLE = {4: (3, 3), 6: (1, 4)}
NO_PROTOCOL = {4: (3, 2), 6: (4, 1)}
INIT, INIT_ACK, ABORT, COOKIE_ECHO = 1, 2, 6, 10


@dataclass
class FaultyWorld:
    """Ports are ``open``, ``closed``, ``dropped`` or ``rejected`` (by a router) as *truth* says, ``closed`` by default.

    Hosts do what the RFCs say, or what old BSD did instead."""

    truth: Mapping[int, str]
    seed: int = 0
    loss: float = 0.0
    """Share of probes that meet no answer although there is one."""
    duplicates: float = 0.0
    forgeries: float = 0.0
    """Share of probes that also bring forged answers: wrong cookies, wrong sources, errors about what was not sent."""
    max_delay_s: float = 0.005
    old_bsd: bool = False
    """Open ports drop FIN with ACK, and leave their window in a RST."""
    protocols: bool = False
    """*truth* is about protocols of IP instead of ports."""
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def __call__(self, probe: Probe) -> Iterator[Reply]:
        draw = self.random
        if draw.random() < self.forgeries:
            yield from self._forged(probe)
        answer = self._true_answer(probe)
        if answer is None or draw.random() < self.loss:
            return
        yield draw.uniform(0.0002, self.max_delay_s), answer
        if draw.random() < self.duplicates:
            yield draw.uniform(0.0002, self.max_delay_s), answer

    def state(self, probe: Probe) -> str:
        return self.truth.get(probe.protocol if self.protocols else probe.dport, "closed")

    def _true_answer(self, probe: Probe) -> bytes | None:
        state = self.state(probe)
        if state == "rejected":
            return icmp_error(probe, *ADMIN_PROHIBITED[probe.family], ROUTER[probe.family])
        if state not in ("open", "closed"):
            return None
        if self.protocols:
            return protocol_answer(probe) if state == "open" else icmp_error(probe, *NO_PROTOCOL[probe.family], probe.dst)
        match probe.protocol:
            case layouts.TCP:
                return self._segment(probe, state == "open")
            case layouts.UDP:
                return datagram(probe) if state == "open" else icmp_error(probe, *PORT_UNREACHABLE[probe.family], probe.dst)
            case layouts.SCTP:
                return chunk(probe, state == "open")
        return icmp_reply(probe, 0 if probe.family == 4 else 129)

    def _segment(self, probe: Probe, is_open: bool) -> bytes | None:
        """RFC 9293 section 3.10.7: what a listening and what a closed port answer."""
        if probe.flags & ACK:
            if is_open and self.old_bsd and probe.flags & FIN:
                return None
            window = 4096 if is_open and self.old_bsd else 0
            return with_window(tcp_reply(probe, RST, ack=0, seq=probe.ack), window)
        if is_open:
            return tcp_reply(probe, SYN | ACK, seq=self.random.getrandbits(32)) if probe.flags & SYN else None
        counted = bool(probe.flags & SYN) + bool(probe.flags & FIN)
        return tcp_reply(probe, RST | ACK, ack=probe.seq + counted)

    def _forged(self, probe: Probe) -> Iterator[Reply]:
        """One answer of each false kind, all of which say the contrary of the truth."""
        soon, family, start = 0.0001, probe.family, IP_BYTES[probe.family]
        wrong = (probe.seq + self.random.randrange(2, 1 << 31)) & 0xFFFFFFFF
        for packet in self._lies(probe, wrong):
            yield soon, packet
        foreign = bytearray(probe.packet)
        tag_at = 4 if family == 4 else 2
        behind_ports = start if self.protocols else start + 4
        for at in (tag_at, tag_at + 1, *range(behind_ports, len(foreign))):
            foreign[at] ^= 0xFF  # of another cookie, wherever it stands
        elsewhere = bytearray(probe.packet)
        elsewhere[start + 2 : start + 4] = ((probe.dport + 1) & 0xFFFF).to_bytes(2, "big")
        elsewhere[start + 6 : start + 8] = bytes([elsewhere[start + 6] ^ 0xFF, elsewhere[start + 7]])
        elsewhere[tag_at] ^= 0xFF
        for quoted in (foreign,) if self.protocols else (foreign, elsewhere):
            for kind in (ADMIN_PROHIBITED, PORT_UNREACHABLE, NO_PROTOCOL):
                for source in (STRANGER[family], probe.dst):
                    yield soon, icmp_error(probe, *kind[family], source, bytes(quoted))
        yield soon, probe.packet
        yield soon, probe.packet[: self.random.randrange(len(probe.packet))]

    def _lies(self, probe: Probe, wrong: int) -> Iterator[bytes]:
        """Answers of the target with a wrong number, and right ones from somebody who was not asked."""
        is_open, stranger = self.state(probe) == "open", STRANGER[probe.family]
        if probe.protocol == TCP:
            flags = RST | ACK if is_open else SYN | ACK
            yield tcp_reply(probe, flags, ack=wrong, seq=wrong)
            yield tcp_reply(probe, flags, source=stranger)
            yield tcp_reply(probe, RST, source=stranger, ack=0, seq=probe.ack)
            if not probe.flags & ACK:
                yield tcp_reply(probe, RST)  # an RST without ACK vouches for nothing
        elif probe.protocol == SCTP:
            yield chunk(probe, not is_open, tag=wrong)
            yield chunk(probe, is_open=False, source=stranger) or b""
        elif probe.protocol == UDP:
            yield udp_reply(probe, b"forged", stranger)
            yield udp_reply(probe, b"forged", sport=(probe.dport + 1) & 0xFFFF if self.protocols else 65_535)
        else:
            yield ip_packet(probe.family, probe.protocol, stranger, probe.src, probe.packet[IP_BYTES[probe.family] :])


def with_window(packet: bytes, window: int) -> bytes:
    """A segment with this window; its checksum is left as it was, which nobody looks at."""
    at = len(packet) - 6
    return packet[:at] + window.to_bytes(2, "big") + packet[at + 2 :]


def datagram(probe: Probe) -> bytes:
    """What a program answers: of DNS a refusal that repeats the question's identification, else a greeting."""
    names = {question.name for question in questions_for(probe.dport)}
    return udp_reply(probe, probe.payload[:2] + b"\x80\x05" + bytes(8) if "dns" in names else b"greetings")


def chunk(probe: Probe, is_open: bool, tag: int | None = None, source: bytes | None = None) -> bytes | None:
    """What a host answers to an SCTP packet (RFC 9260 sections 5.1 and 8.4)."""
    asked = probe.packet[IP_BYTES[probe.family] :]
    if asked[12] == COOKIE_ECHO and is_open and tag is None:
        return None
    repeated = asked[16:20] if asked[12] == INIT else asked[4:8]
    kind, size = (INIT_ACK, 20) if is_open else (ABORT, 4)
    header = probe.dport.to_bytes(2, "big") + probe.sport.to_bytes(2, "big")
    body = (repeated if tag is None else tag.to_bytes(4, "big")) + bytes(4) + bytes([kind, 0, 0, size]) + bytes(size - 4)
    return ip_packet(probe.family, SCTP, source or probe.dst, probe.src, header + body)


def protocol_answer(probe: Probe) -> bytes | None:
    """What a host that understands the protocol answers to the probe of the IP protocol scan."""
    match probe.protocol:
        case layouts.TCP:
            return tcp_reply(probe, RST, ack=0, seq=probe.ack)
        case layouts.UDP:
            return icmp_error(probe, *PORT_UNREACHABLE[probe.family], probe.dst)
        case layouts.SCTP:
            return chunk(probe, is_open=False)
        case number if number == (ICMP if probe.family == 4 else ICMP6):
            return icmp_reply(probe, 0 if probe.family == 4 else 129)
    return ip_packet(probe.family, probe.protocol, probe.dst, probe.src, bytes(8))
