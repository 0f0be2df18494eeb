"""What ``hatoba scan`` was told, checked against itself: all that can be said before targets or the network are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hatoba.cli.nmap_flags import METHODS
from hatoba.cli.output_options import outputs_of, refuse_targets_as_names
from hatoba.cli.resume_options import refuse_beside_resume
from hatoba.cli.scan_discovery import pings_of, refuse_contradictions, was_said
from hatoba.cli.scan_services import intensity_of
from hatoba.cli.scan_systems import refuse_without_ports
from hatoba.cli.scan_timing import timing_of
from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.model import Ping, ScanPlan, Shard

METHOD_NAMES = (
    *("syn", "connect", "fin", "null", "xmas", "maimon", "ack", "window"),
    *("udp", "sctp-init", "sctp-cookie", "ip-protocol"),
)
"""The methods, in the order in which they ask."""

DEFAULT_PORTS = 1000
FAST_PORTS = 100

_WITH_FILES = {
    "inputs": "-iL",
    "exclude_files": "--exclude-file",
    "scope_file": "--scope-file",
    "pcap": "--pcap",
    "jsonl": "-oJ",
    "xml": "-oX",
    "grepable": "-oG",
    "normal": "-oN",
    "all_formats": "-oA",
    "resume": "--resume",
    "signatures": "--signatures",
    "recog": "--recog",
}
"""Options whose value is the name of a file, by their keys."""

_METHOD_KEYS = {name: name.replace("-", "_") for name in METHOD_NAMES}
_METHOD_LETTERS = {option.removeprefix("--"): f"-s{letter}" for letter, option in METHODS.items()}


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """The choices of one ``hatoba scan``."""

    targets: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    """Lists of targets, with commas or white space between them."""
    exclude_files: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    """Port lists, which are asked together."""
    exclude_ports: tuple[str, ...] = ()
    top_ports: int | None = None
    """How many of the most likely ports; None where ``ports`` names them."""
    families: frozenset[int] = frozenset({4})
    """Which addresses of a name to take."""
    all_addresses: bool = False
    shard: Shard | None = None
    """Which part of the targets to take; None: all."""
    methods: tuple[str, ...] = ()
    """Names of scan methods; none: what this machine allows."""
    hosts_only: bool = False
    """Find out which hosts are there, and ask no ports."""
    list_only: bool = False
    """List the targets, and send them nothing."""
    list_names: bool = True
    """Whether a list looks up the names of addresses."""
    pings: tuple[Ping, ...] | None = None
    """How to look for hosts; none: not at all; None: as ``hatoba.api.pings`` has it for so many addresses."""
    signatures: tuple[str, ...] = ()
    """Files of users' own signatures."""
    recog: tuple[str, ...] = ()
    """Folders of Recog's databases."""
    systems_guess: bool = False
    """Name a system that fits badly, where none fits well."""
    everything: bool = False
    """Ask for systems and ways as well, where packets of our own are allowed."""
    packet_trace: bool = False
    pcap: str | None = None
    """The file to write packets to."""
    dry_run: bool = False
    authorized: bool = False
    scope_file: str | None = None
    outputs: tuple[tuple[str, str], ...] = ()
    """Format and path of each file, ``-`` for standard output."""
    open_only: bool = False
    reason: bool = False
    explain: bool = False
    verbose: int = 0
    progress: bool = True
    resume: str | None = None
    """The JSON Lines report of the scan to go on with."""
    plan: ScanPlan = field(default_factory=ScanPlan)
    """All but methods and pings, which are settled later."""

    @property
    def version_intensity(self) -> int | None:
        """How much open ports are asked for their services, 0 to 9; None: not at all."""
        return self.plan.version_intensity

    @property
    def all_ports(self) -> bool:
        """Ask printers' ports for their services, too."""
        return self.plan.all_ports

    @property
    def table(self) -> bool:
        """Whether people get the table on standard output: not where a report goes there."""
        return all(path != "-" for _format, path in self.outputs)

    @property
    def watched(self) -> bool:
        """Whether the scan's packets are to be looked at."""
        return self.packet_trace or self.pcap is not None or self.dry_run


