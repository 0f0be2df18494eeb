"""What a wire promises: an empty arrival has the shapes of a full one, and every wire has the contract's methods."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from hatoba.packets.answers import read_answers
from hatoba.wire.base import SOURCE_PORTS, WIDTH_BYTES, Arrived, PacketWire, nothing_arrived
from hatoba.wire.fake import FakeWire
from hatoba.wire.gate import GatedPackets
from hatoba.wire.raw_ip import RawIpWire
from hatoba.wire.ring import RingWire


def test_nothing_arrived_has_the_shapes_of_something() -> None:
    nothing = nothing_arrived()
    assert len(nothing) == 0
    assert (nothing.frames.shape, nothing.frames.dtype) == ((0, WIDTH_BYTES), np.uint8)
    assert (nothing.lengths.dtype, nothing.at_s.dtype) == (np.uint32, np.float64)
    assert len(read_answers(4, nothing.frames, nothing.lengths, nothing.at_s)) == 0


def test_as_many_as_there_are_frames() -> None:
    assert len(Arrived(np.zeros((3, WIDTH_BYTES), np.uint8), np.zeros(3, np.uint32), np.zeros(3))) == 3


def test_the_width_holds_an_error_with_the_longest_ipv4_headers_and_an_ordinary_ipv6_one() -> None:
    assert WIDTH_BYTES >= 60 + 8 + 60 + 8  # IP with all its options, ICMP, the same quoted, 64 bits of the segment
    assert WIDTH_BYTES >= 40 + 8 + 40 + 8


def test_source_ports_tell_attempts_apart() -> None:
    assert SOURCE_PORTS % 2 == 0, "half of them are for probes whose ports would be equal"


@pytest.mark.parametrize("wire", [RingWire, RawIpWire, FakeWire, GatedPackets])
def test_every_wire_keeps_the_contract(wire: type) -> None:
    for name in ("reserve", "commit", "receive", "close"):
        wanted, found = (inspect.signature(getattr(owner, name)) for owner in (PacketWire, wire))
        assert list(found.parameters) == list(wanted.parameters), name
    assert isinstance(inspect.getattr_static(wire, "drops"), property)
