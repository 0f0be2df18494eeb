"""What ``hatoba nc`` does with a connection: standard input goes to the peer, what the peer sends goes to standard output.

What ends when (docs/nc.md has it as a table):

* Input ends: the peer is told (half-close), and we go on listening to it; ``quit_after_s`` bounds how long.
* The peer ends its sending: on a terminal that is the end. Otherwise what is left of the input is still sent, for it would be
  lost without a word.
* Both ended: the end.
"""

from __future__ import annotations

import contextlib
import enum
import math
import select
import time
from dataclasses import dataclass

from hatoba.messages import system_words
from hatoba.netcat.console import Console
from hatoba.netcat.ends import Cut, OutputClosed
from hatoba.netcat.pumps import Pump
from hatoba.netcat.ways import Ways

_TURNS = 16
"""So many steps one way before the other gets its turn."""

_LITTLE_BYTES = 1 << 12
"""After a step that moved less there is most likely nothing more: to wait for more is cheaper than to try, and fail."""


class AtPeerEnd(enum.Enum):
    """What to do when the peer sends no more, and input may have more to send."""

    QUIT = "quit"
    DRAIN = "drain"
    TERMINAL = "terminal"
    """Quit if input is a terminal, drain otherwise."""


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """How a relay treats its two ways and their ends."""

    sends: bool = True
    receives: bool = True
    half_close: bool = True
    """Tell the peer when input ends."""
    quit_after_s: float | None = None
    """How long to listen after the end of input; None: until the peer ends too."""
    at_peer_end: AtPeerEnd = AtPeerEnd.TERMINAL
    idle_s: float | None = None
    """End when nothing moved for so long."""
    most_pieces: int | None = None
    """End when so many pieces came, for datagrams so many datagrams."""


@dataclass(slots=True)
class Ending:
    """How a relay ended. *fault* is what the network said where it was no orderly end; *idle* tells that ``idle_s`` passed,
    *deserted* that nobody was there for as long as anybody is waited for."""

    sent_bytes: int = 0
    received_bytes: int = 0
    took_s: float = 0.0
    fault: OSError | None = None
    idle: bool = False
    deserted: bool = False


