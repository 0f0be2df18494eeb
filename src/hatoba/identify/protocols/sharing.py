"""What shares sound, screens, devices and downloads: PulseAudio, Snapcast, SPICE, USB/IP, Deluge."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import replace

from hatoba.identify.protocols.complete import length_prefixed, line
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.identify.protocols.text import text
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_NO_CHANNEL = 0xFFFFFFFF
_PULSE_HEAD = 20
_PULSE_ERROR, _PULSE_REPLY, _PULSE_AUTH, _PULSE_SERVER_INFO = 0, 2, 8, 20
_PULSE_DENIED = 1
_PULSE_COOKIE_BYTES = 256


def _pulse(command: int, tag: int, payload: bytes = b"") -> bytes:
    """PulseAudio's pstream.c and tagstruct.c: length, channel, offset, flags; then each value behind a letter for its kind."""
    body = struct.pack(">cIcI", b"L", command, b"L", tag) + payload
    return struct.pack(">IIQI", len(body), _NO_CHANNEL, 0, 0) + body


def _pulse_auth() -> bytes:
    """Protocol 13 and a cookie of zeros: a server that lets anybody in takes it, any other says that it is wrong."""
    return _pulse(_PULSE_AUTH, 1, struct.pack(">cIcI", b"L", 13, b"x", _PULSE_COOKIE_BYTES) + bytes(_PULSE_COOKIE_BYTES))


def read_pulse(answers: Answers) -> Facts | None:
    answer = answers[0]
    if len(answer) < _PULSE_HEAD + 15 or answer[4:8] != b"\xff\xff\xff\xff":
        return None
    kind, command, kind2, tag, kind3, value = struct.unpack_from(">cIcIcI", answer, _PULSE_HEAD)
    if (kind, kind2, kind3, tag) != (b"L", b"L", b"L", 1) or command not in (_PULSE_ERROR, _PULSE_REPLY):
        return None
    facts = Facts("pulseaudio", confidence=9, evidence=answer[: _PULSE_HEAD + 15])
    if command == _PULSE_ERROR:
        return replace(facts, extra="access denied" if value == _PULSE_DENIED else "")
    facts = replace(facts, extra=f"protocol {value & 0xFFFF}; open to anybody")
    said = answers[1][_PULSE_HEAD:] if len(answers) > 1 else b""
    told = re.match(rb"L\0\0\0\x02L\0\0\0\x02t([^\0]{1,80})\0t([^\0]{1,40})\0t[^\0]{0,80}\0t([^\0]{0,80})\0", said, re.DOTALL)
    if told is None:
        return facts
    # Its server is called pulseaudio, or "PulseAudio (on PipeWire 0.3.65)" with a number of PulseAudio's that means little.
    pipewire = re.search(rb"PipeWire (\d[\w.]*)", told[1])
    name, cpe, version = (
        ("PipeWire PulseAudio server", ("pipewire", "pipewire"), text(pipewire[1]))
        if pipewire
        else ("PulseAudio", ("pulseaudio", "pulseaudio"), text(told[2]))
    )
    return replace(
        facts,
        product=name,
        version=version,
        hostname=text(told[3]),
        cpe23=(cpe23("a", *cpe, version),),
        confidence=10,
        evidence=told[0][:160],
    )


def read_snapcast(answers: Answers) -> Facts | None:
    """Snapcast's doc/json_rpc_api/control.md, "Server.GetStatus"."""
    answer = answers[0]
    if not answer.startswith(b'{"'):
        return None
    found = re.search(rb'"snapserver":\{[^{}]{0,200}"version":"(\d[\w.]{0,30})"', answer)
    if found is None:
        return None
    version = text(found[1])
    names = (cpe23("a", "badaix", "snapcast", version),)
    return Facts("snapcast", "Snapcast", version, "open to anybody", cpe23=names, confidence=10, evidence=found[0][:160])


