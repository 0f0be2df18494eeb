"""connect() by the thousand: start many, learn how each ended, give up the slow ones.

The kernel shakes hands, so this needs no privilege. What makes it fast: sockets are few and used again
(``connect_recycled``); answers of a near host are there when connect() returns, so they are taken in after every few
questions, which keeps the sockets few and the measured times true; nothing else is asked of the kernel for each question.
Where the kernel has io_uring, hosts that answer at once are asked by salvoes (``connect_salvo``).
"""

from __future__ import annotations

import errno
import socket
import sys
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hatoba.errors import WireError
from hatoba.messages import _
from hatoba.probes.connect import OUTCOME, Kind
from hatoba.wire.connect_errors import ORIGIN_ICMP, ORIGIN_ICMP6, SocketError
from hatoba.wire.connect_recycled import RecycledSockets
from hatoba.wire.connect_salvo import LOST, Round, best_salvoes, socket_addresses
from hatoba.wire.connect_sockets import UNDER_WAY, PlainSockets, Slot, Sockets
from hatoba.wire.descriptors import EXHAUSTED, room_for_sockets
from hatoba.wire.local import own_addresses

__all__ = ["OUTCOME", "ConnectWire", "Kind"]

_BURST = 32
"""After so many questions, answers are taken in. More makes round-trip times of near hosts look longer than they are."""
_NEAR_ROOM = 1 << 12
_OWN_ADDRESSES_HOLD_S = 5.0
_CUT_BY_PEER = frozenset({errno.ECONNRESET, errno.EPIPE})
"""After the handshake: the target accepted and then cut the connection. Before it, a RST gives ECONNREFUSED."""
_HOSTS_KEPT = 1 << 16

_PLAIN = np.dtype([("token", "i8"), ("errno", "i4"), ("kind", "u1"), ("started_s", "f8"), ("at_s", "f8")])


