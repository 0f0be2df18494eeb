"""The words that every room speaks: frozen values, no behaviour beyond naming themselves.

Nothing here imports NumPy: ``import hatoba`` must stay light. Where many verdicts travel together they travel as rows of a
structured array (``hatoba.results.batch``); the codes of the enumerations below are what those rows hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address
"""An address of a host. An IPv6 link-local address carries its zone in ``scope_id``."""


class Protocol(IntEnum):
    """Transport protocols that have ports; the values are IANA's protocol numbers."""

    TCP = 6
    UDP = 17
    DCCP = 33
    SCTP = 132

    @property
    def word(self) -> str:
        return self.name.lower()


class State(IntEnum):
    """What is known of a port. The values are codes in arrays; 0 is kept for "nothing known yet"."""

    OPEN = 1
    CLOSED = 2
    FILTERED = 3
    UNFILTERED = 4
    OPEN_FILTERED = 5
    CLOSED_FILTERED = 6

    @property
    def word(self) -> str:
        """The state's name in reports and in JSON, the same word as nmap's: ``open|filtered``."""
        return self.name.lower().replace("_", "|")


class Reason(IntEnum):
    """Why a port has its state, in one word. Words as nmap's where nmap has one."""

    NO_RESPONSE = 1
    SYN_ACK = 2
    SYN = 3
    RESET = 4
    CONNECTED = 5
    CONN_REFUSED = 6
    # ICMP destination unreachable, RFC 792 and RFC 1812 section 5.2.7.1
    NET_UNREACH = 10
    HOST_UNREACH = 11
    PROTO_UNREACH = 12
    PORT_UNREACH = 13
    NET_PROHIBITED = 14
    HOST_PROHIBITED = 15
    ADMIN_PROHIBITED = 16
    TIME_EXCEEDED = 17
    # ICMPv6 destination unreachable, RFC 4443 section 3.1
    NO_ROUTE = 20
    BEYOND_SCOPE = 21
    ADDR_UNREACH = 22
    POLICY_FAIL = 23
    REJECT_ROUTE = 24
    # Known without a probe: what this machine's kernel says
    NO_NEIGHBOUR = 30
    LOCAL_ERROR = 31

    @property
    def word(self) -> str:
        return _REASON_WORDS.get(self, self.name.lower().replace("_", "-"))


class Answer(IntEnum):
    """What came back to a probe."""

    NONE = 0
    SYN_ACK = 1
    SYN = 2
    RST = 3
    ICMP = 4
    ICMP6 = 5
    CONNECTED = 6
    REFUSED = 7
    LOCAL = 8
    """This machine's kernel refused, nobody outside was heard."""


_REASON_WORDS = {Reason.CONNECTED: "syn-ack", Reason.CONN_REFUSED: "conn-refused", Reason.SYN: "syn"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict rests on: what was asked, how often, and what came back, from whom, after how long."""

    method: str
    """Name of the scan method that asked: ``syn``, ``connect``."""
    probes: int
    """How many times this port was asked."""
    answer: str | None = None
    """What came back in a word: ``syn-ack``, ``rst``, ``icmp 3/13``, ``icmp6 1/4``; None for silence."""
    answered_probe: int | None = None
    """Which of the probes the answer belongs to, counted from 1; None for silence."""
    responder: Address | None = None
    """Who sent the answer, which for an ICMP error is often a router; None for silence."""
    rtt_s: float | None = None
    """Seconds from that probe to its answer; None for silence."""
    ttl: int | None = None
    """Time to live (hop limit) of the answer as it arrived; None where the kernel does not tell."""
    icmp_type: int | None = None
    icmp_code: int | None = None
    contradicted_by: tuple[str, ...] = ()
    """Later answers that said something else, in a word each (``rst``); the first definite one stands."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of one port of one address, with its reason and evidence."""

    address: Address
    protocol: Protocol
    port: int
    state: State
    reason: Reason
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Host:
    """One scanned address as a whole. ``state`` is ``up`` once anything answered from it, ``down`` where its link says that
    nobody has the address, ``unknown`` where every probe met silence."""

    address: Address
    names: tuple[str, ...] = ()
    """The names it was asked by, then reverse names where they were looked up. Untrusted text."""
    state: str = "unknown"
    reason: str = "no-response"
    rtt_s: float | None = None
    """Smoothed round-trip time in seconds."""


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """How to scan: everything the user chose, nothing that changes while it runs."""

    method: str = "connect"
    max_retries: int | None = None
    """Upper bound of repeats of an unanswered probe; None lets the loss estimate decide."""
    min_rate_pps: float | None = None
    max_rate_pps: float | None = None
    seed: int | None = None
    """Key of the permutation and of the cookies; None draws one."""
    interface: str | None = None


@dataclass(frozen=True, slots=True)
class ScanInfo:
    """What a report says first."""

    version: str
    arguments: tuple[str, ...]
    method: str
    protocol: Protocol
    ports: str
    """The asked ports as a range list, ``1-1024,8080``."""
    port_count: int
    address_count: int
    started_at: float
    """Seconds since the epoch."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ScanEnd:
    """What a report says last."""

    finished_at: float
    duration_s: float
    hosts_up: int
    hosts_down: int
    hosts_total: int
    counts: dict[str, int] = field(default_factory=dict)
    """Ports by the word of their state, over all hosts."""
    probes_sent: int = 0
    loss: float = 0.0
    """Estimated share of probes that met no answer although there was one to give, 0 to 1."""
    expected_missed: float = 0.0
    """Expected number of answers still missed after the repeats."""
    capture_drops: int = 0
    """Frames that this machine's capture lost."""
    interrupted: bool = False
    problems: tuple[str, ...] = ()
    """Sentences for people about what did not work."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is."""

    settled: int
    """Ports with a verdict."""
    total: int
    probes_sent: int
    elapsed_s: float
    rate_pps: float
    """Probes per second over the last second."""
    left_s: float | None
    """Seconds left at this pace; None while unknown."""
    open_found: int = 0
