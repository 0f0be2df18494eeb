"""What passes, written to files too: as it is (``-o``), or as a hex dump (``-x``); line ends changed on the way (``-C``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from hatoba.errors import OutputError, UsageError
from hatoba.messages import _, system_words
from hatoba.netcat.pumps import Filter

SENT, RECEIVED = ">", "<"
_WIDTH = 16

Dump = Callable[[str, int, bytes], Iterator[str]]
"""The lines for bytes that went one way (SENT, RECEIVED), from their offset in it."""


def marked_dump(way: str, offset: int, data: bytes) -> Iterator[str]:
    """``> 00000010  68 65 6c 6c 6f 0a   |hello.|``: which way, where in it, the bytes, and as text."""
    for start in range(0, len(data), _WIDTH):
        piece = data[start : start + _WIDTH]
        columns = f"{piece[:8].hex(' ')}  {piece[8:].hex(' ')}"
        yield f"{way} {offset + start:08x}  {columns:<48}  |{piece.translate(_TEXT).decode('ascii')}|"


_TEXT = bytes(byte if 0x20 <= byte < 0x7F else ord(".") for byte in range(256))


class Record:
    """The files of one run. ``sent`` and ``received`` take what passes; a file that can't be written raises OutputError."""

    def __init__(
        self, plain: str | None = None, hexadecimal: str | None = None, *, append: bool = False, dump: Dump = marked_dump
    ) -> None:
        self._plain = _open(plain, append)
        self._hexadecimal = _open(hexadecimal, append)
        self._names = (plain, hexadecimal)
        self._dump = dump
        self._offsets = {SENT: 0, RECEIVED: 0}

    def sent(self, data: memoryview) -> memoryview:
        return self._keep(SENT, data)

    def received(self, data: memoryview) -> memoryview:
        return self._keep(RECEIVED, data)

    def _keep(self, way: str, data: memoryview) -> memoryview:
        if self._plain is not None:
            _write(self._plain, data, self._names[0])
        if self._hexadecimal is not None:
            lines = "".join(f"{line}\n" for line in self._dump(way, self._offsets[way], bytes(data)))
            _write(self._hexadecimal, lines.encode(), self._names[1])
        self._offsets[way] += len(data)
        return data


def _open(path: str | None, append: bool) -> BinaryIO | None:
    if path is None:
        return None
    try:
        # Without a buffer: what passed is in the file even if we are killed.
        return open(path, "ab" if append else "wb", buffering=0)
    except OSError as error:
        raise UsageError(
            _("{path} can't be written ({reason}): name another file").format(path=path, reason=system_words(error))
        ) from error


def _write(file: BinaryIO, data: memoryview | bytes, name: str | None) -> None:
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        raise OutputError(_("{path} can't be written: {reason}").format(path=name, reason=system_words(error))) from error


class CrLf:
    """LF becomes CR LF, as many old protocols want it; what is CR LF already stays, also where a piece ends between the two."""

    def __init__(self) -> None:
        self._after_cr = False

    def __call__(self, data: memoryview) -> memoryview:
        raw = bytes(data)
        first = b"\n" if self._after_cr and raw.startswith(b"\n") else b""
        self._after_cr = raw.endswith(b"\r")
        return memoryview(first + re.sub(rb"(?<!\r)\n", b"\r\n", raw[len(first) :]))


def in_turn(*filters: Filter | None) -> Filter | None:
    """The filters one after the other; None where there are none."""
    wanted = [each for each in filters if each is not None]
    if len(wanted) < 2:
        return wanted[0] if wanted else None

    def filtered(data: memoryview) -> memoryview:
        for each in wanted:
            data = each(data)
        return data

    return filtered
