"""A packet as hex, each line one field with its name and what it says: ``--dry-run``, and the pages that teach.

::

    TCP
    0014  f0 00                    source port: 61440
    0021  02                       flags: SYN
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TextIO

from hatoba.messages import _, translated
from hatoba.packets.dissect import Field, Header, Packet
from hatoba.packets.dissect_batch import PacketBatch
from hatoba.reports.packet_lines import packet_line
from hatoba.reports.text import safe

_BYTES_A_LINE = 8

Notes = Mapping[int, str]
"""Sentences in the reader's language by the offset of a byte, counted as the dump counts: they are said of the field that holds
that byte, behind its value."""


class AnnotatedHex:
    """An observer of traced wires (``wire.traced``) that writes packets that are sent to *stream* as annotated hex, and leaves
    out those that arrive.

    *notes* gives the notes on a packet; *limit*, after so many packets no more are written but counted (``unshown``). OSError
    from the stream is passed on.
    """

    def __init__(self, stream: TextIO, notes: Callable[[Packet], Notes] | None = None, limit: int | None = None) -> None:
        self._stream, self._notes, self._limit = stream, notes, limit
        self.shown = self.unshown = 0

    def packets(self, batch: PacketBatch) -> None:
        if not batch.outbound:
            return
        room = len(batch) if self._limit is None else max(0, min(len(batch), self._limit - self.shown))
        self.unshown += len(batch) - room
        for (_at_s, packet), _number in zip(batch.dissected(), range(room), strict=False):
            notes = self._notes(packet) if self._notes else None
            self._stream.write(f"{packet_line(packet)}\n{annotated_hex(packet, notes)}\n")
            self.shown += 1
        self._stream.flush()


def annotated_hex(packet: Packet, notes: Notes | None = None) -> str:
    """*packet* as lines, each with its end. Offsets are hexadecimal, from the first byte given to the reader."""
    return "".join(f"{line}\n" for header in packet.headers for line in _header(packet, header, notes or {}))


def _header(packet: Packet, header: Header, notes: Notes) -> Iterator[str]:
    yield _title(header)
    for field in header.fields:
        yield from _field(packet.data[field.offset : field.offset + field.length], field, notes)


def _title(header: Header) -> str:
    name = _("data") if header.protocol == "data" else header.protocol
    return _("{header}, quoted").format(header=name) if header.depth else name


def _field(data: bytes, field: Field, notes: Notes) -> Iterator[str]:
    rows = [data[start : start + _BYTES_A_LINE] for start in range(0, len(data), _BYTES_A_LINE)] or [b""]
    columns = 3 * _BYTES_A_LINE - 1
    for index, row in enumerate(rows):
        said = _meaning(field, _noted(field, notes)) if index == 0 else ""
        yield f"{field.offset + index * _BYTES_A_LINE:04x}  {row.hex(' '):{columns}}  {said}".rstrip()


def _noted(field: Field, notes: Notes) -> Iterable[str]:
    return [notes[offset] for offset in range(field.offset, field.offset + field.length) if offset in notes]


def _meaning(field: Field, notes: Iterable[str]) -> str:
    said = [text for text in (field.value, *notes) if text]
    name = translated(field.name)
    text = _("{name}: {value}").format(name=name, value="; ".join(said)) if said else name
    return safe(_("{text} ({remark})").format(text=text, remark=translated(field.note)) if field.note else text)
