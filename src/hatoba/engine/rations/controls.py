"""Controls: closed ports that have answered are asked once more, among those that are silent. What becomes of them tells what
the silence of the others is worth.

Many systems send a limited number of resets in a second: FreeBSD 200 (net.inet.icmp.icmplim), counted anew every second, macOS
250, others by the rules of a firewall. So a whole round can be lost that came after the ration was used up, however few were
lost before; and no number of such rounds says that a port is filtered. Controls share the ration, the way and the moment of the
silent questions among which they are drawn by lot. Open ports don't: SYN-ACKs are not rationed.

By chance, though, SYN-ACKs are lost like resets. What a way loses is seen the better the more answers there were, so where few
closed ports have answered, open ones are asked once more, too.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hatoba.engine.legs.draw import Draw
from hatoba.engine.legs.ledger import Ledger
from hatoba.engine.legs.leg import Indices, Leg
from hatoba.model import Protocol, State

Numbers = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FEWEST, EACH = 8, 32
"""Controls of one host in a round: as many as it has silent questions, but no fewer, which would say nothing, and no more."""
_LEAST = 5
"""Fewer say nothing."""
_MUTE = 12
"""Of a host of which so many in a row brought nothing, none was lost by chance: it has gone, or wants to hear no more."""
_MOSTLY = 0.5
_DEVIATIONS = 4.5
_USUAL_LOSS = 0.2
"""What may be lost by chance where no more was seen."""
_BY_RESET = np.zeros(256, bool)
_BY_RESET[[State.CLOSED, State.UNFILTERED]] = True
"""Of TCP, the states that nothing but a reset tells."""
_ANSWERED = _BY_RESET.copy()
_ANSWERED[State.OPEN] = True


class Controls:
    """Of the hosts of one leg."""

    def __init__(self, leg: Leg, ledger: Ledger, draw: Draw, apart: Mask | None = None, open_too: bool = False) -> None:
        """*apart*: hosts whose losses are no chance, (hosts,), looked up whenever losses are counted. *open_too*: open ports
        may be asked once more."""
        self._apart = np.zeros(len(leg.offsets), bool) if apart is None else apart
        self._open_too = open_too
        self._past = np.zeros((3, len(leg.offsets)), np.int64)
        """Of rounds before, by host: asked, lost, and how many were lost since one was answered."""
        self._leg, self._ledger, self._draw = leg, ledger, draw
        self._tcp = leg.asks.protocol == Protocol.TCP
        self.asked: Indices = np.zeros(0, np.int64)
        """Those of this round, ascending."""
        self._answered = np.zeros(0, bool)

    def choose(self, wanted: Indices) -> Indices:
        """Controls for a round: so many of each host, (hosts,), as far as that many have answered."""
        self._fold()
        return self._choose(wanted, _BY_RESET)

    def _choose(self, wanted: Indices, states: Mask) -> Indices:
        """Those that only a reset tells come first."""
        pool = np.flatnonzero(states[self._ledger.state]) if wanted.any() and self._tcp.any() else self.asked[:0]
        hosts, places = self._leg.split(pool)
        pool = self._draw.permutation(pool[self._tcp[places] & (wanted[hosts] > 0)])
        pool = pool[np.lexsort((~_BY_RESET[self._ledger.state[pool]], self._leg.hosts(pool)))]
        hosts = self._leg.hosts(pool)
        rank = np.arange(len(pool)) - np.searchsorted(hosts, hosts)
        self.asked = np.sort(pool[rank < wanted[hosts]])
        self._answered = np.zeros(len(self.asked), bool)
        return self.asked

    def beside(self, silent: Indices) -> Indices:
        """Controls for a round in which these are asked."""
        counts = np.bincount(self._leg.hosts(silent), minlength=len(self._leg.offsets))
        self._fold()
        return self._choose(np.where(counts > 0, np.clip(counts, FEWEST, EACH), 0), _ANSWERED if self._open_too else _BY_RESET)

    def none(self) -> None:
        """The next round has none."""
        self._fold()
        self.leave()

    def leave(self) -> None:
        """Nobody waits for this round's any more: what has not come of them is not lost."""
        self.asked, self._answered = self.asked[:0], self._answered[:0]

    def among(self, questions: Indices) -> Mask:
        """Which of these are controls of this round."""
        if not self.asked.size:
            return np.zeros(len(questions), bool)
        found: Mask = self.asked[self._places(questions)] == questions
        return found

    def _places(self, questions: Indices) -> npt.NDArray[np.intp]:
        return np.minimum(np.searchsorted(self.asked, questions), len(self.asked) - 1)

    def answered(self, questions: Indices) -> None:
        """This round's probes to these controls were answered."""
        self._answered[self._places(questions)] = True

    def counts(self) -> tuple[Numbers, Numbers]:
        """(asked, lost) of each host in this round, of resets."""
        by_reset = _BY_RESET[self._ledger.state[self.asked]]
        hosts, size = self._leg.hosts(self.asked), len(self._leg.offsets)
        asked = np.bincount(hosts[by_reset], minlength=size).astype(np.float64)
        return asked, asked - np.bincount(hosts[by_reset & self._answered], minlength=size)

    def by_chance(self) -> tuple[int, int]:
        """(asked, lost) in all rounds, of hosts whose losses are chance: not of those that have gone silent altogether."""
        asked, lost, mute = self._all_rounds()
        counts = ~self._apart & (mute < _MUTE)
        return int(asked[counts].sum()), int(lost[counts].sum())

    def _all_rounds(self) -> Indices:
        """As ``_past``, this round among them."""
        if not self.asked.size:
            return self._past
        hosts, size = self._leg.hosts(self.asked), len(self._leg.offsets)
        asked, through = np.bincount(hosts, minlength=size), np.bincount(hosts[self._answered], minlength=size)
        past_asked, past_lost, mute = self._past
        return np.stack([past_asked + asked, past_lost + asked - through, np.where(through > 0, 0, mute + asked)])

    def _fold(self) -> None:
        self._past = self._all_rounds()

    def forget(self) -> None:
        """What was lost until now says nothing of what will be."""
        self.none()
        self._past[:] = 0

    def rationed(self, loss: Numbers, slow: Mask) -> Mask:
        """Hosts that have to be asked second by second: of whose controls so many were lost, beside the share that each is
        known to lose, that this round says nothing of their silence; and those that are *slow*, as controls tell sooner what
        they can answer."""
        asked, lost = self.counts()
        return far_more(asked, lost, np.maximum(loss, _USUAL_LOSS)) | (slow & (asked >= _LEAST))


def far_more(asked: Numbers, lost: Numbers, loss: Numbers) -> Mask:
    """Where more than half was lost, and far more than that share by chance."""
    by_chance = loss * asked + _DEVIATIONS * np.sqrt(asked * loss * (1 - loss))
    found: Mask = (asked >= _LEAST) & (lost > _MOSTLY * asked) & (lost > by_chance)
    return found
