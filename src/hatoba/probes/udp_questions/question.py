"""The contract of a UDP question: what is sent, where, and whose question an answer answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hatoba.packets.segment import Place
from hatoba.probes.udp_questions.draft import Draft

Repeats = Callable[[bytes, int], bool | None]


@dataclass(frozen=True, slots=True)
class Question:
    """One datagram that a protocol's servers answer, or the reason why they answer none."""

    name: str
    """One word, the same in the packet trace, in the documents and in the tests."""
    ports: tuple[int, ...]
    """Where it is asked."""
    payload: bytes
    """With zeros where the cookie goes. Empty for what is silent by design: then there is nothing that one could ask."""
    cookies: tuple[Place, ...]
    """Where the cookie goes, counted from the payload's start. None where no answer could repeat it."""
    source: str
    """Where the protocol is written down."""
    expects: str
    """What is asked and what comes back, or why nothing does; a text for :func:`hatoba.messages.translated`."""
    repeats: Repeats
    """``repeats(datagram, cookie)``: True where it answers the question with this cookie, False where it answers somebody
    else's, None where it is not of this protocol or repeats nothing. Never raises, whatever the datagram holds."""


def question(
    name: str, ports: tuple[int, ...], payload: Draft | bytes, source: str, expects: str, repeats: Repeats | None = None
) -> Question:
    """A question whose payload is drafted; without *repeats* its answers repeat nothing."""
    draft = payload if isinstance(payload, Draft) else Draft(payload)
    return Question(name, ports, draft.data, draft.cookies, source, expects, repeats or repeats_nothing)


def repeats_nothing(_datagram: bytes, _cookie: int) -> bool | None:
    """For protocols whose answers say nothing of the question: only addresses and ports can tell."""
    return None
