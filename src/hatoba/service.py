"""What stands behind an open port: the words for it, frozen values as those of ``hatoba.model``.

All texts in them come from the other side of the wire and are untrusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hatoba.model import Address, Protocol


class Outcome(StrEnum):
    """How asking a port for its service ended."""

    RECOGNISED = "recognised"
    UNRECOGNISED = "unrecognised"
    """It said something that no protocol of ours explains."""
    SILENT = "silent"
    """Connections were accepted, and nothing was said."""
    CUT = "cut"
    """Every connection was ended before a word."""
    UNREACHABLE = "unreachable"
    """No connection came about any more."""
    EXCLUDED = "excluded"
    """Not asked on purpose: a printer would print whatever it is sent."""
    UNFINISHED = "unfinished"
    """The scan was stopped, or its time for this was up, before the port had been asked to the end."""


@dataclass(frozen=True, slots=True)
class WebShield:
    """What stands in front of a web server, and how that shows."""

    name: str
    """``Cloudflare``; empty where something refuses suspicious requests and does not say what it is."""
    kinds: tuple[str, ...]
    """``waf``, ``cdn``, ``load-balancer``."""
    sign: str
    """What it was known by: ``header``, ``cookie``, ``page``, or with ``--waf-test`` ``refusal`` or ``scoring``."""
    evidence: bytes
    """The very bytes."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What one answer says of a service. Empty texts are not known."""

    name: str
    """The protocol that it speaks, in nmap's word where there is one: ``ssh``, ``http``."""
    product: str = ""
    """``OpenSSH``, ``nginx``."""
    version: str = ""
    extra: str = ""
    """Whatever else tells builds apart: ``Debian 2+deb12u10``."""
    os: str = ""
    """The system that it says it runs on: ``Linux``."""
    device: str = ""
    """What kind of machine that is, in nmap's words: ``router``, ``printer``."""
    hostname: str = ""
    """What the host calls itself."""
    cpe23: tuple[str, ...] = ()
    """CPE 2.3 formatted strings (NISTIR 7695 section 6.2) of the product, and of the system where that is known."""
    confidence: int = 8
    """0 to 10: 10 where the program named itself, 8 where the protocol alone is sure, less where several would say the same."""
    evidence: bytes = b""
    """The very bytes that led to it."""
    details: tuple[tuple[str, str], ...] = ()
    """More that it told, by name: ``title``, ``powered-by``."""
    shields: tuple[WebShield, ...] = ()
    """What stands in front of a web server: WAFs, CDNs."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server showed to prove who it is (RFC 5280). Nothing of it was verified against an authority."""

    subject: str
    """Its name in one line, RFC 4514."""
    common_name: str
    issuer: str
    names: tuple[str, ...]
    """The alternative names: DNS names and addresses."""
    not_before: float
    """Seconds since the epoch."""
    not_after: float
    key: str
    """``RSA 2048``, ``EC secp256r1``, ``Ed25519``."""
    signature: str
    """``sha256WithRSAEncryption``."""
    serial: int
    sha256: bytes
    """Of the whole certificate."""
    self_signed: bool = False
    problems: tuple[str, ...] = ()
    """In a word each: ``expired``, ``not-yet-valid``, ``self-signed``, ``wrong-name``, ``weak-key``, ``weak-signature``; and of
    one that others were sent with, ``broken-chain``: the next one did not sign it."""


@dataclass(frozen=True, slots=True)
class CipherList:
    """What a server accepts in one version of TLS."""

    version: str
    """``TLSv1.2``."""
    ciphers: tuple[str, ...]
    """IANA's names, in the order in which the server took them."""
    preference: str = ""
    """Whose order counts, ``server`` or ``client``; empty where that can't be told."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How a service is wrapped up."""

    version: str
    """What was agreed on: ``TLSv1.3``."""
    cipher: str
    alpn: str = ""
    """The protocol inside, where the server chose one (RFC 7301)."""
    started: bool = False
    """It began in plain text and changed over on request (STARTTLS)."""
    versions: tuple[str, ...] = ()
    """All versions that the server accepted, the oldest first; none: they were not tried."""
    certificate: Certificate | None = None
    """None where the server showed none, or one that can't be read."""
    chain: tuple[Certificate, ...] = ()
    """Those that were sent with it, in the order in which they came."""
    ciphers: tuple[CipherList, ...] = ()
    """What the server accepts in each version, the oldest first; none: that was not tried."""
    weaknesses: tuple[str, ...] = ()
    """In a word each: ``sslv3``, ``tlsv1``, ``tlsv1.1``, ``weak-dh``; those of ``registry.tls_suites``: ``rc4``, ``3des``."""
    wants_certificate: bool = False
    """The server asked for one of ours. Known only where it said so in plain text, before TLS 1.3."""


@dataclass(frozen=True, slots=True)
class Release:
    """The release of a distribution that a service was built for, as far as its words tell."""

    name: str
    """``Debian 10 (buster)``."""
    evidence: str
    """What led to it: ``+deb10u2``."""
    end_of_life: str = ""
    """The last day of its support, ``2022-09-10``; empty where that is not known."""
    extended: tuple[tuple[str, str], ...] = ()
    """What went on after that, by its word (``LTS``, ``ESM``), and until when."""
    ended: bool = False
    """Whether the end of life was past when the service was asked."""
    source: str = ""
    """The file that says so."""
    cpe23: str = ""
    in_lts: bool = False
    """Whether its life had ended but not its long-term support, which everybody gets (Debian's LTS), when it was asked."""


@dataclass(frozen=True, slots=True)
class Service:
    """What stands behind one open port of one address, as far as it told."""

    address: Address
    protocol: Protocol
    port: int
    outcome: Outcome
    facts: Facts | None = None
    """None unless recognised."""
    question: str = ""
    """What made it tell: ``greeting``, or the name of the protocol that was asked in."""
    heard: bytes = b""
    """The beginning of what it said, where that was not recognised."""
    tls: Tls | None = None
    release: Release | None = None
    """What it was built for; None where it did not tell."""

    @property
    def was_asked(self) -> bool:
        return self.outcome is not Outcome.EXCLUDED

    @property
    def encrypted(self) -> bool:
        """Whether TLS stood in front from the first byte."""
        return self.tls is not None and not self.tls.started

    @property
    def version_line(self) -> str:
        """Product, version and what else there is to say in one line, as nmap words it: ``OpenSSH 9.2p1 (Debian 2)``."""
        if self.facts is None:
            return ""
        known = " ".join(part for part in (self.facts.product, self.facts.version) if part)
        return f"{known} ({self.facts.extra})" if known and self.facts.extra else known or self.facts.extra
