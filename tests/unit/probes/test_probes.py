"""The tables of methods."""

from __future__ import annotations

import numpy as np
import pytest

from hatoba.model import Protocol
from hatoba.packets.frames import FrameTemplate
from hatoba.packets.segment import Sum
from hatoba.probes import METHODS, PINGS, method_named
from hatoba.probes.method import Method
from hatoba.wire.base import WIDTH_BYTES

PORTS = np.array([0, 1, 2, 6, 17, 53, 58, 80, 123, 132, 161, 255], np.uint16)
EACH = pytest.mark.parametrize("method", {**METHODS, **PINGS}.values(), ids=lambda method: method.name)
BOTH = pytest.mark.parametrize("family", [4, 6])


def test_methods_are_found_by_their_own_names() -> None:
    assert all(name == method.name == method_named(name).name for name, method in METHODS.items())
    assert all(name == method.name for name, method in PINGS.items())
    assert {name: method.protocol for name, method in METHODS.items()} == {
        **dict.fromkeys(("syn", "fin", "null", "xmas", "maimon", "ack", "window"), Protocol.TCP),
        "udp": Protocol.UDP,
        **dict.fromkeys(("sctp-init", "sctp-cookie"), Protocol.SCTP),
        "ip-protocol": Protocol.IP,
    }


def test_the_pings_are_questions_of_icmp_and_methods() -> None:
    assert {name for name, method in PINGS.items() if method.protocol is Protocol.ICMP} == set(PINGS) - set(METHODS)
    assert all(PINGS[name] is METHODS[name] for name in set(PINGS) & set(METHODS))
    with pytest.raises(KeyError):
        method_named("icmp-echo")


@EACH
@BOTH
def test_a_wording_is_complete(method: Method, family: int) -> None:
    segments, choice = method.wording(family, PORTS)
    assert choice.shape[0] == len(PORTS)
    assert choice.shape[1] > 0
    assert set(choice.ravel().tolist()) == set(range(len(segments))), "a probe that nobody takes, or one that is missing"


@EACH
@BOTH
def test_what_varies_is_zero_in_the_segment_and_nothing_overlaps(method: Method, family: int) -> None:
    for segment in method.wording(family, PORTS).segments:
        parts = [range(place.at, place.at + place.form.value) for place in segment.cookies]
        parts += [range(at, at + 2) for at in (segment.sport_at, segment.dport_at) if at is not None]
        width = {Sum.NONE: 0, Sum.CRC32C: 4}.get(segment.sum, 2)
        parts.append(range(segment.sum_at, segment.sum_at + width))
        places = [at for part in parts for at in part]
        assert len(places) == len(set(places))
        assert not any(segment.data[at] for at in places)


@EACH
@BOTH
def test_what_is_sent_fits_where_answers_are_read(method: Method, family: int) -> None:
    """Errors quote it: what tells whose it is has to stand in the first bytes that are captured."""
    quoted = (20 + 8 + 60 if family == 4 else 40 + 8 + 40) + 8
    assert quoted <= WIDTH_BYTES
    template = FrameTemplate(family, 14, bytes(6), bytes(4 if family == 4 else 16), method.wording(family, PORTS).segments)
    assert template.frame_bytes <= 1514


def test_a_method_can_ask_no_ports_at_all() -> None:
    none = np.zeros(0, np.uint16)
    for method in {**METHODS, **PINGS}.values():
        assert len(method.wording(4, none).choice) == 0
        assert method.has_question(none).tolist() == []
