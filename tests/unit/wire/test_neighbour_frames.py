"""Questions for hardware addresses as scapy reads them, answers as scapy writes them; no packet leaves."""

from __future__ import annotations

from ipaddress import ip_address

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, ICMPv6NDOptMTU, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet, Raw

from hatoba.wire import neighbour_frames
from hatoba.wire.base import WIDTH_BYTES
from hatoba.wire.neighbour_frames import Told
from hatoba.wire.routes import Link
from tests.unit.wire import bpf
from tests.unit.wire.probing import HOST, MAC, US

LINK = Link(7, "eth7", MAC, ethernet=True, up=True)
THEIRS = "02:00:00:00:00:99"
BOTH = pytest.mark.parametrize("family", [4, 6])


def packed(text: str) -> bytes:
    return ip_address(text).packed


def rows(addresses: list[bytes]) -> np.ndarray:
    return np.array([list(address) for address in addresses], np.uint8)


def reply(address: str = HOST[4], mac: str = THEIRS, **changes: object) -> bytes:
    """An ARP reply to us, from behind the Ethernet header on."""
    fields = {"op": 2, "hwsrc": mac, "psrc": address, "hwdst": MAC.hex(":"), "pdst": US[4], **changes}
    return bytes(ARP(**fields))


def advertisement(address: str = HOST[6], mac: str = THEIRS, options: Packet | None = None, **changes: object) -> bytes:
    """A solicited advertisement to us."""
    network = {"src": address, "dst": US[6], "hlim": 255}
    network |= {name: changes.pop(name) for name in ("src", "dst", "hlim", "nh") if name in changes}
    if options is None:
        options = ICMPv6NDOptDstLLAddr(lladdr=mac)
    return bytes(IPv6(**network) / ICMPv6ND_NA(tgt=address, **{"S": 1, "R": 0, **changes}) / options)


GENUINE = {4: reply(), 6: advertisement()}


def read(family: int, *packets: bytes) -> Told:
    frames = np.full((len(packets), WIDTH_BYTES), 0xA5, np.uint8)  # what was in the ring before
    for row, packet in zip(frames, packets, strict=True):
        row[: len(packet[:WIDTH_BYTES])] = np.frombuffer(packet[:WIDTH_BYTES], np.uint8)
    lengths = np.array([min(len(packet), WIDTH_BYTES) for packet in packets], np.uint32)
    return neighbour_frames.answers(family, LINK, packed(US[family]), frames, lengths, np.arange(len(packets), dtype=float))


def told(family: int, *packets: bytes) -> list[tuple[str, str]]:
    found = read(family, *packets)
    return [
        (str(ip_address(address.tobytes())), mac.tobytes().hex(":"))
        for address, mac in zip(found.addresses, found.macs, strict=True)
    ]


def kept(family: int, packet: bytes) -> bool:
    """Whether the kernel would hand the packet over."""
    return bpf.run(neighbour_frames.answers_program(family, packed(US[family])), packet) > 0


@given(st.lists(st.binary(min_size=4, max_size=4), max_size=5))
def test_an_arp_request_as_scapy_reads_it(addresses: list[bytes]) -> None:
    targets = rows(addresses).reshape(-1, 4)
    frames = neighbour_frames.questions(4, LINK, packed(US[4]), targets)
    for frame, address in zip(frames, addresses, strict=True):
        expected = Ether(src=MAC.hex(":"), dst="ff:ff:ff:ff:ff:ff") / ARP(
            op=1, hwsrc=MAC.hex(":"), psrc=US[4], hwdst="00:00:00:00:00:00", pdst=str(ip_address(address))
        )
        assert frame.tobytes() == bytes(expected)


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=5))
def test_a_solicitation_as_scapy_reads_it(addresses: list[bytes]) -> None:
    targets = rows(addresses).reshape(-1, 16)
    frames = neighbour_frames.questions(6, LINK, packed(US[6]), targets)
    for frame, address in zip(frames, addresses, strict=True):
        group = packed("ff02::1:ff00:0")[:13] + address[13:]
        expected: Packet = (
            Ether(src=MAC.hex(":"), dst="33:33:ff:" + address[13:].hex(":"))
            / IPv6(src=US[6], dst=str(ip_address(group)), hlim=255)
            / ICMPv6ND_NS(tgt=str(ip_address(address)))
            / ICMPv6NDOptSrcLLAddr(lladdr=MAC.hex(":"))
        )
        assert frame.tobytes() == bytes(expected)


@BOTH
def test_answers_are_read_in_their_order_among_others(family: int) -> None:
    make = reply if family == 4 else advertisement
    other = "198.18.0.3" if family == 4 else "fd00:18::3"
    packets = [make(other, "02:00:00:00:00:03"), b"", make(), b"\x45" * 60, make(other, "02:00:00:00:00:04")]
    assert told(family, *packets) == [
        (other, "02:00:00:00:00:03"),
        (HOST[family], THEIRS),
        (other, "02:00:00:00:00:04"),
    ]
    assert read(family, *packets).at_s.tolist() == [0, 2, 4]
    assert all(kept(family, packets[number]) for number in (0, 2, 4))


