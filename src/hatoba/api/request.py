"""From a call's arguments to a scan that may start: all that can be refused is refused here, before any packet."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from operator import index
from typing import SupportsIndex, TypedDict

from hatoba.engine.scan import Scan
from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.model import Protocol, ScanPlan
from hatoba.probes import METHODS
from hatoba.targets.build import build_targets
from hatoba.targets.ports import PortChoice, parse_ports, top_ports_choice
from hatoba.targets.scope import Permitted, Scope
from hatoba.targets.scope_file import ScopeFile, default_path
from hatoba.targets.target_set import TargetSet
from hatoba.wire.capabilities import default_method, require_raw
from hatoba.wire.local import lab_networks, own_networks

DEFAULT_PORTS = 1000
HIGHEST_PORT = 65535

LOG = logging.getLogger("hatoba")
LOG.addHandler(logging.NullHandler())

Target = str | IPv4Address | IPv6Address | IPv4Network | IPv6Network
Targets = Target | Iterable[Target]
Ports = str | SupportsIndex | Iterable[str | SupportsIndex] | None


@dataclass(frozen=True, slots=True)
class Request:
    """A scan that was asked for and has sent nothing yet."""

    scan: Scan
    open_only: bool


class ScanOptions(TypedDict, total=False):
    """What a scan can be told, all of it optional and by keyword."""

    ports: Ports
    """As after ``-p``: ``"22,80-90,http*"``; or one number, or several. None: the 1,000 likeliest."""
    method: str | None
    """``"syn"`` or ``"connect"``. None: SYN where this process may send raw packets, else connect()."""
    exclude: Targets
    """What to leave out of the targets."""
    exclude_ports: Ports
    """Ports to leave out."""
    max_rate_pps: float | None
    """At most so many probes a second."""
    min_rate_pps: float | None
    """At least so many probes a second, whatever the network seems to carry."""
    max_retries: int | None
    """How often an unanswered probe is repeated at most. None: until the estimate of what is missed is low enough."""
    seed: int | None
    """Fixes the order of the probes. None: a random one."""
    families: Iterable[int]
    """Which addresses of a name to take: 4, 6 or both. An address as such is always taken. By default 4."""
    interface: str | None
    """Send through this interface only."""
    authorized: bool
    """True: I may scan these targets. Else each must be this machine's own, in the lab, or in the scope file."""
    open_only: bool
    """Leave out every verdict but *open*."""


def request(
    targets: Targets,
    *,
    ports: Ports = None,
    method: str | None = None,
    exclude: Targets = (),
    exclude_ports: Ports = None,
    max_rate_pps: float | None = None,
    min_rate_pps: float | None = None,
    max_retries: int | None = None,
    seed: int | None = None,
    families: Iterable[int] = (4,),
    interface: str | None = None,
    authorized: bool = False,
    open_only: bool = False,
) -> Request:
    """A scan that has sent nothing yet. Raises UsageError, NotInScope or NotPermitted for whatever can be refused."""
    chosen = top_ports_choice(DEFAULT_PORTS, Protocol.TCP) if ports is None else parse_ports(_written(ports))
    asked = chosen.only(Protocol.TCP)
    excluded = None if exclude_ports is None else parse_ports(_written(exclude_ports))
    plan = ScanPlan(
        method=method or "",
        max_retries=_count("max_retries", max_retries),
        min_rate_pps=_rate("min_rate_pps", min_rate_pps),
        max_rate_pps=_rate("max_rate_pps", max_rate_pps),
        seed=_count("seed", seed),
        interface=interface,
    )
    if plan.min_rate_pps is not None and plan.max_rate_pps is not None and plan.min_rate_pps > plan.max_rate_pps:
        raise UsageError(
            _("min_rate_pps {low:g} is above max_rate_pps {high:g}: exchange them, or leave one out").format(
                low=plan.min_rate_pps, high=plan.max_rate_pps
            )
        )
    built = build_targets(
        _expressions(targets),
        ports=asked,
        exclude=_expressions(exclude),
        exclude_ports=excluded,
        families=_families(families),
        interface=interface,
    )
    for note in built.notes:
        LOG.warning("%s", note)
    for block in built.targets.blocks:
        PortChoice(block.ports).only(Protocol.TCP)
    permitted = Scope.waive(built.targets, "authorized=True") if authorized else _permitted(built.targets)
    return Request(Scan(_with_method(plan), permitted, arguments=("hatoba.scan",), ports=asked.describe()), open_only)


def _permitted(targets: TargetSet) -> Permitted:
    grants = ScopeFile(default_path(os.environ)).load()
    return Scope(grants, [*own_networks(), *lab_networks()]).require(targets)


def _with_method(plan: ScanPlan) -> ScanPlan:
    if plan.method and plan.method not in METHODS and plan.method != "connect":
        names = ", ".join(sorted({*METHODS, "connect"}))
        raise UsageError(_("there is no scan method {name!r}; there are: {names}").format(name=plan.method, names=names))
    if plan.method not in ("", "connect"):
        require_raw(plan.method)
    return plan if plan.method else replace(plan, method=default_method())


def _expressions(targets: Targets) -> Iterator[str]:
    return map(str, (targets,) if isinstance(targets, Target) else targets)


def _written(ports: str | SupportsIndex | Iterable[str | SupportsIndex]) -> str:
    """Ports as they are written after ``-p``."""
    if isinstance(ports, str) or not isinstance(ports, Iterable):
        ports = (ports,)
    return ",".join(port if isinstance(port, str) else _port(index(port)) for port in ports)


def _port(number: int) -> str:
    if not 0 <= number <= HIGHEST_PORT:  # a minus would be read as a range
        raise UsageError(_("{item}: ports run from 0 to 65535").format(item=number))
    return str(number)


def _families(families: Iterable[int]) -> frozenset[int]:
    chosen = frozenset(families)
    if not chosen or not chosen <= {4, 6}:
        raise UsageError(_("families {families}: write (4,), (6,) or (4, 6)").format(families=tuple(sorted(chosen))))
    return chosen


def _count(name: str, value: int | None) -> int | None:
    if value is not None and value < 0:
        raise UsageError(_("{name} {value}: it can't be below 0").format(name=name, value=value))
    return value


def _rate(name: str, value: float | None) -> float | None:
    if value is not None and not 0 < value < math.inf:
        raise UsageError(_("{name} {rate:g}: a rate is a number of probes a second above 0").format(name=name, rate=value))
    return value
