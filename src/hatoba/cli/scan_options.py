"""What ``hatoba scan`` was told, checked against itself: all that can be said before targets or the network are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.model import ScanPlan

FORMATS = ("jsonl", "xml", "grepable", "normal")
"""The file formats, by the names that ``hatoba.reports.formats`` has for them."""

SUFFIXES = {"normal": ".nmap", "xml": ".xml", "grepable": ".gnmap", "jsonl": ".jsonl"}
"""What ``-oA name`` adds to the name, nmap's suffixes where nmap has the format."""

DEFAULT_PORTS = 1000
FAST_PORTS = 100

TIMINGS = ("paranoid", "sneaky", "polite", "normal", "aggressive", "insane")
_GENTLE_RATES_PPS = {0: 1 / 300, 1: 1 / 15, 2: 1 / 0.4}
"""Bounds that go with nmap's waits between probes: -T0 5 minutes, -T1 15 s, -T2 0.4 s. From -T3 on the pace is measured."""


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """The choices of one ``hatoba scan``."""

    targets: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    exclude_files: tuple[str, ...] = ()
    ports: str | None = None
    exclude_ports: str | None = None
    top_ports: int | None = None
    """How many of the most likely ports; None where ``ports`` names them."""
    families: frozenset[int] = frozenset({4})
    """Which addresses of a name to take."""
    all_addresses: bool = False
    method: str | None = None
    """``syn`` or ``connect``; None: what this machine allows."""
    authorized: bool = False
    scope_file: str | None = None
    outputs: tuple[tuple[str, str], ...] = ()
    """Format and path of each file, ``-`` for standard output."""
    open_only: bool = False
    reason: bool = False
    explain: bool = False
    verbose: int = 0
    progress: bool = True
    plan: ScanPlan = field(default_factory=ScanPlan)
    """Pace, repeats, interface and seed; the method is settled later."""

    @property
    def table(self) -> bool:
        """Whether people get the table on standard output: not where a report goes there."""
        return all(path != "-" for _format, path in self.outputs)


def options_of(given: Mapping[str, Any]) -> ScanOptions:
    """The parser's values as :class:`ScanOptions`. Raises UsageError where two of them do not go together."""
    if not given["targets"] and not given["inputs"]:
        raise UsageError(
            _("there is no target: name at least one, for instance hatoba scan localhost, or a list with -iL FILE")
        )
    return ScanOptions(
        targets=tuple(given["targets"]),
        inputs=tuple(given["inputs"]),
        exclude=tuple(part for text in given["exclude"] for part in text.split(",") if part.strip()),
        exclude_files=tuple(given["exclude_files"]),
        ports=given["ports"],
        exclude_ports=given["exclude_ports"],
        top_ports=_top_ports(given),
        families=_families(given["ipv4"], given["ipv6"], given["all_addresses"]),
        all_addresses=given["all_addresses"],
        method=_method(given["syn"], given["connect"]),
        authorized=given["authorized"],
        scope_file=given["scope_file"],
        outputs=_outputs(given),
        open_only=given["open_only"],
        reason=given["reason"],
        explain=given["explain"],
        verbose=given["verbose"],
        progress=given["progress"],
        plan=_plan(given),
    )


def _top_ports(given: Mapping[str, Any]) -> int | None:
    chosen = [
        name for name, key in (("-p", "ports"), ("-F", "fast"), ("--top-ports", "top_ports")) if given[key] not in (None, False)
    ]
    if len(chosen) > 1:
        raise UsageError(
            _("{first} and {second} both choose the ports: keep one of them").format(first=chosen[0], second=chosen[1])
        )
    if given["ports"] is not None:
        return None
    if given["fast"]:
        return FAST_PORTS
    count: int | None = given["top_ports"]
    return DEFAULT_PORTS if count is None else count


def _families(ipv4: bool, ipv6: bool, all_addresses: bool) -> frozenset[int]:
    chosen = {family for family, wanted in ((4, ipv4), (6, ipv6)) if wanted}
    return frozenset(chosen or ({4, 6} if all_addresses else {4}))


def _method(syn: bool, connect: bool) -> str | None:
    if syn and connect:
        raise UsageError(_("--syn (-sS) and --connect (-sT) ask the same ports in two ways: keep one of them"))
    return "syn" if syn else "connect" if connect else None


def _outputs(given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    outputs = [(name, path) for name in FORMATS for path in given[name]]
    for base in given["all_formats"]:
        if base == "-":
            raise UsageError(_("-oA writes several files and needs the start of their names, for instance -oA monday"))
        outputs += [(name, base + suffix) for name, suffix in SUFFIXES.items()]
    seen: set[str] = set()
    for _format, path in outputs:
        if not path:
            raise UsageError(_("the name of an output file is empty: give one, or - for standard output"))
        if path in seen:
            where = _("standard output") if path == "-" else path
            raise UsageError(_("two reports would go to {where}: give each a file of its own").format(where=where))
        seen.add(path)
    return tuple(outputs)


def _plan(given: Mapping[str, Any]) -> ScanPlan:
    low, high = given["min_rate"], given["max_rate"]
    for name, rate in (("--min-rate", low), ("--max-rate", high)):
        if rate is not None and not 0 < rate < float("inf"):
            raise UsageError(_("{name} {rate:g}: a rate is a number of probes a second above 0").format(name=name, rate=rate))
    if low is not None and high is not None and low > high:
        raise UsageError(
            _("--min-rate {low:g} is above --max-rate {high:g}: exchange them, or leave one out").format(low=low, high=high)
        )
    seed = given["seed"]
    if seed is not None and not 0 <= seed < 1 << 63:
        raise UsageError(_("--seed {seed}: a seed is a whole number from 0 to 2^63 - 1").format(seed=seed))
    bound = None if given["timing"] is None else _GENTLE_RATES_PPS.get(given["timing"])
    if high is None and (low is None or bound is None or low <= bound):
        high = bound
    return ScanPlan(
        max_retries=given["max_retries"],
        min_rate_pps=low,
        max_rate_pps=high,
        seed=seed,
        interface=given["interface"],
    )
