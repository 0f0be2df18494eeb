"""The contract of a protocol: whether its server greets, what to ask, and how to read what was said.

A protocol never sees a socket, a clock or an address: bytes in, facts out. ``identify.interview`` carries the bytes.

The answers that ``read`` is given are a tuple of bytes: the first is the greeting where the server greets, else the answer to
the first question; then one for each question that followed. Whatever they hold, and wherever they break off, ``read`` raises
nothing; what comes after an answer's end changes nothing. The first answer alone must do to recognise the protocol, for it may
have been heard after another one's question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hatoba.model import Protocol
from hatoba.service import Facts

Answers = tuple[bytes, ...]

NEVER_ELSEWHERE = 10
"""The rarity of what is asked on its own ports alone: no intensity is as high."""


@dataclass(frozen=True, slots=True)
class Question:
    data: bytes
    """What to send."""
    complete: Callable[[bytes], bool]
    """Whether this much of the answer is all of it: nothing more is waited for."""


@dataclass(frozen=True, slots=True)
class StartTls:
    """How to change over to TLS on a connection that began without."""

    data: bytes
    """What to send, after all questions."""
    offered: Callable[[Answers], bool]
    """Whether the server's answers say that it can."""
    complete: Callable[[bytes], bool] = lambda _heard: True
    accepted: Callable[[bytes], bool] = lambda _heard: True
    """Whether its answer is a yes."""
    answered: bool = True
    """Whether there is an answer at all before the handshake."""
    fresh: bool = False
    """Whether it has to be the first thing said on a connection."""
    counted: bool = False
    """Whether the server counts clients that leave without a handshake, and shuts them out in the end."""


@dataclass(frozen=True, slots=True)
class ServiceProtocol:
    """One protocol. ``name`` is nmap's word for it where there is one."""

    name: str
    read: Callable[[Answers], Facts | None]
    """The facts; None where the first answer is not this protocol."""
    ports: tuple[int, ...] = ()
    """Where it usually stands."""
    tls_ports: tuple[int, ...] = ()
    """Where it usually stands behind TLS."""
    greets: bool = False
    """Whether the server speaks first."""
    questions: tuple[Question, ...] = ()
    rarity: int = 5
    """1 to 9: on any other port it is asked only at this intensity or above (``--version-intensity``). Or
    :data:`NEVER_ELSEWHERE`."""
    start_tls: StartTls | None = None
    farewell: bytes = b""
    """What a polite client says last."""
    wants_tls: Callable[[bytes], bool] = lambda _heard: False
    """Whether an answer says: this port speaks TLS, come again."""
    alpn: tuple[str, ...] = ()
    """Its names in TLS (RFC 7301, IANA's registry), the one to prefer first."""
    echoes: bool = False
    """Whether its servers send the question back as it is: elsewhere that is an echo, and no answer."""
    repeats: bool = False
    """Whether its servers may repeat the question among what they say: elsewhere that is a stranger's talk, and no answer."""
    protocol: Protocol = Protocol.TCP
    any_port: bool = False
    """Whether its servers answer from another port than they were asked on, so that it needs a socket to itself."""
    for_host: Callable[[str], tuple[Question, ...]] | None = field(default=None)
    """The questions instead, where they name the host that is asked."""
