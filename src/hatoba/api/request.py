"""From a call's arguments to a scan that may start: all that can be refused is refused here, before any packet."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from inspect import signature
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from operator import index
from typing import TYPE_CHECKING, SupportsIndex, TypedDict

from hatoba.api.brought import Paths, library_of
from hatoba.api.pings import FEW, NO_PORTS, default_pings, only_asked, ping
from hatoba.api.plan import FIELDS, plan_of
from hatoba.api.resume import refuse_beside_resume, resumed, with_services, with_systems
from hatoba.engine.scan import Scan
from hatoba.engine.setting import protocols_of
from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.model import Ping, Protocol, ScanPlan
from hatoba.probes import METHODS
from hatoba.probes.connect import CONNECT
from hatoba.targets.build import build_targets
from hatoba.targets.ports import PortChoice, parse_port_lists, ports_asked
from hatoba.targets.scope import Permitted, Scope
from hatoba.targets.scope_file import ScopeFile, default_path
from hatoba.targets.shards import parse_shard
from hatoba.targets.target_set import TargetSet
from hatoba.wire.capabilities import default_method, require_packets, require_raw
from hatoba.wire.local import lab_networks, own_networks

if TYPE_CHECKING:
    from hatoba.identify.identified_scan import IdentifiedScan
    from hatoba.identify.judged_scan import JudgedScan

DEFAULT_PORTS = 1000
HIGHEST_PORT = 65535

LOG = logging.getLogger("hatoba")
LOG.addHandler(logging.NullHandler())

Target = str | IPv4Address | IPv6Address | IPv4Network | IPv6Network
Targets = Target | Iterable[Target]
Ports = str | SupportsIndex | Iterable[str | SupportsIndex] | None
Pings = str | Ping | Iterable[str | Ping] | None


@dataclass(frozen=True, slots=True)
class Request:
    """A scan that was asked for and has sent nothing yet."""

    scan: Scan | IdentifiedScan | JudgedScan
    open_only: bool


class ScanOptions(TypedDict, total=False):
    """What a scan can be told, all of it optional and by keyword."""

    ports: Ports
    """As after ``-p``: ``"22,80-90,http*"``; or one number, or several. None: the 1,000 likeliest."""
    method: str | Iterable[str] | None
    """``"syn"``, ``"udp"`` ..., one of :data:`hatoba.probes.METHODS` or ``"connect"``; or several, no more than one for each
    protocol. None: SYN where this process may send raw packets, else connect()."""
    exclude: Targets
    """What to leave out of the targets."""
    exclude_ports: Ports
    """Ports to leave out."""
    shard: str | None
    """``"2/3"``: the second of three parts of the targets, for as many machines; no address is in two parts or in none."""
    hosts_only: bool
    """Find out which hosts are there, and ask no ports: only ``scan_events`` has something to tell then."""
    pings: Pings
    """How to look for hosts before their ports are asked: ``"icmp-echo"``, ``"syn:22,443"`` ..., one of
    :data:`hatoba.probes.PINGS` or ``"connect"``, or several. ``()``: not at all. None: as nmap does, where more than 16
    addresses are asked or *hosts_only* is set; up to 16 are asked for their ports in any case."""
    tcp_flags: int | None
    """Flags for a method that sends TCP segments of its own, instead of the method's."""
    max_rate_pps: float | None
    """At most so many probes a second."""
    min_rate_pps: float | None
    """At least so many probes a second, whatever the network seems to carry."""
    scan_delay_s: float | None
    """At least so long between two probes to one host."""
    max_retries: int | None
    """How often an unanswered probe is repeated at most. None: until the estimate of what is missed is low enough."""
    host_timeout_s: float | None
    """Leave hosts that take longer; what is known by then is told."""
    initial_rtt_timeout_s: float | None
    """How long to wait for an answer before the first has come."""
    min_rtt_timeout_s: float | None
    """How long to wait for an answer at least."""
    max_rtt_timeout_s: float | None
    """How long to wait for an answer at most."""
    prove_closed: bool
    """Ask silent ports again, as slowly as a host that rations its errors answers, until they are known."""
    second_look: bool
    """Ask again what is open, to notice what answers in a host's stead. By default True."""
    traceroute: bool
    """Find the way to each host that answers; it stands in the Host."""
    systems: bool
    """Tell which operating system hosts run, by how they answer packets of our own; it stands in the Host."""
    systems_limit: bool
    """Only of hosts of which an open and a closed port are known."""
    systems_guess: bool
    """Name a system that fits badly, too, where none fits well."""
    reverse_names: bool
    """Look up the names of the addresses that answer."""
    version_intensity: int | None
    """Ask open ports for their services, 0 to 9; nmap's default is 7. Only ``scan_events`` tells them, each as a Service. None:
    not at all."""
    tls_ciphers: bool
    """With *version_intensity*: ask for every cipher of every version of TLS, some fifty connections to each TLS port."""
    waf_test: bool
    """With *version_intensity*: send web servers what looks like an attack, to see whether a WAF refuses it."""
    signatures: Paths
    """With *version_intensity*: files of signatures of your own, tried before hatoba's, as after ``--signatures``."""
    recog: Paths
    """With *version_intensity*: folders of Recog's databases, for what is not recognised otherwise, as after ``--recog``."""
    seed: int | None
    """Fixes the order of the probes. None: a random one."""
    families: int | Iterable[int]
    """Which addresses of a name to take: 4, 6 or both. An address as such is always taken. By default 4."""
    interface: str | None
    """Send through this interface only."""
    source_port: int | None
    """Send from this port. None: from a free one."""
    authorized: bool
    """True: I may scan these targets. Else each must be this machine's own, in the lab, or in the scope file."""
    open_only: bool
    """Leave out every verdict but *open*."""
    resume: str | os.PathLike[str] | None
    """Go on with the scan that this file tells of, which ``hatoba scan -oJ`` wrote: what it knows comes first, what is missing
    is asked. The file stays as it is. Of all others only *authorized*, *open_only*, *signatures* and *recog* go with it, and no
    targets."""


