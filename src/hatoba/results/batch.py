"""Verdicts in bulk: one row of a structured array each, turned into :class:`hatoba.model.Verdict` only where a person looks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from typing import Protocol as Interface

import numpy as np
import numpy.typing as npt

from hatoba.model import Address, Answer, Evidence, Host, Protocol, Reason, State, Verdict

VERDICT = np.dtype(
    [
        ("host", "u4"),  # index into the batch's host table
        ("port", "u2"),
        ("protocol", "u1"),  # IANA protocol number
        ("state", "u1"),  # model.State
        ("reason", "u1"),  # model.Reason
        ("probes", "u1"),  # how often it was asked
        ("answered_probe", "u1"),  # which of them was answered, from 1; 0 for silence
        ("answer", "u1"),  # model.Answer
        ("ttl", "u1"),  # of the answer; 0 where unknown
        ("icmp_type", "u1"),
        ("icmp_code", "u1"),
        ("contradicted", "u1"),  # Answer of a later answer that says otherwise; 0 for none
        ("responder", "u4"),  # 0: the host itself, n: responders[n - 1]
        ("rtt_s", "f4"),  # NaN for silence
    ]
)
"""The layout of one verdict, 24 bytes."""

_AT_ONCE = 1024
"""Rows that become Python's own at once: several times as fast as one by one, and few enough to take no memory to speak of."""

_ANSWER_WORDS: dict[int, str] = {
    Answer.SYN_ACK: "syn-ack",
    Answer.SYN: "syn",
    Answer.RST: "rst",
    Answer.CONNECTED: "connected",
    Answer.REFUSED: "refused",
    Answer.LOCAL: "local error",
    Answer.UDP: "udp",
    Answer.INIT_ACK: "init-ack",
    Answer.ABORT: "abort",
    Answer.PACKET: "packet",
    Answer.ECHO_REPLY: "echo reply",
    Answer.TIMESTAMP_REPLY: "timestamp reply",
    Answer.ADDRESSMASK_REPLY: "address mask reply",
    Answer.ARP: "arp",
}


class HostTable(Interface):
    """Addresses by index, without an object for each: what ``targets.TargetSet`` is."""

    def __len__(self) -> int: ...

    def address(self, index: int) -> Address: ...

    def names(self, index: int) -> tuple[str, ...]: ...

    def find(self, addresses: Sequence[Address]) -> npt.NDArray[np.int64]:
        """Indices of these addresses, (n,); -1 for each that is not in the table."""


@dataclass(frozen=True, slots=True)
class HostBatch:
    """Hosts that did not answer and of which there is nothing else to tell: a ``model.Host`` each, without an object for each.
    A sweep has a few hosts that are there, and a great many like these."""

    hosts: HostTable
    indices: npt.NDArray[np.int64]
    """Of the hosts, in the host table; each host of a scan is told once, here or by itself."""
    state: str
    """``down`` or ``unknown``."""
    reason: str
    responder: Address | None = None

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[Host]:
        for index in self.indices.tolist():
            yield Host(self.hosts.address(index), self.hosts.names(index), self.state, self.reason, responder=self.responder)


@dataclass(frozen=True, slots=True)
class VerdictBatch:
    """Some verdicts of a scan, in the order in which they became known. Each asked port comes in exactly one batch, once."""

    method: str
    hosts: HostTable
    rows: npt.NDArray[np.void]
    """Of dtype :data:`VERDICT`."""
    responders: Sequence[Address] = field(default_factory=tuple)
    """Who answered in the target's stead; shared by all batches of a scan and growing."""
    methods: Mapping[int, str] = field(default_factory=dict)
    """By protocol, the method that asked, where it was not ``method``."""

    def __len__(self) -> int:
        return len(self.rows)

    def method_for(self, protocol: int) -> str:
        """The method that asked for ports of *protocol*."""
        return self.methods.get(protocol, self.method)

    def verdicts(self) -> Iterator[Verdict]:
        """Each row as a frozen value."""
        address = cache(self.hosts.address)  # many rows are of the same host
        for start in range(0, len(self.rows), _AT_ONCE):
            for row in self.rows[start : start + _AT_ONCE].tolist():
                yield self._verdict(row, address)

    def _verdict(self, row: tuple[Any, ...], address_of: Callable[[int], Address]) -> Verdict:
        (host, port, protocol, state, reason, probes, answered, answer, *rest) = row
        (ttl, icmp_type, icmp_code, contradicted, who, rtt_s) = rest
        address = address_of(host)
        word = answer_word(answer, icmp_type, icmp_code)
        is_icmp = answer in (Answer.ICMP, Answer.ICMP6)
        responder = None if word is None else (self.responders[who - 1] if who else address)
        return Verdict(
            address,
            Protocol(protocol),
            port,
            State(state),
            Reason(reason),
            Evidence(
                method=self.method_for(protocol),
                probes=probes,
                answer=word,
                answered_probe=answered or None,
                responder=responder,
                rtt_s=None if math.isnan(rtt_s) else rtt_s,
                ttl=ttl or None,
                icmp_type=icmp_type if is_icmp else None,
                icmp_code=icmp_code if is_icmp else None,
                contradicted_by=(word2,) if contradicted and (word2 := answer_word(contradicted, 0, 0)) else (),
            ),
        )


def answer_word(answer: int, icmp_type: int, icmp_code: int) -> str | None:
    """``syn-ack``, ``rst``, ``icmp 3/13``, ``icmp6 1/4``; None for silence."""
    if answer == Answer.ICMP:
        return f"icmp {icmp_type}/{icmp_code}"
    if answer == Answer.ICMP6:
        return f"icmp6 {icmp_type}/{icmp_code}"
    return _ANSWER_WORDS.get(answer)
