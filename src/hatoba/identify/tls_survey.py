"""Which versions of TLS and which ciphers a server takes: one hello for each question, each on a connection of its own.

::

    a version:      offer it and what servers commonly choose; a hello in return is a yes
    weak ciphers:   offer only those; whichever is chosen, leave out all that are weak for the same reason, and offer the rest
    all ciphers:    offer those that agree on keys in one way, 64 at most; leave out what was chosen, until none is
    whose order:    offer two that were chosen, both ways round

No key is made and no handshake finished: what it costs the server is a signature at most.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace

from hatoba.identify.certificate import judged_chain
from hatoba.identify.layers import Layer
from hatoba.identify.listening import hear
from hatoba.identify.manner import Patience
from hatoba.identify.start_tls import StartTlsLayer
from hatoba.identify.tls import NO_COMMON
from hatoba.identify.tls_hello import FAREWELL, Flight, client_hello, complete, flight_of
from hatoba.registry.tls_suites import (
    OLD_VERSIONS,
    TLS1_2,
    TLS1_3,
    VERSIONS,
    WEAKNESSES,
    key_exchange_of,
    suite_name,
    suites_for,
    weak_suites,
    weakness_of,
)
from hatoba.service import CipherList, Facts, Service, Tls

_OFFERED_AT_ONCE = 64
"""Some old servers hang up at hellos with more."""
_AT_ONCE = 3
_MOST_MESSAGE_BYTES = 100 * 1024
"""What OpenSSL takes."""
_LEAST_DH_BITS = 2048
"""RFC 9325 section 4.3."""


class TlsSurvey:
    """Of one port; *below* opens its connections, one for each hello."""

    def __init__(self, below: Layer, patience: Patience, server_name: str | None) -> None:
        self._below, self._patience, self._server_name = below, patience, server_name
        self._room = asyncio.Semaphore(_AT_ONCE)

    @property
    def started(self) -> bool:
        """Whether its connections begin in plain text."""
        return isinstance(self._below, StartTlsLayer)

    async def ask(self, version: int, suites: Sequence[int]) -> Flight:
        """What the server says to this hello; an empty flight where no connection came about or nothing was said."""
        async with self._room:
            conversation = await self._below.open()
            if conversation is None:
                return Flight()
            try:
                await conversation.send(client_hello(version, suites, os.urandom(32), self._server_name))
                wait_s = self._patience.answer_s
                heard = await hear(conversation, complete, wait_s, wait_s, wait_s)
            except OSError:
                return Flight()
            finally:
                conversation.close(FAREWELL)
        return flight_of(heard.data)

    async def versions(self, known: str = "") -> dict[str, Flight]:
        """The versions that it takes, the oldest first, with what it said. *known*: one that it takes; TLS 1.3, where nothing
        is told in plain text, is not asked for again."""
        asked = [version for version, name in VERSIONS.items() if version < TLS1_3 or name != known]
        answers = await asyncio.gather(*(self.ask(version, suites_for(version, rare=False)) for version in asked))
        taken = {VERSIONS[one]: flight for one, flight in zip(asked, answers, strict=True) if flight.version == one}
        if known in VERSIONS.values():
            taken.setdefault(known, Flight())
        return {name: taken[name] for name in VERSIONS.values() if name in taken}

    async def weak_ciphers(self) -> list[str]:
        """A suite for each weakness that it takes, before TLS 1.3."""
        left = list(weak_suites())
        found: list[str] = []
        while left and len(found) < len(WEAKNESSES):
            flight = await self.ask(TLS1_2, left)
            if not flight.version or flight.suite not in left:
                break
            found.append(suite_name(flight.suite))
            weakness = weakness_of(found[-1])
            left = [number for number in left if weakness_of(suite_name(number)) != weakness]
        return found

    async def ciphers(self, version: int) -> tuple[CipherList, int]:
        """All that it takes in this version, and the shortest prime in bits that it exchanged keys with, 0 for none."""
        chosen: list[int] = []
        primes: list[int] = []
        for left in _pieces(version):
            while left:
                flight = await self.ask(version, left)
                if flight.version != version or flight.suite not in left:
                    break
                left.remove(flight.suite)
                chosen.append(flight.suite)
                primes += [flight.dh_bits] if flight.dh_bits else []
        preference = await self._preference(version, chosen)
        if preference == "server":
            chosen = await self._in_order(version, chosen)
        return CipherList(VERSIONS[version], tuple(map(suite_name, chosen)), preference), min(primes, default=0)

    async def _preference(self, version: int, chosen: Sequence[int]) -> str:
        if len(chosen) < 2:
            return ""
        pair = chosen[:2]
        taken, again = [(await self.ask(version, offered)).suite for offered in (pair, pair[::-1])]
        if taken not in pair or again not in pair:
            return ""
        return "server" if taken == again else "client"

    async def _in_order(self, version: int, chosen: Sequence[int]) -> list[int]:
        """As the server orders them: what was offered with others was taken in another turn than with these."""
        left, ordered = list(chosen), []
        while len(left) > 1 and (suite := (await self.ask(version, left[:_OFFERED_AT_ONCE])).suite) in left:
            left.remove(suite)
            ordered.append(suite)
        return [*ordered, *left]


async def surveyed(survey: TlsSurvey, tls: Tls, *, all_ciphers: bool) -> AsyncIterator[Tls]:
    """*tls* with more at every step: the versions, what is weak; with *all_ciphers* every cipher of every version."""
    taken = await survey.versions(tls.version)
    wanted = tls.wants_certificate or any(flight.wants_certificate for flight in taken.values())
    tls = replace(tls, versions=tuple(taken), weaknesses=_of_versions(taken), wants_certificate=wanted)
    yield tls
    old = [name for name in taken if name != VERSIONS[TLS1_3]]
    if all_ciphers:
        numbers = [version for version, name in VERSIONS.items() if name in taken]
        lists = await asyncio.gather(*map(survey.ciphers, numbers))
        names = [name for found, _bits in lists for name in found.ciphers]
        weak = (*_of_ciphers(names), *(["weak-dh"] if any(0 < bits < _LEAST_DH_BITS for _found, bits in lists) else []))
        yield replace(tls, ciphers=tuple(found for found, _bits in lists), weaknesses=(*tls.weaknesses, *weak))
    elif old:
        yield replace(tls, weaknesses=(*tls.weaknesses, *_of_ciphers(await survey.weak_ciphers())))


async def found_by_hand(service: Service, survey: TlsSurvey, now_s: float, asked: tuple[str, ...]) -> Service:
    """*service*, with which no handshake came about, with what its answers to hellos tell: the newest version that it takes."""
    taken = await survey.versions()
    for name, flight in reversed(taken.items()):
        tls = tls_of(flight, name, now_s, asked, started=survey.started)
        return replace(service, tls=tls, facts=_without_handshake(service.facts, flight))
    return service


def tls_of(flight: Flight, version: str, now_s: float, asked: tuple[str, ...], *, started: bool = False) -> Tls:
    """What a server's first words tell without a handshake."""
    certificate, chain = judged_chain(flight.certificates, now_s, asked)
    return Tls(
        version,
        suite_name(flight.suite),
        started=started,
        certificate=certificate,
        chain=chain,
        wants_certificate=flight.wants_certificate,
    )


