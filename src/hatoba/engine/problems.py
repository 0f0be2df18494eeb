"""Sentences for people about what did not work in a scan, or not for certain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address

from hatoba.engine.rations.rationing import RATION_S
from hatoba.engine.tally import Tally
from hatoba.messages import _, ngettext, system_words
from hatoba.model import Address
from hatoba.packets.layouts import ADDRESS_BYTES
from hatoba.reports.quantities import duration, number
from hatoba.results.batch import HostTable
from hatoba.targets.target_set import TargetSet
from hatoba.wire.faults import Refusals
from hatoba.wire.network import Network


def no_ways(lost: Mapping[str, tuple[Address, int]]) -> Iterator[str]:
    """Problems that keep us from hosts: one of the hosts, and how many more."""
    for problem, (address, more) in lost.items():
        text = (
            _("no way to {address}: {problem}")
            if not more
            else ngettext(
                "no way to {address} and {count} more: {problem}", "no way to {address} and {count} more: {problem}", more
            )
        )
        yield text.format(address=address, count=number(more), problem=problem)


def other_way(interface: str, targets: TargetSet, network: Network) -> Iterator[str]:
    """The first address that the routing table reaches through another interface than the one that was named, if there is
    one. An address with a zone names its interface itself, an own one needs none."""
    for block in targets.blocks:
        for way in network.table_ways(block.family, block.ranges()) if block.zone is None else ():
            if way.route is not None and not way.route.local and way.route.link.name not in ("", interface):
                yield _(
                    "the routing table reaches {address} through {other}, not {interface}: leave out -e, or name {other}"
                ).format(
                    address=ip_address(way.first.to_bytes(ADDRESS_BYTES[block.family], "big")),
                    other=way.route.link.name,
                    interface=interface,
                )
                return


def rationing(tally: Tally, hosts: HostTable, protocols: bool = False) -> Iterator[str]:
    """Who holds ICMP errors back, and what it would cost to know better. *protocols*: they were asked for instead of ports."""
    if not tally.rationing:
        return
    index, ports = max(tally.rationing.items(), key=lambda item: item[1])
    more = len(tally.rationing) - 1
    text = _rationed_protocols(more) if protocols else _rationed_ports(more)
    yield text.format(address=hosts.address(index), count=number(more), ports=number(ports), time=duration(ports * RATION_S))


def _rationed_ports(more: int) -> str:
    return (
        _(
            "{address} rations its ICMP errors, so {ports} of its silent ports can't be told apart: most are closed, but one "
            "whose program never answers a stranger looks the same; --prove-closed proves which are closed, in about {time}"
        )
        if not more
        else ngettext(
            "{address} and {count} more host ration their ICMP errors, so up to {ports} silent ports of each can't be told "
            "apart: most are closed, but one whose program never answers a stranger looks the same; --prove-closed proves "
            "which are closed, in about {time}",
            "{address} and {count} more hosts ration their ICMP errors, so up to {ports} silent ports of each can't be told "
            "apart: most are closed, but one whose program never answers a stranger looks the same; --prove-closed proves "
            "which are closed, in about {time}",
            more,
        )
    )


def _rationed_protocols(more: int) -> str:
    return (
        _(
            "{address} rations its ICMP errors, so {ports} of its silent protocols can't be told apart: most are closed, but "
            "one that never answers a stranger looks the same; --prove-closed proves which are closed, in about {time}"
        )
        if not more
        else ngettext(
            "{address} and {count} more host ration their ICMP errors, so up to {ports} silent protocols of each can't be told "
            "apart: most are closed, but one that never answers a stranger looks the same; --prove-closed proves which are "
            "closed, in about {time}",
            "{address} and {count} more hosts ration their ICMP errors, so up to {ports} silent protocols of each can't be "
            "told apart: most are closed, but one that never answers a stranger looks the same; --prove-closed proves which "
            "are closed, in about {time}",
            more,
        )
    )


def reset_rationing(tally: Tally, hosts: HostTable) -> Iterator[str]:
    """Who holds resets back: that is why it took so long, or why something can't be told."""
    untold = {index: ports for index, ports in tally.untold.items() if index not in tally.silenced}
    for index, ports in list(untold.items())[:1]:
        text = ngettext(
            "{address} sends so few resets that {count} of its silent ports may be closed as well as filtered",
            "{address} sends so few resets that {count} of its silent ports may be closed as well as filtered",
            ports,
        )
        yield text.format(address=hosts.address(index), count=number(ports))
    rationed = {index: counts for index, counts in tally.resets.items() if index not in tally.untold | tally.silenced}
    if rationed:
        index, (asked, silent) = next(iter(rationed.items()))
        more = len(rationed) - 1
        text = (
            _(
                "{address} rations its resets: of {asked} closed ports that were asked again among the others {silent} stayed "
                "silent, so it was asked slowly"
            )
            if not more
            else ngettext(
                "{address} and {count} more host ration their resets: of {asked} closed ports of {address} that were asked "
                "again among the others {silent} stayed silent, so they were asked slowly",
                "{address} and {count} more hosts ration their resets: of {asked} closed ports of {address} that were asked "
                "again among the others {silent} stayed silent, so they were asked slowly",
                more,
            )
        )
        yield text.format(address=hosts.address(index), count=number(more), asked=number(asked), silent=number(silent))