def request(
    targets: Targets = (),
    *,
    ports: Ports = None,
    method: str | Iterable[str] | None = None,
    exclude: Targets = (),
    exclude_ports: Ports = None,
    shard: str | None = None,
    hosts_only: bool = False,
    pings: Pings = None,
    tcp_flags: int | None = None,
    max_rate_pps: float | None = None,
    min_rate_pps: float | None = None,
    scan_delay_s: float | None = None,
    max_retries: int | None = None,
    host_timeout_s: float | None = None,
    initial_rtt_timeout_s: float | None = None,
    min_rtt_timeout_s: float | None = None,
    max_rtt_timeout_s: float | None = None,
    prove_closed: bool = False,
    second_look: bool = True,
    traceroute: bool = False,
    systems: bool = False,
    systems_limit: bool = False,
    systems_guess: bool = False,
    reverse_names: bool = False,
    version_intensity: int | None = None,
    tls_ciphers: bool = False,
    waf_test: bool = False,
    signatures: Paths = (),
    recog: Paths = (),
    seed: int | None = None,
    families: int | Iterable[int] = (4,),
    interface: str | None = None,
    source_port: int | None = None,
    authorized: bool = False,
    open_only: bool = False,
    resume: str | os.PathLike[str] | None = None,
) -> Request:
    """A scan that has sent nothing yet. Raises UsageError, NotInScope or NotPermitted for whatever can be refused."""
    if resume is not None:
        refuse_beside_resume(locals(), {name: its.default for name, its in signature(request).parameters.items()})
        bring = partial(library_of, signatures, recog, remark=_warn, resumed=True)
        scan, only_open = resumed(resume, partial(_allowed, authorized=authorized), bring)
        return Request(scan, open_only or only_open)
    said = {name: value for name, value in locals().items() if name in FIELDS}
    if hosts_only:
        _refuse_ports({"ports": ports, "method": method, "exclude_ports": exclude_ports, "tcp_flags": tcp_flags})
    methods = () if hosts_only else _methods(method, tcp_flags)
    chosen = None if pings is None else _pings(pings)
    plan = plan_of(methods, chosen or (), said)
    library = library_of(signatures, recog, version_intensity, _warn)
    built = _targets(targets, methods, ports, exclude, exclude_ports, families, interface, shard)
    permitted = _allowed(built, authorized)
    _require_rights(plan)
    if chosen is None:
        plan = replace(plan, pings=_default_pings(built.all_addresses, hosts_only))
    _refuse_source_port(plan)
    identified = with_services(Scan(plan, permitted, arguments=("hatoba.scan",)), plan, permitted, library=library)
    return Request(with_systems(identified, systems_guess) if systems else identified, open_only)