def _without_handshake(facts: Facts | None, flight: Flight) -> Facts | None:
    """Why that is so, if there was a common version all the same."""
    if facts is None or facts.name != "ssl" or facts.extra != NO_COMMON:
        return facts
    if flight.wants_certificate:
        return replace(facts, extra="client certificate required")
    if flight.announced_bytes > _MOST_MESSAGE_BYTES:
        return replace(facts, extra=f"certificates of {flight.announced_bytes} bytes")
    return replace(facts, extra="")


def _of_versions(taken: Iterable[str]) -> tuple[str, ...]:
    return tuple(OLD_VERSIONS[name] for name in taken if name in OLD_VERSIONS)


def _of_ciphers(names: Sequence[str]) -> tuple[str, ...]:
    found = set(map(weakness_of, names))
    return tuple(word for word in WEAKNESSES if word in found)


def _pieces(version: int) -> list[list[int]]:
    """What is offered at a time. A server that has chosen a way to agree on keys and finds that it can't (Dovecot without
    parameters for DHE) hangs up; so nothing else stands beside one way."""
    ways: dict[str, list[int]] = {}
    for number in suites_for(version):
        ways.setdefault(key_exchange_of(suite_name(number)), []).append(number)
    return [way[at : at + _OFFERED_AT_ONCE] for way in ways.values() for at in range(0, len(way), _OFFERED_AT_ONCE)]
