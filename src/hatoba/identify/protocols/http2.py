"""HTTP/2, in a client's first words and a server's first answer (RFC 9113), fields unpacked by the library hpack (RFC 7541).

::

    frame: length (3)  kind (1)  flags (1)  stream (4)  content ...

A server's first frame is SETTINGS, whether or not it likes what it was asked; some answer HTTP/1.1 with it. The page is asked
for on stream 1, and the window for it (64 KB) is never opened wider, so a server can't send more.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace

from hatoba.identify.protocols.http import AGENT, Head, facts_of, host_field
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.service import Facts

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _GOAWAY, _CONTINUATION = 0, 1, 3, 4, 7, 9
_ACK = _END_STREAM = 0x1
_END_HEADERS, _PADDED, _PRIORITY = 0x4, 0x8, 0x20
_HEAD_BYTES = 9
_MOST_SETTINGS_BYTES = 240
_MOST_FIELDS_BYTES = 1 << 15
_SETTING_NAMES = {
    1: "header_table_size",
    2: "enable_push",
    3: "max_concurrent_streams",
    4: "initial_window_size",
    5: "max_frame_size",
    6: "max_header_list_size",
    8: "enable_connect_protocol",
    9: "no_rfc7540_priorities",
}
"""RFC 9113 section 6.5.2, RFC 8441, RFC 9218."""
_STATIC = {"GET": b"\x82", "HEAD": b"\x02\x04HEAD", "http": b"\x86", "https": b"\x87", "/": b"\x84"}
"""Fields as they stand in HPACK's table, or beside it."""
_AUTHORITY, _ACCEPT, _USER_AGENT = b"\x01", b"\x0f\x04", b"\x0f\x2b"
"""Names of fields by their number in HPACK's table, for values that are not to be remembered."""


def request(host: str, method: str = "GET", scheme: str = "http") -> Question:
    """The preface, and one request for ``/`` in the name of *host*."""
    fields = _STATIC[method] + _STATIC[scheme] + _STATIC["/"]
    for name, value in ((_AUTHORITY, host_field(host)), (_USER_AGENT, AGENT), (_ACCEPT, "*/*")):
        fields += name + _text(value.encode("ascii"))
    no_push = b"\0\2" + bytes(4)
    said = PREFACE + _frame(_SETTINGS, 0, 0, no_push) + _frame(_HEADERS, _END_HEADERS | _END_STREAM, 1, fields)
    return Question(said, complete)


def complete(heard: bytes) -> bool:
    """Whether stream 1 or the connection has ended, or this is something else."""
    if not is_http2(heard[:_HEAD_BYTES].ljust(_HEAD_BYTES, b"\0")) and len(heard) >= _HEAD_BYTES:
        return heard.startswith(b"HTTP/1.") and b"\r\n\r\n" in heard
    for kind, flags, stream, _content in _frames(heard):
        if kind == _GOAWAY or (stream == 1 and (kind == _RESET or (kind in (_DATA, _HEADERS) and flags & _END_STREAM))):
            return True
    return False


def is_http2(heard: bytes) -> bool:
    """Whether *heard* begins with a SETTINGS frame of a server's."""
    size = int.from_bytes(heard[:3])
    return len(heard) >= _HEAD_BYTES and size % 6 == 0 and size <= _MOST_SETTINGS_BYTES and heard[3:9] == b"\4" + bytes(5)


def read(answers: Answers) -> Facts | None:
    answer = answers[0]
    if not is_http2(answer):
        return None
    settings = settings_of(answer)
    head, body = _answered(answer)
    server = b"" if head is None else head.first(b"server")[:100]
    evidence = answer[: _HEAD_BYTES + int.from_bytes(answer[:3])] + (b"\r\nserver: " + server if server else b"")
    facts = Facts("http", evidence=evidence) if head is None else facts_of(head, body, evidence)
    details = [*facts.details, ("h2", "yes"), *([("h2-settings", settings)] if settings else [])]
    return replace(facts, details=tuple(details))


def settings_of(answer: bytes) -> str:
    """Those of the first frame, by their names: ``max_concurrent_streams=128``."""
    _kind, _flags, _stream, content = next(_frames(answer), (0, 0, 0, b""))
    pairs = list(struct.iter_unpack(">HI", content[: len(content) // 6 * 6]))
    return ", ".join(f"{_SETTING_NAMES.get(number, number)}={value}" for number, value in pairs[:16])


def _answered(answer: bytes) -> tuple[Head | None, bytes]:
    """Head and body of stream 1, as far as they came."""
    packed, body, whole = bytearray(), bytearray(), False
    for kind, flags, stream, content in _frames(answer):
        if stream == 1 and kind in (_HEADERS, _CONTINUATION) and not whole:
            packed += _unpadded(kind, flags, content)
            whole = bool(flags & _END_HEADERS)
        elif stream == 1 and kind == _DATA:
            body += _unpadded(kind, flags, content)
    return (_head(bytes(packed)) if whole else None), bytes(body)


def _head(packed: bytes) -> Head | None:
    from hpack import Decoder, HPACKError

    decoder = Decoder(max_header_list_size=_MOST_FIELDS_BYTES)
    try:
        decoded = decoder.decode(packed, raw=True)
    except (HPACKError, ValueError, IndexError):
        return None
    fields = [(bytes(name).lower(), bytes(value).strip()) for name, value in decoded]
    status = next((value for name, value in fields if name == b":status"), b"")
    if len(status) != 3 or not status.isdigit():
        return None
    return Head("2", int(status), b"", tuple(field for field in fields if not field[0].startswith(b":"))[:100], 0)


def _frames(heard: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Kind, flags, stream and content of each frame that is whole."""
    at = 0
    while at + _HEAD_BYTES <= len(heard):
        end = at + _HEAD_BYTES + int.from_bytes(heard[at : at + 3])
        if end > len(heard):
            return
        yield heard[at + 3], heard[at + 4], int.from_bytes(heard[at + 5 : at + 9]) & 0x7FFF_FFFF, heard[at + _HEAD_BYTES : end]
        at = end


def _unpadded(kind: int, flags: int, content: bytes) -> bytes:
    if kind == _CONTINUATION:
        return content
    padding = content[0] if flags & _PADDED and content else 0
    begin = (1 if flags & _PADDED else 0) + (5 if kind == _HEADERS and flags & _PRIORITY else 0)
    return content[begin : max(begin, len(content) - padding)]


def _frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    return len(content).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + content


def _text(value: bytes) -> bytes:
    """Length and bytes (RFC 7541 sections 5.1 and 5.2), for up to 254 bytes."""
    head = bytes([len(value)]) if len(value) < 127 else bytes([127, len(value) - 127])
    return head + value[:254]


PROTOCOL = ServiceProtocol(
    "http2",
    read,
    ports=(50051,),
    questions=(request("localhost"),),
    for_host=lambda host: (request(host),),
    rarity=6,
    farewell=_frame(_GOAWAY, 0, 0, bytes(8)),
    alpn=("h2",),
)
