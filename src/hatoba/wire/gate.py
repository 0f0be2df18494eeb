"""The one place in front of every wire: nothing leaves to an address that is not permitted.

Scope is settled before a scan starts (``targets.scope``); this is the last look, at the very bytes that are about to leave,
so that no mistake above it can send a packet astray.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from hatoba.errors import NotInScope
from hatoba.messages import _
from hatoba.model import Address
from hatoba.model import Protocol as Transport
from hatoba.packets.frames import FrameTemplate
from hatoba.packets.items import packed_rows
from hatoba.probes.connect import Handshake
from hatoba.wire.base import Arrived, PacketWire, Times
from hatoba.wire.network import Connects, Holds

if TYPE_CHECKING:
    from hatoba.wire.conversations import Conversation, Dials  # asyncio, which only they need who hold conversations


class Allows(Protocol):
    """What the gate asks; :class:`hatoba.targets.scope.Permitted` is one."""

    def allows(self, family: int, packed: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]: ...


def _check(permitted: Allows, packed: npt.NDArray[np.uint8]) -> None:
    family = 4 if packed.shape[1] == 4 else 6
    allowed = permitted.allows(family, packed)
    if not allowed.all():
        raise _refusal(packed[int(np.argmin(allowed))].tobytes())


def _refusal(raw: bytes) -> NotInScope:
    address: Address = ip_address(raw)
    return NotInScope(_("{address} is not in scope; no packet was sent to it").format(address=address), (str(address),))


class GatedPackets:
    """A packet wire behind the gate, which may have been used before."""

    def __init__(self, wire: PacketWire, permitted: Allows, close: Callable[[], None] | None = None) -> None:
        """*close*: what becomes of the wire after use; None: it is closed."""
        self._wire, self._permitted = wire, permitted
        self._close, self._drops_before = close or wire.close, wire.drops
        self.template: FrameTemplate = wire.template
        self._reserved = np.zeros((0, self.template.frame_bytes), np.uint8)

    def reserve(self, count: int) -> npt.NDArray[np.uint8]:
        self._reserved = self._wire.reserve(count)
        return self._reserved

    def commit(self, count: int, lengths: npt.NDArray[np.int64] | None = None, left_s: Times | None = None) -> None:
        if count > len(self._reserved):
            raise ValueError(f"{count} frames to send, but only {len(self._reserved)} were reserved")
        packed = packed_rows(self._reserved[:count, self.template.destination])
        self._reserved = self._reserved[:0]  # what was looked at once leaves once
        _check(self._permitted, packed)
        self._wire.commit(count, lengths, left_s)

    def drain(self) -> None:
        self._wire.drain()

    def receive(self, timeout_s: float) -> Arrived:
        return self._wire.receive(timeout_s)

    @property
    def drops(self) -> int:
        return self._wire.drops - self._drops_before

    def close(self) -> None:
        del self._reserved  # the wire's memory, which goes with it
        self._close()

    def discard(self) -> None:
        """Close the wire for good: it does not work any more."""
        del self._reserved
        self._wire.close()


class GatedHandshakes:
    """Whole connections behind the gate."""

    def __init__(self, handshakes: Holds, permitted: Allows) -> None:
        self._handshakes, self._permitted = handshakes, permitted

    @property
    def room(self) -> int:
        return self._handshakes.room

    def start(
        self, tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16], zone_index: int = 0
    ) -> int:
        _check(self._permitted, packed)
        return self._handshakes.start(tokens, packed, ports, zone_index)

    def poll(self, timeout_s: float) -> list[tuple[int, Handshake]]:
        return self._handshakes.poll(timeout_s)

    def close(self) -> None:
        self._handshakes.close()


class GatedConnects:
    """A connect wire behind the gate."""

    def __init__(self, wire: Connects, permitted: Allows) -> None:
        self._wire, self._permitted = wire, permitted

    @property
    def room(self) -> int:
        return self._wire.room

    def start(
        self, tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16], zone_index: int = 0
    ) -> int:
        _check(self._permitted, packed)
        return self._wire.start(tokens, packed, ports, zone_index)

    def poll(self, timeout_s: float) -> npt.NDArray[np.void]:
        return self._wire.poll(timeout_s)

    def expire(self, started_before_s: float) -> npt.NDArray[np.void]:
        return self._wire.expire(started_before_s)

    def close(self) -> None:
        self._wire.close()


class GatedDials:
    """Conversations behind the gate."""

    def __init__(self, dials: Dials, permitted: Allows) -> None:
        self._dials, self._permitted = dials, permitted

    async def dial(self, protocol: Transport, address: Address, port: int, *, any_port: bool = False) -> Conversation:
        _check(self._permitted, np.frombuffer(address.packed, np.uint8)[None, :])
        return await self._dials.dial(protocol, address, port, any_port=any_port)
