"""Sockets for the connect wire on Linux: used again and again, with the kernel's own account of every failure.

A fresh socket, with its options and its place in the epoll, costs as much as the connect() itself.

What this rests on, all in the kernel's ``net/ipv4/af_inet.c``, ``tcp.c`` and ``tcp_ipv4.c`` (IPv6 likewise):

* A second connect() on a socket under way tells how the first one fares and sends nothing. If that one failed, the socket is
  as new afterwards, and the next connect() picks a new source port.
* connect() to ``AF_UNSPEC`` gives an attempt up, and cuts a connection by a RST.
* An ICMP error enters the error queue before the socket learns that it failed. If it comes while the socket is in the middle of
  connect(), as it does from a near host, only the queue tells, and the kernel goes on trying.
* epoll reports ``EPOLLERR`` while a socket has an error to tell or something in its error queue. Once connect() has told the
  error, ``EPOLLERR`` means the queue alone.
"""

from __future__ import annotations

import ctypes
import errno
import select
import socket
import struct
from collections.abc import Callable

from hatoba.probes.connect import Kind
from hatoba.wire.connect_errors import (
    IP_RECVERR,
    IP_RECVTTL,
    IPV6_RECVERR,
    IPV6_RECVHOPLIMIT,
    ErrorQueue,
    SocketError,
)
from hatoba.wire.connect_salvo import LOST, TASTE, Addresses, Round, Salvoes
from hatoba.wire.connect_sockets import LINGER_0, UNDER_WAY, Ended, Slot, new_socket

_READY_AT_ONCE = 1024
_EVENTS = select.EPOLLIN | select.EPOLLOUT | select.EPOLLET


