"""A peer that speaks Telnet is told no to whatever it asks (``-t``), so that a script can talk with it (RFC 854)."""

from __future__ import annotations

import re
from collections.abc import Callable

IAC, WILL, WONT, DO, DONT = 255, 251, 252, 253, 254
_REFUSAL = {WILL: DONT, DO: WONT}
_ASKED = re.compile(rb"\xff([\xfb\xfd])(.)", re.DOTALL)


class Refusing:
    """Sees what is received, sends refusals by *send*, and passes everything on as it came; also where a piece ends within a
    request."""

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self._send = send
        self._begun = b""

    def __call__(self, data: memoryview) -> memoryview:
        seen = self._begun + bytes(data)
        refusals = b"".join(bytes((IAC, _REFUSAL[match[1][0]], match[2][0])) for match in _ASKED.finditer(seen))
        rest = _ASKED.sub(b"", seen)
        begun = re.search(rb"\xff[\xfb\xfd]?\Z", rest)
        self._begun = begun[0] if begun and seen.endswith(begun[0]) else b""
        if refusals:
            self._send(refusals)
        return data
