"""The contract of a scan method that asks with packets of its own.

Such a method says what its probes look like, where the cookie goes, which answers are answers to it, and what each means.
It never sees a socket, a clock or an address book.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hatoba.model import Protocol, Reason, State
from hatoba.packets.segment import Segment

Codes = npt.NDArray[np.uint8]
Ports = npt.NDArray[np.uint16]
Mask = npt.NDArray[np.bool_]
Asked = Callable[[Ports], Mask]
"""``asked(ports)``: whether the sender of each answer has been asked for that port."""


class Wording(NamedTuple):
    """How ports are asked."""

    segments: tuple[Segment, ...]
    """The different probes that there are."""
    choice: npt.NDArray[np.int64]
    """(ports, turns): which of them each port is asked with. The n-th attempt takes column ``n % turns``."""


def one(segment: Callable[[int], Segment]) -> Callable[[int, Ports], Wording]:
    """The wording of a method that asks all ports alike."""

    def wording(family: int, ports: Ports) -> Wording:
        return Wording((segment(family),), np.zeros((len(ports), 1), np.int64))

    return wording


@dataclass(frozen=True, slots=True)
class Heard:
    """Answers that are to be judged."""

    family: int
    answers: npt.NDArray[np.void]
    """Of dtype ``packets.answers.ANSWER``."""
    cookies: npt.NDArray[np.uint32]
    """What each would have to repeat if it answered a probe of ours."""
    frames: npt.NDArray[np.uint8]
    """The packets that the answers' field ``row`` points into."""
    ports: Ports
    """The port that each answer would be about (``Method.asked_port``)."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What answers mean, one entry each, in the codes of ``model``.

    ``answer`` 0: it is no answer to our probe. ``state`` 0 beside another ``answer``: it is one, and says nothing of the port.
    """

    state: Codes
    reason: Codes
    answer: Codes

    @classmethod
    def blank(cls, count: int) -> Judgement:
        return cls(*(np.zeros(count, np.uint8) for _ in range(3)))

    def of(self, rows: npt.NDArray[np.intp]) -> Judgement:
        """What these answers mean."""
        return Judgement(self.state[rows], self.reason[rows], self.answer[rows])

    def put(self, where: Mask, state: State | Codes, reason: Reason | Codes, answer: int) -> None:
        """Enter a verdict for the answers at *where* that have none yet."""
        rows = np.flatnonzero(where & (self.answer == 0))
        self.state[rows] = state[rows] if isinstance(state, np.ndarray) else state
        self.reason[rows] = reason[rows] if isinstance(reason, np.ndarray) else reason
        self.answer[rows] = answer


@dataclass(frozen=True, slots=True)
class Method:
    """One way to ask. ``name`` is the same word everywhere: the file, the flag, the value in JSON, the test."""

    name: str
    protocol: Protocol
    """What its ports belong to."""
    silence: tuple[State, Reason]
    """What it means that no answer came."""
    wording: Callable[[int, Ports], Wording]
    """``wording(family, ports)``: the probes; ports, cookie and checksum in them still zero."""
    judge: Callable[[Heard], Judgement]
    asked_port: Callable[[npt.NDArray[np.void], npt.NDArray[np.uint8], Asked], Ports] = lambda answers, *_others: answers[
        "dport"
    ]
    """``asked_port(answers, frames, asked)``: the port that each answer would be about."""
    rationed_silence: tuple[State, Reason] | None = None
    """What silence means instead where the host is seen to ration the errors that would have been the answer, and the port
    was asked nothing that a program there would answer."""
    has_question: Callable[[Ports], Mask] = lambda ports: np.zeros(len(ports), bool)
    """Which ports are asked something that a program there would answer."""
    with_flags: Callable[[int], Method] | None = None
    """The same method, asking with other flags of TCP and judging the answers as ever; None where it asks with none."""
    tells_attempt: bool = True
    """Whether answers come to the port that the probe left from, which tells the attempt."""
