"""What of a host deserves a line of its own, and what is summed up.

The rule is the one people know from nmap: open ports are always shown; a state that more than 25 ports of a host share is
summed up by reason. ``-v`` raises the bound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from hatoba.model import Protocol, Reason, State
from hatoba.packets.distinct import distinct
from hatoba.results.batch import VerdictBatch

_LIMITS = (25, 100, 500)
"""Ports of one state that are still listed, by verbosity; beyond the last, all are."""


@dataclass(frozen=True, slots=True)
class Group:
    """Ports of one host that share protocol, state and reason."""

    protocol: Protocol
    state: State
    reason: Reason
    ports: npt.NDArray[np.uint16]
    """Ascending."""
    example: VerdictBatch
    """One of them, to explain the rest by."""

    def __len__(self) -> int:
        return len(self.ports)


@dataclass(frozen=True, slots=True)
class HostSummary:
    """One host's verdicts, divided."""

    shown: VerdictBatch
    """By protocol and port."""
    hidden: tuple[Group, ...]
    """States in the order of their number of ports, most first; within a state the reasons likewise."""

    @property
    def open_count(self) -> int:
        return int(np.count_nonzero(self.shown.rows["state"] == State.OPEN))

    @property
    def protocols(self) -> frozenset[Protocol]:
        """What its ports belong to."""
        shown = {Protocol(number) for number in distinct(self.shown.rows["protocol"]).tolist()}
        return frozenset(shown.union(group.protocol for group in self.hidden))

    def hidden_states(self) -> dict[State, list[Group]]:
        """The hidden groups by state, order kept."""
        states: dict[State, list[Group]] = {}
        for group in self.hidden:
            states.setdefault(group.state, []).append(group)
        return states


def limit_for(verbose: int) -> int | None:
    """How many ports of one state are listed at this verbosity; None for all."""
    return _LIMITS[verbose] if verbose < len(_LIMITS) else None


def summarise(batch: VerdictBatch, *, limit: int | None = _LIMITS[0], open_only: bool = False) -> HostSummary:
    """Divide the verdicts of one host, which come sorted by protocol and port."""
    if not open_only and (limit is None or len(batch) <= limit):
        return HostSummary(batch, ())
    states = batch.rows["state"]
    counts = np.bincount(states, minlength=max(State) + 1)
    hidden_state = np.ones(len(counts), np.bool_) if open_only or limit is None else counts > limit
    hidden_state[State.OPEN] = False
    is_hidden = hidden_state[states]
    hidden = _groups(_part(batch, is_hidden))
    order = sorted(hidden, key=lambda group: (-int(counts[group.state]), group.state, -len(group), group.protocol))
    return HostSummary(_part(batch, ~is_hidden), tuple(order))


def _group_keys(rows: npt.NDArray[np.void]) -> npt.NDArray[np.uint32]:
    """One number per row that is equal where protocol, state and reason are."""
    protocol, state = rows["protocol"].astype(np.uint32), rows["state"].astype(np.uint32)
    keys: npt.NDArray[np.uint32] = protocol << np.uint32(16) | state << np.uint32(8) | rows["reason"]
    return keys


def _group_of(key: int) -> tuple[Protocol, State, Reason]:
    """What a number of :func:`_group_keys` stands for."""
    return Protocol(key >> 16), State(key >> 8 & 0xFF), Reason(key & 0xFF)


def _groups(batch: VerdictBatch) -> list[Group]:
    keys = _group_keys(batch.rows)
    groups = []
    for key in distinct(keys).tolist():
        rows = batch.rows.compress(keys == key)
        example = replace(batch, rows=rows[:1])
        groups.append(Group(*_group_of(key), rows["port"], example))
    return groups


def _part(batch: VerdictBatch, wanted: npt.NDArray[np.bool_]) -> VerdictBatch:
    return replace(batch, rows=batch.rows.compress(wanted))
