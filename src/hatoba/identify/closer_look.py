"""What a port that is known is asked besides: which versions of TLS and which ciphers it takes; of a web server its icon, its
methods, whether it speaks HTTP/2; whether several servers share the port; and, if that was wished for, whether a WAF stands in
front.

Each question has a connection of its own, and what is known after each is handed on: it is not lost when the port's time is up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from hatoba.identify.favicon import MOST_BYTES as MOST_ICON_BYTES
from hatoba.identify.favicon import hashed, icon_path
from hatoba.identify.layers import H2, Layer, TlsLayer
from hatoba.identify.listening import MOST_BYTES, Heard, hear
from hatoba.identify.manner import ALL, CLOSER_LOOK, Manner, Target
from hatoba.identify.protocols import Answers, Question, http, http2, ssh
from hatoba.identify.protocols.complete import line
from hatoba.identify.start_tls import StartTlsLayer
from hatoba.identify.tls import server_name
from hatoba.identify.tls_survey import TlsSurvey, found_by_hand, surveyed
from hatoba.identify.waf_test import waf_tested
from hatoba.service import Facts, Service
from hatoba.wire.conversations import Conversation

_AS_SSH = Question(b"SSH-2.0-hatoba\r\n", line)


async def closer_look(
    service: Service, layer: Layer, target: Target, manner: Manner, wall_clock: Callable[[], float]
) -> AsyncIterator[Service]:
    """*service* with more at every step; *layer* is the way in which it was recognised."""
    look = _Look(layer, target, manner, wall_clock)
    closer, all_ciphers = manner.intensity >= CLOSER_LOOK, manner.tls_ciphers or manner.intensity >= ALL
    below = _to_hellos(layer, closer, all_ciphers)
    if below is not None:
        survey = TlsSurvey(below, manner.patience, server_name(target.names))
        if service.tls is None:  # no handshake came about
            service = await found_by_hand(service, survey, wall_clock(), target.names)
        if service.tls is not None:
            async for tls in surveyed(survey, service.tls, all_ciphers=all_ciphers):
                service = replace(service, tls=tls)
                yield service
    if service.facts is None:
        return
    web = service.facts.name in ("http", "ipp") and layer.alpn != H2
    looks = (look.icon, look.methods, look.http2) if web else ()
    for ask in (*looks, look.neighbours) if closer and (web or service.encrypted) else ():
        service = replace(service, facts=await ask(service.facts or Facts("http")))
        yield service
    if manner.waf_test and web and service.facts is not None:
        yield replace(service, facts=await waf_tested(service.facts, target.host, look.ask))


def _is_page(heard: bytes, question: Question) -> bool:
    """Whether a web server answers SSH's words: its page may show what it was sent, or some of it."""
    return question is _AS_SSH and heard.startswith(b"HTTP/")


def _to_hellos(layer: Layer, closer: bool, all_ciphers: bool) -> Layer | None:
    """Through which connections hellos are sent, if any are. On request they cost many more words."""
    if isinstance(layer, TlsLayer):
        return layer.below if closer or all_ciphers else None
    return layer if isinstance(layer, StartTlsLayer) and layer.bears_many and all_ciphers else None


class _Look:
    def __init__(self, layer: Layer, target: Target, manner: Manner, wall_clock: Callable[[], float]) -> None:
        self._layer, self._host, self._patience = layer, target.host, manner.patience
        self._plain = layer.below if isinstance(layer, TlsLayer) else layer
        self._through_tls = TlsLayer(self._plain, target, manner.patience, manner, wall_clock)

    async def ask(self, question: Question, most_bytes: int = MOST_BYTES) -> Heard | None:
        conversation = await self._layer.open()
        return None if conversation is None else await self._put(conversation, question, self._patience.answer_s, most_bytes)

    async def neighbours(self, facts: Facts) -> Facts:
        """Who else answers on the same port: something in front (sslh, HAProxy) sends each client to another server, by its
        first words. Where SSH's reach one, the others are asked, too."""
        told = [await self._plainly(_AS_SSH, ssh.read)]
        if not told[0]:
            return facts
        if self._layer.encrypted:
            told.append(await self._plainly(http.request(self._host), http.read))
        elif (conversation := await self._through_tls.open()) is not None:
            conversation.close()
            told.append(f"tls {self._through_tls.alpn}".strip())
        return _with(facts, ("beside", "; ".join(filter(None, told))))

    async def _plainly(self, question: Question, read: Callable[[Answers], Facts | None]) -> str:
        """Protocol, product and version of whoever understands *question* without TLS; an empty text where nobody does."""
        conversation = await self._plain.open()
        heard = None if conversation is None else await self._put(conversation, question, self._patience.guess_s)
        sent_back = heard is not None and (question.data.strip() in heard.data or _is_page(heard.data, question))
        found = None if heard is None or sent_back or http.wants_tls(heard.data) else read((heard.data,))
        return "" if found is None else " ".join(filter(None, (found.name, found.product, found.version)))

    async def _put(self, conversation: Conversation, question: Question, first_s: float, most_bytes: int = MOST_BYTES) -> Heard:
        patience = self._patience
        try:
            await conversation.send(question.data)
            return await hear(conversation, question.complete, first_s, patience.gap_s, patience.whole_s, most_bytes)
        except OSError:
            return Heard(b"", ended=True)
        finally:
            conversation.close()

    async def icon(self, facts: Facts) -> Facts:
        """The hashes of its icon; nothing that the page names elsewhere is asked for."""
        path = icon_path(dict(facts.details).get("icon", ""))
        heard = await self.ask(http.request(self._host, path=path), MOST_ICON_BYTES)
        head = http.head_of(heard.data) if heard is not None else None
        if heard is None or head is None or head.status != 200:
            return facts
        found = hashed(http.body_of(heard.data, heard.ended) or b"")
        if found is None:
            return facts
        return _with(facts, ("favicon-mmh3", str(found.murmur3)), ("favicon-sha256", found.sha256))

    async def methods(self, facts: Facts) -> Facts:
        """What it says it allows, WebDAV among it (RFC 9110 section 9.3.7, RFC 4918 section 10.1)."""
        heard = await self.ask(http.request(self._host, method="OPTIONS"))
        head = http.head_of(heard.data) if heard is not None else None
        told = [] if head is None else http.told_by(head)
        return _with(facts, *((name, value) for name, value in told if name in ("allow", "dav")))

    async def http2(self, facts: Facts) -> Facts:
        """Whether it speaks HTTP/2: chosen in TLS, or without asking (RFC 9113 section 3.3)."""
        layer = self._layer
        conversation = await (layer.open_for(H2) if isinstance(layer, TlsLayer) else layer.open())
        if conversation is None:
            return facts
        scheme, first_s = ("https", self._patience.answer_s) if layer.encrypted else ("http", self._patience.guess_s)
        heard = await self._put(conversation, http2.request(self._host, "HEAD", scheme), first_s)
        found = http2.PROTOCOL.read((heard.data,))
        if found is None:
            return _with(facts, ("h2", "yes")) if layer.encrypted else facts
        return _with(facts, *(told for told in found.details if told[0].startswith("h2")))


def _with(facts: Facts, *more: tuple[str, str]) -> Facts:
    return replace(facts, details=tuple((dict(facts.details) | dict(more)).items()))
