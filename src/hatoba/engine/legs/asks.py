"""What a leg asks of each of its hosts: ports, each by one method, numbered from 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol as Interface

import numpy as np
import numpy.typing as npt

from hatoba.model import Protocol, Reason, State

Ports = npt.NDArray[np.uint16]
Places = npt.NDArray[np.int64]


class Asking(Interface):
    """What is to be known of a method here; ``probes.method.Method`` and ``probes.connect.CONNECT`` are such."""

    @property
    def name(self) -> str: ...

    @property
    def protocol(self) -> Protocol: ...

    @property
    def silence(self) -> tuple[State, Reason]: ...

    @property
    def rationed_silence(self) -> tuple[State, Reason] | None: ...

    @property
    def has_question(self) -> Callable[[Ports], npt.NDArray[np.bool_]]: ...


class Asks:
    """Columns, one entry for each port of each method."""

    def __init__(self, parts: Sequence[tuple[Asking, Ports]]) -> None:
        counts = [len(ports) for _method, ports in parts]
        self.methods = tuple(method for method, _ports in parts)
        self.port: Ports = np.concatenate([ports for _method, ports in parts]).astype(np.uint16)
        self.method = np.repeat(np.arange(len(parts)), counts)
        """Which of ``methods`` asks."""
        self.protocol = np.repeat([method.protocol for method in self.methods], counts).astype(np.uint8)
        self.silence = np.repeat([method.silence for method in self.methods], counts, axis=0).astype(np.uint8)
        """(state, reason) if no answer comes, (asks, 2)."""
        self.rationed_silence = np.concatenate([_rationed(method, ports) for method, ports in parts])
        """(state, reason) instead, where the host rations the errors that would have been the answer; else zeros, (asks, 2)."""
        self.may_be_rationed = self.rationed_silence[:, 0] > 0
        """Which have one."""
        self.knows_rations = np.repeat([method.rationed_silence is not None for method in self.methods], counts)
        """Which are asked by a method whose errors, held back, make a host one that rations, and its silence tell less."""
        self._places = np.full((len(parts), 1 << 16), -1, np.int32)
        firsts = np.cumsum([0, *counts[:-1]])
        for row, ((_method, ports), first) in enumerate(zip(parts, firsts.tolist(), strict=True)):
            self._places[row, ports] = np.arange(first, first + len(ports))

    def __len__(self) -> int:
        return len(self.port)

    def find(self, method: int, ports: Ports) -> Places:
        """Where the method of that number asks for *ports*, each; -1 where it does not."""
        found: Places = self._places[method, ports].astype(np.int64)
        return found


def _rationed(method: Asking, ports: Ports) -> npt.NDArray[np.uint8]:
    found = np.zeros((len(ports), 2), np.uint8)
    if method.rationed_silence is not None:
        found[~method.has_question(ports)] = method.rationed_silence
    return found