NO_ANSWERS = [
    pytest.param(4, reply(op=1), id="a request"),
    pytest.param(4, reply(hwdst="02:00:00:00:00:77"), id="to another machine"),
    pytest.param(4, reply(pdst="198.18.0.77"), id="to another address"),
    pytest.param(4, reply(hwtype=6), id="other hardware"),
    pytest.param(4, reply(ptype=0x86DD), id="other protocol"),
    pytest.param(4, reply(hwlen=8), id="longer hardware addresses"),
    pytest.param(4, reply(plen=16), id="longer addresses"),
    pytest.param(4, reply(mac="00:00:00:00:00:00"), id="nobody's hardware address"),
    pytest.param(4, reply(mac="ff:ff:ff:ff:ff:ff"), id="everybody's hardware address"),
    pytest.param(4, reply()[:27], id="cut short"),
    pytest.param(4, advertisement(), id="the other family's"),
    pytest.param(6, advertisement(hlim=254), id="forwarded by a router"),
    pytest.param(6, advertisement(dst="ff02::1"), id="told to all"),
    pytest.param(6, advertisement(S=0), id="unsolicited"),
    pytest.param(6, advertisement(code=1), id="another code"),
    pytest.param(6, advertisement(type=135), id="a solicitation"),
    pytest.param(6, advertisement(nh=17), id="no ICMP"),
    pytest.param(6, advertisement(options=ICMPv6NDOptSrcLLAddr(lladdr=THEIRS)), id="the source's hardware address"),
    pytest.param(6, advertisement(options=ICMPv6NDOptDstLLAddr(lladdr=THEIRS, len=2)), id="a longer hardware address"),
    pytest.param(6, advertisement(options=Raw(b"\2\0" + bytes(6))), id="an option of no length"),
    pytest.param(6, advertisement(options=Raw(b"")), id="no option"),
    pytest.param(6, advertisement(mac="00:00:00:00:00:00"), id="nobody's hardware address in ipv6"),
    pytest.param(6, advertisement()[:71], id="cut short in ipv6"),
    pytest.param(6, advertisement()[:5] + b"\x10" + advertisement()[6:], id="less payload than the option"),
    pytest.param(6, b"\x40" + advertisement()[1:], id="another version"),
    pytest.param(6, b"", id="nothing"),
]


@pytest.mark.parametrize(("family", "packet"), NO_ANSWERS)
def test_what_is_no_answer(family: int, packet: bytes) -> None:
    assert told(family, packet) == []
    assert told(family, packet, GENUINE[family]) == [(HOST[family], THEIRS)], "it spoils others"


def test_the_option_is_found_behind_others() -> None:
    options = ICMPv6NDOptMTU() / Raw(b"\x0e\x02" + bytes(14)) / ICMPv6NDOptDstLLAddr(lladdr=THEIRS)
    assert told(6, advertisement(options=options)) == [(HOST[6], THEIRS)]


def test_of_two_hardware_addresses_in_one_advertisement_the_first_counts() -> None:
    options = ICMPv6NDOptDstLLAddr(lladdr=THEIRS) / ICMPv6NDOptDstLLAddr(lladdr="02:00:00:00:00:66")
    assert told(6, advertisement(options=options)) == [(HOST[6], THEIRS)]


@BOTH
@pytest.mark.parametrize("tail", [b"\0" * 18, b"x" * 200])
def test_what_ethernet_fills_up_with_is_passed_over(family: int, tail: bytes) -> None:
    assert told(family, GENUINE[family] + tail) == [(HOST[family], THEIRS)]


@BOTH
def test_the_filter_is_one_that_the_kernel_takes(family: int) -> None:
    bpf.check(neighbour_frames.answers_program(family, packed(US[family])))


@pytest.mark.parametrize(
    ("family", "packet"),
    [
        (4, reply(op=1)),
        (4, reply(pdst="198.18.0.77")),
        (4, advertisement()),
        (6, advertisement(dst="fd00:18::77")),
        (6, advertisement(hlim=64)),
        (6, advertisement(type=135)),
        (6, reply()),
        (6, b""),
    ],
)
def test_what_the_filter_spares_us(family: int, packet: bytes) -> None:
    assert not kept(family, packet)


@st.composite
def nearly(draw: st.DrawFn) -> tuple[int, bytes]:
    """A genuine answer with some bytes changed, cut or lengthened; or rubbish."""
    family = draw(st.sampled_from([4, 6]))
    if draw(st.booleans()):
        return family, draw(st.binary(max_size=250))
    packet = bytearray(GENUINE[family])
    for at, value in draw(st.lists(st.tuples(st.integers(0, len(packet) - 1), st.integers(0, 255)), max_size=4)):
        packet[at] = value
    return family, bytes(packet[: draw(st.integers(0, len(packet)))] if draw(st.booleans()) else packet) + draw(
        st.binary(max_size=40)
    )


@given(nearly())
def test_hostile_frames(drawn: tuple[int, bytes]) -> None:
    """Nothing is told that does not stand in the packet, and nothing is told that the filter would not have let through."""
    family, packet = drawn
    found = read(family, packet)
    assert len(found) <= 1
    for address, mac in zip(found.addresses, found.macs, strict=True):
        assert address.tobytes() in packet
        assert mac.tobytes() in packet
        assert kept(family, packet)
