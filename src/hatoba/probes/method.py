"""The contract of a scan method that asks with packets of its own.

Such a method says what its segment looks like, where the cookie goes, which answers are answers to it, and what each
means. It never sees a socket, a clock or an address book.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hatoba.model import Protocol, Reason, State

Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What answers mean, one entry each, in the codes of ``model``; ``state`` 0 means that it is no answer to our probe."""

    state: Codes
    reason: Codes
    answer: Codes

    @classmethod
    def blank(cls, count: int) -> Judgement:
        return cls(*(np.zeros(count, np.uint8) for _ in range(3)))

    def put(self, where: npt.NDArray[np.bool_], state: State, reason: Reason | Codes, answer: int) -> None:
        """Enter a verdict for the answers at *where* that have none yet."""
        rows = np.flatnonzero(where & (self.state == 0))
        self.state[rows] = state
        self.reason[rows] = reason[rows] if isinstance(reason, np.ndarray) else reason
        self.answer[rows] = answer


@dataclass(frozen=True, slots=True)
class Method:
    """One way to ask. ``name`` is the same word everywhere: the file, the flag, the value in JSON, the test."""

    name: str
    protocol: Protocol
    silence: tuple[State, Reason]
    """What it means that no answer came."""
    segment: Callable[[int], bytes]
    """``segment(family)``: the transport header with its options; ports, cookie and checksum still zero."""
    cookie_field: str
    """The field of the TCP header that carries the cookie: ``seq`` or ``ack``."""
    judge: Callable[[int, npt.NDArray[np.void], npt.NDArray[np.uint32]], Judgement]
    """``judge(family, answers, cookies)``: *answers* of dtype ``packets.answers.ANSWER``, *cookies* what each would have to
    repeat if it answered a probe of ours."""
