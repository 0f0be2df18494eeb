"""Hosts that answer as systems do of which there is none at hand: packets in, packets out, for the fake wire and for real ones.

What each shows is written from the same sources as the table (``src/hatoba/identify/systems/systems.toml``), so a test with one
of them shows that what is asked, heard and judged fits together, not that the table is true.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field

import numpy as np

from hatoba.packets import checksum
from hatoba.packets.layouts import ACK, ICMP, ICMP6, RST, SYN, TCP, UDP
from hatoba.wire.fake import ip_packet, read_probe

_ECE, _CWR = 0x40, 0x80
_KINDS = {2: "mss", 3: "ws", 4: "sack", 8: "ts"}


@dataclass
class Personality:
    """One host. ``now_s`` of :meth:`answers` drives its clock."""

    ttl: int = 64
    options: str = "mss sack ts nop ws"
    """In answer to a SYN that has them all."""
    window: int | str = 65160
    """``64k``: as much of 64 KiB as whole segments fill; ``20 segments``."""
    mss: int | None = None
    """None: what Ethernet leaves."""
    scale: int = 7
    df: bool = True
    ids: str = "zero"
    """``zero``, ``rising``, ``random``"""
    clock_hz: float | None = 1000
    """None: a random one for each connection."""
    clock_began: int = 77_000
    isn_hz: float | None = None
    """How fast the initial sequence number goes on; None: by chance."""
    ecn: bool = True
    rst_df: bool = True
    rst_window: int = 0
    rst_ttl: int | None = None
    echo_code: int | None = None
    """None repeats what was asked."""
    echo_df: bool = False
    echo_ttl: int | None = None
    error_tos: int = 0
    quoted_bytes: int = 1000
    """Of what follows the quoted IP header."""
    open_ports: frozenset[int] = frozenset({22, 80})
    swallowed: frozenset[tuple[int, int]] = frozenset()
    """(port, flags) of segments that something in front holds back."""
    noisy: bool = False
    """Everything by chance."""
    draw: random.Random = field(default_factory=lambda: random.Random(7))
    _id: int = 4000

    def answers(self, packet: bytes, now_s: float) -> bytes | None:
        """What comes back to *packet*, from its IP header on."""
        probe = read_probe(6 if packet[0] >> 4 == 6 else 4, packet, now_s)
        if self.noisy:
            self._shuffle()
        start = 20 if probe.family == 4 else 40
        if probe.protocol == TCP:
            return self._segment(probe, packet[start:], now_s)
        if probe.protocol in (ICMP, ICMP6) and packet[start] in (8, 128):
            code = packet[start + 1] if self.echo_code is None else self.echo_code
            body = bytes([0 if probe.family == 4 else 129, code, 0, 0]) + packet[start + 4 :]
            return self._wrapped(probe, probe.protocol, _summed(probe, body), self.echo_df, self.echo_ttl)
        if probe.protocol == UDP:
            kind, number = ((3, 3), ICMP) if probe.family == 4 else ((1, 4), ICMP6)
            body = bytes([*kind, 0, 0, 0, 0, 0, 0]) + packet[: start + self.quoted_bytes]
            return self._wrapped(probe, number, _summed(probe, body), False, None, self.error_tos)
        return None

    def _segment(self, probe, segment: bytes, now_s: float) -> bytes | None:  # type: ignore[no-untyped-def]
        if (probe.dport, probe.flags & 0x17) in self.swallowed:
            return None
        if probe.dport in self.open_ports and probe.flags & 0x17 == SYN:
            words, stamp = self._wanted(segment)
            flags = SYN | ACK | (_ECE if self.ecn and probe.flags & (_ECE | _CWR) == _ECE | _CWR else 0)
            data = self._options(words, stamp, now_s, probe.family)
            seq = self.draw.getrandbits(32) if self.isn_hz is None else int(now_s * self.isn_hz)
            return self._tcp(probe, seq, probe.seq + 1, flags, self._window(words, probe.family), data, self.df, self.ttl)
        if probe.flags & ACK:
            return self._tcp(probe, probe.ack, 0, RST, self.rst_window, b"", self.rst_df, self.rst_ttl)
        return self._tcp(probe, 0, probe.seq + 1, RST | ACK, self.rst_window, b"", self.rst_df, self.rst_ttl)

    def _wanted(self, segment: bytes) -> tuple[list[str], bytes]:
        """The words of the options to answer with, and the time stamp to repeat."""
        data, asked, stamp = segment[20 : (segment[12] >> 4) * 4], {"mss"}, bytes(4)
        while data:
            if data[0] == 1:
                data = data[1:]
                continue
            asked.add(_KINDS[data[0]])
            stamp = data[2:6] if data[0] == 8 else stamp
            data = data[data[1] :]
        words = self.options.split()
        if asked == {"mss"}:
            return ["mss"], stamp
        if "ws" not in asked and "ws" in words:
            at = words.index("ws")
            del words[at - 1 : at + 1]
        return words, stamp

    def _window(self, words: list[str], family: int) -> int:
        if isinstance(self.window, int):
            return self.window
        segment = (1460 if family == 4 else 1440) - (12 if "ts" in words else 0)
        return 65536 // segment * segment if self.window == "64k" else int(self.window.split()[0]) * segment

    def _options(self, words: list[str], stamp: bytes, now_s: float, family: int) -> bytes:
        ticks = self.draw.getrandbits(32) if self.clock_hz is None else self.clock_began + int(now_s * self.clock_hz)
        mss = (1460 if family == 4 else 1440) if self.mss is None else self.mss
        parts = {
            "mss": b"\2\4" + mss.to_bytes(2, "big"),
            "ws": bytes([3, 3, self.scale]),
            "sack": b"\4\2",
            "ts": b"\x08\x0a" + ((ticks & 0xFFFFFFFF) if self.clock_hz != 0 else 0).to_bytes(4, "big") + stamp,
            "nop": b"\1",
            "eol": b"\0",
        }
        return b"".join(parts[word] for word in words)

    def _tcp(self, probe, seq, ack, flags, window, options, df, ttl) -> bytes:  # type: ignore[no-untyped-def]
        offset = (20 + len(options)) // 4 << 4
        fields = probe.dport, probe.sport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, offset, flags, window, 0, 0
        segment = struct.pack(">HHIIBBHHH", *fields) + options
        total = checksum.pseudo_header_sum(probe.dst, probe.src, TCP, len(segment)) + checksum.words_sum(segment)
        segment = segment[:16] + _folded(total) + segment[18:]
        return self._wrapped(probe, TCP, segment, df, ttl)

    def _wrapped(self, probe, protocol, payload, df, ttl, tos: int = 0) -> bytes:  # type: ignore[no-untyped-def]
        packet = bytearray(ip_packet(probe.family, protocol, probe.dst, probe.src, payload, ttl or self.ttl))
        if probe.family == 6:
            return bytes(packet)
        self._id += 1
        number = {"zero": 0, "rising": self._id, "random": self.draw.getrandbits(16)}[self.ids]
        packet[1] = tos
        packet[4:8] = struct.pack(">HH", number & 0xFFFF, 0x4000 if df else 0)
        packet[10:12] = bytes(2)
        packet[10:12] = checksum.checksum(bytes(packet[:20])).to_bytes(2, "big")
        return bytes(packet)

    def _shuffle(self) -> None:
        draw = self.draw
        words = ["mss", "sack", "ts", "ws", "nop"]
        draw.shuffle(words)
        self.options = " ".join(words)
        self.ttl, self.window, self.scale = draw.randrange(40, 255), draw.randrange(65536), draw.randrange(15)
        self.df, self.ids, self.clock_hz = draw.random() < 0.5, "random", None
        self.rst_window, self.echo_code = draw.randrange(65536), draw.randrange(256)
        self.quoted_bytes, self.error_tos = draw.randrange(8, 100), draw.randrange(256)


def _summed(probe, body: bytes) -> bytes:  # type: ignore[no-untyped-def]
    pseudo = checksum.pseudo_header_sum(probe.dst, probe.src, ICMP6, len(body)) if probe.family == 6 else 0
    return body[:2] + _folded(pseudo + checksum.words_sum(body)) + body[4:]


def _folded(total: int) -> bytes:
    return int(checksum.fold(np.array([total], np.uint32))[0]).to_bytes(2, "big")


def personality(name: str, **changes: object) -> Personality:
    """A new host of that name in :data:`PERSONALITIES`."""
    return Personality(**{**PERSONALITIES[name][0], **changes})  # type: ignore[arg-type]


_LINUX = {"isn_hz": 15_625_000, "error_tos": 0xC0}
_WINDOWS = {"ttl": 128, "scale": 8, "ids": "rising", "echo_code": 0, "ecn": True, "quoted_bytes": 128}

PERSONALITIES: dict[str, tuple[dict[str, object], str]] = {
    "linux-6": ({**_LINUX, "window": "64k"}, "Linux 4.19 to 7.x"),
    "linux-3": ({**_LINUX, "window": "20 segments", "clock_hz": 250}, "Linux 3.10 to 4.18"),
    "windows-10": (
        {**_WINDOWS, "window": 65535, "options": "mss nop ws nop nop sack"}, "Windows 10, 11 or Server 2019 to 2025"
    ),
    "windows-7": (
        {**_WINDOWS, "window": 8192, "options": "mss nop ws sack ts", "clock_hz": 100},
        "Windows Vista to 8.1 or Server 2008 to 2012 R2",
    ),
    "windows-xp": (
        {**_WINDOWS, "window": 65535, "options": "mss nop ws nop nop ts nop nop sack", "clock_hz": 0, "scale": 0,
         "rst_df": False, "quoted_bytes": 8, "ecn": False},
        "Windows 2000, XP or Server 2003",
    ),
    "freebsd-14": ({"options": "mss nop ws sack ts", "window": 65535, "scale": 6}, "FreeBSD 12 to 15"),
    "freebsd-10": (
        {"options": "mss nop ws sack ts", "window": 65535, "scale": 6, "quoted_bytes": 8, "ids": "rising"}, "FreeBSD 8 to 11"
    ),
    "macos": (
        {"options": "mss nop ws nop nop ts sack eol eol", "window": 65535, "scale": 6, "ids": "random"}, "macOS or iOS"
    ),
    "openbsd": (
        {"options": "mss nop nop sack nop ws nop nop ts", "window": 16384, "scale": 6, "ids": "random", "clock_hz": None,
         "ecn": False, "quoted_bytes": 8},
        "OpenBSD",
    ),
    "netbsd": (
        {"options": "mss nop ws sack ts", "window": 32768, "scale": 3, "clock_hz": 2, "ecn": False}, "NetBSD"
    ),
    "cisco-ios": (
        {"options": "mss", "ttl": 255, "window": 4128, "mss": 536, "df": False, "rst_df": False, "ids": "rising"}, "Cisco IOS"
    ),
    "lwip": (
        {"options": "mss", "ttl": 255, "window": 2144, "mss": 536, "df": False, "rst_df": False, "ids": "rising", "ecn": False,
         "rst_window": 2144, "quoted_bytes": 8, "echo_df": True},
        "lwIP",
    ),
    "zephyr": (
        {"options": "mss", "window": 1280, "df": False, "rst_df": False, "ecn": False, "echo_code": 0}, "Zephyr"
    ),
    "freertos": (
        {"options": "mss nop ws nop nop sack", "ttl": 128, "window": 2920, "scale": 0, "ids": "rising", "df": False,
         "ecn": False},
        "FreeRTOS with FreeRTOS-Plus-TCP",
    ),
    "vxworks": (
        {"options": "mss nop ws nop nop ts", "window": 8192, "scale": 0, "df": False, "ids": "rising", "clock_hz": 2,
         "ecn": False, "rst_df": False, "quoted_bytes": 8},
        "VxWorks 5 or 6, or another stack of 4.4BSD",
    ),
}  # fmt: skip
"""What each shows, and what it is to be told as."""
