"""What a JSON line says of a host, and back; what is not known, or not so, is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any

from hatoba.model import Address, Deception, Found, Hop, Host, Protocol, Trace, Unsteady, Vanishing
from hatoba.reports.jsonl_systems import systems_facts, systems_of
from hatoba.reports.jsonl_words import REASONS, STATES
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
    if host.unfinished:
        facts["unfinished"] = True
    if host.deception is not None:
        facts["deception"] = host.deception.value
        if host.tried_ports:
            facts["tried_ports"] = list(host.tried_ports)
        if host.held_ports is not None:
            facts["held_ports"] = list(host.held_ports)
    if host.unsteady:
        facts["unsteady"] = [_unsteady(port) for port in host.unsteady]
    return facts | _asked_more(host)


def says_more(host: Host) -> bool:
    """Whether there is more to tell of a host that is not up than that."""
    return host.timed_out or any(told is not None for told in (host.trace, host.vanishing, host.systems))


def _asked_more(host: Host) -> dict[str, Any]:
    """What options ask for besides ports."""
    facts: dict[str, Any] = {}
    if host.systems is not None:
        facts["systems"] = systems_facts(host.systems)
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


def host_of(line: Mapping[str, Any]) -> Host:
    """The host that a line tells of. Raises KeyError, TypeError or ValueError for one that is none."""
    if line["state"] not in ("up", "down", "unknown"):
        raise ValueError(line["state"])
    held, mac, trace, vanishing = (line.get(name) for name in ("held_ports", "mac", "trace", "vanishing"))
    return Host(
        ip_address(line["address"]),
        tuple(map(str, line["names"])),
        line["state"],
        str(line["reason"]),
        None if line["rtt_s"] is None else float(line["rtt_s"]),
        None if mac is None else bytes.fromhex(mac.replace(":", "")),
        None if trace is None else Trace(trace["method"], int(trace["port"]), tuple(map(_hop_of, trace["hops"]))),
        None if vanishing is None else _vanishing_of(vanishing),
        Deception(line["deception"]) if "deception" in line else None,
        None if held is None else tuple(map(int, held)),
        tuple(map(_unsteady_of, line.get("unsteady", ()))),
        line.get("timed_out", False) is True,
        tuple(map(int, line.get("tried_ports", ()))),
        _address_of(line.get("responder")),
        None if line.get("ttl") is None else int(line["ttl"]),
        line.get("unfinished", False) is True,
        systems=None if line.get("systems") is None else systems_of(line["systems"]),
    )


def found_of(line: Mapping[str, Any]) -> Found:
    """As :func:`host_of`, of a line that tells of an answer to a ping."""
    rtt_s, ttl = (line[name] for name in ("rtt_s", "ttl"))
    return Found(
        ip_address(line["address"]),
        REASONS[line["reason"]],
        None if rtt_s is None else float(rtt_s),
        None if ttl is None else int(ttl),
    )


def _address_of(text: str | None) -> Address | None:
    return None if text is None else ip_address(text)


def _hop_of(hop: Mapping[str, Any]) -> Hop:
    return Hop(int(hop["ttl"]), _address_of(hop["address"]), float(hop["rtt_s"]) if "rtt_s" in hop else None)


def _unsteady_of(port: Mapping[str, Any]) -> Unsteady:
    return Unsteady(Protocol[port["protocol"].upper()], int(port["port"]), tuple(STATES[word] for word in port["states"]))


def _vanishing_of(lost: Mapping[str, Any]) -> Vanishing:
    hop = lost["hop"]
    return Vanishing(Protocol[lost["protocol"].upper()], int(lost["port"]), None if hop is None else _hop_of(hop))