class RecycledSockets:
    """An edge-triggered epoll in which each socket stays for good, once it had to wait. *salvoes* ask those who need no
    waiting for; they are closed with the sockets."""

    refused_at_once = Kind.LOCAL  # a policy of the kernel's own, such as SELinux's: no segment can have come back yet

    def __init__(self, interface: str | None = None, salvoes: Salvoes | None = None) -> None:
        self.flying: dict[int, Slot] = {}
        self._interface, self._salvoes = interface, salvoes
        self.near = self._all_answer = False
        self._epoll = select.epoll()
        self._free: dict[int, list[Slot]] = {socket.AF_INET: [], socket.AF_INET6: []}
        self._queue = ErrorQueue()
        self._connect = ctypes.CDLL(None).connect
        self._connect.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
        self._unspecified = struct.pack("=H14x", socket.AF_UNSPEC)

    def take(self, family: int) -> Slot:
        free = self._free[family]
        return free.pop() if free else self._open(family)

    def _open(self, family: int) -> Slot:
        slot = Slot(new_socket(family, self._interface))
        if family == socket.AF_INET:
            slot.socket.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
            slot.socket.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        else:
            slot.socket.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
            slot.socket.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1)
        return slot

    def launch(self, slot: Slot, told_s: float = 0.0) -> None:
        self.flying[slot.descriptor] = slot
        slot.told_s = told_s
        if not slot.watched:
            self._epoll.register(slot.descriptor, _EVENTS)
            slot.watched = True

    def fire(self, family: int, addresses: Addresses, most: int) -> list[Round]:
        if self._salvoes is None or len(addresses) < TASTE:
            return []
        if not self._all_answer:  # the answers that are late must be waited for soon, lest they look later still
            addresses = addresses[: self._salvoes.wants(len(addresses)) if self.near else TASTE]
        slots: list[Slot] = []
        try:
            while len(slots) < min(most, self._salvoes.wants(len(addresses))):
                slots.append(self.take(family))
        except OSError:
            pass  # there are no more; the few will do, or who asks one by one will meet the same and tell
        rounds, idle = self._salvoes.fire(slots, addresses)
        self._free[family] += idle
        self.near = bool(rounds) and all(fired.is_near for fired in rounds)
        self._all_answer = self.near and not any(fired.late for fired in rounds)
        if self._salvoes.broken:
            self._salvoes.close()
            self._salvoes, self.near, self._all_answer = None, False, False
        return rounds

    def end(self, slot: Slot, code: int) -> Ended:
        if code == LOST:
            self._drop(slot)
            return slot, code, None
        error = self._error(slot)
        self._reset(slot)
        return slot, code if error is None else error.errno, error

    def put_back(self, slot: Slot) -> None:
        self._reset(slot)

    def settle(self, timeout_s: float, clock: Callable[[], float]) -> list[Ended]:
        ended: list[Ended] = []
        events = self._epoll.poll(timeout_s, _READY_AT_ONCE)
        while events:
            refused = self._sort(events, ended, clock())
            if not refused:
                break
            # Was it a RST, or ICMP? That connect() told its error makes each of them ready once more.
            events = self._epoll.poll(0, _READY_AT_ONCE)
            after = dict(events)
            for slot in refused:
                if after.pop(slot.descriptor, select.EPOLLERR) & select.EPOLLERR:
                    ended.append((slot, errno.ECONNREFUSED, self._error(slot)))
                else:
                    ended.append((slot, errno.ECONNREFUSED, None))
                self._keep(slot)
            events = list(after.items())
        return ended

    def _sort(self, events: list[tuple[int, int]], ended: list[Ended], now: float) -> list[Slot]:
        """Put what has ended into *ended*; but what was refused, by whomever, is returned."""
        flying, refused = self.flying, []
        for descriptor, event in events:
            slot = flying.get(descriptor)
            if slot is None:
                continue
            code = slot.connect(slot.address)
            if code == errno.ECONNREFUSED:
                refused.append(slot)
            elif not self._has_ended(slot, code, event, ended):
                slot.told_s = 0.0
                continue
            slot.ended_s = slot.told_s or now
            del flying[descriptor]
        return refused

    def _has_ended(self, slot: Slot, code: int, event: int, ended: list[Ended]) -> bool:
        error = self._error(slot) if event & select.EPOLLERR else None
        if code == errno.EISCONN:  # a salvo was told before
            code = 0
        if error is not None:
            code = error.errno
        elif code == 0 and slot.meets_itself():
            self._cut(slot)
            code = slot.connect(slot.address)
        if error is None and code in UNDER_WAY:
            return False
        ended.append((slot, code, error))
        self._reset(slot)
        return True

    def _error(self, slot: Slot) -> SocketError | None:
        """The first error in its queue that is about the present question; the queue is empty afterwards."""
        found = None
        while (error := self._queue.read(slot.descriptor)) is not None:
            if found is None and slot.is_about(error):
                found = error
        return found

    def give_up(self, slots: list[Slot]) -> None:
        for slot in slots:
            del self.flying[slot.descriptor]
            self._reset(slot)

    def _reset(self, slot: Slot) -> None:
        if self._cut(slot) == 0:
            self._error(slot)
            self._keep(slot)
        else:
            self._drop(slot)

    def _cut(self, slot: Slot) -> int:
        """End a connection or an attempt. By RST, not by FIN, so that no TIME_WAIT holds the source port for a minute; the
        target's program meets "connection reset by peer" at its first read, and many a log says so."""
        return int(self._connect(slot.descriptor, self._unspecified, len(self._unspecified)))

    def _keep(self, slot: Slot) -> None:
        if slot.zone_index:
            self._drop(slot)  # an address's zone ties a socket to a link for good
        else:
            self._free[slot.family].append(slot)

    @staticmethod
    def _drop(slot: Slot) -> None:
        slot.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
        slot.socket.close()

    def close(self) -> None:
        self.give_up(list(self.flying.values()))
        for free in self._free.values():
            for slot in free:
                slot.socket.close()
            free.clear()
        self._epoll.close()
        if self._salvoes is not None:
            self._salvoes.close()
