"""Every probe that is on record, quoted by an ICMP error: whose it is, with its IP header as it was sent, and rewritten."""

from __future__ import annotations

from ipaddress import ip_address

import numpy as np
import pytest

from hatoba.packets.answers import read_answers
from hatoba.packets.frames import ip_tag
from hatoba.packets.layouts import ETHERNET_BYTES, IP_BYTES
from hatoba.packets.segment import Form
from hatoba.wire.base import WIDTH_BYTES
from hatoba.wire.fake import ip_packet
from tests.unit.probes.asking import SOURCE, TARGET, frame
from tests.unit.probes.judging import ICMP_WORD, judged
from tests.unit.probes.test_bytes import ALL, EACH, asked

UNREACHABLE = {4: (1, bytes([3, 13]) + bytes(6)), 6: (58, bytes([1, 1]) + bytes(6))}


def rewritten(family: int, packet: bytes) -> bytes:
    """With an identification or a flow label that somebody on the way chose."""
    at = 5 if family == 4 else 3
    return packet[:at] + bytes([packet[at] ^ 0x55]) + packet[at + 1 :]


def disguised(family: int, packet: bytes, cookie: int) -> bytes:
    """With the identification or the flow label that a probe with this cookie has."""
    tag = int(ip_tag(family, np.array([cookie], np.uint32))[0])
    if family == 4:
        return packet[:4] + tag.to_bytes(2, "big") + packet[6:]
    return bytes([packet[0], packet[1] & 0xF0 | tag >> 16]) + (tag & 0xFFFF).to_bytes(2, "big") + packet[4:]


def answered(name: str, family: int, cookie: int, quotes: list[bytes], said: int = 0) -> list[bool]:
    """Whether an error that quotes this much, and says that it quotes *said* bytes, is an answer to the probe with that
    cookie."""
    number, head = UNREACHABLE[family]
    at, unit = (5, 4) if family == 4 else (4, 8)
    head = head[:at] + bytes([said // unit]) + head[at + 1 :]
    us, them = (ip_address(table[family]).packed for table in (SOURCE, TARGET))
    packets = [ip_packet(family, number, them, us, head + quote)[:WIDTH_BYTES] for quote in quotes]
    frames = np.full((len(packets), WIDTH_BYTES), 0xEE, np.uint8)
    for row, packet in zip(frames, packets, strict=True):
        row[: len(packet)] = np.frombuffer(packet, np.uint8)
    lengths = np.array([len(packet) for packet in packets], np.uint32)
    answers = read_answers(family, frames, lengths, np.zeros(len(packets)))
    found = dict(zip(answers["row"].tolist(), judged(ALL[name], family, answers, cookie, frames), strict=True))
    return [found.get(row, ("", "", ""))[2] == ICMP_WORD[family] for row in range(len(packets))]


@EACH
def test_it_is_known_by_its_header_or_by_as_much_as_is_quoted(name: str, family: int) -> None:
    for title, template, variant, port in asked(name, family):
        cookie, raw = frame(template, variant, port)
        sent, cookies = raw[ETHERNET_BYTES:], template.segments[variant].cookies
        sizes = range(IP_BYTES[family] + 8, len(sent) + 1)
        assert all(answered(name, family, cookie, [sent[:size] for size in sizes])), title
        told = answered(name, family, cookie, [rewritten(family, sent[:size]) for size in sizes])
        most = WIDTH_BYTES - IP_BYTES[family] - 8
        behind = IP_BYTES[family] + cookies[0].at + cookies[0].form.value if cookies else most + 1
        assert told == [min(size, most) >= behind for size in sizes], title


@EACH
def test_every_bit_of_the_cookie_counts(name: str, family: int) -> None:
    for title, template, variant, port in asked(name, family):
        cookie, raw = frame(template, variant, port)
        cookies = template.segments[variant].cookies
        bits = 16 if not cookies or cookies[0].form is Form.U16 else 32
        for bit in range(bits):
            assert answered(name, family, cookie ^ 1 << bit, [rewritten(family, raw[ETHERNET_BYTES:])]) == [False], title


@pytest.mark.parametrize("family", [4, 6])
def test_what_lies_behind_the_quoted_bytes_is_never_looked_at(family: int) -> None:
    """Where a slot still holds an older packet, it may hold a cookie."""
    ((_title, template, variant, port),) = [case for case in asked("udp", family) if case[0] == "udp tftp to 69"]
    cookie, raw = frame(template, variant, port)
    quote = rewritten(family, raw[ETHERNET_BYTES:])
    us, them = (ip_address(table[family]).packed for table in (SOURCE, TARGET))
    number, head = UNREACHABLE[family]
    packet = ip_packet(family, number, them, us, head + quote)
    frames = np.zeros((1, WIDTH_BYTES), np.uint8)
    frames[0, : len(packet)] = np.frombuffer(packet, np.uint8)
    for length, expected in ((len(packet), True), (len(packet) - len(quote) + IP_BYTES[family] + 8, False)):
        answers = read_answers(family, frames, np.array([length], np.uint32), np.zeros(1))
        (told,) = judged(ALL["udp"], family, answers, cookie, frames)
        assert (told[0] == "filtered") is expected


@EACH
def test_a_cookie_that_can_be_seen_decides(name: str, family: int) -> None:
    """An IP header is ours by chance once in so many times. RIP's two questions are as long, and one of them has no cookie."""
    most = WIDTH_BYTES - IP_BYTES[family] - 8
    for title, template, variant, port in asked(name, family):
        cookie, raw = frame(template, variant, port)
        cookies = template.segments[variant].cookies
        other = cookie ^ 0x00FF00FF
        sent = disguised(family, raw[ETHERNET_BYTES:], other)
        decides = bool(cookies) and title != "udp rip-route to 520"
        behind = IP_BYTES[family] + cookies[0].at + cookies[0].form.value if decides else most + 1
        sizes = range(IP_BYTES[family] + 8, len(sent) + 1)
        told = answered(name, family, other, [sent[:size] for size in sizes])
        assert told == [min(size, most) < behind for size in sizes], title


@EACH
def test_what_fills_up_or_follows_a_short_quote_is_no_cookie(name: str, family: int) -> None:
    """RFC 4884: a quote is filled up to 128 bytes with zeros, and other things may follow, if its length is told."""
    least = IP_BYTES[family] + 8
    for title, template, variant, port in asked(name, family):
        cookie, raw = frame(template, variant, port)
        short = raw[ETHERNET_BYTES : ETHERNET_BYTES + least]
        if template.segments[variant].cookies[:1] and template.segments[variant].cookies[0].at < 8:
            continue  # it is in the shortest quote
        assert answered(name, family, cookie, [short + bytes(128 - least)]) == [True], title
        told = answered(name, family, cookie, [short + bytes(-least % 8) + b"\x20" * 80], said=least + -least % 8)
        assert told == [True], title
