"""The words that every room speaks: frozen values, no behaviour beyond naming themselves.

Nothing here imports NumPy: ``import hatoba`` must stay light. Where many verdicts travel together they travel as rows of a
structured array (``hatoba.results.batch``); the codes of the enumerations below are what those rows hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hatoba.system import Observation, SystemsTold

Address = IPv4Address | IPv6Address
"""An address of a host. An IPv6 link-local address carries its zone in ``scope_id``."""


class Protocol(IntEnum):
    """What a port belongs to; the values are IANA's protocol numbers."""

    IP = 0
    """IP itself: its "ports" are the numbers of the protocols that it carries."""
    ICMP = 1
    """Of both families. It has no ports; a ping asks for port 0."""
    TCP = 6
    UDP = 17
    DCCP = 33
    SCTP = 132

    @cached_property
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

    @cached_property
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
    UDP_RESPONSE = 7
    INIT_ACK = 8
    ABORT = 9
    # ICMP destination unreachable, RFC 792 and RFC 1812 section 5.2.7.1
    NET_UNREACH = 10
    HOST_UNREACH = 11
    PROTO_UNREACH = 12
    PORT_UNREACH = 13
    NET_PROHIBITED = 14
    HOST_PROHIBITED = 15
    ADMIN_PROHIBITED = 16
    TIME_EXCEEDED = 17
    DEST_UNREACH = 18
    """With a code that says nothing of a port: of hosts alone, which it shows to be there."""
    # ICMPv6 destination unreachable, RFC 4443 section 3.1
    NO_ROUTE = 20
    BEYOND_SCOPE = 21
    ADDR_UNREACH = 22
    POLICY_FAIL = 23
    REJECT_ROUTE = 24
    # Of the IP protocol scan
    PROTO_RESPONSE = 25
    PARAMETER_PROBLEM = 26
    # Answers to pings
    ECHO_REPLY = 27
    TIMESTAMP_REPLY = 28
    ADDRESSMASK_REPLY = 29
    # Known without a probe: what this machine's kernel says
    NO_NEIGHBOUR = 30
    LOCAL_ERROR = 31
    ARP_RESPONSE = 32
    ND_RESPONSE = 33
    LOCALHOST_RESPONSE = 34
    # Known from the user
    USER_SET = 35
    HOST_TIMEOUT = 36

    @cached_property
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
    UDP = 9
    INIT_ACK = 10
    ABORT = 11
    PACKET = 12
    """Some packet in the protocol that was asked for."""
    ECHO_REPLY = 13
    TIMESTAMP_REPLY = 14
    ADDRESSMASK_REPLY = 15
    ARP = 16
    """Who has the address, over ARP or neighbour discovery."""


_REASON_WORDS = {Reason.CONNECTED: "syn-ack", Reason.PARAMETER_PROBLEM: "param-problem"}


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
class Hop:
    """A station on the way to a host."""

    ttl: int
    """How many stations from here; the first router is 1."""
    address: Address | None
    """None where nobody told."""
    rtt_s: float | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """The way to a host, as probes with a short time to live found it."""

    method: str
    """The method of the probes, one that the host had answered: ``syn``, ``icmp-echo`` ..."""
    port: int
    """The port they were for; 0 where the method has none."""
    hops: tuple[Hop, ...]
    """By ascending ttl, without a gap; the last one is the host, if it answered."""


@dataclass(frozen=True, slots=True)
class Vanishing:
    """Where the probes for a silent port get lost."""

    protocol: Protocol
    port: int
    hop: Hop | None
    """The last station that told of one: the probes vanish there or behind it. None where none did."""


@dataclass(frozen=True, slots=True)
class Unsteady:
    """A port that answered the same question in different ways."""

    protocol: Protocol
    port: int
    states: tuple[State, ...]
    """What each answer meant, in the order of arrival."""


