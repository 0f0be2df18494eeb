"""What a scan learns of hosts as a whole while it goes through their ports."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from hatoba.engine.leg import Leg
from hatoba.model import Answer, Host, Reason
from hatoba.results.batch import HostTable

_OWN = (Answer.SYN_ACK, Answer.SYN, Answer.RST, Answer.CONNECTED, Answer.REFUSED)


class HostBook:
    """For the hosts of one leg: who answered, with what first, after how long. Arrays, one entry a host."""

    def __init__(self, leg: Leg, hosts: HostTable) -> None:
        self._leg, self._hosts = leg, hosts
        count = len(leg.offsets)
        self._reason = np.zeros(count, np.uint8)
        self._answers = np.zeros(count, np.int64)
        self._rtt_sum_s = np.zeros(count)
        self._nobody = np.zeros(count, bool)
        self._asked = np.zeros(count, bool)

    def learn(self, rows: npt.NDArray[np.void]) -> None:
        """Take in verdict rows of this leg."""
        if not len(rows):
            return
        places = np.searchsorted(self._leg.offsets, rows["host"].astype(np.int64) - self._leg.block.first)
        self._asked[places] = True
        self._nobody[places[rows["reason"] == Reason.NO_NEIGHBOUR]] = True
        # An ICMP error that the host itself sent shows it as well as its RST does.
        from_host = np.isin(rows["answer"], (*_OWN, Answer.ICMP, Answer.ICMP6)) & (rows["responder"] == 0)
        own, places = rows[from_host], places[from_host]
        first_places, first_rows = np.unique(places, return_index=True)
        new = self._reason[first_places] == 0
        self._reason[first_places[new]] = own["reason"][first_rows[new]]
        np.add.at(self._answers, places, 1)
        np.add.at(self._rtt_sum_s, places, np.nan_to_num(own["rtt_s"]))

    def close(self, asked_only: bool = False) -> Iterator[Host]:
        """One value for each host; with *asked_only* for those alone of which some verdict is known."""
        for place in range(len(self._leg.offsets)):
            if not asked_only or self._asked[place]:
                yield self._host(place)

    def _host(self, place: int) -> Host:
        index = int(self._leg.offsets[place]) + self._leg.block.first
        address, names = self._hosts.address(index), self._hosts.names(index)
        if self._reason[place]:
            rtt_s = float(self._rtt_sum_s[place] / self._answers[place])
            return Host(address, names, "up", Reason(int(self._reason[place])).word, rtt_s)
        if self._nobody[place]:
            return Host(address, names, "down", Reason.NO_NEIGHBOUR.word)
        return Host(address, names)
