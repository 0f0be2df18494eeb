"""The operating system of a host: the words for what was asked, what came back, and what it tells.

All texts that services said come from the other side of the wire and are untrusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Observation:
    """One probe that was sent to learn about a host's system, and the packet that answered it."""

    probe: str
    """Its name in ``probes.system``: ``syn-full``, ``ack``, ``echo`` ..."""
    port: int
    """The port that it went to; 0 where it has none."""
    sent_s: float
    """When it left, on the scan's clock."""
    at_s: float | None = None
    """When the answer arrived; None for silence."""
    packet: bytes = b""
    """The answer from its IP header on, as much of it as was captured; nothing for silence."""


class Known(StrEnum):
    """How well a system is known: what it shows has been seen, or follows from what is written of it."""

    RUN = "run"
    """It was asked in a lab of this project."""
    PUBLISHED = "published"
    """Others have published captures of its answers."""
    READ = "read"
    """From its source code or its maker's pages alone."""


class Opinion(StrEnum):
    """What a trait says of a system that was named."""

    FITS = "fits"
    DIFFERS = "differs"
    SAYS_NOTHING = "says-nothing"
    """Nothing is known of it for this system, or it tells systems not apart."""


@dataclass(frozen=True, slots=True)
class Trait:
    """One thing that a host shows of its system."""

    name: str
    """``ttl``, ``options``, ``clock`` ...; ``service`` for what a service said; ``known`` for how well the system is known
    (:class:`Known`), where it was never run here."""
    seen: str
    """``64``, ``mss sack ts nop ws``. Untrusted text of a service."""
    opinion: Opinion = Opinion.SAYS_NOTHING


@dataclass(frozen=True, slots=True)
class System:
    """A system that a host may run."""

    name: str
    """``Linux 4.19 to 7.x``"""
    vendor: str
    family: str
    """``Linux``, ``Windows``, ``FreeBSD`` ..."""
    generation: str
    """``6.X``; empty where that is not known."""
    device: str
    """In nmap's words: ``general purpose``, ``router``, ``printer`` ..."""
    confidence: int
    """1 to 10."""
    cpe23: tuple[str, ...] = ()
    evidence: tuple[Trait, ...] = ()
    ports: tuple[int, ...] = ()
    """TCP ports that show it, where several systems answer at one address; none: the whole host does."""


class Ruling(StrEnum):
    """How the question for the system was settled."""

    TOLD = "told"
    """One system, or several versions of one."""
    SEVERAL = "several"
    """Several systems answer at this address: ports are forwarded, or a load balancer shares them out."""
    UNSURE = "unsure"
    """Several systems fit, and nothing tells them apart."""
    UNKNOWN = "unknown"
    """What it shows fits no system that is known here."""
    TOO_LITTLE = "too-little"
    """Too little came back to tell."""
    MASKED = "masked"
    """Something answers in the host's stead, and hides it."""


class ShieldKind(StrEnum):
    """What stands in front of a host."""

    STATEFUL_FIREWALL = "stateful-firewall"
    """It knows which connections there are, and swallows what belongs to none."""
    PACKET_FILTER = "packet-filter"
    """It looks at packets one by one: what opens a connection is held back, what belongs to none passes."""
    FILTER = "filter"
    """Something holds packets back; whether it knows connections can't be told."""
    PORT_FORWARD = "port-forward"
    """Other hosts than the one that has the address answer on some ports: it translates addresses (NAT)."""
    GO_BETWEEN = "go-between"
    """Something on the way refuses in the host's stead, and says that it were the host."""
    LOAD_BALANCER = "load-balancer"
    """Several hosts take turns in answering on one port."""
    SYN_PROXY = "syn-proxy"


@dataclass(frozen=True, slots=True)
class Shield:
    kind: ShieldKind
    evidence: tuple[Trait, ...] = ()
    ports: tuple[int, ...] = ()
    """The TCP ports that show it."""


@dataclass(frozen=True, slots=True)
class SystemsTold:
    """All that is known of what runs at an address, and of what stands in front."""

    ruling: Ruling
    systems: tuple[System, ...] = ()
    """The likeliest first."""
    traits: tuple[Trait, ...] = ()
    """What was seen, where no system explains it."""
    shields: tuple[Shield, ...] = ()
    open_port: int | None = None
    """The ports that were asked."""
    closed_port: int | None = None
    udp_port: int | None = None
