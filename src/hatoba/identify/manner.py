"""How ports are asked for their services: how much, how long, in which order. Frozen values, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hatoba.identify.protocols import PROTOCOLS, ServiceProtocol
from hatoba.identify.signatures.library import Library
from hatoba.model import Address, Protocol
from hatoba.registry.releases import Releases
from hatoba.service import Facts

DEFAULT_INTENSITY, LIGHT, ALL = 7, 2, 9
"""As nmap has them."""
TLS_RARITY = 2
CLOSER_LOOK = 5
"""At this intensity and above a port that is known is asked more (``closer_look``)."""
PRINTERS = range(9100, 9108)
"""What is sent to these ports comes out on paper."""
_WEB_PORTS = (80, 443)
_SURE = 8


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds, each."""

    connect_s: float = 4.0
    greeting_s: float = 6.0
    """For the first word where the port's protocol greets: servers look up our name first."""
    stranger_s: float = 0.75
    """For the first word where nothing is known of the port."""
    answer_s: float = 3.0
    """Where the port speaks for the protocol that was asked in."""
    guess_s: float = 1.2
    """Where it was asked on the off chance."""
    slow_s: float = 6.0
    """Where nobody answers in any protocol, for the likeliest once more: some take seconds over a page."""
    gap_s: float = 0.5
    """For more of an answer whose end can't be told otherwise."""
    greeting_gap_s: float = 0.1
    whole_s: float = 8.0
    """For one answer, however slowly it comes."""
    port_s: float = 60.0
    """For one port in all."""
    datagram_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Manner:
    intensity: int = DEFAULT_INTENSITY
    """0 to 9: protocols are asked on ports that are not theirs if their rarity is no higher."""
    all_ports: bool = False
    """Printers, too."""
    tls_ciphers: bool = False
    """Ask for every cipher of every version of TLS, as at intensity 9."""
    waf_test: bool = False
    """Send web servers what looks like an attack, to see whether a WAF refuses it."""
    patience: Patience = field(default_factory=Patience)
    protocols: tuple[ServiceProtocol, ...] = PROTOCOLS
    library: Library | None = None
    """What the user brought besides."""
    overhearing: tuple[ServiceProtocol, ...] = ()
    """Those of the protocols that are signatures and ask nothing: what they know an answer by is that answer."""
    releases: Releases = field(default_factory=Releases)
    """Of distributions, with the ends of their lives."""

    def at(self, protocol: Protocol, port: int) -> Manner:
        """The manner of asking one port, with the user's signatures that count for it: their questions come first. Those
        without recognise what nobody else does, and have their say on the rest when it is known."""
        theirs = () if self.library is None else self.library.protocols(protocol, port)
        if not theirs:
            return self
        asking = tuple(one for one in theirs if not one.greets)
        overhearing = tuple(one for one in theirs if one.greets)
        return replace(self, protocols=(*asking, *self.protocols, *overhearing), overhearing=overhearing)


@dataclass(frozen=True, slots=True)
class Target:
    """One open port."""

    address: Address
    protocol: Protocol
    port: int
    names: tuple[str, ...] = ()
    """The names by which the user asked for it: what TLS and HTTP are told that we came for."""

    @property
    def host(self) -> str:
        """As it stands in a URL: with the port where it is none of the web's own (RFC 9110 section 7.2)."""
        address = str(self.address).partition("%")[0]
        host = self.names[0] if self.names else address if self.address.version == 4 else f"[{address}]"
        return host if self.port in _WEB_PORTS else f"{host}:{self.port}"


def likely(manner: Manner, target: Target, *, inside: bool, alpn: str = "") -> list[ServiceProtocol]:
    """The protocols that the port speaks for, the likeliest first; *inside*: within TLS, where the server may name one."""
    known = [one for one in manner.protocols if one.protocol == target.protocol]
    found = [one for one in known if alpn and alpn in one.alpn]
    if inside:
        found += [one for one in known if target.port in one.tls_ports]
    found += [one for one in known if target.port in one.ports]
    return list(dict.fromkeys(found))


def others(manner: Manner, target: Target, besides: Sequence[ServiceProtocol]) -> list[ServiceProtocol]:
    """What is asked on any port at this intensity, the likeliest first."""
    chosen = [
        one
        for one in manner.protocols
        if one.protocol == target.protocol and one.questions and not one.greets and one.rarity <= manner.intensity
    ]
    return sorted((one for one in chosen if one not in besides), key=lambda one: one.rarity)


def speaks_for_tls(manner: Manner, port: int) -> bool:
    return any(port in one.tls_ports for one in manner.protocols)


def sure(facts: Facts) -> bool:
    """Whether no other protocol says the same."""
    return facts.confidence >= _SURE


def recognise(
    manner: Manner, protocol: Protocol, heard: bytes, preferred: Sequence[ServiceProtocol]
) -> tuple[ServiceProtocol, Facts] | None:
    """The protocol that *heard*, a server's first words, belong to: of the *preferred* ones, else of all. One that is sure
    comes before one that is not."""
    best: tuple[ServiceProtocol, Facts] | None = None
    for one in dict.fromkeys((*preferred, *manner.protocols)):
        facts = one.read((heard,)) if one.protocol == protocol else None
        if facts is None:
            continue
        if sure(facts) or one in preferred:
            return one, facts
        if best is None or facts.confidence > best[1].confidence:
            best = one, facts
    return best