def options_of(given: Mapping[str, Any]) -> ScanOptions:
    """The parser's values as :class:`ScanOptions`. Raises UsageError where two of them do not go together."""
    _refuse_options_as_names(given)
    if given["resume"] is not None:
        refuse_beside_resume(given)
    elif not given["targets"] and not given["inputs"]:
        refuse_targets_as_names(given)
        raise UsageError(
            _("there is no target: name at least one, for instance hatoba scan localhost, or a list with -iL FILE")
        )
    refuse_without_ports(given)
    refuse_contradictions(given, {key: _METHOD_LETTERS[name] for name, key in _METHOD_KEYS.items()})
    return ScanOptions(
        targets=tuple(given["targets"]),
        inputs=tuple(given["inputs"]),
        exclude=tuple(given["exclude"]),
        exclude_files=tuple(given["exclude_files"]),
        ports=tuple(given["ports"]),
        exclude_ports=tuple(given["exclude_ports"]),
        top_ports=_top_ports(given),
        families=_families(given["ipv4"], given["ipv6"], given["all_addresses"]),
        all_addresses=given["all_addresses"],
        shard=given["shard"],
        methods=tuple(name for name, key in _METHOD_KEYS.items() if given[key]),
        hosts_only=given["find_hosts"],
        list_only=given["list_only"],
        list_names=not given["no_names"],
        pings=pings_of(given),
        signatures=tuple(given["signatures"]),
        recog=tuple(given["recog"]),
        systems_guess=given["osscan_guess"],
        everything=given["everything"],
        packet_trace=given["packet_trace"],
        pcap=given["pcap"],
        dry_run=given["dry_run"],
        authorized=given["authorized"],
        scope_file=given["scope_file"],
        outputs=outputs_of(given),
        open_only=given["open_only"],
        reason=given["reason"],
        explain=given["explain"],
        verbose=given["verbose"],
        progress=given["progress"],
        resume=given["resume"],
        plan=_plan(given),
    )


def _refuse_options_as_names(given: Mapping[str, Any]) -> None:
    """``-oX -p22`` takes the ports for the name of the file, and would scan all the others."""
    for key, option in _WITH_FILES.items():
        for name in given[key] if isinstance(given[key], tuple) else (given[key] or "",):
            if name.startswith("-") and name != "-":
                raise UsageError(
                    _(
                        "{option} needs the name of a file, and {name} looks like an option: write ./{name} if that is the file"
                    ).format(option=option, name=name)
                )


def _top_ports(given: Mapping[str, Any]) -> int | None:
    keys = (("-p", "ports"), ("-F", "fast"), ("--top-ports", "top_ports"))
    chosen = [name for name, key in keys if was_said(given[key])]
    if len(chosen) > 1:
        raise UsageError(
            _("{first} and {second} both choose the ports: keep one of them").format(first=chosen[0], second=chosen[1])
        )
    if given["ports"]:
        return None
    if given["fast"]:
        return FAST_PORTS
    count: int | None = given["top_ports"]
    return DEFAULT_PORTS if count is None else count


def _families(ipv4: bool, ipv6: bool, all_addresses: bool) -> frozenset[int]:
    chosen = {family for family, wanted in ((4, ipv4), (6, ipv6)) if wanted}
    return frozenset(chosen or ({4, 6} if all_addresses else {4}))


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
    timing = timing_of(given)
    return ScanPlan(
        tcp_flags=given["scanflags"],
        max_retries=timing.max_retries,
        min_rate_pps=low,
        max_rate_pps=high,
        scan_delay_s=timing.scan_delay_s,
        host_timeout_s=timing.host_timeout_s,
        initial_rtt_timeout_s=timing.initial_rtt_timeout_s,
        min_rtt_timeout_s=timing.min_rtt_timeout_s,
        max_rtt_timeout_s=timing.max_rtt_timeout_s,
        prove_closed=given["prove_closed"],
        second_look=given["second_look"],
        traceroute=given["traceroute"],
        systems=given["systems"],
        systems_limit=given["osscan_limit"],
        reverse_names=given["reverse_names"],
        version_intensity=intensity_of(given),
        all_ports=given["all_ports"],
        tls_ciphers=given["tls_ciphers"],
        waf_test=given["waf_test"],
        seed=seed,
        interface=given["interface"],
        source_port=given["source_port"],
    )
