"""A few TCP ports of each host of a group, by what is known of them: enough to look closer at the host with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from hatoba.model import Protocol, State

MOST: Mapping[State, int] = {State.OPEN: 4, State.CLOSED: 1, State.FILTERED: 2}
"""How many of each state are kept."""

Numbers = npt.NDArray[np.int64]


class PortSamples:
    """For so many *hosts*, by their places."""

    def __init__(self, hosts: int) -> None:
        self._ports = {state: np.zeros((hosts, most), np.uint16) for state, most in MOST.items()}
        self._counts = {state: np.zeros(hosts, np.int64) for state in MOST}

    def learn(self, rows: npt.NDArray[np.void], places: Numbers) -> None:
        """Take in verdict rows of the hosts at *places*, (rows,)."""
        for state, most in MOST.items():
            wanted = (rows["protocol"] == Protocol.TCP) & (rows["state"] == state) & (rows["port"] > 0)
            wanted &= self._counts[state][places] < most
            if not wanted.any():
                continue
            hosts, ports = places[wanted], rows["port"][wanted]
            order = np.argsort(hosts, kind="stable")
            hosts, ports = hosts[order], ports[order]
            rank = self._counts[state][hosts] + np.arange(len(hosts)) - np.searchsorted(hosts, hosts)
            kept = rank < most
            self._ports[state][hosts[kept], rank[kept]] = ports[kept]
            np.add.at(self._counts[state], hosts[kept], 1)

    def of(self, place: int, state: State) -> tuple[int, ...]:
        """The ports of the host at *place* that have this state, in the order in which they became known."""
        return tuple(self._ports[state][place, : self._counts[state][place]].tolist())

    def part(self, places: Numbers) -> PortSamples:
        """Those of the hosts at *places*."""
        samples = PortSamples(len(places))
        for state in MOST:
            samples._ports[state], samples._counts[state] = self._ports[state][places], self._counts[state][places]
        return samples
