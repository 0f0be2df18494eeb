"""The ways into a port: as it is, or through TLS. Each opens as many conversations as are asked of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol as Interface

from hatoba.identify.manner import Manner, Patience, Target
from hatoba.identify.tls import Refusal, TlsConversation, context, server_name
from hatoba.service import Tls
from hatoba.wire.conversations import Conversation, Dials

H2 = "h2"
_FEWER = ((H2,), ())
"""What is offered in a second and a third attempt: services that speak HTTP/2 alone refuse all others."""


class Layer(Interface):
    @property
    def encrypted(self) -> bool: ...

    @property
    def alpn(self) -> str:
        """The protocol that the server chose, where there is TLS and it did."""

    async def open(self) -> Conversation | None:
        """A new conversation; None where none came about."""


class PlainLayer:
    encrypted = False
    alpn = ""

    def __init__(self, dials: Dials, target: Target, connect_s: float) -> None:
        self._dials, self._target, self._connect_s = dials, target, connect_s

    async def open(self) -> Conversation | None:
        try:
            async with asyncio.timeout(self._connect_s):
                return await self._dials.dial(self._target.protocol, self._target.address, self._target.port)
        except (OSError, TimeoutError):
            return None


class ProxiedLayer:
    """Through a door that only proxies are meant to use: each conversation begins with a header of the PROXY protocol, which
    says nothing of who comes (HAProxy's proxy-protocol.txt, section 2.1: "UNKNOWN")."""

    encrypted = False
    alpn = ""
    _HEADER = b"PROXY UNKNOWN\r\n"

    def __init__(self, below: Layer) -> None:
        self._below = below

    async def open(self) -> Conversation | None:
        conversation = await self._below.open()
        if conversation is None:
            return None
        try:
            await conversation.send(self._HEADER)
        except OSError:
            conversation.close()
            return None
        return conversation


class TlsLayer:
    encrypted = True

    def __init__(
        self, below: Layer, target: Target, patience: Patience, manner: Manner, wall_clock: Callable[[], float]
    ) -> None:
        self.below = below
        self._target, self._patience, self._wall_clock = target, patience, wall_clock
        self._offered = tuple(dict.fromkeys(name for one in manner.protocols for name in one.alpn))
        # Who can do both would choose HTTP/2, in which less is told.
        self._offered = tuple(sorted((name for name in self._offered if name != H2), key=lambda name: name != "http/1.1"))
        self.tls: Tls | None = None
        """What the first handshake told."""
        self.heard = b""
        """What was said instead of a handshake."""
        self.speaks_tls = False

    @property
    def alpn(self) -> str:
        return self.tls.alpn if self.tls is not None else ""

    async def open(self) -> Conversation | None:
        inside = await self._begin(self._offered)
        for fewer in _FEWER:
            if inside is None and self.speaks_tls and self._offered not in ((), fewer):
                # RFC 7301 section 3.2: a server may refuse whoever offers it no name that it knows.
                self._offered = fewer
                inside = await self._begin(fewer)
        if inside is not None and self.tls is None:
            self.tls = inside.facts(self._wall_clock(), self._target.names, started=False)
        return inside

    async def open_for(self, alpn: str) -> Conversation | None:
        """A conversation for which the server chose *alpn*, which is all that it was offered; None where it did not."""
        inside = await self._begin((alpn,))
        if inside is not None and inside.facts(self._wall_clock(), (), started=False).alpn != alpn:
            inside.close()
            return None
        return inside

    async def change_to(self, alpn: str) -> Conversation | None:
        """As :meth:`open_for`, and from then on nothing else is offered; None where it is chosen already, too."""
        inside = await self.open_for(alpn) if self.alpn != alpn else None
        if inside is not None and self.tls is not None:
            self._offered, self.tls = (alpn,), replace(self.tls, alpn=alpn)
        return inside

    async def _begin(self, alpn: tuple[str, ...]) -> TlsConversation | None:
        below = await self.below.open()
        if below is None:
            return None
        inside = TlsConversation(below, context(alpn), server_name(self._target.names))
        try:
            async with asyncio.timeout(self._patience.answer_s):
                refusal = await inside.begin()
        except (OSError, TimeoutError):
            refusal = Refusal(b"", speaks_tls=False)
        except BaseException:
            below.close()
            raise
        if refusal is None:
            self.speaks_tls = True
            return inside
        below.close()
        self.heard, self.speaks_tls = refusal.heard, refusal.speaks_tls
        return None
