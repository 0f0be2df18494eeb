"""Names of addresses (reverse look-up), asked while a scan runs: many at once, and never a reason to wait long.

The system's resolver is asked, by getnameinfo(3), and not a name server directly (with dnspython, say): only the system knows
all the places where this machine's names come from, /etc/hosts, mDNS, a directory, and which server answers for which
domain, as inside a VPN. It has no way to ask many at once or to give up a question, hence the threads: one question each, and a
question that has no answer in time is left alone in its thread. They are daemon threads, so that the program can end.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from hatoba.messages import _
from hatoba.model import Address

LookUp = Callable[[str], str | None]
"""An address as text (an IPv6 one with its zone) to its name; None where it has none. Raises OSError where the question itself
failed: no server answered."""

LONGEST_NAME = 253
"""Characters of a name in text, RFC 1035 section 2.3.4: 255 bytes on the wire, less two that text does without."""

FAILURES_IN_A_ROW = 8
"""After so many questions without any answer in between, nobody is asked any more."""

FRUITLESS_WAITS = 4
"""How many times the patience of one address may be spent in vain, before nobody is asked any more."""


def system_look_up(address: str) -> str | None:
    """Ask the system for the name of *address*. Raise OSError where it could not find out."""
    host, _percent, zone = address.partition("%")
    place = (host, 0, 0, _zone_index(zone)) if ":" in host else (host, 0)
    try:
        return socket.getnameinfo(place, socket.NI_NAMEREQD)[0]
    except socket.gaierror as error:
        if error.errno == socket.EAI_NONAME:
            return None
        raise
    except UnicodeError:  # bytes that are no text are nobody's name
        return None


def _zone_index(zone: str) -> int:
    if zone.isdecimal():
        return int(zone)
    try:
        return socket.if_nametoindex(zone) if zone else 0
    except OSError:  # the interface has gone meanwhile; the name may be known without it
        return 0


def tidy_name(name: str | None) -> str | None:
    """*name* without the dot of the root; None for what can't be a name, by its length. It stays untrusted text."""
    name = (name or "").removesuffix(".")
    return name if 0 < len(name) <= LONGEST_NAME else None


class _Stage(Enum):
    QUEUED = auto()
    ASKED = auto()
    OVERDUE = auto()
    """Asked, and counted as a failure; an answer may still come."""
    SETTLED = auto()


@dataclass(slots=True, eq=False)
class _Question:
    address: Address
    stage: _Stage = _Stage.QUEUED
    asked_at: float = 0.0
    name: str | None = None


