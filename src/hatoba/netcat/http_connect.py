"""The way through an HTTP proxy (CONNECT, RFC 9110 section 9.3.6), without I/O."""

from __future__ import annotations

import re
from typing import NamedTuple

import h11

from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.netcat.http_credentials import Challenge, challenges
from hatoba.netcat.talks import ProxyFault, Talk
from hatoba.reports.text import safe

MOST_HEAD_BYTES = 1 << 16
"""Of all heads of an answer together, those of provisional answers (1xx) included."""


class Reply(NamedTuple):
    """What the proxy said to CONNECT. From 200 to 299: what follows is the stream."""

    status: int
    reason: str
    challenges: list[Challenge]


def authority(host: str, port: int) -> str:
    """``name:80``, ``[fd00::1]:80``, in ASCII. Raises UsageError for what can't be a host."""
    plain = host.partition("%")[0]
    try:
        plain = plain if plain.isascii() else plain.encode("idna").decode("ascii")
    except UnicodeError:
        plain = ""
    if not re.fullmatch(r"[!-~]{1,255}", plain):
        raise UsageError(_("{host!r} can't be a name: type a host name or an address").format(host=safe(host)))
    return f"[{plain}]:{port}" if ":" in plain else f"{plain}:{port}"


def ask(target: str, authorization: str | None) -> Talk[Reply]:
    """Ask a proxy for *target*, an :func:`authority`. Its answer is read byte by byte: the stream may begin right behind it."""
    fields = [("Host", target)]
    if authorization is not None:
        fields.append(("Proxy-Authorization", authorization))
    try:
        opening = h11.Request(method="CONNECT", target=target, headers=fields)
    except h11.LocalProtocolError:
        raise UsageError(_("HTTP can't carry this user and password; check --proxy-auth")) from None
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD_BYTES)
    request = connection.send(opening)
    assert request is not None
    yield request
    connection.send(h11.EndOfMessage())
    heard = 0
    try:
        while not isinstance(event := connection.next_event(), h11.Response):
            if event is h11.NEED_DATA:
                if (heard := heard + 1) > MOST_HEAD_BYTES:
                    raise ProxyFault(_("does not come to the end of its answer"))
                connection.receive_data((yield 1))
            elif not isinstance(event, h11.InformationalResponse):
                raise ProxyFault(_("speaks no HTTP"))
    except h11.RemoteProtocolError:
        raise ProxyFault(_("speaks no HTTP")) from None
    values = [value.decode("latin-1") for name, value in event.headers if name == b"proxy-authenticate"]
    return Reply(event.status_code, event.reason.decode("latin-1"), challenges(values))
