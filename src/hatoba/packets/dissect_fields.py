"""What a packet read for people consists of, and the cursor that reads it.

A packet is headers, outermost first; a header is fields; a field is a run of bytes with a name and what it says. The cursor
goes over the bytes once, from front to back. Where they end before a field does, it says so in that field and stops: the reader
of a header never has to ask whether there are enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

from hatoba.messages import _N

CUT_SHORT = _N("cut short")
MALFORMED = _N("malformed")
MORE = _N("more than is here")
"""Of a length: the packet was longer when it passed."""

_VISIBLE = range(0x20, 0x7F)
_TEXT_BYTES = 24


@dataclass(frozen=True, slots=True)
class Field:
    """A run of bytes. ``value`` is data and ASCII: nothing that came from the network gets into it as it is."""

    offset: int
    length: int
    key: str
    """What it is called in code and in one-line summaries: ``sport``, ``mss``."""
    name: str
    """What it is called in sentences; marked for translation."""
    value: str
    note: str = ""
    """What there is to say about the value; marked for translation."""


@dataclass(frozen=True, slots=True)
class Header:
    """One header, or a payload. ``depth`` is 0 in the packet itself and counts how often it is quoted by ICMP errors."""

    protocol: str
    depth: int
    offset: int
    fields: tuple[Field, ...]

    def field(self, key: str) -> Field | None:
        """The first field of that key that was read whole."""
        return next((field for field in self.fields if field.key == key and field.note != CUT_SHORT), None)

    def text(self, key: str) -> str:
        """Its value; empty where there is none."""
        field = self.field(key)
        return field.value if field else ""


@dataclass(frozen=True, slots=True)
class Packet:
    """Bytes and what they say, in order and without gaps."""

    data: bytes
    headers: tuple[Header, ...]

    @property
    def is_cut_short(self) -> bool:
        """Whether bytes are missing that a header speaks of. An ICMP error's quotation may end wherever it likes."""
        return self._has(CUT_SHORT) or self._has(MORE)

    @property
    def is_malformed(self) -> bool:
        return self._has(MALFORMED)

    def _has(self, note: str) -> bool:
        return any(field.note == note for header in self.headers if header.depth == 0 for field in header.fields)

    def header(self, *protocols: str, depth: int = 0) -> Header | None:
        """The first header of one of these protocols."""
        return next((header for header in self.headers if header.depth == depth and header.protocol in protocols), None)

    def number(self, header: Header, key: str) -> int | None:
        """A field's bytes as an unsigned number; None where it was not read."""
        field = header.field(key)
        return None if field is None else int.from_bytes(self.data[field.offset : field.offset + field.length], "big")


class Cut(Exception):
    """The bytes ended before a field did."""


class Cursor:
    """Reads fields off the front of *data* into headers."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.end = len(data)
        """Where what is being read ends: the packet's own length, without what the link padded it with."""
        self.depth = 0
        self._headers: list[tuple[str, int, int, list[Field]]] = []

    @property
    def left(self) -> int:
        return self.end - self.at

    def open(self, protocol: str) -> None:
        """Start a header here."""
        self._headers.append((protocol, self.depth, self.at, []))

    def peek(self, length: int, ahead: int = 0) -> int:
        """A number that starts *ahead* bytes from here, unread; the caller knows that it is there."""
        start = self.at + ahead
        return int.from_bytes(self.data[start : start + length], "big")

    def peek_or_cut(self, length: int, key: str, name: str) -> int:
        """The number that is next, unread; where it is not whole, what :meth:`raw` does."""
        if self.left < length:
            self.raw(length, key, name, hexadecimal)
        return self.peek(length)

    def raw(self, length: int, key: str, name: str, show: Callable[[bytes], str], note: str = "") -> bytes:
        """The next *length* bytes as one field. Raises Cut if there are fewer, after it has written down those."""
        if self.left < length:
            self._add(self.left, key, name, hexadecimal(self.data[self.at : self.end]), CUT_SHORT)
            raise Cut
        taken = self.data[self.at : self.at + length]
        self._add(length, key, name, show(taken), note)
        return taken

    def number(self, length: int, key: str, name: str, show: Callable[[int], str] = str, note: str = "") -> int:
        """The next *length* bytes as an unsigned number."""
        return int.from_bytes(self.raw(length, key, name, lambda raw: show(int.from_bytes(raw, "big")), note), "big")

    def address(self, length: int, key: str, name: str) -> None:
        self.raw(length, key, name, lambda raw: str(ip_address(raw)))

    def mac(self, key: str, name: str) -> None:
        self.raw(6, key, name, lambda raw: raw.hex(":"))

    def checksum(self, length: int = 2) -> None:
        self.number(length, "checksum", _N("checksum"), lambda value: f"0x{value:0{2 * length}x}")

    def rest(self, key: str, name: str, note: str = "", upto: int | None = None) -> None:
        """Everything up to *upto*, or to the end, as one field; none if there is nothing."""
        length = (self.end if upto is None else min(upto, self.end)) - self.at
        if length > 0:
            self.raw(length, key, name, visible, note)

    def remark(self, key: str, name: str, note: str) -> None:
        """A field without bytes, for what should be here and is not."""
        self._add(0, key, name, "", note)

    def headers(self) -> tuple[Header, ...]:
        return tuple(Header(protocol, depth, at, tuple(fields)) for protocol, depth, at, fields in self._headers)

    def _add(self, length: int, key: str, name: str, value: str, note: str) -> None:
        self._headers[-1][3].append(Field(self.at, length, key, name, value, note))
        self.at += length


def visible(data: bytes) -> str:
    """The beginning of *data* with a dot for each byte that is no visible ASCII character."""
    text = "".join(chr(byte) if byte in _VISIBLE else "." for byte in data[:_TEXT_BYTES])
    return f'"{text}"' + ("..." if len(data) > _TEXT_BYTES else "")


def hexadecimal(data: bytes) -> str:
    return data[:_TEXT_BYTES].hex(" ") + (" ..." if len(data) > _TEXT_BYTES else "")
