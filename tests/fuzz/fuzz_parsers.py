"""Feeds everything that reads foreign bytes or people's words with whatever a coverage-guided fuzzer comes up with.

Nothing may raise but the sentences meant for users, and no packet may change a state without the cookie. How to run it stands
in README.md beside this file. The first byte of an input chooses who reads the rest.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["hatoba"]):
    import numpy as np
    import numpy.typing as npt

    from hatoba.errors import HatobaError
    from hatoba.model import Answer, Protocol, Reason, State
    from hatoba.packets import answers as kinds
    from hatoba.packets.answers import read_answers
    from hatoba.packets.dissect import dissect, dissect_ethernet
    from hatoba.packets.frames import cookie_bytes, ip_tag
    from hatoba.probes import METHODS, PINGS
    from hatoba.probes.method import Heard, Judgement, Mask, Method, Ports
    from hatoba.probes.udp_questions import QUESTIONS, ber
    from hatoba.targets.expressions import parse_expression, split_list
    from hatoba.targets.networks import parse_network
    from hatoba.targets.octets import parse_octets
    from hatoba.targets.ports import parse_ports
    from hatoba.wire import connect_errors, neighbour_frames, netlink
    from hatoba.wire.base import WIDTH_BYTES
    from hatoba.wire.fake import ip_packet
    from hatoba.wire.routes import Link

_METHODS = tuple({**METHODS, **PINGS}.values())
_COOKIE = 0x9E3779B9
_AS_ROW = np.array([_COOKIE], np.uint32)
_STATES, _REASONS, _ANSWERS = ({int(member) for member in kind} | {0} for kind in (State, Reason, Answer))
_BARE_SYN, _FLAGS = 2, 0x17
_SOURCE = {4: bytes([198, 18, 0, 1]), 6: bytes.fromhex("fd000018") + bytes(11) + b"\1"}
_LINK = Link(1, "eth0", bytes.fromhex("020000000001"), ethernet=True, up=True)

Rows = npt.NDArray[np.void]


def packets_and_judges(data: bytes) -> None:
    """Family, method and cookie, then packets: each a byte of length and its bytes. The cookie is a number of its own, which no
    answer may pass for, or is taken from the answers, as if they were true."""
    if len(data) < 2:
        return
    family, method = 4 + 2 * (data[0] & 1), _METHODS[(data[0] >> 1) % len(_METHODS)]
    packets = list(_pieces(data[2:]))
    frames, lengths = _as_arrived(packets, data[1])
    rows = read_answers(family, frames, lengths, np.zeros(len(packets)))
    ports = method.asked_port(rows, frames, _never)
    judged = method.judge(Heard(family, rows, _cookies(rows, data[1] & 7), frames, ports))
    _assert_codes(judged, len(rows))
    if not data[1] & 7:
        assert not (judged.state[~_may_pass(family, method, rows, frames)] > 0).any(), "a state without the cookie"


def _never(ports: Ports) -> Mask:
    """No port has been asked that an answer comes from, so that it may be about another."""
    return np.zeros(len(ports), bool)


def _pieces(data: bytes) -> Iterator[bytes]:
    while data:
        size = min(data[0], WIDTH_BYTES)
        yield data[1 : 1 + size]
        data = data[1 + size :]


def _as_arrived(packets: list[bytes], rubbish: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
    """As a wire hands packets on: rows of one width, with *rubbish* behind each packet's end."""
    frames = np.full((len(packets), WIDTH_BYTES), rubbish, np.uint8)
    for row, packet in zip(frames, packets, strict=True):
        row[: len(packet)] = np.frombuffer(packet, np.uint8)
    return frames, np.array([len(packet) for packet in packets], np.uint32)


def _cookies(rows: Rows, mode: int) -> npt.NDArray[np.uint32]:
    match mode:
        case 1:
            return rows["seq"].copy()
        case 2:
            return rows["ack"].copy()
        case 3:
            return rows["ack"] - np.uint32(1)
        case 4:
            return rows["tag"].copy()
        case _:
            return np.full(len(rows), _COOKIE, np.uint32)