def _targets(
    targets: Targets,
    methods: tuple[str, ...],
    ports: Ports,
    exclude: Targets,
    exclude_ports: Ports,
    families: int | Iterable[int],
    interface: str | None,
    shard: str | None,
) -> TargetSet:
    protocols = list(protocols_of(methods))
    asked = ports_asked(protocols, None if ports is None else _written(ports), DEFAULT_PORTS) if methods else NO_PORTS
    excluded = None if exclude_ports is None else parse_port_lists(_written(exclude_ports), protocols)
    built = build_targets(
        _expressions(targets),
        ports=asked,
        exclude=_expressions(exclude),
        exclude_ports=excluded,
        families=_families(families),
        interface=interface,
        shard=None if shard is None else parse_shard(shard),
    )
    for note in built.notes:
        _warn(note)
    for block in built.targets.blocks:
        only_asked(PortChoice(block.ports), asked)
    return built.targets


def _refuse_ports(said: Mapping[str, object]) -> None:
    for name, value in said.items():
        if value is not None:
            raise UsageError(_("hosts_only asks no ports: leave out {name}, or hosts_only").format(name=name))


def _require_rights(plan: ScanPlan) -> None:
    for name in plan.methods:
        if name != CONNECT.name:
            require_raw(name)
    for name in ("traceroute", "systems"):
        if getattr(plan, name):
            require_packets(name)
    for one in plan.pings:
        if one.method != CONNECT.name:
            require_packets(one.method)


def _default_pings(count: int, hosts_only: bool) -> tuple[Ping, ...]:
    needed = count > FEW or hosts_only
    return default_pings(count, needed and default_method() != CONNECT.name, hosts_only)


def _refuse_source_port(plan: ScanPlan) -> None:
    if plan.source_port is not None and CONNECT.name in (*plan.methods, *(ping.method for ping in plan.pings)):
        raise UsageError(_("connect() leaves the source port to the kernel: ask by syn instead, or leave out source_port"))


def _warn(sentence: str) -> None:
    LOG.warning("%s", sentence)


def _pings(pings: str | Ping | Iterable[str | Ping]) -> tuple[Ping, ...]:
    given = (pings,) if isinstance(pings, str | Ping) else tuple(pings)
    return tuple(one if isinstance(one, Ping) else ping(*one.split(":", 1)) for one in given)


def _allowed(targets: TargetSet, authorized: bool) -> Permitted:
    if authorized:
        return Scope.waive(targets, "authorized=True")
    grants = ScopeFile(default_path(os.environ)).load()
    return Scope(grants, [*own_networks(), *lab_networks()]).require(targets)


def _methods(method: str | Iterable[str] | None, tcp_flags: int | None) -> tuple[str, ...]:
    if method is None:
        methods: tuple[str, ...] = (default_method(),)
    else:
        methods = (method,) if isinstance(method, str) else tuple(method)
    if tcp_flags is not None and not any(name in METHODS and METHODS[name].protocol == Protocol.TCP for name in methods):
        raise UsageError(_("tcp_flags is for methods that send TCP segments of their own: name one, such as syn or ack"))
    return methods


def _expressions(targets: Targets) -> Iterator[str]:
    return map(str, (targets,) if isinstance(targets, Target) else targets)


def _written(ports: str | SupportsIndex | Iterable[str | SupportsIndex]) -> list[str]:
    """Ports as they are written after ``-p``, a list for each of them; none at all is one list with nothing in it."""
    if isinstance(ports, str) or not isinstance(ports, Iterable):
        ports = (ports,)
    return [port if isinstance(port, str) else _port(index(port)) for port in ports] or [""]


def _port(number: int) -> str:
    if not 0 <= number <= HIGHEST_PORT:  # a minus would be read as a range
        raise UsageError(_("{item}: ports run from 0 to 65535").format(item=number))
    return str(number)


def _families(families: int | Iterable[int]) -> frozenset[int]:
    chosen = frozenset((families,) if isinstance(families, int) else families)
    if not chosen or not chosen <= {4, 6}:
        raise UsageError(_("families {families}: write (4,), (6,) or (4, 6)").format(families=tuple(sorted(chosen))))
    return chosen
