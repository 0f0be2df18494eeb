"""Octet ranges, ``198.18.0-3.1,5,7-9``: IPv4 addresses as a product of four sets of numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.targets.quoting import shown
from hatoba.targets.ranges import Ranges, from_bounds

MAX_RANGES = 1 << 22
"""Separate address ranges that one pattern may mean: each costs memory."""

Runs = tuple[tuple[int, int], ...]
"""Inclusive runs of one octet's values: sorted, disjoint, not touching."""

_FULL: Runs = ((0, 255),)
_RUN = re.compile(r"([0-9]*)(-?)([0-9]*)")


@dataclass(frozen=True, slots=True)
class OctetPattern:
    """The allowed values of each of the four octets."""

    octets: tuple[Runs, Runs, Runs, Runs]

    @property
    def count(self) -> int:
        """How many addresses."""
        total = 1
        for runs in self.octets:
            total *= sum(last - first + 1 for first, last in runs)
        return total

    def ranges(self) -> Ranges:
        """The addresses. Octets from the right that take every value widen a range; the others multiply ranges."""
        pivot = 3
        while pivot > 0 and self.octets[pivot] == _FULL:
            pivot -= 1
        span = 256 ** (3 - pivot)
        bases: npt.NDArray[np.uint64] = np.zeros(1, dtype=np.uint64)
        for place, runs in enumerate(self.octets[:pivot]):
            values = np.concatenate([np.arange(first, last + 1, dtype=np.uint64) for first, last in runs])
            bases = np.add.outer(bases, values * np.uint64(256 ** (3 - place))).ravel()
        runs = self.octets[pivot]
        first = np.array([run[0] * span for run in runs], dtype=np.uint64)
        end = np.array([(run[1] + 1) * span for run in runs], dtype=np.uint64)
        return from_bounds(4, np.add.outer(bases, first).ravel(), np.add.outer(bases, end).ravel())

    def range_count(self) -> int:
        """How many ranges :meth:`ranges` computes, before neighbours are joined."""
        pivot = 3
        while pivot > 0 and self.octets[pivot] == _FULL:
            pivot -= 1
        total = len(self.octets[pivot])
        for runs in self.octets[:pivot]:
            total *= sum(last - first + 1 for first, last in runs)
        return total


def parse_octets(text: str) -> OctetPattern:
    """Four octets, each a list of numbers and ranges: ``1,5,7-9``, ``*``, ``-5``, ``250-``. Raises UsageError."""
    parts = text.split(".")
    if len(parts) != 4:
        raise UsageError(_wrong_number_of_octets(text))
    first, second, third, fourth = (_parse_octet(part, text) for part in parts)
    pattern = OctetPattern((first, second, third, fourth))
    if pattern.range_count() > MAX_RANGES:
        raise UsageError(
            _("{text}: more than {limit} separate ranges of addresses; write it as several targets").format(
                text=shown(text), limit=MAX_RANGES
            )
        )
    return pattern


def _wrong_number_of_octets(text: str) -> str:
    if "." not in text and any(character.isdigit() for character in text):
        return _("{text}: an address has four numbers with dots between them; if these are ports, write -p {text}").format(
            text=shown(text)
        )
    if "," in text and text.count(".") > 3:
        return _("{text}: separate targets by spaces; a comma stands only inside one of an address's numbers").format(
            text=shown(text)
        )
    return _("{text}: an IPv4 address has four numbers with dots between them, for instance 198.18.0.1").format(
        text=shown(text)
    )


def _parse_octet(part: str, text: str) -> Runs:
    values: list[tuple[int, int]] = []
    for item in part.split(","):
        if item == "*":
            return _FULL
        match = _RUN.fullmatch(item)
        if match is None or not item:
            raise UsageError(
                _("{text}: each of the four numbers is 0 to 255, a range such as 1-9, a list such as 1,5, or *").format(
                    text=shown(text)
                )
            )
        start, dash, stop = match.groups()
        first = _octet(start, text) if start else 0
        last = (_octet(stop, text) if stop else 255) if dash else first
        if first > last:
            raise UsageError(
                _("{text}: the range {first}-{last} runs backwards; write {last}-{first}").format(
                    text=shown(text), first=first, last=last
                )
            )
        values.append((first, last))
    return _joined(values)


def _octet(digits: str, text: str) -> int:
    if len(digits) > 1 and digits[0] == "0":
        raise UsageError(
            _("{text}: some programs read {octet} as octal because of its leading zero; write the number without it").format(
                text=shown(text), octet=shown(digits)
            )
        )
    if len(digits) > 3 or int(digits) > 255:
        raise UsageError(
            _("{text}: {octet} is more than 255, the most that one of an address's four numbers can be").format(
                text=shown(text), octet=shown(digits)
            )
        )
    return int(digits)


def _joined(values: list[tuple[int, int]]) -> Runs:
    runs: list[tuple[int, int]] = []
    for first, last in sorted(values):
        if runs and first <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], max(last, runs[-1][1]))
        else:
            runs.append((first, last))
    return tuple(runs)
