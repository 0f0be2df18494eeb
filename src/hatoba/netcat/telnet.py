"""A peer that speaks Telnet is told no to whatever it asks (``-t``), so that a script can talk with it (RFC 854)."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

IAC, WILL, WONT, DO, DONT = 255, 251, 252, 253, 254
_REFUSAL = {WILL: DONT, DO: WONT}
_ASKED = re.compile(rb"\xff(?:\xff|([\xfb\xfd])(.))", re.DOTALL)
"""A request, or a byte 255 of data, which is written twice."""


class Refusing:
    """Sees what is received, sends refusals by *send*, and passes everything on as it came; also where a piece ends within a
    request. A peer that takes nothing now is not refused either: nobody waits here."""

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self._send = send
        self._begun = b""

    def __call__(self, data: memoryview) -> memoryview:
        seen = self._begun + bytes(data)
        refusals = b"".join(bytes((IAC, _REFUSAL[match[1][0]], match[2][0])) for match in _ASKED.finditer(seen) if match[1])
        rest = _ASKED.sub(b"", seen)
        begun = re.search(rb"\xff[\xfb\xfd]?\Z", rest)
        self._begun = begun[0] if begun and seen.endswith(begun[0]) else b""
        if refusals:
            with suppress(BlockingIOError):
                self._send(refusals)
        return data
