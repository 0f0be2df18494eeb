"""Which hosts are there? Asked before their ports are, where there are many addresses.

A host on the link has shown itself by its hardware address, an own address needs no question. All others are pinged, by
several methods at once; one answer of its own settles a host. What is silent is asked again as ports are, until the expected
number of hosts that were missed is below the bound: one lost answer never makes a host down.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hatoba.engine.groups import Group
from hatoba.engine.host_book import HostBook
from hatoba.engine.setting import AnyMethod, Setting, ping_of
from hatoba.model import Ping, Reason
from hatoba.probes.connect import KernelMethod
from hatoba.results.batch import HostTable

_IPV4_ONLY = ("icmp-timestamp", "icmp-mask")


@dataclass
class Found:
    """Of the hosts of a group."""

    book: HostBook
    there: npt.NDArray[np.bool_]
    """(hosts,)"""


def pings_for(family: int, pings: Sequence[Ping]) -> list[tuple[AnyMethod, npt.NDArray[np.uint16]]]:
    """The methods that a plan's *pings* come to, with their ports; those that this family has not are left out."""
    return [
        (ping_of(ping.method), np.unique(np.array(ping.ports, np.uint16)))
        for ping in pings
        if family == 4 or ping.method not in _IPV4_ONLY
    ]


def discover(group: Group, setting: Setting, hosts: HostTable, wanted: Sequence[Ping]) -> Iterator[Found | None]:
    """Find out who of *group* is there. None is a sign of life; the last value is what was found."""
    book = HostBook(group, hosts)
    if group.route.local:
        book.there(np.ones(len(group), bool), Reason.LOCALHOST_RESPONSE)
    elif group.neighbours:
        book.there(np.ones(len(group), bool), Reason.ARP_RESPONSE if group.block.family == 4 else Reason.ND_RESPONSE)
    else:
        pings = pings_for(group.block.family, wanted)
        for kernel in (False, True):
            parts = [(method, ports) for method, ports in pings if isinstance(method, KernelMethod) is kernel]
            if not parts or setting.stopped():
                continue
            run, transport = setting.leg(group, parts, host_settles=True)
            try:
                for rows in run.batches():
                    book.learn(rows, [method for method, _ports in parts], run.asked_by)
                    yield None
            finally:
                transport.close()
    yield Found(book, book.up)