def _may_pass(family: int, method: Method, rows: Rows, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Rows that repeat the cookie somewhere, by chance or by the fuzzer's wit, and those that have no place for one."""
    cookies = np.full(len(rows), _COOKIE, np.uint32)
    found = np.isin(rows["seq"], (_COOKIE, _COOKIE & 0xFFFF)) | np.isin(rows["ack"], (_COOKIE, _COOKIE + 1))
    found |= rows["tag"] == ip_tag(family, cookies)
    found |= np.array([_quotes_cookie(family, method, row, frames) for row in rows], bool)
    match method.name:
        case "syn":
            found |= (rows["kind"] == kinds.TCP_SEGMENT) & (rows["flags"] & _FLAGS == _BARE_SYN)
        case "udp":
            found |= rows["kind"] == kinds.UDP_DATAGRAM
        case "ip-protocol":
            found |= np.isin(rows["kind"], (kinds.UDP_DATAGRAM, kinds.OTHER_PACKET))
    passing: npt.NDArray[np.bool_] = found
    return passing


def _quotes_cookie(family: int, method: Method, row: np.void, frames: npt.NDArray[np.uint8]) -> bool:
    """Whether an error quotes a probe that has the cookie where the method's probes have it."""
    if row["kind"] != kinds.ICMP_ERROR:
        return False
    quoted = kinds.content(row, frames)
    port = method.asked_port(row[None], frames, _never)
    segments = [segment for segment in method.wording(family, port).segments if segment.protocol == row["protocol"]]
    words = ((place.at, cookie_bytes(place.form, _AS_ROW).tobytes()) for segment in segments for place in segment.cookies[:1])
    return any(quoted[at : at + len(word)] == word for at, word in words)


def _assert_codes(judged: Judgement, count: int) -> None:
    assert len(judged.state) == len(judged.reason) == len(judged.answer) == count
    assert set(judged.state.tolist()) <= _STATES
    assert set(judged.reason.tolist()) <= _REASONS
    assert set(judged.answer.tolist()) <= _ANSWERS
    assert not judged.state[judged.answer == 0].any(), "a state without an answer"
    assert judged.reason[judged.state > 0].all(), "a state without a reason"


def udp_answers(data: bytes) -> None:
    """Two bytes of the question's number, four of the cookie, then a datagram."""
    if len(data) < 6:
        return
    question = QUESTIONS[int.from_bytes(data[:2], "big") % len(QUESTIONS)]
    assert question.repeats(data[6:], int.from_bytes(data[2:6], "big")) in (True, False, None)


def ber_elements(data: bytes) -> None:
    assert sum(len(content) for _tag, content in ber.elements(data)) <= len(data)
    ber.inside(data, ber.SEQUENCE)


def hardware_addresses(data: bytes) -> None:
    """Family, then packets of ARP or of neighbour discovery. What is told has to stand in the packet."""
    if not data:
        return
    family, packets = 4 + 2 * (data[0] & 1), list(_pieces(data[1:]))
    frames, lengths = _as_arrived(packets, data[0])
    told = neighbour_frames.answers(family, _LINK, _SOURCE[family], frames, lengths, np.zeros(len(packets)))
    assert told.addresses.shape == (len(told), 4 if family == 4 else 16)
    for address, mac in zip(told.addresses, told.macs, strict=True):
        assert any(address.tobytes() in packet and mac.tobytes() in packet for packet in packets), "made up"


class _Kernel:
    """In place of a netlink socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def recv(self, _size: int) -> bytes:
        return self._data


def kernel_messages(data: bytes) -> None:
    """Netlink, and the control messages of an error queue."""
    talk = object.__new__(netlink.Netlink)
    talk._socket = _Kernel(data)  # type: ignore[assignment]
    for _kind, payload in talk._receive():
        for body_bytes in (0, 8, 12, 16):
            netlink._parsed(payload, body_bytes)
    connect_errors.parse_control(data, data[-28:])


def packets_for_people(data: bytes) -> None:
    """Family and whether a link header comes first, then the packet; all bytes are to be accounted for, in order."""
    if not data:
        return
    packet = dissect(data[1:], 4 + 2 * (data[0] & 1)) if data[0] & 2 else dissect_ethernet(data[1:])
    at = 0
    for header in packet.headers:
        for field in header.fields:
            assert field.offset == at, "a gap"
            at += field.length
            assert field.value.isascii()
            assert field.value.isprintable()
    assert at == len(data) - 1, "bytes that belong to no field"


def words(data: bytes) -> None:
    """What people write: targets, networks, octets, ports. No names of services: thousands of them are read for each."""
    text = data.decode(errors="replace")
    readers: tuple[Callable[[str], object], ...] = (
        split_list,
        parse_expression,
        parse_network,
        parse_octets,
        lambda given: parse_ports(given, default=Protocol.TCP, names=lambda _pattern, _protocol: ()),
    )
    for reader in readers:
        try:
            reader(text)
        except HatobaError:
            continue


READERS = (packets_and_judges, udp_answers, packets_for_people, words, hardware_addresses, kernel_messages, ber_elements)


def one_input(data: bytes) -> None:
    if data:
        READERS[data[0] % len(READERS)](data[1:])


def seeds(folder: Path) -> None:
    """Something sound of each kind to begin with."""
    us, them = _SOURCE[4], bytes([198, 18, 0, 2])
    six = [_SOURCE[6], _SOURCE[6][:-1] + bytes([2])]
    number = struct.pack(">I", _COOKIE)
    bodies = {
        6: struct.pack(">HHIIBBHHH", 443, 61440, 5, _COOKIE + 1, 0x50, 0x12, 1024, 0, 0),
        17: struct.pack(">HHHH", 53, 61440, 20, 0) + number[2:] + b"\x84\0" + bytes(8),
        132: struct.pack(">HH", 80, 61440) + number + bytes(4) + struct.pack(">BBH", 2, 0, 20) + bytes(16),
        1: struct.pack(">BBHHH", 0, 0, 0, 61440, _COOKIE & 0xFFFF) + bytes(8),
        58: struct.pack(">BBHHH", 129, 0, 0, 61440, _COOKIE & 0xFFFF) + bytes(8),
        47: bytes(8),
    }
    found: dict[str, bytes] = {}
    for family, source, target in ((4, them, us), (6, six[1], six[0])):
        icmp, codes = (1, ((3, 3), (3, 13), (11, 0))) if family == 4 else (58, ((1, 4), (1, 1), (3, 0), (4, 1)))
        packets = {f"{number}": ip_packet(family, number, source, target, body) for number, body in bodies.items()}
        for protocol in (6, 17, 132, icmp):
            quoted = ip_packet(family, protocol, target, source, number * 6)
            for kind, code in codes:
                error = struct.pack(">BBHI", kind, code, 0, 0) + quoted
                packets[f"{protocol}-{kind}-{code}"] = ip_packet(family, icmp, source, target, error)
        for name, packet in packets.items():
            for place in range(len(_METHODS)):
                head = bytes([0, (family == 6) | place << 1, 0])
                found[f"judge-{family}-{name}-{place}"] = head + bytes([len(packet)]) + packet
            found[f"people-{family}-{name}"] = bytes([2, 2 | (family == 6)]) + packet
            found[f"people-link-{family}-{name}"] = (
                bytes([2, 0]) + bytes(12) + (b"\x08\0" if family == 4 else b"\x86\xdd") + packet
            )
    for place, question in enumerate(QUESTIONS):
        found[f"udp-{question.name}"] = bytes([1, 0, place]) + bytes(4) + question.payload[:300]
    for place, text in enumerate(
        ("198.18.0-3.1,5", "[fd00:18::2]:T:80,U:53", "host.example/24:http*", "fe80::1%eth0", "[1-1024]")
    ):
        found[f"words-{place}"] = bytes([3]) + text.encode()
    mac = _LINK.mac
    arp = bytes.fromhex("0001080006040002") + mac[::-1] + them + mac + us
    told = bytes([136, 0, 0, 0, 0x60, 0, 0, 0]) + six[1] + bytes([2, 1]) + mac[::-1]
    advertisement = ip_packet(6, 58, six[1], six[0], told, 255)
    found["arp"] = bytes([4, 0, len(arp)]) + arp
    found["advertisement"] = bytes([4, 1, len(advertisement)]) + advertisement
    found["netlink"] = bytes([5]) + struct.pack("=IHHII", 36, 24, 0, 1, 0) + bytes(12) + struct.pack("=HHI", 8, 1, 7)
    found["control"] = bytes([5]) + struct.pack("=Qii", 32, 0, 11) + struct.pack("=IBBBBII", 111, 2, 3, 3, 0, 0, 0)
    found["ber"] = bytes([6, 0x30, 6, 2, 1, 5, 4, 1, 65])
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in found.items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    folders = [word for word in sys.argv[1:] if not word.startswith("-")]
    if folders:
        seeds(Path(folders[0]))
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