def silenced(tally: Tally, hosts: HostTable) -> Iterator[str]:
    """Who has gone in mid-scan, or has begun to block us."""
    if not tally.silenced:
        return
    index, ports = max(tally.silenced.items(), key=lambda item: item[1])
    more = len(tally.silenced) - 1
    text = (
        ngettext(
            "{address} answered at first and then no more, so {ports} silent port may be open or closed as well: the host is "
            "gone, or something blocks this machine; ask again later, and more slowly with --max-rate",
            "{address} answered at first and then no more, so {ports} silent ports may be open or closed as well: the host is "
            "gone, or something blocks this machine; ask again later, and more slowly with --max-rate",
            ports,
        )
        if not more
        else ngettext(
            "{address} and {count} more host answered at first and then no more, so up to {ports} silent ports of each may be "
            "open or closed as well: they are gone, or something blocks this machine; ask again later, and more slowly with "
            "--max-rate",
            "{address} and {count} more hosts answered at first and then no more, so up to {ports} silent ports of each may be "
            "open or closed as well: they are gone, or something blocks this machine; ask again later, and more slowly with "
            "--max-rate",
            more,
        )
    )
    yield text.format(address=hosts.address(index), count=number(more), ports=number(ports))


def echoed(tally: Tally) -> Iterator[str]:
    if tally.echoed:
        yield _(
            "the pings that were asked for are IPv4's alone: hosts with IPv6 addresses were pinged by echo requests instead"
        )


def contradictions(tally: Tally) -> Iterator[str]:
    if tally.contradictions:
        text = ngettext(
            "{count} answer contradicted an earlier one of the same port",
            "{count} answers contradicted earlier ones of the same port",
            tally.contradictions,
        )
        yield text.format(count=number(tally.contradictions))


def refused(refusals: Refusals) -> Iterator[str]:
    """What this machine itself refused to send, which the report tells as filtered by an error of its own, or as silent."""
    for code, count in refusals.counts.items():
        text = ngettext(
            "this machine itself refused {count} probe, to {address}: {problem}; look at its routes (ip route get {address}) "
            "and at its own firewall, then ask again",
            "this machine itself refused {count} probes, the first of them to {address}: {problem}; look at its routes (ip "
            "route get {address}) and at its own firewall, then ask again",
            count,
        )
        address = ip_address(refusals.first[code])
        yield text.format(count=number(count), address=address, problem=system_words(code))


def outages(tally: Tally) -> Iterator[str]:
    """Interfaces that were away for a while; of one that stayed away the wire's own sentence tells."""
    for link, away_s in tally.outages.seconds.items():
        text = _("interface {link} was away for {time} in mid-scan; what was asked meanwhile was asked again")
        yield text.format(link=link, time=duration(away_s))


def drops(tally: Tally) -> Iterator[str]:
    if tally.drops:
        text = ngettext(
            "this machine lost {count} arriving packet; what it may have answered was asked again",
            "this machine lost {count} arriving packets; what they may have answered was asked again",
            tally.drops,
        )
        yield text.format(count=number(tally.drops))