_SPICE_MAIN = 1
_SPICE_REPLY_BYTES = 178
_SPICE_LINK = b"REDQ" + struct.pack("<IIIIBBIII", 2, 2, 18, 0, _SPICE_MAIN, 0, 0, 0, 18)


def read_spice(answers: Answers) -> Facts | None:
    """SPICE protocol, "Channel link": magic, version, size; an error or none, and the key that a password is encrypted with."""
    answer = answers[0]
    if len(answer) < 20 or answer[:4] != b"REDQ":
        return None
    major, minor, size, _error = struct.unpack_from("<IIII", answer, 4)
    if major > 9 or minor > 99 or not _SPICE_REPLY_BYTES <= size <= 4096:
        return None
    return Facts("spice", "SPICE server", extra=f"protocol {major}.{minor}", confidence=9, evidence=answer[:20])


_USB_LIST, _USB_LISTED = b"\1\x11\x80\5\0\0\0\0", b"\1\x11\0\5\0\0\0\0"


def read_usb(answers: Answers) -> Facts | None:
    """Linux's Documentation/usb/usbip_protocol.rst, OP_REP_DEVLIST: version, code, status, and how many devices are shared."""
    answer = answers[0]
    count = int.from_bytes(answer[8:12], "big")
    if len(answer) < 12 or answer[:8] != _USB_LISTED or count > 255:
        return None
    shared = f"{count} device shared" if count == 1 else f"{count} devices shared"
    return Facts("usbip", "USB/IP", extra=shared, confidence=9, evidence=answer[:12])


_DELUGE_MOST = 256


def _deluge() -> bytes:
    """Deluge's transfer.py and rencode.py: version 1, length, and, compressed, [[1, 'daemon.info', [], {}]], which is answered
    without a login."""
    method = b"daemon.info"
    said = zlib.compress(b"\xc1\xc4\1" + bytes([0x80 + len(method)]) + method + b"\xc0\x66")
    return struct.pack(">BI", 1, len(said)) + said


def read_deluge(answers: Answers) -> Facts | None:
    """A list of three: a response (1), to request 1, the version. No more than that is unpacked."""
    answer = answers[0]
    size = int.from_bytes(answer[1:5], "big")
    if len(answer) < 6 or answer[0] != 1 or not 8 <= size <= _DELUGE_MOST:
        return None
    try:
        said = zlib.decompressobj().decompress(answer[5 : 5 + size], _DELUGE_MOST)
    except zlib.error:
        return None
    found = re.match(rb"\xc3\x01\x01[\x81-\xbf](\d[\w.]{0,30})", said)
    if found is None:
        return None
    version = text(found[1])
    names = (cpe23("a", "deluge-torrent", "deluge", version),)
    return Facts("deluge-rpc", "Deluge daemon", version, cpe23=names, confidence=10, evidence=found[0])


PROTOCOLS = (
    ServiceProtocol(
        "pulseaudio",
        read_pulse,
        ports=(4713,),
        questions=(
            Question(_pulse_auth(), length_prefixed(0, 4, _PULSE_HEAD)),
            Question(_pulse(_PULSE_SERVER_INFO, 2), length_prefixed(0, 4, _PULSE_HEAD)),
        ),
        rarity=8,
    ),
    ServiceProtocol(
        "snapcast",
        read_snapcast,
        ports=(1705,),
        questions=(Question(b'{"id":1,"jsonrpc":"2.0","method":"Server.GetStatus"}\r\n', line),),
        rarity=9,
    ),
    ServiceProtocol(
        "spice", read_spice, ports=(5930,), questions=(Question(_SPICE_LINK, length_prefixed(12, 4, 16, "little")),), rarity=8
    ),
    ServiceProtocol(
        "usbip", read_usb, ports=(3240,), questions=(Question(_USB_LIST, lambda heard: len(heard) >= 12),), rarity=9
    ),
    ServiceProtocol(
        "deluge-rpc",
        read_deluge,
        ports=(58846,),
        tls_ports=(58846,),
        questions=(Question(_deluge(), length_prefixed(1, 4, 5)),),
        rarity=9,
    ),
)
