"""Which hosts are there? Asked before their ports are, where there are many addresses.

A host on the link has shown itself by its hardware address, an own address needs no question. All others are pinged, by
several methods at once; one answer of its own settles a host. What is silent is asked again as ports are, until the expected
number of hosts that were missed is below the bound: one lost answer never makes a host down.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from hatoba.engine.groups import Group
from hatoba.engine.host_book import HostBook
from hatoba.engine.setting import AnyMethod, Setting, ping_of
from hatoba.engine.stages.latecomers import Latecomers
from hatoba.errors import HatobaError
from hatoba.model import Ping, Reason
from hatoba.packets.distinct import distinct
from hatoba.probes.connect import KernelMethod

_IPV4_ONLY = ("icmp-timestamp", "icmp-mask")
_STAND_IN = Ping("icmp-echo")


def none_fits(family: int, pings: Sequence[Ping]) -> bool:
    """Whether this family has none of the *pings*."""
    return bool(pings) and family == 6 and all(ping.method in _IPV4_ONLY for ping in pings)


def pings_for(family: int, pings: Sequence[Ping]) -> list[tuple[AnyMethod, npt.NDArray[np.uint16]]]:
    """The methods that a plan's *pings* come to, with their ports. Those that this family has not are left out; where that
    leaves none, echo stands in for them: nobody is absent unasked."""
    return [
        (ping_of(ping.method), distinct(np.array(ping.ports, np.uint16)))
        for ping in ([_STAND_IN] if none_fits(family, pings) else pings)
        if family == 4 or ping.method not in _IPV4_ONLY
    ]


def discover(
    group: Group, setting: Setting, book: HostBook, wanted: Sequence[Ping], deadline_s: float, late: Latecomers | None = None
) -> Iterator[None]:
    """Enter in *book* who of *group* is there; there are signs of life meanwhile. Who was not found by *deadline_s*, and could
    have been yet, is timed out, which is not the same as absent. Once some were found, those who may answer yet are left to
    *late*, if there is one; but for connect(), whose wire is the same for all."""
    if group.route.local:
        book.there(np.ones(len(group), bool), Reason.LOCALHOST_RESPONSE)
        return
    if group.neighbours:
        book.there(np.ones(len(group), bool), Reason.ARP_RESPONSE if group.block.family == 4 else Reason.ND_RESPONSE)
        return
    pings = pings_for(group.block.family, wanted)
    setting.tally.echoed |= none_fits(group.block.family, wanted)
    for kernel in (False, True):
        parts = [(method, ports) for method, ports in pings if isinstance(method, KernelMethod) is kernel]
        if not parts or setting.stopped() or book.up.all():
            continue
        asked = [method for method, _ports in parts]
        only = np.repeat(~book.up[:, None], sum(len(ports) for _method, ports in parts), axis=1)
        run, transport = setting.leg(group, parts, host_settles=True, only=only, deadline_s=deadline_s)
        batches, taken = run.batches(), False
        try:
            for rows in batches:
                book.learn(rows, asked, run.asked_by)
                yield None
                if late is not None and not kernel and book.up.any() and run.strangers_until_s > setting.clock():
                    late.take(run, transport, batches, asked)
                    taken = True
                    break
        except HatobaError:
            book.learn(run.rest(), asked, run.asked_by)
            raise
        finally:
            if not taken:
                transport.close()
        if run.timed_out and not taken:
            book.time_out_silent(run.unanswered_hosts())
