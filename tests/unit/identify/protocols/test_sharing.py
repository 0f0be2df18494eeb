"""What shares sound, screens, devices and downloads: what the daemons of the captures did not say."""

from __future__ import annotations

import struct
import zlib

import pytest

from hatoba.identify.protocols import sharing

_DENIED = struct.pack(">IIQI", 15, 0xFFFFFFFF, 0, 0) + b"L\0\0\0\0L\0\0\0\1L\0\0\0\1"
_LET_IN = struct.pack(">IIQI", 15, 0xFFFFFFFF, 0, 0) + b"L\0\0\0\2L\0\0\0\1L\0\0\0\x23"


def _told(*values: bytes) -> bytes:
    return struct.pack(">IIQI", 0, 0xFFFFFFFF, 0, 0) + b"L\0\0\0\2L\0\0\0\2" + b"".join(b"t" + one + b"\0" for one in values)


def test_sound_that_lets_nobody_in_is_known_by_how_it_says_so() -> None:
    facts = sharing.read_pulse((_DENIED,))
    assert facts is not None
    assert (facts.name, facts.product, facts.extra) == ("pulseaudio", "", "access denied")


def test_pipewire_is_told_by_its_own_version() -> None:
    facts = sharing.read_pulse((_LET_IN, _told(b"PulseAudio (on PipeWire 0.3.65)", b"15.0.0", b"anna", b"quay")))
    assert facts is not None
    assert (facts.product, facts.version, facts.hostname) == ("PipeWire PulseAudio server", "0.3.65", "quay")
    assert facts.cpe23 == ("cpe:2.3:a:pipewire:pipewire:0.3.65:*:*:*:*:*:*:*",)


def test_another_requests_answer_is_none_of_ours() -> None:
    assert sharing.read_pulse((_LET_IN.replace(b"L\0\0\0\1", b"L\0\0\0\5"),)) is None


def _deluge(said: bytes) -> bytes:
    packed = zlib.compress(said)
    return struct.pack(">BI", 1, len(packed)) + packed


def test_no_more_is_unpacked_than_a_version_has() -> None:
    facts = sharing.read_deluge((_deluge(b"\xc3\1\1\x852.1.1" + bytes(10_000)),))
    assert facts is not None
    assert facts.version == "2.1.1"
    assert sharing.read_deluge((_deluge(bytes(10_000) + b"\xc3\1\1\x852.1.1"),)) is None
    assert sharing.read_deluge((struct.pack(">BI", 1, 20) + b"no zlib at all, really",)) is None


@pytest.mark.parametrize("error", [0, 7])
def test_a_spice_server_is_known_by_an_error_too(error: int) -> None:
    facts = sharing.read_spice((b"REDQ" + struct.pack("<IIII", 2, 2, 186, error) + bytes(182),))
    assert facts is not None
    assert facts.extra == "protocol 2.2"
    assert sharing.read_spice((b"REDQ" + struct.pack("<IIII", 2, 2, 4, error),)) is None  # no key


def test_one_device_and_many() -> None:
    facts = [sharing.read_usb((b"\1\x11\0\5\0\0\0\0" + count.to_bytes(4, "big"),)) for count in (1, 3)]
    assert [one.extra for one in facts if one is not None] == ["1 device shared", "3 devices shared"]
