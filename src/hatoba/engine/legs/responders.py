"""Who answered in a target's stead: addresses of routers and firewalls, each kept once for a whole scan."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

import numpy as np
import numpy.typing as npt

from hatoba.model import Address


class Responders:
    """Numbers addresses from 1; 0 stands for the asked host itself."""

    def __init__(self, addresses: Iterable[Address] = ()) -> None:
        """*addresses* have their numbers already, in this order."""
        self.addresses: list[Address] = list(addresses)
        self._numbers = {address.packed: number for number, address in enumerate(self.addresses, start=1)}

    def number(self, packed: bytes) -> int:
        """The number of an address of 4 or 16 bytes."""
        known = self._numbers.get(packed)
        if known is None:
            self.addresses.append(IPv4Address(packed) if len(packed) == 4 else IPv6Address(packed))
            known = self._numbers[packed] = len(self.addresses)
        return known

    def numbers(self, sources: npt.NDArray[np.uint8], targets: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
        """For each row (n, 4|16): 0 where source and target are the same, else the source's number."""
        found = np.zeros(len(sources), np.uint32)
        for row in np.flatnonzero((sources != targets).any(axis=1)).tolist():
            found[row] = self.number(sources[row].tobytes())
        return found
