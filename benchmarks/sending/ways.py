"""Ways to send and to receive, each a wire that a scan can use: the product's own and what might do better."""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from benchmarks.sending import lane_kinds, own_end
from benchmarks.sending.receiver_kinds import Fanout, Receives, Threaded, XdpReceiver
from benchmarks.sending.xdp_socket import BY_DRIVER, BY_SKB, XdpSocket
from hatoba.packets.frames import FrameTemplate
from hatoba.wire import lanes
from hatoba.wire.base import SOURCE_PORTS
from hatoba.wire.lanes import SLOTS, Lane
from hatoba.wire.receiver import Receiver
from hatoba.wire.ring import RingWire

RX_SLOTS = 1 << 14
_BUSY_US = 20
_TRIES, _PAUSE_S = 400, 0.005

Setting = Callable[[str, int, int], AbstractContextManager[object]]
"""Of interface, first and last source port."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a wire sends (*lane*) and receives (*receiver*), and what is set on our end of the link meanwhile."""

    name: str
    lane: str = "ring"
    receiver: str = "ring"
    setting: str = ""
    scans: bool = False
    """Whether it is worth measuring in whole scans."""

    @property
    def only_sends(self) -> bool:
        """Whether it differs from today's way in what is sent, so that it may be measured without answers."""
        return self.receiver == "ring" and self.setting in ("", "long stretches")


TODAY = Way("packet ring", scans=True)
WAYS: Mapping[str, Way] = {
    way.name: way
    for way in (
        TODAY,
        Way("packet ring, frames left in it", lane="pieces", scans=True),
        Way("packet ring of TPACKET_V3", lane="v3"),
        Way("packet ring, 1024 frames a call", setting="long stretches", scans=True),
        Way("sendmmsg", lane="salvoes"),
        Way("AF_XDP sends", lane="xdp", scans=True),
        Way("AF_XDP receives, by skb", receiver="xdp skb"),
        Way("AF_XDP receives, by driver", receiver="xdp driver"),
        Way("AF_XDP both, by skb", lane="xdp", receiver="xdp skb", scans=True),
        Way("AF_XDP both, by driver", lane="xdp", receiver="xdp driver"),
        Way("AF_XDP receives, busy polling", receiver="xdp busy"),
        Way("a thread empties the RX ring", receiver="thread"),
        Way("two RX rings (fanout)", receiver="fanout"),
        Way("two RX rings, a thread each", receiver="fanout threads"),
        Way("GRO on", setting="offload"),
        Way("GRO on, NAPI in a thread", setting="kernel thread"),
        Way("RPS on", setting="spread receiving"),
        Way("XPS on", setting="spread sending"),
        Way("RSTs dropped behind the ring", setting="resets dropped", scans=True),
    )
}


@contextlib.contextmanager
def _long_stretches(_interface: str, _first: int, _last: int) -> Iterator[None]:
    before, lanes._STRETCH = lanes._STRETCH, 1024
    try:
        yield
    finally:
        lanes._STRETCH = before


SETTINGS: Mapping[str, Setting] = {
    "": lambda _interface, _first, _last: contextlib.nullcontext(),
    "long stretches": _long_stretches,
    "offload": lambda interface, _first, _last: own_end.offload(interface),
    "kernel thread": lambda interface, _first, _last: own_end.kernel_thread(interface),
    "spread receiving": lambda interface, _first, _last: own_end.spread_receiving(interface),
    "spread sending": lambda interface, _first, _last: own_end.spread_sending(interface),
    "resets dropped": own_end.resets_dropped,
}


class WayWire(RingWire):
    """A wire that sends and receives one way. Frames of several kinds go the product's own."""

    def __init__(self, way: Way, template: FrameTemplate, interface: str, first_port: int, threads: int) -> None:
        self._way = way if template.uniform else TODAY
        self._sockets: list[XdpSocket] = []
        self._setting = contextlib.ExitStack()
        super().__init__(template, interface, first_port, RX_SLOTS, time.monotonic, threads)
        try:
            set_to = SETTINGS[self._way.setting]
            self._setting.enter_context(set_to(interface, first_port, first_port + SOURCE_PORTS - 1))
            self._receiver = self._received(first_port)  # type: ignore[assignment]
        except OSError:
            self.close()
            raise

    def _another(self) -> Lane:
        common = (self.template, self._interface, self._clock, self._changed)
        kind = self._way.lane
        if kind == "xdp":
            lane: Lane = lane_kinds.Xdp(*common, self._socket(len(self._lanes)))
        else:
            kinds = {"pieces": lane_kinds.Pieces, "v3": lane_kinds.ThirdVersion, "salvoes": lane_kinds.Salvoes}
            lane = kinds.get(kind, Lane)(*common)
        self._lanes.append(lane)
        return lane

    def _received(self, first_port: int) -> Receives:
        kind, ring = self._way.receiver, self._receiver
        if kind == "thread":
            return Threaded(ring)
        if kind.startswith("fanout"):
            another = Receiver(
                self.template.family, self.template.protocols, self._interface, first_port, RX_SLOTS, self._clock
            )
            return Fanout([ring, another], kind == "fanout threads")
        if kind.startswith("xdp"):
            mode = BY_SKB if kind == "xdp skb" else BY_DRIVER
            busy_us = _BUSY_US if kind == "xdp busy" else 0
            receiver = XdpReceiver(self._socket(0), self._interface, first_port, SLOTS, self._clock, mode, busy_us)
            ring.close()
            return receiver
        return ring

    def _socket(self, queue: int) -> XdpSocket:
        """Of that queue: its first chunks are to send from, all others to receive in."""
        while len(self._sockets) <= queue:
            self._sockets.append(_bound(self._interface, len(self._sockets)))
        return self._sockets[queue]

    def close(self) -> None:
        super().close()
        for one in self._sockets:
            one.close()
        self._setting.close()


def _bound(interface: str, queue: int) -> XdpSocket:
    """The kernel lets go of a queue a moment after its last socket was closed."""
    for _try in range(_TRIES):
        try:
            made = XdpSocket(interface, queue, RX_SLOTS, receives=queue == 0, sends=True)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            time.sleep(_PAUSE_S)
        else:
            made.send_most_a_call(256)
            return made
    raise OSError(errno.EBUSY, f"queue {queue} of {interface} stays in use")
