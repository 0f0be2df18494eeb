"""IPP: printers and their servers, by what they say of themselves (RFC 8010, RFC 8011). Nothing is printed, no job is made.

Get-Printer-Attributes goes to ``/ipp/print``, the path of every printer of IPP Everywhere (PWG 5100.14, section 4.2). CUPS has
no printer there and says so, in IPP; after either comes a question for its queues (CUPS-Get-Printers, an operation of its own,
which others refuse), and one for the front page, which is HTTP's as on any other port.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import replace

from hatoba.identify.protocols import http
from hatoba.identify.protocols.product import named, product
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.identify.protocols.text import text
from hatoba.service import Facts

_GET_PRINTER_ATTRIBUTES, _CUPS_GET_PRINTERS = 0x000B, 0x4002
_OPERATION, _PRINTER, _END = 0x01, 0x04, 0x03
_INTEGER, _TEXTS, _KEYWORD, _URI, _CHARSET, _LANGUAGE = 0x21, (0x41, 0x42), 0x44, 0x45, 0x47, 0x48
_FIRST_VALUE = 0x10
"""What is smaller begins a group (RFC 8010 section 3.5)."""
_MOST_QUEUES, _MOST_VALUES = 8, 400
_DEVICE = "printer"
_WANTED = (
    b"printer-make-and-model",
    b"printer-firmware-name",
    b"printer-firmware-string-version",
    b"printer-dns-sd-name",
    b"printer-name",
    b"printer-info",
    b"printer-location",
    b"printer-device-id",
    b"printer-uuid",
    b"printer-more-info",
)
"""RFC 8011 section 5.4; PWG 5110.1, 5100.13, 5100.14."""
_TOLD = {
    b"printer-dns-sd-name": "name",
    b"printer-info": "info",
    b"printer-location": "location",
    b"printer-uuid": "uuid",
    b"printer-device-id": "device-id",
    b"printer-more-info": "more-info",
}
SERVERS = (product(rb"CUPS/(?P<version>\d[\w.]*)(?: \([^)]*\))? (?P<extra>IPP/[\d.]+)", "CUPS", ("openprinting", "cups")),)


def _attribute(tag: int, name: bytes, value: bytes) -> bytes:
    return struct.pack(">BH", tag, len(name)) + name + struct.pack(">H", len(value)) + value


def _operation(number: int, host: str) -> bytes:
    """RFC 8011 section 4.1.1: version 1.1, which everybody has to take."""
    keywords = b"".join(_attribute(_KEYWORD, b"" if at else b"requested-attributes", one) for at, one in enumerate(_WANTED))
    return (
        struct.pack(">BBHIB", 1, 1, number, 1, _OPERATION)
        + _attribute(_CHARSET, b"attributes-charset", b"utf-8")
        + _attribute(_LANGUAGE, b"attributes-natural-language", b"en")
        + _attribute(_URI, b"printer-uri", f"ipp://{host}/ipp/print".encode())
        + (_attribute(_INTEGER, b"limit", struct.pack(">I", _MOST_QUEUES)) if number == _CUPS_GET_PRINTERS else b"")
        + keywords
        + bytes([_END])
    )


def _post(host: str, path: str, number: int) -> Question:
    host = http.host_field(host)
    body = _operation(number, host)
    lines = (
        f"POST {path} HTTP/1.1",
        f"Host: {host}",
        f"User-Agent: {http.AGENT}",
        "Content-Type: application/ipp",
        "Accept-Encoding: identity",
        f"Content-Length: {len(body)}",
    )
    return Question("\r\n".join(lines).encode() + b"\r\n\r\n" + body, http.complete)


def questions(host: str) -> tuple[Question, ...]:
    return (
        _post(host, "/ipp/print", _GET_PRINTER_ATTRIBUTES),
        _post(host, "/", _CUPS_GET_PRINTERS),
        http.request(host),
    )


def _message(answer: bytes) -> bytes | None:
    """The message in an answer, as far as it came; None where it is none of IPP's."""
    head = http.head_of(answer)
    if head is None or not re.match(rb"application/ipp\b", head.first(b"content-type").lower()):
        return None
    return http.body_so_far(head, answer)


def _printers(message: bytes) -> Iterator[dict[bytes, bytes]]:
    """The attributes of each printer that is told of, the first value of each."""
    at, group, found = 8, 0, dict[bytes, bytes]()
    for _value in range(_MOST_VALUES):
        if at >= len(message) or message[at] == _END:
            break
        tag = message[at]
        if tag < _FIRST_VALUE:
            if found:
                yield found
            group, found, at = tag, {}, at + 1
            continue
        name, after = _counted(message, at + 1)
        value, at = _counted(message, after)
        if group == _PRINTER and name and (tag in _TEXTS or tag >= _KEYWORD - 2) and at <= len(message):
            # With a language (0x35, 0x36) a text stands in a structure, which nobody uses for these.
            found.setdefault(name, value)
    if found:
        yield found


def _counted(message: bytes, at: int) -> tuple[bytes, int]:
    size = int.from_bytes(message[at : at + 2], "big")
    return message[at + 2 : at + 2 + size], at + 2 + size


def read(answers: Answers) -> Facts | None:
    """An answer in IPP: status, then groups of attributes (RFC 8010 section 3.1.1). Whoever says no by that says who it is."""
    message = _message(answers[0])
    head = http.head_of(answers[0])
    if message is None or head is None:
        return None
    server = head.first(b"server")
    facts = named(Facts("ipp", evidence=b"Server: " + server[:160] if server else answers[0][:40]), server, SERVERS)
    facts = replace(facts, confidence=9) if not facts.product else facts
    own = next(_printers(message), {})
    if own.get(b"printer-make-and-model"):
        facts = _of_printer(facts, own)
    queues = list(_printers(_message(answers[1]) or b"")) if len(answers) > 1 else []
    words = (f"{text(one.get(b'printer-name', b''))} ({text(one.get(b'printer-make-and-model', b''), 80)})" for one in queues)
    if told := ", ".join(words)[:400]:
        facts = replace(facts, details=(*facts.details, ("printers", told)))
    page = http.read((answers[2],)) if len(answers) > 2 else None
    return facts if page is None else _with_page(facts, page)


def _with_page(facts: Facts, page: Facts) -> Facts:
    """Its title and the like; CUPS's pages tell more of the version than its field Server."""
    if page.product == facts.product:
        facts = replace(facts, version=page.version, cpe23=page.cpe23)
    return replace(facts, details=tuple((dict(page.details) | dict(facts.details)).items()), shields=page.shields)


def _of_printer(facts: Facts, own: dict[bytes, bytes]) -> Facts:
    """Its make and model is what it is; the server in it is a detail."""
    model, firmware = own[b"printer-make-and-model"], own.get(b"printer-firmware-string-version", b"")
    details = [(word, text(own[name])) for name, word in _TOLD.items() if own.get(name)]
    if facts.product:
        details.append(("server", f"{facts.product} {facts.version}".strip()))
    said = b"printer-make-and-model=" + model + (b" printer-firmware-string-version=" + firmware if firmware else b"")
    name = text(own.get(b"printer-firmware-name", b""))
    return replace(
        facts,
        product=text(model),
        version=text(firmware, 60),
        extra=name,
        device=_DEVICE,
        cpe23=(),
        confidence=10,
        evidence=said[:160],
        details=tuple(details),
    )


PROTOCOL = ServiceProtocol(
    "ipp", read, ports=(631, 60000), questions=questions("localhost"), for_host=questions, rarity=9, wants_tls=http.wants_tls
)
