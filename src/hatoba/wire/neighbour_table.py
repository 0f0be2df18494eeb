"""What the kernel's own table says of who has which address on a link: what it learnt, and what somebody wrote there.

See arp(7), ip-neighbour(8), linux/neighbour.h.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hatoba.packets.layouts import ADDRESS_BYTES
from hatoba.wire.netlink import RTM_GETNEIGH, Netlink
from hatoba.wire.routes import Link

_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
_NDMSG = struct.Struct("=BxxxiHBB")
_NDA_DST, _NDA_LLADDR = 1, 2
_NUD_REACHABLE, _NUD_STALE, _NUD_DELAY, _NUD_PROBE, _NUD_NOARP, _NUD_PERMANENT = 0x02, 0x04, 0x08, 0x10, 0x40, 0x80
_VALID = _NUD_REACHABLE | _NUD_STALE | _NUD_DELAY | _NUD_PROBE | _NUD_NOARP | _NUD_PERMANENT
_MAC_BYTES = 6


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """Of one link and family: those by which the kernel itself would send."""

    addresses: npt.NDArray[np.uint8]
    """(n, 4|16)"""
    macs: npt.NDArray[np.uint8]
    """(n, 6)"""
    permanent: npt.NDArray[np.bool_]
    """Somebody wrote it there for good, (n,)."""


def entries(link: Link, family: int) -> Entries:
    """The table as it stands."""
    width = ADDRESS_BYTES[family]
    addresses, macs, states = bytearray(), bytearray(), []
    with Netlink() as netlink:
        for message in netlink.dump(RTM_GETNEIGH, _NDMSG.pack(_FAMILY[family], 0, 0, 0, 0), _NDMSG.size):
            _its_family, index, state, _flags, _kind = _NDMSG.unpack(message.body)
            address, mac = message.attributes.get(_NDA_DST, b""), message.attributes.get(_NDA_LLADDR, b"")
            if index == link.index and state & _VALID and (len(address), len(mac)) == (width, _MAC_BYTES):
                addresses += address
                macs += mac
                states.append(state)
    return Entries(
        np.frombuffer(bytes(addresses), np.uint8).reshape(-1, width),
        np.frombuffer(bytes(macs), np.uint8).reshape(-1, _MAC_BYTES),
        np.array(states, np.uint16) & _NUD_PERMANENT > 0,
    )
