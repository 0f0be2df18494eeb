"""The very bytes that each method sends: on record in tests/golden/probes, and read by scapy to the same fields.

``HATOBA_RENEW_GOLDEN=1 python -m pytest tests/unit/probes`` writes the records anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Ether
from scapy.layers.sctp import SCTP, SCTPChunkCookieEcho, SCTPChunkInit
from scapy.packet import Packet

from hatoba.packets.frames import FrameTemplate, Varying
from hatoba.probes import METHODS, PINGS
from hatoba.probes.udp_questions import questions_for
from tests.udp_asking import BY_NAME, filled
from tests.unit.probes.asking import SOURCE, annotated, frame, template_of

GOLDEN = Path(__file__).parents[2] / "golden" / "probes"
ALL = {**METHODS, **PINGS}
IPV4_ONLY = ("icmp-timestamp", "icmp-mask")
FLAGS = {"syn": "S", "fin": "F", "null": "", "xmas": "FPU", "maimon": "FA", "ack": "A", "window": "A"}
PROTOCOLS = (1, 2, 6, 17, 47, 58, 132, 255)
CASES = [(name, family) for name in ALL for family in (4, 6) if family == 4 or name not in IPV4_ONLY]
EACH = pytest.mark.parametrize(("name", "family"), CASES)

u16, u32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)


def asked(name: str, family: int) -> Iterator[tuple[str, FrameTemplate, int, int]]:
    """Title, template, variant and port of every probe that is on record."""
    method = ALL[name]
    match name:
        case "udp":
            for question in BY_NAME.values():
                port = question.ports[0]
                template = template_of(method, family, [port])
                yield f"udp {question.name} to {port}", template, questions_for(port).index(question), port
            yield "udp to 4", template_of(method, family, [4]), 0, 4
        case "ip-protocol":
            for variant, protocol in enumerate(PROTOCOLS):
                yield f"ip-protocol {protocol}", template_of(method, family, list(PROTOCOLS)), variant, protocol
        case _:
            port = 0 if name.startswith("icmp") else 443
            yield f"{name} to {port}" if port else name, template_of(method, family, [port]), 0, port


@pytest.mark.parametrize("name", ALL)
def test_golden_bytes(name: str) -> None:
    texts = []
    for family in (4, 6):
        if (name, family) in CASES:
            for title, template, variant, port in asked(name, family):
                texts.append(annotated(title, family, template.segments[variant], frame(template, variant, port)[1]))
    path, text = GOLDEN / f"{name}.txt", "\n".join(texts)
    if os.environ.get("HATOBA_RENEW_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_nothing_is_on_record_that_is_not_sent() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(ALL)


def network_of(family: int, raw: bytes) -> Packet:
    """The packet as scapy reads it, with checksums that scapy agrees to."""
    packet = Ether(raw)
    fresh = Ether(raw)
    network = fresh[IP] if family == 4 else fresh[IPv6]
    if family == 4:
        del network.chksum
    for layer in (TCP, UDP, SCTP, ICMP):
        if layer in fresh:
            del fresh[layer].chksum
    if ICMPv6EchoRequest in fresh:
        del fresh[ICMPv6EchoRequest].cksum
    assert bytes(fresh) == raw, "scapy works out other checksums"
    return packet[IP] if family == 4 else packet[IPv6]


def filled_frame(template: FrameTemplate, variant: int, dst: bytes, sport: int, dport: int, cookie: int) -> bytes:
    size = len(template.frame(variant))
    frames = np.zeros((1, template.frame_bytes), np.uint8)
    frames[0, :size] = np.frombuffer(template.frame(variant), np.uint8)
    one = Varying(
        np.frombuffer(dst, np.uint8)[None, :],
        np.array([sport], np.uint16),
        np.array([dport], np.uint16),
        np.array([cookie], np.uint32),
        np.zeros((1, 6), np.uint8),
    )
    template.filler().fill(frames, one, np.array([variant]))
    return frames[0, :size].tobytes()


@EACH
@settings(max_examples=25)
@given(data=st.data())
def test_scapy_reads_what_the_method_says(name: str, family: int, data: st.DataObject) -> None:
    dst = data.draw(st.binary(min_size=4 if family == 4 else 16, max_size=4 if family == 4 else 16))
    sport, cookie = data.draw(u16), data.draw(u32)
    dport = data.draw(st.integers(0, 255) if name == "ip-protocol" else u16)
    template = template_of(ALL[name], family, [dport])
    variant = data.draw(st.integers(0, len(template.segments) - 1))
    network = network_of(family, filled_frame(template, variant, dst, sport, dport, cookie))
    assert (ip_address(network.src), ip_address(network.dst)) == (ip_address(SOURCE[family]), ip_address(dst))
    assert (network.ttl if family == 4 else network.hlim) == 64
    tag = cookie % (1 << (16 if family == 4 else 20)) or 1
    assert (network.id if family == 4 else network.fl) == (0 if name in FLAGS else tag)
    assert_transport(name, family, network, (sport, dport, cookie), variant)


def assert_transport(name: str, family: int, network: Packet, varying: tuple[int, int, int], variant: int) -> None:
    sport, dport, cookie = varying
    if name in FLAGS:
        tcp = network[TCP]
        assert (tcp.sport, tcp.dport, tcp.seq, tcp.flags, tcp.urgptr) == (sport, dport, cookie, FLAGS[name], 0)
        assert tcp.ack == (cookie if "A" in FLAGS[name] else 0)
        assert tcp.options == ([("MSS", 1460 if family == 4 else 1440)] if name == "syn" else [])
    elif name == "udp":
        udp, questions = network[UDP], questions_for(dport)
        payload = filled(questions[variant], cookie) if questions else b""
        assert (udp.sport, udp.dport, udp.len, bytes(udp.payload)) == (sport, dport, 8 + len(payload), payload)
    elif name == "sctp-init":
        assert (network[SCTP].sport, network[SCTP].dport, network[SCTP].tag) == (sport, dport, 0)
        init = network[SCTPChunkInit]
        assert (init.init_tag, init.init_tsn, init.params, init.len) == (cookie, cookie, [], 20)
        assert min(init.n_in_streams, init.n_out_streams) > 0, (
            "an INIT without streams is to be aborted (RFC 9260 section 3.3.2)"
        )
        assert init.a_rwnd >= 1500
    elif name == "sctp-cookie":
        assert (network[SCTP].sport, network[SCTP].dport, network[SCTP].tag) == (sport, dport, cookie)
        assert network[SCTPChunkCookieEcho].len == 8
    elif name == "ip-protocol":
        assert (network.proto if family == 4 else network.nh) == dport
        assert_own_protocol(family, network, sport, dport, cookie)
    elif family == 4:
        icmp = network[ICMP]
        kind = {"icmp-echo": 8, "icmp-timestamp": 13, "icmp-mask": 17}[name]
        assert (icmp.type, icmp.code, icmp.id, icmp.seq) == (kind, 0, sport, cookie & 0xFFFF)
        assert network.len == 20 + {"icmp-echo": 16, "icmp-timestamp": 20, "icmp-mask": 12}[name]
    else:
        echo = network[ICMPv6EchoRequest]
        assert (echo.type, echo.code, echo.id, echo.seq) == (128, 0, sport, cookie & 0xFFFF)


def assert_own_protocol(family: int, network: Packet, sport: int, protocol: int, cookie: int) -> None:
    """What the IP protocol scan asks a protocol with: to port 80, where there are ports."""
    match protocol:
        case 6:
            tcp = network[TCP]
            assert (tcp.sport, tcp.dport, tcp.seq, tcp.ack, tcp.flags) == (sport, 80, cookie, cookie, "A")
        case 17:
            assert (network[UDP].sport, network[UDP].dport, network[UDP].len) == (sport, 80, 8)
        case 132:
            assert (network[SCTP].sport, network[SCTP].dport, network[SCTPChunkInit].init_tag) == (sport, 80, cookie)
        case 1 if family == 4:
            assert (network[ICMP].type, network[ICMP].id, network[ICMP].seq) == (8, sport, cookie & 0xFFFF)
        case 58 if family == 6:
            assert (network[ICMPv6EchoRequest].id, network[ICMPv6EchoRequest].seq) == (sport, cookie & 0xFFFF)


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("protocol", [1, 6, 17, 47, 58, 132])
def test_the_ip_protocol_scan_asks_well_known_protocols_soundly(family: int, protocol: int) -> None:
    template = template_of(METHODS["ip-protocol"], family, [protocol])
    dst = ip_address(SOURCE[family]).packed[:-1] + b"\2"
    network = network_of(family, filled_frame(template, 0, dst, 61440, protocol, 0x89ABCDEF))
    assert_own_protocol(family, network, 61440, protocol, 0x89ABCDEF)


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("name", BY_NAME)
@given(cookie=u32, dst=st.binary(min_size=16, max_size=16))
@settings(max_examples=8)
def test_each_udp_question_goes_out_whole(name: str, family: int, cookie: int, dst: bytes) -> None:
    question = BY_NAME[name]
    port = question.ports[-1]
    template = template_of(METHODS["udp"], family, [port])
    variant = [segment.data[8:] for segment in template.segments].index(question.payload)
    raw = filled_frame(template, variant, dst[: 4 if family == 4 else 16], 61440, port, cookie)
    assert bytes(network_of(family, raw)[UDP].payload) == filled(question, cookie)


@pytest.mark.parametrize("ttl", [1, 2, 63, 65, 255])
@EACH
def test_any_time_to_live(name: str, family: int, ttl: int) -> None:
    for _title, template, variant, port in asked(name, family):
        short = replace(template, segments=(replace(template.segments[variant], ttl=ttl),))
        network = network_of(family, frame(short, 0, port)[1])
        assert (network.ttl if family == 4 else network.hlim) == ttl