class ConnectWire:
    """Starts connect() and reports how each ended.

    *limit*: how many may be under way at once; None takes what ``RLIMIT_NOFILE`` allows, whose soft limit it raises.
    *clock*: seconds, monotonic. *interface*: tie all connections to it. *sockets*: another set of sockets than the
    platform's best, for tests.

    Raises WireError for an interface that does not exist, NotPermitted where the kernel does not let this user tie
    connections to one. Not to be shared between threads.
    """

    def __init__(
        self,
        *,
        limit: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        interface: str | None = None,
        sockets: Sockets | None = None,
    ) -> None:
        self._clock = clock
        self._sockets = sockets or best_sockets(interface, clock)
        self._ceiling = self._limit = room_for_sockets() if limit is None else limit
        self._done: list[tuple[int, int, int, float, float]] = []  # rows of _PLAIN
        self._refused: list[npt.NDArray[np.void]] = []  # rows of OUTCOME
        self._errors: list[tuple[int, SocketError]] = []  # index into _done, and what the kernel told of it
        self._hosts: dict[bytes, str] = {}
        self._own: tuple[float, frozenset[bytes]] = (float("-inf"), frozenset())

    @property
    def in_flight(self) -> int:
        """Questions started of which no outcome was handed out yet."""
        return len(self._sockets.flying) + len(self._done) + sum(map(len, self._refused))

    @property
    def room(self) -> int:
        """How many more may be started now. Where answers come at once, a few sockets do for many questions."""
        return max(self._room, _NEAR_ROOM) if self._sockets.near and self._room else self._room

    @property
    def _room(self) -> int:
        """How many sockets more may be under way."""
        return max(0, self._limit - len(self._sockets.flying))

    def start(
        self, tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16], zone_index: int = 0
    ) -> int:
        """Start a connect() for each row and return how many were started, the first ones.

        *tokens* (n,), what comes back in the outcome; *packed* (n, 4) or (n, 16), addresses; *ports* (n,);
        *zone_index*, the interface of link-local addresses. Fewer than n if there is no room, or if the kernel runs out of
        descriptors or source ports: then the room shrinks, and grows again while things go well. Raises WireError if not
        even one socket can be had.
        """
        count = min(len(tokens), self.room)
        width = packed.shape[1]
        family = socket.AF_INET if width == 4 else socket.AF_INET6
        asked = 0 if zone_index else self._fire(family, tokens[:count], packed[:count], ports[:count])
        addresses = np.ascontiguousarray(packed[:count]).view(f"V{width}")[:, 0].tolist()
        token_list, port_list = tokens[:count].tolist(), ports[:count].tolist()
        hosts, clock = self._hosts, self._clock
        take, launch = self._sockets.take, self._sockets.launch
        count = min(count, asked + self._room)
        for begin in range(asked, count, _BURST):
            for index in range(begin, min(begin + _BURST, count)):
                raw, port = addresses[index], port_list[index]
                host = hosts.get(raw) or self._host(family, raw)
                try:
                    slot = take(family)
                except OSError as error:
                    if self._is_exhausted(error.errno):
                        return index
                    self._done.append((token_list[index], error.errno or errno.EIO, Kind.LOCAL, clock(), clock()))
                    continue
                slot.token, slot.zone_index = token_list[index], zone_index
                slot.address = address = (host, port) if width == 4 else (host, port, 0, zone_index)
                slot.started_s = clock()
                code = slot.connect(address)
                if code in UNDER_WAY:
                    launch(slot)
                elif not self._settled_at_once(slot, code):
                    return index
            self._gather(0.0)
            self._limit = min(self._ceiling, self._limit + 1)
        return count

    def poll(self, timeout_s: float) -> npt.NDArray[np.void]:
        """Outcomes since the last call, rows of dtype :data:`OUTCOME`; waits up to *timeout_s* if there are none.

        It may return none before that time: not all that the kernel reports ends a question.
        """
        self._gather(0.0 if self._done or self._refused else max(0.0, timeout_s))
        return self._handed_out()

    def expire(self, started_before_s: float) -> npt.NDArray[np.void]:
        """Give up what was started before that time (on the wire's clock): rows of :data:`OUTCOME`, kind EXPIRED.

        Answers that are there already count; the next :meth:`poll` hands them out.
        """
        self._gather(0.0)
        late = []
        for slot in self._sockets.flying.values():
            if slot.started_s >= started_before_s:
                break
            late.append(slot)
        rows = np.zeros(len(late), OUTCOME)
        rows["kind"], rows["at_s"] = Kind.EXPIRED, self._clock()
        rows["token"] = [slot.token for slot in late]
        rows["started_s"] = [slot.started_s for slot in late]
        self._sockets.give_up(late)
        return rows

    def close(self) -> None:
        """Give up all that is under way and close every socket. What was not handed out is lost."""
        self._done.clear()
        self._errors.clear()
        self._refused.clear()
        self._sockets.close()

    def _fire(
        self, family: int, tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16]
    ) -> int:
        """Ask by salvoes as long as most answers come at once; how many were asked, the first ones."""
        asked, near = 0, True
        while near and asked < len(tokens):
            rounds = self._sockets.fire(family, socket_addresses(packed[asked:], ports[asked:]), self._room)
            near = self._sockets.near and bool(rounds)
            for fired in rounds:
                count = len(fired.slots)
                part = slice(asked, asked + count)
                self._take_in(fired, tokens[part], packed[part], ports[part])
                asked += count
            self._gather(0.0)
        return asked

    def _take_in(
        self, fired: Round, tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16]
    ) -> None:
        """What one round of a salvo told of these questions: a RST for good, of the others where they stand."""
        reset = fired.refused
        reset[list(fired.errors)] = False
        rows = np.zeros(int(reset.sum()), OUTCOME)
        rows["token"], rows["errno"], rows["kind"] = tokens[reset], errno.ECONNREFUSED, Kind.REFUSED
        rows["started_s"], rows["at_s"] = fired.started_s[reset], fired.at_s[reset]
        self._refused.append(rows)
        family = socket.AF_INET if packed.shape[1] == 4 else socket.AF_INET6
        for place in np.flatnonzero(~reset).tolist():
            slot, code, error = fired.slots[place], int(fired.code[place]), fired.errors.get(place)
            slot.token, slot.zone_index = int(tokens[place]), 0
            slot.started_s, slot.ended_s = float(fired.started_s[place]), float(fired.at_s[place])
            if error is not None:
                self._note(slot, code, error)
                continue
            host = self._host(family, packed[place].tobytes())
            slot.address = (host, int(ports[place])) if family == socket.AF_INET else (host, int(ports[place]), 0, 0)
            if fired.at_once[place]:
                if not self._settled_at_once(slot, code):
                    self._note(slot, LOST, None)
            elif code in UNDER_WAY or code == 0:
                self._sockets.launch(slot, 0.0 if code else slot.ended_s)
            else:
                self._note(*self._sockets.end(slot, code))

    def _host(self, family: int, raw: bytes) -> str:
        """The address's text, which is how Python's sockets take it."""
        if len(self._hosts) >= _HOSTS_KEPT:
            self._hosts.clear()
        self._hosts[raw] = text = socket.inet_ntop(family, raw)
        return text

    def _settled_at_once(self, slot: Slot, code: int) -> bool:
        """connect() itself told the outcome. False if that was only that there is no source port for it now."""
        self._sockets.put_back(slot)
        if self._sockets.flying and self._is_exhausted(code):
            return False
        kind = Kind.CONNECTED if code == 0 else self._sockets.refused_at_once if code == errno.ECONNREFUSED else Kind.LOCAL
        self._done.append((slot.token, code, kind, slot.started_s, self._clock()))
        return True

    def _is_exhausted(self, code: int | None) -> bool:
        """Whether an errno means that the kernel has no more to give; then the room shrinks to what is under way."""
        if code not in EXHAUSTED:
            return False
        self._limit = len(self._sockets.flying)
        if self._limit == 0:
            raise WireError(_("this process may open no more connections; allow more open files with: ulimit -n 4096"))
        return True

    def _gather(self, timeout_s: float) -> None:
        """Take in what the kernel knows by now."""
        for slot, code, error in self._sockets.settle(timeout_s, self._clock):
            self._note(slot, code, error)

    def _note(self, slot: Slot, code: int, error: SocketError | None) -> None:
        if error is not None:
            self._errors.append((len(self._done), error))
            kind = self._kind(error)
        elif code == errno.ECONNREFUSED:
            kind = Kind.REFUSED
        elif code == 0 or code in _CUT_BY_PEER:
            kind = Kind.CONNECTED
        else:
            kind = Kind.EXPIRED if code == errno.ETIMEDOUT else Kind.LOCAL
        self._done.append((slot.token, code, kind, slot.started_s, slot.ended_s))

    def _kind(self, error: SocketError) -> Kind:
        """Whose word it is: an ICMP error from an own address about another's port was made by this very kernel, because
        nobody answered for the address on its link, or because a local firewall refused."""
        if error.origin not in (ORIGIN_ICMP, ORIGIN_ICMP6):
            return Kind.LOCAL
        if error.offender != error.asked[0] and self._is_own(error.offender):
            return Kind.LOCAL
        return Kind.ICMP if error.origin == ORIGIN_ICMP else Kind.ICMP6

    def _is_own(self, address: bytes) -> bool:
        read_at_s, own = self._own
        now = self._clock()
        if now - read_at_s > _OWN_ADDRESSES_HOLD_S:
            own = own_addresses()
            self._own = now, own
        return address in own

    def _handed_out(self) -> npt.NDArray[np.void]:
        plain = np.array(self._done, _PLAIN)
        rows = np.zeros(len(plain), OUTCOME)
        for name in _PLAIN.names or ():
            rows[name] = plain[name]
        for index, error in self._errors:
            row = rows[index]
            row["icmp_type"], row["icmp_code"], row["ttl"] = error.icmp_type, error.icmp_code, error.ttl
            row["offender"][: len(error.offender)] = list(error.offender)
            row["offender_family"] = {4: 4, 16: 6}.get(len(error.offender), 0)
        rows = np.concatenate([rows, *self._refused])
        self._done.clear()
        self._errors.clear()
        self._refused.clear()
        return rows


def best_sockets(interface: str | None = None, clock: Callable[[], float] = time.monotonic) -> Sockets:
    """Sockets that tell most on this platform."""
    return RecycledSockets(interface, best_salvoes(clock)) if sys.platform == "linux" else PlainSockets(interface)
