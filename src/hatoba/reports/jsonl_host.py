"""What a JSON line says of a host besides its state; what is not known, or not so, is left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hatoba.model import Hop, Host, Trace, Unsteady, Vanishing
from hatoba.reports.text import json_text


def host_facts(host: Host, vendor: Callable[[bytes], str | None]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if host.responder is not None:
        facts["responder"] = str(host.responder)
    if host.ttl is not None:
        facts["ttl"] = host.ttl
    if host.mac is not None:
        facts["mac"] = host.mac.hex(":")
        if (name := vendor(host.mac)) is not None:
            facts["vendor"] = json_text(name)
    if host.timed_out:
        facts["timed_out"] = True
    if host.deception is not None:
        facts["deception"] = host.deception.value
        if host.tried_ports:
            facts["tried_ports"] = list(host.tried_ports)
        if host.held_ports is not None:
            facts["held_ports"] = list(host.held_ports)
    if host.unsteady:
        facts["unsteady"] = [_unsteady(port) for port in host.unsteady]
    if host.trace is not None:
        facts["trace"] = _trace(host.trace)
    if host.vanishing is not None:
        facts["vanishing"] = _vanishing(host.vanishing)
    return facts


def _unsteady(port: Unsteady) -> dict[str, Any]:
    return {"protocol": port.protocol.word, "port": port.port, "states": [state.word for state in port.states]}


def _trace(trace: Trace) -> dict[str, Any]:
    return {"method": trace.method, "port": trace.port, "hops": [_hop(hop) for hop in trace.hops]}


def _vanishing(lost: Vanishing) -> dict[str, Any]:
    return {
        "protocol": lost.protocol.word,
        "port": lost.port,
        "hop": None if lost.hop is None else _hop(lost.hop),
    }


def _hop(hop: Hop) -> dict[str, Any]:
    said: dict[str, Any] = {"ttl": hop.ttl, "address": None if hop.address is None else str(hop.address)}
    return said if hop.rtt_s is None else said | {"rtt_s": round(hop.rtt_s, 9)}
