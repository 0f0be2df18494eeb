"""The interview of one port: its greeting, then questions in the order of likelihood, through TLS where it is spoken.

::

    connect -- a greeting? --------------------------- recognised: the protocol's own questions, STARTTLS, farewell
            -- silence: ask in the port's protocol --- recognised: as above
                        ask in others, TLS among them  TLS: the same once more inside

Whoever answers in another protocol than it was asked in is asked again, in its own. A port is believed to be what its bytes
say; its number only decides the order.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from hatoba.identify.attempts import Attempt, TrackedDials, first_success
from hatoba.identify.closer_look import closer_look
from hatoba.identify.layers import H2, Layer, PlainLayer, ProxiedLayer, TlsLayer
from hatoba.identify.listening import MOST_BYTES, Heard, hear
from hatoba.identify.manner import (
    CLOSER_LOOK,
    LIGHT,
    PRINTERS,
    TLS_RARITY,
    Manner,
    Target,
    likely,
    others,
    recognise,
    speaks_for_tls,
    sure,
)
from hatoba.identify.protocols import Answers, Question, ServiceProtocol, http
from hatoba.identify.protocols.complete import greeted
from hatoba.identify.releases import release_of, with_system
from hatoba.identify.start_tls import StartTlsLayer
from hatoba.identify.tls import TlsConversation, context, is_tls, server_name, why_refused
from hatoba.model import Protocol
from hatoba.service import Facts, Outcome, Service
from hatoba.wire.conversations import Conversation, Dials

GREETING = "greeting"
TLS = "tls"
_KEPT_BYTES = 256
_MOST_DATAGRAMS = 64
"""Answers to the questions of one round; who sends more of them pours."""
_MOST_DRAGGED = 2
"""Answers that nobody understands and that never end, until a port is left: a tarpit has no others."""
LEAST_REPEATED = 8
"""Bytes of a question that nobody says by chance."""
_MANY_HANG_UPS = 4
"""Questions that are answered by an end and no word: whoever lets nobody speak but proxies has no other answer."""


class Interview:
    def __init__(self, dials: Dials, target: Target, manner: Manner, wall_clock: Callable[[], float] = time.time) -> None:
        self._dials = TrackedDials(dials)
        self._target, self._manner, self._wall_clock = target, manner.at(target.protocol, target.port), wall_clock
        self._patience = manner.patience
        self._result = Service(target.address, target.protocol, target.port, Outcome.UNREACHABLE)
        self._outermost: Layer = PlainLayer(self._dials, target, manner.patience.connect_s)
        """What every connection begins with."""
        self._layer: Layer = self._outermost
        """The way in; another one once TLS was spoken."""
        self._asked_properly: set[str] = set()
        self._dragged = self._hung_up = 0

    @property
    def result(self) -> Service:
        """What is known by now."""
        return self._result

    async def run(self) -> Service:
        """Ask until it is known, until there is nothing left to ask, or the time is up. Raises what this machine can't do
        (NotPermitted, WireError, NotInScope), and nothing for what the other side does."""
        target, manner = self._target, self._manner
        if target.protocol == Protocol.TCP and target.port in PRINTERS and not manner.all_ports:
            return replace(self._result, outcome=Outcome.EXCLUDED)
        try:
            async with asyncio.timeout(self._patience.port_s):
                if target.protocol == Protocol.UDP:
                    await self._ask_datagrams()
                else:
                    await self._ask_stream()
                    async for known in closer_look(self._result, self._layer, target, manner, self._wall_clock):
                        self._result = known
        except TimeoutError:
            if self._result.outcome in (Outcome.SILENT, Outcome.UNREACHABLE):
                self._result = replace(self._result, outcome=Outcome.UNFINISHED)
        finally:
            self._dials.close()
        return self._result

    async def _ask_stream(self) -> None:
        await self._ask_outermost()
        if self._manner.intensity >= CLOSER_LOOK and self._hung_up >= _MANY_HANG_UPS and not self._result.heard:
            await self._ask_as_a_proxy()

    async def _ask_as_a_proxy(self) -> None:
        """Once more, for a server that hangs up on everybody but proxies; if it hangs up on them, too, that is all."""
        so_far = self._result
        if so_far.outcome is not Outcome.SILENT or so_far.tls is not None:
            return
        plain = self._outermost
        door = ProxiedLayer(plain)
        if (conversation := await door.open()) is None:
            return
        heard = await self._greeting(conversation, self._patience.stranger_s)
        conversation.close()
        if heard.ended and not heard.data:
            return
        self._outermost = self._layer = door
        self._manner = replace(self._manner, intensity=LIGHT)
        await self._ask_outermost()
        facts = self._result.facts
        if facts is None:
            self._result = so_far
        elif not await self._cut_again(plain, [http.PROTOCOL]):
            # It hung up for another reason, which is gone by now: it started, or had too many connections.
            self._result, self._outermost, self._layer = so_far, plain, plain
            await self._ask_outermost()
        else:
            facts = replace(facts, details=(*facts.details, ("proxy-protocol", "required")))
            self._result = replace(self._result, facts=facts)

    async def _ask_outermost(self) -> None:
        plain = self._outermost
        tls_first = speaks_for_tls(self._manner, self._target.port)
        if tls_first and await self._through_tls():
            return
        await self._ask(plain, tls=not tls_first and self._manner.intensity >= TLS_RARITY)

    async def _through_tls(self) -> bool:
        """Whether TLS is spoken; if so, whatever is inside is asked as well."""
        layer = TlsLayer(self._outermost, self._target, self._patience, self._manner, self._wall_clock)
        conversation = await layer.open()
        if layer.speaks_tls:
            self._layer = layer
        if conversation is None:
            if layer.heard:
                self._note(Heard(layer.heard, ended=True))
            if layer.speaks_tls:
                named = server_name(self._target.names) is not None
                why = why_refused(layer.heard, named=named)
                self._found(Facts("ssl", extra=why, evidence=layer.heard[:7]), TLS)
            return layer.speaks_tls
        self._result = replace(self._result, outcome=Outcome.SILENT, tls=layer.tls, heard=b"")
        await self._ask(layer, tls=False, conversation=conversation)
        if self._result.facts is None and (conversation := await layer.change_to(H2)) is not None:
            # Who speaks HTTP/2 alone may shake hands with everybody, and hang up on those who did not choose it.
            self._result = replace(self._result, tls=layer.tls)
            await self._ask(layer, tls=False, conversation=conversation)
        return True

    async def _ask(self, layer: Layer, *, tls: bool, conversation: Conversation | None = None) -> None:
        """Greeting, the port's own protocols, the others; *tls*: that, too, as the second of them."""
        own = likely(self._manner, self._target, inside=layer.encrypted, alpn=layer.alpn)
        conversation = conversation or await layer.open()
        if conversation is None:
            return
        asks_first = bool(own) and not own[0].greets
        heard = Heard(b"", ended=False)
        if not asks_first:
            heard = await self._greeting(conversation, self._patience.greeting_s if own else self._patience.stranger_s)
            if heard.data and (known := recognise(self._manner, Protocol.TCP, heard.data, own)) is not None:
                await self._talk(layer, conversation, known[0], (heard.data,), ended=heard.ended)
                return
            self._note(heard)
        rest = others(self._manner, self._target, own)
        asked = [one for one in own if one.questions and not one.greets] + rest
        reused = None if heard.data or heard.ended else conversation
        if reused is None:
            conversation.close()
            if heard.ended and not heard.data and await self._cut_again(layer, asked):
                self._result = replace(self._result, outcome=Outcome.CUT)
                return
        for first in asked[:1]:
            if await self._try(layer, first, reused, self._wait_s(first in own)):
                return
            reused = None
        if reused is not None:
            reused.close()
        attempts = [partial(self._try, layer, one, None, self._wait_s(one in own)) for one in asked[1:]]
        beside: list[Attempt] = []
        if self._manner.intensity >= CLOSER_LOOK:
            beside += [partial(self._try, layer, one, None, self._patience.slow_s) for one in asked[:1]]
            beside += [] if own and own[0].greets else [partial(self._greeted_late, layer)]
        await first_success([self._through_tls, *attempts] if tls else attempts, beside)

    def _wait_s(self, likely: bool) -> float:
        """For the first word of an answer, where a port speaks for the protocol that it is asked in, and where it does not."""
        return self._patience.answer_s if likely else self._patience.guess_s

    async def _cut_again(self, layer: Layer, asked: Sequence[ServiceProtocol]) -> bool:
        """Whether one more connection is ended before a word, too, though it is asked at once: a wrapper refuses us, whoever
        stands behind it. A server that hangs up on who has nothing to say does not."""
        conversation = await layer.open()
        if conversation is None:
            return True
        if asked:
            heard = await self._put(conversation, self._questions(asked[0])[0], self._patience.stranger_s)
        else:
            heard = await self._greeting(conversation, self._patience.stranger_s)
        conversation.close()
        return heard.ended and not heard.data

    async def _greeted_late(self, layer: Layer) -> bool:
        """Whether a greeting that nobody waited for comes after all, to who asks nothing: servers look up our name first."""
        conversation = await layer.open()
        if conversation is None:
            return False
        heard = await self._greeting(conversation, self._patience.greeting_s)
        known = recognise(self._manner, Protocol.TCP, heard.data, ()) if heard.data else None
        if known is not None:
            return await self._talk(layer, conversation, known[0], (heard.data,), ended=heard.ended)
        conversation.close()
        self._note(heard)
        return False

    async def _try(self, layer: Layer, asked: ServiceProtocol, conversation: Conversation | None, first_s: float) -> bool:
        """Ask in one protocol; True once the port is recognised, in whatever, or is to be left."""
        conversation = conversation or await layer.open()
        if conversation is None:
            return False
        heard = await self._put(conversation, self._questions(asked)[0], first_s)
        if not asked.echoes and heard.data == self._questions(asked)[0].data:
            conversation.close()
            self._found(_echo(heard.data), asked.name)
            return True
        if self._sent_back(asked, heard.data):
            conversation.close()
            self._note(heard)
            return self._dragged >= _MOST_DRAGGED
        if asked.wants_tls(heard.data) and not layer.encrypted:
            conversation.close()
            return await self._through_tls()
        if asked.read((heard.data,)) is not None:
            return await self._talk(layer, conversation, asked, (heard.data,), ended=heard.ended)
        conversation.close()
        if is_tls(heard.data) and not layer.encrypted:
            return await self._through_tls()
        known = recognise(self._manner, Protocol.TCP, heard.data, ()) if heard.data else None
        if known is None:
            self._note(heard)
            return self._dragged >= _MOST_DRAGGED
        if known[0] in self._manner.overhearing:
            self._found(known[1], asked.name, (heard.data,))
            return True
        return await self._ask_properly(layer, *known, asked, (heard.data,))

    async def _ask_properly(
        self, layer: Layer, known: ServiceProtocol, facts: Facts, asked: ServiceProtocol, answers: Answers
    ) -> bool:
        """It answered in the protocol *known* what was *asked* in another; what it says to its own is better."""
        if known.name not in self._asked_properly:
            self._asked_properly.add(known.name)
            conversation = await layer.open()
            if conversation is not None:
                if known.greets:
                    heard = await self._greeting(conversation, self._patience.greeting_s)
                else:
                    heard = await self._put(conversation, self._questions(known)[0])
                if known.read((heard.data,)) is not None:
                    return await self._talk(layer, conversation, known, (heard.data,), ended=heard.ended)
                conversation.close()
        if not sure(facts):
            return False  # few bytes, which many say: they count where they were asked for
        self._found(facts, asked.name, answers)
        return True

    async def _talk(
        self, layer: Layer, conversation: Conversation, known: ServiceProtocol, answers: tuple[bytes, ...], *, ended: bool
    ) -> bool:
        """The questions that are left, STARTTLS, and goodbye. True unless the answers show that it is another protocol."""
        try:
            for question in self._questions(known)[0 if known.greets else 1 :]:
                if ended:
                    break
                heard = await self._put(conversation, question)
                answers, ended = (*answers, heard.data), heard.ended
            facts = known.read(answers)
            if facts is None:
                other = recognise(self._manner, Protocol.TCP, answers[0], [o for o in self._manner.protocols if o is not known])
                self._note(Heard(answers[0], ended))
                if other is None or other[0] is known:
                    return False
                known, facts = other
            self._found(facts, GREETING if known.greets else known.name, answers)
            if not layer.encrypted and not (ended and not _fresh(known)):
                await self._start_tls(layer, conversation, known, answers)
            elif not ended and known.farewell:
                await _say(conversation, known.farewell)
        finally:
            conversation.close()
        return True

    async def _start_tls(
        self, layer: Layer, conversation: Conversation, known: ServiceProtocol, answers: tuple[bytes, ...]
    ) -> None:
        change = known.start_tls
        if change is None or not change.offered(answers):
            await _say(conversation, known.farewell)
            return
        if change.fresh:
            opened = await layer.open()
            if opened is None:
                return
            conversation = opened
        try:
            if change.answered:
                heard = await self._put(conversation, Question(change.data, change.complete))
                if not change.accepted(heard.data):
                    return
            else:
                await _say(conversation, change.data)
            self._layer = StartTlsLayer(layer, known, change, self._questions(known), self._patience)
            names = self._target.names
            conversation = inside = TlsConversation(conversation, context(), server_name(names))
            async with asyncio.timeout(self._patience.whole_s):
                if await inside.begin() is None:
                    tls = inside.facts(self._wall_clock(), names, started=True)
                    self._result = replace(self._result, tls=tls)
                    await _say(inside, known.farewell)
        except (OSError, TimeoutError):
            pass  # the service is known; how it would be wrapped up is not
        finally:
            conversation.close()

    async def _ask_datagrams(self) -> None:
        """One socket asks in all protocols: a server hears its own among them, and whose answer comes tells which. The port's
        own are asked alone, then with the others, then the others once more: datagrams get lost. Protocols that
        are answered from another port have a socket each, before and after that."""
        own = likely(self._manner, self._target, inside=False)
        rest = others(self._manner, self._target, own)
        own, rest = ([one for one in some if self._questions(one)] for some in (own, rest))
        self._result = replace(self._result, outcome=Outcome.SILENT)
        if not await self._ask_apart(own):
            asked = ([one for one in some if not one.any_port] for some in (own, rest))
            if not await self._ask_together(*asked):
                await self._ask_apart(rest)

    async def _ask_apart(self, asked: Sequence[ServiceProtocol]) -> bool:
        """Whether the port is known, or to be left, by one of those whose answers come from another port."""
        for one in asked:
            if one.any_port and await self._try_datagram(one):
                return True
        return False

    async def _ask_together(self, own: Sequence[ServiceProtocol], rest: Sequence[ServiceProtocol]) -> bool:
        """The same by one of those that share a socket."""
        known = None
        with suppress(OSError):  # a port unreachable: it is not open any more
            conversation = await self._dials.dial(Protocol.UDP, self._target.address, self._target.port)
            try:
                for asked in (own, (*own, *rest), rest) if own else (rest, rest):
                    for one in asked:
                        await conversation.send(self._questions(one)[0].data)
                    known = await self._first_known(conversation, (*own, *rest)) if asked else None
                    if known is not None or self._result.facts is not None:
                        break
            finally:
                conversation.close()
        if known is not None and not (len(self._questions(known[0])) > 1 and await self._try_datagram(known[0])):
            self._found(known[1], known[0].name, (known[2],))
        return self._result.facts is not None

    async def _first_known(
        self, conversation: Conversation, asked: Sequence[ServiceProtocol]
    ) -> tuple[ServiceProtocol, Facts, bytes] | None:
        """The first datagram within the patience that is an answer: in which of the protocols, what it tells, and itself."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self._patience.datagram_s
        for _datagram in range(_MOST_DATAGRAMS):
            try:
                async with asyncio.timeout_at(until_s):
                    heard = await conversation.receive(MOST_BYTES)
            except TimeoutError:
                break
            if (echoed := next((one for one in asked if self._questions(one)[0].data == heard), None)) is not None:
                self._found(_echo(heard), echoed.name)
                return None
            understood = [one for one in asked if not self._sent_back(one, heard)]
            read = [(one, facts, heard) for one in understood if (facts := one.read((heard,))) is not None]
            if read:
                return next((known for known in read if sure(known[1])), read[0])
            self._note(Heard(heard, ended=False))
            if self._overheard(Heard(heard, ended=False), asked[0]):
                return None
        return None

    async def _try_datagram(self, asked: ServiceProtocol) -> bool:
        with suppress(OSError):  # a port unreachable: it is not open any more
            conversation = await self._dials.dial(
                Protocol.UDP, self._target.address, self._target.port, any_port=asked.any_port
            )
            try:
                answers: tuple[bytes, ...] = ()
                for question in self._questions(asked):
                    heard = await self._datagram(conversation, question, attempts=1 if answers else 2)
                    if not answers and asked.read((heard.data,)) is None:
                        self._note(heard)
                        return self._overheard(heard, asked)
                    answers = (*answers, heard.data)
                facts = asked.read(answers)
                if facts is not None:
                    self._found(facts, asked.name, answers)
                return facts is not None
            finally:
                conversation.close()
        return False

    def _overheard(self, heard: Heard, asked: ServiceProtocol) -> bool:
        """Whether a signature that asks nothing knows this answer to another's question."""
        for one in self._manner.overhearing if heard.data else ():
            if (facts := one.read((heard.data,))) is not None:
                self._found(facts, asked.name, (heard.data,))
                return True
        return False

    async def _datagram(self, conversation: Conversation, question: Question, attempts: int) -> Heard:
        """Ask, and again where nothing came: datagrams get lost."""
        wait_s = self._patience.datagram_s
        for _attempt in range(attempts):
            await conversation.send(question.data)
            heard = await hear(conversation, question.complete, wait_s, wait_s, wait_s)
            if heard.data or heard.ended:
                break
        return heard

    async def _greeting(self, conversation: Conversation, first_s: float) -> Heard:
        patience = self._patience
        return await hear(conversation, greeted, first_s, patience.greeting_gap_s, max(first_s, patience.whole_s))

    async def _put(self, conversation: Conversation, question: Question, first_s: float | None = None) -> Heard:
        if not await _say(conversation, question.data):
            return Heard(b"", ended=True)
        patience = self._patience
        first_s = patience.answer_s if first_s is None else first_s
        return await hear(conversation, question.complete, first_s, patience.gap_s, patience.whole_s)

    def _questions(self, known: ServiceProtocol) -> tuple[Question, ...]:
        return known.questions if known.for_host is None else known.for_host(self._target.host)

    def _sent_back(self, asked: ServiceProtocol, heard: bytes) -> bool:
        """Whether the whole question stands in what was *heard*: whoever repeats what it is sent has not understood it."""
        question = self._questions(asked)[0].data.strip()
        return not asked.echoes and not asked.repeats and len(question) >= LEAST_REPEATED and question in heard

    def _found(self, facts: Facts, question: str, answers: Answers = ()) -> None:
        if self._manner.library is not None:
            facts = self._manner.library.revised(self._target.protocol, self._target.port, facts, answers)
        release = release_of(facts, self._manner.releases, self._wall_clock())
        facts = facts if release is None else with_system(facts, release)
        self._result = replace(
            self._result, outcome=Outcome.RECOGNISED, facts=facts, question=question, heard=b"", release=release
        )

    def _note(self, heard: Heard) -> None:
        """Keep what nobody understands; the first words of all count."""
        if self._result.outcome is Outcome.RECOGNISED:
            return
        self._dragged += heard.dragged
        self._hung_up += heard.ended and not heard.data
        if heard.data and not self._result.heard:
            self._result = replace(self._result, outcome=Outcome.UNRECOGNISED, heard=heard.data[:_KEPT_BYTES])
        elif self._result.outcome is Outcome.UNREACHABLE:
            self._result = replace(self._result, outcome=Outcome.SILENT)


def _echo(heard: bytes) -> Facts:
    return Facts("echo", evidence=heard[:_KEPT_BYTES])


def _fresh(known: ServiceProtocol) -> bool:
    return known.start_tls is not None and known.start_tls.fresh


async def _say(conversation: Conversation, data: bytes) -> bool:
    if not data:
        return True
    try:
        await conversation.send(data)
    except OSError:
        return False
    return True
