"""Firewalls, by what they do to packets that belong to no connection.

RFC 9293 section 3.10.7: a host refuses such a packet by a RST, on a closed port whatever it is, on a listening one if it
acknowledges something. So where a port answers a SYN and swallows an ACK, something in between knows that there is no such
connection. Where it swallows the SYN and lets an ACK through, something looks at packets one by one.

FIN with ACK says nothing of an open port: systems of old BSD descent drop it there themselves (``probes.maimon``).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from hatoba.identify.systems.traits import Heard
from hatoba.packets.layouts import ACK, RST, SYN
from hatoba.probes.system import FULL, TO_ACK, TO_FIN, TO_SYN_ACK
from hatoba.system import Shield, ShieldKind, Trait

_STRANGERS = (TO_ACK, TO_FIN, TO_SYN_ACK)
"""Probes that belong to no connection."""
_OF_OPEN = (TO_ACK, TO_SYN_ACK)


class Fate(StrEnum):
    """What became of a probe."""

    SYN_ACK = "syn-ack"
    RST = "rst"
    REFUSED = "icmp error"
    SILENT = "silence"


def fates(heard: Sequence[Heard]) -> dict[int, dict[str, Fate]]:
    """By port and name of the probe; one that was answered at least once was answered."""
    found: dict[int, dict[str, Fate]] = {}
    for one in heard:
        name, port = one.observation.probe, one.observation.port
        if name != FULL and name not in _STRANGERS:
            continue
        its = found.setdefault(port, {})
        if its.get(name, Fate.SILENT) is Fate.SILENT:
            its[name] = _fate(one)
    return found


def _fate(one: Heard) -> Fate:
    if one.observation.at_s is None:
        return Fate.SILENT
    flags = None if one.answer is None else one.answer.flags
    if flags is None:
        return Fate.REFUSED
    return Fate.RST if flags & RST or flags & (SYN | ACK) != SYN | ACK else Fate.SYN_ACK


def firewall(heard: Sequence[Heard]) -> Shield | None:
    """What holds packets back on the way to the ports that were asked; None where nothing was seen to."""
    by_port = fates(heard)
    known: list[tuple[int, str]] = []
    passed: list[tuple[int, str]] = []
    held: list[tuple[int, str]] = []
    for port, its in by_port.items():
        first = its.get(FULL)
        if first is None:  # filtered: the scan's own SYNs were silent, or refused by an error
            for name in _STRANGERS:
                if name in its:
                    (passed if its[name] is Fate.RST else held).append((port, name))
        elif first in (Fate.SYN_ACK, Fate.RST):
            asked = _OF_OPEN if first is Fate.SYN_ACK else _STRANGERS
            known += [(port, name) for name in asked if its.get(name) in (Fate.SILENT, Fate.REFUSED)]
    for kind, seen in (
        (ShieldKind.STATEFUL_FIREWALL, known),
        (ShieldKind.PACKET_FILTER, passed),
        (ShieldKind.FILTER, held),
    ):
        if seen:
            ports = sorted({port for port, _name in seen})
            return Shield(kind, tuple(_evidence(by_port, ports)), tuple(ports))
    return None


def _evidence(by_port: dict[int, dict[str, Fate]], ports: Sequence[int]) -> list[Trait]:
    """``answers to 22``: what came back to each probe."""
    return [
        Trait(
            "answers",
            f"{port}/tcp: "
            + ", ".join(f"{'syn' if name == FULL else name} {fate.value}" for name, fate in _with_syn(by_port[port])),
        )
        for port in ports
    ]


def _with_syn(its: dict[str, Fate]) -> list[tuple[str, Fate]]:
    order = (FULL, *_STRANGERS)
    return sorted(its.items(), key=lambda item: order.index(item[0]))
