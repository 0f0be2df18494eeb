"""The line of each kind of packet, and that no line ever carries what a stranger wrote."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.messages import use_language
from hatoba.packets.dissect import dissect, dissect_ethernet
from hatoba.packets.dissect_batch import PacketBatch
from hatoba.probes.connect import OUTCOME, End, Handshake, Kind
from hatoba.reports.packet_lines import PacketLines, connect_line, packet_line
from tests.unit.packets.dissecting import ALL, ETHERNET, MAC, V4, V6, ip4, ip6, syn

ENDS = "198.18.0.1:61440 > 198.18.0.2"
ENDS6 = "[fd00:18::1]:61440 > [fd00:18::2]"
HOSTS, HOSTS6 = "198.18.0.1 > 198.18.0.2", "fd00:18::1 > fd00:18::2"
OPTIONS = "mss=1460 ws=7 ts=1,2 sackok"

LINES4 = {
    "syn": f"TCP {ENDS}:22 S seq=7 win=1024 {OPTIONS} ttl=64 id=1 60 bytes",
    "xmas": f"TCP {ENDS}:22 FPU seq=7 win=1024 urg=3 ttl=37 id=9 40 bytes",
    "udp": f"UDP {ENDS}:53 ttl=64 id=1 payload=9 37 bytes",
    "sctp-init": f"SCTP {ENDS}:2905 INIT vtag=0x00000000 init-tag=0x0000004d ttl=64 id=1 52 bytes",
    "sctp-cookie": f"SCTP {ENDS}:2905 COOKIE-ECHO vtag=0x00000001 ttl=64 id=1 44 bytes",
    "sctp-abort": "SCTP 198.18.0.1:2905 > 198.18.0.2:61440 ABORT vtag=0x00000001 ttl=64 id=1 36 bytes",
    "echo": f"ICMP {HOSTS} 8/0 (echo-request) ident=3 seq=4 ttl=64 id=1 payload=4 32 bytes",
    "timestamp": f"ICMP {HOSTS} 13/0 (timestamp-request) ident=1 seq=2 ttl=64 id=1 40 bytes",
    "mask": f"ICMP {HOSTS} 17/0 (mask-request) ident=1 seq=2 mask=255.255.0.0 ttl=64 id=1 32 bytes",
    "redirect": f"ICMP {HOSTS} 5/0 (redirect) gateway=198.18.0.9 about TCP {ENDS}:22 ttl=64 id=1 88 bytes",
    "prohibited": f"ICMP {HOSTS} 3/13 (admin-prohibited) about TCP {ENDS}:22 ttl=64 id=1 88 bytes",
    "short quotation": f"ICMP {HOSTS} 3/3 (port-unreach) about UDP 198.18.0.1:1 > 198.18.0.2:2 ttl=64 id=1 56 bytes",
    "too big": f"ICMP {HOSTS} 3/4 (fragmentation-needed) mtu=1400 about TCP {ENDS}:22 ttl=64 id=1 88 bytes",
    "time": f"ICMP {HOSTS} 11/0 (time-exceeded) about ICMP {HOSTS} 8/0 (echo-request) ttl=64 id=1 56 bytes",
    "gre": f"IP 47 (gre) {HOSTS} ttl=64 id=1 payload=4 24 bytes",
    "fragment": f"IP 6 (tcp) {HOSTS} ttl=64 id=1 offset=800 payload=8 28 bytes",
}
LINES6 = {
    "syn": f"TCP {ENDS6}:22 S seq=7 win=1024 {OPTIONS} ttl=64 80 bytes",
    "udp": f"UDP {ENDS6}:53 ttl=64 payload=5 53 bytes",
    "echo": f"ICMPv6 {HOSTS6} 128/0 (echo-request) ident=3 seq=4 ttl=64 payload=4 52 bytes",
    "prohibited": f"ICMPv6 {HOSTS6} 1/1 (admin-prohibited) about TCP {ENDS6}:22 ttl=64 128 bytes",
    "too big": f"ICMPv6 {HOSTS6} 2/0 (packet-too-big) mtu=1280 about TCP {ENDS6}:22 ttl=64 128 bytes",
    "parameter": f"ICMPv6 {HOSTS6} 4/1 (unknown-next-header) pointer=6 about IP 99 {HOSTS6} ttl=64 88 bytes",
    "solicitation": f"ICMPv6 {HOSTS6} 135/0 (neighbour-solicitation) target=fd00:18::2 mac={MAC} ttl=255 72 bytes",
    "extensions": f"TCP {ENDS6}:22 S seq=7 win=1024 {OPTIONS} ttl=64 96 bytes",
    "fragment": f"IP 6 (tcp) {HOSTS6} ttl=64 offset=24 payload=8 56 bytes",
    "none": f"IP 59 (no-next-header) {HOSTS6} ttl=64 40 bytes",
}
LINES_ETHERNET = {
    "who-has": f"ARP who-has 198.18.0.2 tell 198.18.0.1 {MAC} > ff:ff:ff:ff:ff:ff",
    "is-at": f"ARP 198.18.0.1 is-at {MAC} {MAC} > 02:00:00:00:00:02",
    "syn": LINES4["syn"],
    "tagged": f"TCP {ENDS6}:22 S seq=7 win=1024 {OPTIONS} vlan=7 ttl=64 80 bytes",
    "foreign": f"Ethernet {MAC} > 02:00:00:00:00:02 0x88cc",
}


@pytest.mark.parametrize("name", LINES4)
def test_ipv4(name: str) -> None:
    assert packet_line(dissect(bytes(V4[name]), 4)) == LINES4[name]


@pytest.mark.parametrize("name", LINES6)
def test_ipv6(name: str) -> None:
    assert packet_line(dissect(bytes(V6[name]), 6)) == LINES6[name]


@pytest.mark.parametrize("name", LINES_ETHERNET)
def test_ethernet(name: str) -> None:
    assert packet_line(dissect_ethernet(bytes(ETHERNET[name]))) == LINES_ETHERNET[name]


def test_a_segment_that_acknowledges() -> None:
    line = packet_line(dissect(bytes(ip4() / syn(flags="SA", ack=8, options=[])), 4))
    assert line == f"TCP {ENDS}:22 SA seq=7 ack=8 win=1024 ttl=64 id=1 40 bytes"


def test_no_flags_are_a_dash() -> None:
    assert f"TCP {ENDS6}:22 - seq=7" in packet_line(dissect(bytes(ip6() / syn(flags=0)), 6))


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", "IP ? > ? (cut short)"),
        (bytes(V4["syn"])[:19], "IP 6 (tcp) 198.18.0.1 > ? ttl=64 id=1 60 bytes (cut short)"),
        (bytes(V4["syn"])[:22], f"TCP {HOSTS} ttl=64 id=1 60 bytes (cut short)"),
        (bytes(V4["syn"])[:28], f"TCP {ENDS}:22 seq=7 ttl=64 id=1 60 bytes (cut short)"),
        (bytes(V4["prohibited"])[:30], f"ICMP {HOSTS} 3/13 (admin-prohibited) ttl=64 id=1 88 bytes (cut short)"),
        (b"\x60" + bytes(50), "IP ? > ? payload=50 (malformed)"),
    ],
)
def test_what_can_be_read_is_said(data: bytes, line: str) -> None:
    assert packet_line(dissect(data, 4)) == line


@settings(max_examples=500)
@given(st.sampled_from(ALL), st.data())
def test_one_printable_line_whatever_comes(kind: tuple[str, int, bytes], draw: st.DataObject) -> None:
    _name, family, data = kind
    changed = bytearray(data)
    for _count in range(draw.draw(st.integers(0, 4))):
        changed[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    cut = bytes(changed[: draw.draw(st.integers(0, len(data)))])
    for packet in (cut, bytes(changed)):
        line = packet_line(dissect(packet, family) if family else dissect_ethernet(packet))
        assert line.isascii()
        assert line.isprintable()
        assert "  " not in line


def outcome(kind: int, **fields: object) -> np.void:
    row = np.zeros(1, OUTCOME)
    row["kind"], row["at_s"] = kind, 10.5
    for name, value in fields.items():
        row[name] = value
    return row[0]


V4_BYTES, V6_BYTES = bytes([198, 18, 0, 2]), bytes.fromhex("fd000018" + "0" * 22 + "02")
ROUTER = [198, 18, 0, 254] + [0] * 12


@pytest.mark.parametrize(
    ("row", "address", "line"),
    [
        (outcome(Kind.CONNECTED), V4_BYTES, "TCP > 198.18.0.2:22 connected"),
        (outcome(Kind.REFUSED, errno=111), V6_BYTES, "TCP > [fd00:18::2]:22 refused"),
        (
            outcome(Kind.ICMP, icmp_type=3, icmp_code=13, offender=ROUTER, offender_family=4),
            V4_BYTES,
            "TCP > 198.18.0.2:22 refused by 198.18.0.254: ICMP 3/13 (admin-prohibited)",
        ),
        (
            outcome(Kind.ICMP6, icmp_type=1, icmp_code=4, offender=list(V6_BYTES), offender_family=6),
            V6_BYTES,
            "TCP > [fd00:18::2]:22 refused by fd00:18::2: ICMPv6 1/4 (port-unreach)",
        ),
        (outcome(Kind.ICMP, icmp_type=3, icmp_code=1), V4_BYTES, "TCP > 198.18.0.2:22 ICMP 3/1 (host-unreach)"),
        (outcome(Kind.LOCAL, errno=101), V4_BYTES, "TCP > 198.18.0.2:22 failed on this machine: Network is unreachable"),
        (outcome(Kind.EXPIRED), V4_BYTES, "TCP > 198.18.0.2:22 no answer, given up"),
    ],
)
def test_connections(row: np.void, address: bytes, line: str) -> None:
    assert connect_line(row, address, 22) == line


def test_every_end_of_a_connection_has_a_line() -> None:
    for kind in Kind:
        assert len(connect_line(outcome(kind), V4_BYTES, 22).split("198.18.0.2:22 ")[1]) > 3


def test_lines_of_an_observer() -> None:
    stream = io.StringIO()
    lines = PacketLines(stream, started_s=10.0)
    data = bytes(V4["syn"])
    frames = np.frombuffer(data * 2, np.uint8).reshape(2, -1)
    lengths = np.full(2, len(data), np.int64)
    lines.packets(PacketBatch(True, "lo", 4, 0, frames, lengths, np.array([10.0123, 10.5])))
    lines.packets(PacketBatch(False, "lo", 4, 0, frames[:1], lengths[:1], np.array([11.0])))
    lines.connects(np.array([outcome(Kind.CONNECTED)], OUTCOME), [(V4_BYTES, 22)])
    assert stream.getvalue() == (
        f"SENT 0.0123 s  {LINES4['syn']}\n"
        f"SENT 0.5000 s  {LINES4['syn']}\n"
        f"RCVD 1.0000 s  {LINES4['syn']}\n"
        "CONN 0.5000 s  TCP > 198.18.0.2:22 connected\n"
    )


def test_connections_that_were_held() -> None:
    stream = io.StringIO()
    ended = [Handshake(End.HELD, 0), Handshake(End.CUT), Handshake(End.FAILED), Handshake(End.HELD, 65_160, spoke=True)]
    PacketLines(stream, started_s=10.0).holds(ended, [(V4_BYTES, 22)] * 4, 11.5)
    assert stream.getvalue() == (
        "HELD 1.5000 s  TCP > 198.18.0.2:22 held for a second win=0\n"
        "HELD 1.5000 s  TCP > 198.18.0.2:22 completed, then reset\n"
        "HELD 1.5000 s  TCP > 198.18.0.2:22 never completed\n"
        "HELD 1.5000 s  TCP > 198.18.0.2:22 the other side spoke, or closed in good order win=65160\n"
    )


def test_a_time_before_the_start_is_none() -> None:
    stream = io.StringIO()
    PacketLines(stream, started_s=11.0).connects(np.array([outcome(Kind.CONNECTED)], OUTCOME), [(V4_BYTES, 22)])
    assert stream.getvalue().startswith("CONN 0.0000 s")


def test_words_of_explanation_are_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    use_language("ja")
    monkeypatch.setattr("hatoba.reports.packet_lines.translated", {"cut short": "途中で切れています"}.__getitem__)
    monkeypatch.setattr("hatoba.reports.packet_lines._", {"{text} ({remark})": "{text}（{remark}）"}.__getitem__)
    assert packet_line(dissect(b"", 4)) == "IP ? > ?（途中で切れています）"
