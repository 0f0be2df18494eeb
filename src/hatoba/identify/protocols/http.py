"""HTTP/1.1: who serves, as the answer's head says it, and what the front page calls itself (RFC 9110, RFC 9112).

The page is asked for with ``GET /`` in the name of the host; a redirect is told and never followed. ``Accept-Encoding`` asks
for plain bytes: nothing that a server could inflate is ever unpacked.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from hatoba.identify.protocols.http_products import APPLICATIONS, PAGES, POWERED_BY, SERVERS, TOR, VIA
from hatoba.identify.protocols.http_shields import shields_of
from hatoba.identify.protocols.product import Product, named, system_of, words_of
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.identify.protocols.text import text
from hatoba.service import Facts

AGENT = "Mozilla/5.0 (compatible; hatoba)"
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]{0,200}\r?\n")
_STATUS = re.compile(rb"HTTP/(1\.[01]) (\d{3})(?: ([^\r\n]*))?\r?\n")
_CHARSET_FREE_TITLE = re.compile(rb"<title(?:\s[^>]{0,200})?>([^<]{1,2000})", re.IGNORECASE)
_GENERATOR = re.compile(
    rb"<meta\s[^>]{0,200}?name=[\"']?generator[\"']?\s[^>]{0,200}?content=[\"']([^\"'>]{1,200})", re.IGNORECASE
)
_ICON = re.compile(
    rb"<link\s[^>]{0,200}?rel=[\"']?(?:shortcut )?icon[\"']?\s[^>]{0,200}?href=[\"']([^\"'>\s]{1,150})[\"']", re.IGNORECASE
)
_WANTS_TLS = re.compile(
    rb"plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL-enabled server port"
    rb"|Client sent an HTTP request to an HTTPS server|This combination of host and port requires TLS",
    re.IGNORECASE,
)
_BODYLESS = (b"1", b"204", b"304")
_TOLD = {
    b"location": "location",
    b"x-powered-by": "powered-by",
    b"x-generator": "generator",
    b"www-authenticate": "authenticate",
    b"via": "via",
    b"x-aspnet-version": "aspnet",
    b"strict-transport-security": "hsts",
    b"allow": "allow",
    b"dav": "dav",
    b"alt-svc": "alt-svc",
}
"""Fields worth telling, by what they are told as."""


class Head(NamedTuple):
    version: str
    status: int
    reason: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    """Names in small letters."""
    size_bytes: int
    """Of the head, the empty line included."""

    def first(self, name: bytes) -> bytes:
        return next((value for field, value in self.fields if field == name), b"")


def head_of(answer: bytes) -> Head | None:
    """The head of an answer, as far as it goes; None where it is no HTTP."""
    status = _STATUS.match(answer)
    if status is None:
        return None
    end = re.search(rb"\r?\n\r?\n", answer)
    size = end.end() if end else len(answer)
    lines = answer[status.end() : size].splitlines()
    fields = [(name.strip().lower(), value.strip()) for name, colon, value in (line.partition(b":") for line in lines) if colon]
    return Head(status[1].decode(), int(status[2]), status[3] or b"", tuple(fields[:100]), size)


def complete(heard: bytes) -> bool:
    """The head, and of the body as much as it announces."""
    head = head_of(heard)
    if head is None or not re.search(rb"\r?\n\r?\n", heard):
        return False
    status = str(head.status).encode()
    if status.startswith(_BODYLESS):
        return True
    length = head.first(b"content-length")
    if re.fullmatch(rb"\d{1,12}", length):
        return len(heard) - head.size_bytes >= int(length)
    return head.first(b"transfer-encoding").lower() == b"chunked" and heard.endswith(b"\r\n0\r\n\r\n")


def body_of(answer: bytes, ended: bool) -> bytes | None:
    """The body, if all of it is here; *ended*: nothing came behind."""
    head = head_of(answer)
    if head is None or not complete(answer):
        whole = head is not None and ended and not head.first(b"content-length") and not head.first(b"transfer-encoding")
        return answer[head.size_bytes :] if head is not None and whole else None
    body = answer[head.size_bytes :]
    length = head.first(b"content-length")
    return body[: int(length)] if length else _joined(body)


def body_so_far(head: Head, answer: bytes) -> bytes:
    """As much of the body as came, and nothing of what came behind it."""
    body, length = answer[head.size_bytes :], head.first(b"content-length")
    if head.first(b"transfer-encoding").lower() == b"chunked":
        return _joined(body)
    return body[: int(length)] if re.fullmatch(rb"\d{1,12}", length) else body


def _joined(body: bytes) -> bytes:
    """Chunks put together (RFC 9112 section 7.1)."""
    joined, at = bytearray(), 0
    while (size := _CHUNK.match(body, at)) is not None and (length := int(size[1], 16)):
        joined += body[size.end() : size.end() + length]
        at = size.end() + length + 2
    return bytes(joined)


def host_field(host: str) -> str:
    """*host*, an address or a name, if it may stand in a request."""
    return host if host.isascii() and not re.search(r"[^A-Za-z0-9.:\[\]_-]", host) else "localhost"


def request(host: str, path: str = "/", method: str = "GET", agent: str = AGENT) -> Question:
    """In the name of *host*, an address or a name."""
    lines = (
        f"{method} {path} HTTP/1.1",
        f"Host: {host_field(host)}",
        f"User-Agent: {agent}".strip(),
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
    )
    return Question("\r\n".join(lines).encode() + b"\r\n\r\n", complete)


def read(answers: Answers) -> Facts | None:
    answer = answers[0]
    head = head_of(answer)
    if head is None:
        return None
    server = head.first(b"server")
    line = answer[: 16 + len(head.reason)].split(b"\r")[0].split(b"\n")[0]
    return facts_of(head, answer[head.size_bytes :], line + (b"\r\nServer: " + server[:160] if server else b""))


def facts_of(head: Head, body: bytes, evidence: bytes) -> Facts:
    """What an answer to ``GET /`` says of the server, in whichever version of HTTP it came."""
    facts = _named(Facts("http", evidence=evidence), head, head.first(b"server"), body)
    details = [("status", f"{head.status} {text(head.reason)}".strip())]
    details += told_by(head)
    details += [(name, html.unescape(text(found[1]))) for name, found in _of_page(body) if found]
    return replace(
        facts,
        os=facts.os or system_of(head.first(b"server")),
        details=tuple(dict(details).items()),
        shields=shields_of(head.status, head.fields, body),
    )


def told_by(head: Head) -> list[tuple[str, str]]:
    """Fields that are worth telling."""
    return [(_TOLD[name], text(value)) for name, value in head.fields if name in _TOLD]


def _named(facts: Facts, head: Head, server: bytes, body: bytes) -> Facts:
    """The program: the one in front, where several had a hand in the answer."""
    via = _shown(facts, head.first(b"via"), VIA)
    if via is not facts:
        return replace(via, name="http-proxy")
    tor = facts if server else named(facts, head.reason, (TOR,))
    if tor is not facts:
        return replace(tor, name="tor-socks")
    fields = b"\n".join(name + b": " + value for name, value in head.fields)
    found = _shown(facts, head.reason + b"\n" + fields, APPLICATIONS)
    if not found.product:
        found = named(facts, server, SERVERS)
        exact = _shown(found, body[:4096], PAGES)
        found = exact if not found.product or exact.product == found.product else found
    if not found.product:
        found = _shown(facts, fields, POWERED_BY)
        found = _unknown_server(facts, server) if server and not found.product else found
    return replace(found, name="http-proxy") if found.product.endswith("http proxy") or found.product == "tinyproxy" else found


def _shown(facts: Facts, said: bytes, products: Sequence[Product]) -> Facts:
    """As :func:`named`, with the words that named it behind the status: they stand neither there nor in the field Server."""
    found = named(facts, said, products)
    if found is facts:
        return facts
    return replace(found, evidence=facts.evidence.split(b"\r\n")[0] + b"\r\n" + words_of(said, products))


def _of_page(body: bytes) -> tuple[tuple[str, re.Match[bytes] | None], ...]:
    page = body[:65536]
    return ("title", _CHARSET_FREE_TITLE.search(page)), ("generator", _GENERATOR.search(page)), ("icon", _ICON.search(page))


def _unknown_server(facts: Facts, server: bytes) -> Facts:
    """A server that no table names, by its own words: ``name/version``."""
    found = re.match(rb"([A-Za-z][\w .+-]{0,60})(?:/v?(\d[\w.+-]{0,40}))?", server)
    if found is None:
        return replace(facts, extra=text(server))
    return replace(facts, product=text(found[1]), version=text(found[2] or b""), confidence=9)


def wants_tls(answer: bytes) -> bool:
    return head_of(answer) is not None and _WANTS_TLS.search(answer) is not None


PROTOCOL = ServiceProtocol(
    "http",
    read,
    ports=(
        80,
        81,
        591,
        631,
        2375,
        2379,
        3000,
        3128,
        5000,
        5984,
        7080,
        8000,
        8008,
        *range(8080, 8091),
        8888,
        9000,
        9050,
        9090,
        9150,
        9200,
    ),
    tls_ports=(443, 4443, 8443, 9443, 10443),
    questions=(request("localhost"),),
    for_host=lambda host: (request(host),),
    rarity=1,
    wants_tls=wants_tls,
    alpn=("http/1.1",),
    repeats=True,  # in a body, behind a status that no question has
)
