"""Which hosts are scanned together: whatever each of them is asked for, as many as fit into the memory of one leg.

A list of targets with a port behind each is as many blocks as there are ports. Each leg costs a wire and the waits at its end,
so blocks are joined, and of all ports that the leg asks for each host is asked for its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hatoba.engine.legs.asks import Ports
from hatoba.engine.legs.leg import Indices
from hatoba.engine.setting import AnyMethod, Mask
from hatoba.packets.distinct import distinct
from hatoba.targets.target_set import Block, joined

_NO_PORTS = np.zeros(0, np.uint16)


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """What one method asks of each of several hosts."""

    method: AnyMethod
    ports: Ports
    """Sorted distinct ports, of all of the hosts."""
    only: Mask | None = None
    """Which of them each host is asked for, (hosts, ports); None: all."""

    def of(self, places: Indices) -> Questions:
        """To the hosts at these places."""
        if self.only is None:
            return self
        rows = self.only[places]
        asked = rows.any(axis=0)
        return Questions(self.method, self.ports[asked], rows[:, asked])

    def counts(self, hosts: int) -> Indices:
        """How many ports each of so many *hosts* is asked for, (hosts,)."""
        if self.only is None:
            return np.full(hosts, len(self.ports), np.int64)
        counts: Indices = self.only.sum(axis=1, dtype=np.int64)
        return counts


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Hosts that are scanned together, as far as they leave the same way."""

    block: Block
    asked: tuple[Questions, ...]
    """To the hosts of the block, method by method."""

    def asked_of(self, offsets: Indices) -> tuple[Questions, ...]:
        """What the hosts at these offsets are asked."""
        return tuple(questions for part in self.asked if len((questions := part.of(offsets)).ports))


def crowds(blocks: Sequence[Block], methods: Sequence[AnyMethod], most: int) -> Iterator[Crowd]:
    """All hosts of *blocks*, each once. Blocks of one family and zone that follow each other are joined while a leg of their
    hosts and ports has no more than *most* questions."""
    together: list[Block] = []
    hosts, asked = 0, np.zeros((0, 0), bool)
    for block in blocks:
        its = _asked(block, methods)
        if together and (together[0].family, together[0].zone) == (block.family, block.zone):
            either = asked | its
            if (hosts + block.count) * int(np.count_nonzero(either, axis=1).max(initial=1)) <= most:
                together.append(block)
                hosts, asked = hosts + block.count, either
                continue
        if together:
            yield _crowd(together, methods)
        together, hosts, asked = [block], block.count, its
    if together:
        yield _crowd(together, methods)


def _asked(block: Block, methods: Sequence[AnyMethod]) -> Mask:
    """Whether a port is asked for, (methods, 65536)."""
    asked = np.zeros((len(methods), 1 << 16), bool)
    for row, method in zip(asked, methods, strict=True):
        row[block.ports.get(method.protocol, _NO_PORTS)] = True
    return asked


def _crowd(blocks: Sequence[Block], methods: Sequence[AnyMethod]) -> Crowd:
    if len(blocks) == 1:  # which may have any number of hosts
        whole, parts = blocks[0], [Questions(method, blocks[0].ports.get(method.protocol, _NO_PORTS)) for method in methods]
    else:
        whole, origin = joined(blocks)
        parts = [_questions(blocks, origin, method) for method in methods]
    return Crowd(whole, tuple(part for part in parts if len(part.ports)))


def _questions(blocks: Sequence[Block], origin: npt.NDArray[np.intp], method: AnyMethod) -> Questions:
    lists = [block.ports.get(method.protocol, _NO_PORTS) for block in blocks]
    ports = distinct(np.concatenate(lists))
    asked = np.zeros((len(blocks), len(ports)), bool)
    for row, its in zip(asked, lists, strict=True):
        row[np.searchsorted(ports, its)] = True
    return Questions(method, ports, None if asked.all() else asked[origin])