class ReverseNames:
    """Looks up the names of addresses while a scan runs: a pool of threads, as many questions at once as *at_once*.

    An address has *patience_s* seconds, from when its question really went out or :meth:`name` began to wait for it, whichever
    is earlier. Servers that don't answer can't hold a scan up: after :data:`FAILURES_IN_A_ROW` questions without an answer in
    between, or once :meth:`name` has waited in vain for :data:`FRUITLESS_WAITS` times the patience in all, nobody is asked and
    nothing waited for any more, and :attr:`problem` says so.
    """

    def __init__(
        self,
        look_up: LookUp = system_look_up,
        at_once: int = 64,
        patience_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look_up = look_up
        self._at_once = at_once
        self._patience_s = patience_s
        self._clock = clock
        self._lock = threading.Lock()
        self._work_came = threading.Condition(self._lock)
        self._settled = threading.Condition(self._lock)
        self._questions: dict[Address, _Question] = {}
        self._queue: deque[_Question] = deque()
        self._asked: set[_Question] = set()
        self._threads = 0
        self._idle = 0
        self._in_a_row = 0
        self._failures = 0
        self._answered = False
        self._fruitless_s = 0.0
        self._given_up = False
        self._closed = False

    def __enter__(self) -> ReverseNames:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @property
    def problem(self) -> str | None:
        """A sentence for the user, where nobody is asked any more, or where nobody answered at all. To be read at the end."""
        with self._lock:
            if not self._given_up and (self._answered or not self._failures):
                return None
        return _("names of hosts may be missing, because the system's name servers gave no answer; leave names out with -n")

    def ask(self, address: Address) -> None:
        """Begin to look *address* up, unless that was done. Returns at once."""
        with self._lock:
            if address in self._questions or self._closed or self._given_up:
                return
            question = _Question(address)
            self._questions[address] = question
            self._queue.append(question)
            if self._idle >= len(self._queue):
                self._work_came.notify()
            elif self._threads < self._at_once:
                self._start_thread()

    def name(self, address: Address) -> str | None:
        """The name of *address*: waits for it as long as its patience lasts, and not at all after the end of all patience.
        None where it has no name, where the question failed, and where no answer came in time."""
        self.ask(address)
        with self._lock:
            question = self._questions.get(address)
            if question is None:
                return None
            if question.stage is _Stage.QUEUED and not (self._given_up or self._closed):
                self._queue.appendleft(question)  # somebody waits for this one: it goes first; its old place is passed over
            began = self._clock()
            if not self._wait_for(question, began):
                self._fruitless_s += self._clock() - began
                self._count_overdue()
                if self._fruitless_s >= FRUITLESS_WAITS * self._patience_s:
                    self._give_up()
            return question.name

    def close(self) -> None:
        """Ask nothing more, and let the threads end as their answers come. Names that are known stay known."""
        with self._lock:
            self._closed = True
            self._wind_up()

    def _wait_for(self, question: _Question, began: float) -> bool:
        """Wait until *question* is settled or not to be waited for any more; whether it is settled."""
        while question.stage is not _Stage.SETTLED and not self._closed and not self._given_up:
            start = began if question.stage is _Stage.QUEUED else min(began, question.asked_at)
            left_s = start + self._patience_s - self._clock()
            if left_s <= 0:
                return False
            self._settled.wait(left_s)
        return question.stage is _Stage.SETTLED

    def _count_overdue(self) -> None:
        """Questions that are out too long are failures now, not when the system gives them up, often much later."""
        latest = self._clock() - self._patience_s
        for question in self._asked:
            if question.stage is _Stage.ASKED and question.asked_at <= latest:
                question.stage = _Stage.OVERDUE
                self._count_failure()

    def _count_failure(self) -> None:
        self._failures += 1
        self._in_a_row += 1
        if self._in_a_row >= FAILURES_IN_A_ROW:
            self._give_up()

    def _give_up(self) -> None:
        self._given_up = True
        self._wind_up()

    def _wind_up(self) -> None:
        self._queue.clear()
        self._work_came.notify_all()
        self._settled.notify_all()

    def _start_thread(self) -> None:
        try:
            threading.Thread(target=self._work, name="reverse-names", daemon=True).start()
        except RuntimeError:  # the system allows no more: those that there are take the question
            self._at_once = self._threads
        else:
            self._threads += 1

    def _work(self) -> None:
        """One thread: question after question."""
        while (question := self._next()) is not None:
            name, failed = None, True
            try:
                name = tidy_name(self._look_up(str(question.address)))
                failed = False
            except OSError:  # counted below
                pass
            finally:
                self._settle(question, name, failed)

    def _next(self) -> _Question | None:
        with self._lock:
            self._idle += 1
            try:
                while True:
                    while self._queue:
                        question = self._queue.popleft()
                        if question.stage is _Stage.QUEUED:
                            return self._take(question)
                    if self._closed or self._given_up:
                        return None
                    self._work_came.wait()
            finally:
                self._idle -= 1

    def _take(self, question: _Question) -> _Question:
        question.stage = _Stage.ASKED
        question.asked_at = self._clock()
        self._asked.add(question)
        return question

    def _settle(self, question: _Question, name: str | None, failed: bool) -> None:
        with self._lock:
            self._asked.discard(question)
            counted = question.stage is _Stage.OVERDUE
            question.stage = _Stage.SETTLED
            question.name = name
            if not failed:
                self._answered = True
                self._in_a_row = 0
            elif not counted:
                self._count_failure()
            self._settled.notify_all()