class Deception(StrEnum):
    """What answers in a host's stead, or for ports that nobody listens on."""

    ANSWERS_EVERYTHING = "answers-everything"
    """Random high ports are open, too: nothing that this host says of a port can be believed. If connections were tried, it is
    neither of the two below."""
    SYN_PROXY = "syn-proxy"
    """Something in front answers every SYN, and completes a connection only where the host behind does."""
    TARPIT = "tarpit"
    """It accepts every connection and then holds it, with a window of zero."""


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
    """Mean round-trip time in seconds."""
    mac: bytes | None = None
    """Hardware address, where it is on a link of this machine."""
    trace: Trace | None = None
    """The way to it, where it was asked for."""
    vanishing: Vanishing | None = None
    deception: Deception | None = None
    held_ports: tuple[int, ...] | None = None
    """Of a deceptive host's open TCP ports those on which a connection stayed up: what may really be open. None: no connection
    to one of them was tried."""
    unsteady: tuple[Unsteady, ...] = ()
    timed_out: bool = False
    """Its time (``--host-timeout``) was up before all that was asked for was known of it."""
    tried_ports: tuple[int, ...] = ()
    """TCP ports of a deceptive host on which connections were tried: random ones, and the likeliest of the open ones. None at
    all: it is known that it answers everything, and not what does so."""
    responder: Address | None = None
    """Whose ICMP error the reason is, of a host that did not answer itself: a router's."""
    ttl: int | None = None
    """Time to live (hop limit) of the answer that the reason is, as it arrived; None where that was no IP packet."""
    unfinished: bool = False
    """The scan was stopped before all was known of it that was asked for."""
    observations: tuple[Observation, ...] = ()
    """What it was asked to learn about its system, with the answers."""
    systems: SystemsTold | None = None
    """Its operating system, and what stands in front of it, where that was asked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """A host has answered a ping. All that is to be said of it comes later, as :class:`Host`."""

    address: Address
    reason: Reason
    rtt_s: float | None = None
    """Round-trip time in seconds."""
    ttl: int | None = None
    """Time to live (hop limit) of the answer as it arrived; None where it is not known."""


@dataclass(frozen=True, slots=True)
class Ping:
    """One question whose answer shows that a host is there."""

    method: str
    """Name of a method: ``icmp-echo``, ``syn``, ``connect`` ..."""
    ports: tuple[int, ...] = (0,)
    """Ports, or protocol numbers; 0 where the method has none."""


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """How to scan: everything the user chose, nothing that changes while it runs."""

    methods: tuple[str, ...] = ("connect",)
    """No more than one for each protocol; none to look for hosts only."""
    tcp_flags: int | None = None
    """Flags to ask with instead of the TCP method's own."""
    pings: tuple[Ping, ...] = ()
    """How to find out which hosts are there before they are asked for ports; none: every address is asked."""
    max_retries: int | None = None
    """Upper bound of repeats of an unanswered probe; None lets the loss estimate decide."""
    min_rate_pps: float | None = None
    max_rate_pps: float | None = None
    scan_delay_s: float | None = None
    """At least so long between two probes to one host."""
    host_timeout_s: float | None = None
    """How long the hosts that are scanned together may take; what is known by then is kept."""
    initial_rtt_timeout_s: float | None = None
    min_rtt_timeout_s: float | None = None
    max_rtt_timeout_s: float | None = None
    prove_closed: bool = False
    """Ask silent ports again, as slowly as a host that rations its errors answers, until they are known to be closed or not."""
    second_look: bool = False
    """Ask what is open once more, and random ports of hosts where nearly all is open: do the answers hold?"""
    traceroute: bool = False
    systems: bool = False
    """Ask hosts that are up for the manners of their operating system."""
    systems_limit: bool = False
    """Only those of which an open and a closed port are known."""
    reverse_names: bool = False
    """Look up the names of the addresses that answer."""
    version_intensity: int | None = None
    """How much open ports are asked for their services, 0 to 9; None: not at all."""
    all_ports: bool = False
    """Ask printers' ports for their services, too."""
    tls_ciphers: bool = False
    """Ask for every cipher of every version of TLS."""
    waf_test: bool = False
    """Send web servers what looks like an attack, to see whether a WAF refuses it."""
    seed: int | None = None
    """Key of the permutation and of the cookies; None draws one."""
    interface: str | None = None
    source_port: int | None = None
    """Send from this port on; None: from a free one."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of a scan's addresses, each for a machine of its own."""

    number: int
    """Which one, from 1."""
    count: int
    """Of how many."""

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


@dataclass(frozen=True, slots=True)
class PortsAsked:
    """What one method asks each host for."""

    method: str
    protocol: Protocol
    ports: str
    """As a range list, ``1-1024,8080``."""
    port_count: int


@dataclass(frozen=True, slots=True, eq=False)
class HostsAsked:
    """Hosts that are asked for the same ports. Hosts are numbered through in this order, from 0: of all such values of a scan,
    and in each of them by address."""

    addresses: Iterable[str]
    """Their addresses, ascending: ``198.18.0.2``, ``198.18.0.0-198.18.0.255``; made anew each time they are read."""
    ports: Mapping[Protocol, str]
    """As range lists, ``1-1024,8080``."""
    zone: str | None = None
    """The interface of link-local IPv6 addresses; else None."""


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What earlier runs of the same scan have told: so many verdicts, services and hosts come first among the
    events."""

    ports: int
    hosts: int
    services: int = 0


@dataclass(frozen=True, slots=True)
class ScanInfo:
    """What a report says first."""

    version: str
    arguments: tuple[str, ...]
    asked: tuple[PortsAsked, ...]
    """One entry for each method; none where only hosts are looked for."""
    address_count: int
    """Of this shard, where the scan is one of several."""
    started_at: float
    """Seconds since the epoch."""
    seed: int = 0
    shard: Shard | None = None
    all_addresses: int = 0
    """Of all shards together, where the scan is one of several."""
    plan: ScanPlan | None = None
    """None where nothing is sent."""
    targets: tuple[HostsAsked, ...] = ()
    names: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    """The names that hosts were asked by. Untrusted text."""
    taken_over: TakenOver | None = None
    """None of a scan that begins anew."""

    @property
    def method(self) -> str:
        """Names of the methods, ``+`` between them."""
        return "+".join(entry.method for entry in self.asked) or "ping"


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
    loss: float | None = 0.0
    """Estimated share of probes that met no answer although there was one to give, 0 to 1; None where it can't be known."""
    expected_missed: float | None = 0.0
    """Expected number of answers still missed after the repeats; None where it can't be known, as silence was asked once."""
    capture_drops: int = 0
    """Frames that this machine's capture lost."""
    interrupted: bool = False
    problems: tuple[str, ...] = ()
    """Sentences for people about what did not work."""


class Doing(StrEnum):
    """What a scan is at."""

    NEIGHBOURS = "neighbours"
    """Looking for hosts on the link."""
    DISCOVERY = "discovery"
    """Pinging."""
    ASKING = "asking"
    RATIONED = "rationed"
    """Asking again, slowly, where ICMP errors may have been held back."""
    PROVING = "proving"
    """As above, until all silent ports are known to be closed or not."""
    DOUBTING = "doubting"
    """Asking open ports once more."""
    TRACING = "tracing"
    OBSERVING = "observing"
    """Asking hosts for the manners of their systems."""
    IDENTIFYING = "identifying"
    """Asking open ports for their services."""


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
    doing: Doing = Doing.ASKING