class Relay:
    """The two ways of one connection, from now until one of the ends that the settings name."""

    def __init__(self, ways: Ways, settings: RelaySettings, console: Console) -> None:
        self._settings = settings
        self._console = console
        self._ways = ways
        self._sending = ways.sending if settings.sends else None
        self._receiving: Pump | None = ways.receiving
        self._ending = Ending()
        self._tries = not ways.seen_by_kernel or bool(settings.most_pieces)
        """Whether a pump is tried until it fails, however little it moved."""
        self._poll = select.poll()
        self._polled: dict[int, int] = {}
        self._ready: set[int] | None = None
        """The descriptors that have something new; None: perhaps all."""
        self._quit_at_s = math.inf
        self._pieces = 0
        self._over = False

    def run(self) -> Ending:
        """Relay until the end. Raises OutputClosed where nobody reads standard output any more, OutputError where it
        can't be written; what the network does stands in the Ending."""
        ending = self._ending
        began_s = moved_at_s = time.monotonic()
        while not self._over:
            # What came may be who input waits for, and goes to.
            more = self._receive_some()
            more |= not self._over and self._send_some()
            now_s = time.monotonic()
            moved = self._count_moved()
            if moved:
                moved_at_s = now_s
            if self._over or more:
                self._ready = None
                continue
            company = self._ways.company
            deserted_at_s = math.inf if company is None else company.deserted_at_s()
            until_s = min(self._quit_at_s, deserted_at_s, moved_at_s + (self._settings.idle_s or math.inf))
            if now_s >= until_s:
                ending.deserted = now_s >= deserted_at_s
                ending.idle = now_s < self._quit_at_s and not ending.deserted
                break
            self._wait(min(until_s, math.inf if company is None else company.acts_at_s()) - now_s)
        ending.took_s = time.monotonic() - began_s
        return ending

    def _count_moved(self) -> bool:
        """Bring the Ending's counts up to date; True where something moved since the last time."""
        before = self._ending.sent_bytes + self._ending.received_bytes
        if self._sending is not None:
            self._ending.sent_bytes = self._sending.moved_bytes
        if self._receiving is not None:
            self._ending.received_bytes = self._receiving.moved_bytes
        return before != self._ending.sent_bytes + self._ending.received_bytes

    def _send_some(self) -> bool:
        """Move input to the peer; True where there is more to move at once."""
        if self._sending is None or not self._may_go_on(self._sending):
            return False
        try:
            state = self._several(self._sending)
        except OSError as fault:
            self._ending.fault = fault
            self._count_moved()
            self._sending = None
            # For datagrams it is an ICMP error (nobody is there), or the system does not let them out.
            self._over = self._receiving is None or self._ways.tell_end is None
            return False
        if state != 0:
            return state is not None
        self._count_moved()
        self._sending = None
        self._input_ended()
        return False

    def _receive_some(self) -> bool:
        """Move what the peer sent to standard output; True where there is more to move at once."""
        if self._receiving is None or not self._may_go_on(self._receiving):
            return False
        try:
            state = self._several(self._receiving, 1 if self._settings.most_pieces else _TURNS)
        except OSError as fault:
            if isinstance(fault, BrokenPipeError):
                # Only a splice into standard output ends so: nobody can break what we read from.
                raise OutputClosed(system_words(fault)) from fault
            self._ending.fault = self._ending.fault or fault
            if not isinstance(fault, Cut):
                self._over = True
                return False
            state = 0
        if state and self._settings.most_pieces:
            self._pieces += 1
            self._over = self._pieces >= self._settings.most_pieces
        if state != 0:
            return state is not None
        self._count_moved()
        self._receiving = None
        self._peer_ended()
        return False

    def _input_ended(self) -> None:
        settings = self._settings
        tells = settings.half_close and self._ways.tell_end is not None
        if settings.half_close and self._ways.tell_end is not None:
            with contextlib.suppress(OSError):  # the peer was faster, and is gone
                self._ways.tell_end()
        self._console.input_ended(told=tells)
        self._over = self._receiving is None or not settings.receives
        if settings.quit_after_s is not None:
            self._quit_at_s = time.monotonic() + settings.quit_after_s

    def _peer_ended(self) -> None:
        quits = self._settings.at_peer_end is AtPeerEnd.QUIT or (
            self._settings.at_peer_end is AtPeerEnd.TERMINAL and self._ways.terminal
        )
        self._over = self._sending is None or quits
        self._console.peer_ended(still_sending=not self._over)

    def _may_go_on(self, pump: Pump) -> bool:
        """Whether what *pump* waits for has come, as far as it waits for a descriptor alone."""
        return self._ready is None or pump.ready_at_s > 0 or pump.waits_for()[0] in self._ready

    def _several(self, pump: Pump, turns: int = _TURNS) -> int | None:
        """Some steps of *pump*: 0 where its source ended, None where it has to wait, above 0 where it could go on at once."""
        for _turn in range(turns):
            if pump.ready_at_s and pump.ready_at_s > time.monotonic():
                return None
            moved = pump.step()
            if not moved:
                return moved
            if moved < _LITTLE_BYTES and not self._tries and not pump.holds:
                return None
        return 1

    def _wait(self, seconds: float) -> None:
        """Until one of the ways can go on, at most so long."""
        wanted: dict[int, int] = {}
        now_s = time.monotonic()
        for pump in (self._sending, self._receiving):
            if pump is None:
                continue
            if pump.ready_at_s > now_s:
                seconds = min(seconds, pump.ready_at_s - now_s)
                continue
            descriptor, event = pump.waits_for()
            wanted[descriptor] = wanted.get(descriptor, 0) | event
        if wanted != self._polled:
            for descriptor in self._polled.keys() - wanted.keys():
                self._poll.unregister(descriptor)
            for descriptor, events in wanted.items():
                self._poll.register(descriptor, events)
            self._polled = wanted
        found = self._poll.poll(None if seconds == math.inf else math.ceil(1000 * max(0.0, seconds)))
        # Who of a company comes or goes changes what others wait for.
        self._ready = {descriptor for descriptor, _event in found} if found and self._ways.company is None else None
