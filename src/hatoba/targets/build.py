"""From what the user wrote to the :class:`TargetSet` that is scanned: names looked up, exclusions taken out, and each address
in exactly one place, with all the ports that it is asked for.

The cost is in the number of expressions and ranges, never in the number of addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address

import numpy as np

from hatoba.errors import UsageError
from hatoba.messages import _, ngettext
from hatoba.model import Address, Protocol, Shard
from hatoba.targets.collector import RangeCollector, fault_of, never_hosts
from hatoba.targets.exclusions import Exclusions
from hatoba.targets.expressions import AddressRange, HostName, OctetRange, around, parse_expression, plain_ipv4
from hatoba.targets.files import Place
from hatoba.targets.names import Resolver, choose, interface_name, look_up, of_others, system_resolver
from hatoba.targets.ports import NameLookup, NoPortLeft, PortChoice, parse_ports
from hatoba.targets.quoting import shown
from hatoba.targets.ranges import Ranges, minus, partition, union
from hatoba.targets.target_set import MAX_ADDRESSES, Block, TargetSet

_LINK_LOCAL = 0xFE80 >> 6
_IPV4_ONLY = frozenset({4})


@dataclass(frozen=True, slots=True)
class Built:
    """The targets, and sentences for the user about what was decided on the way."""

    targets: TargetSet
    notes: tuple[str, ...] = ()


def build_targets(
    expressions: Iterable[str],
    *,
    ports: PortChoice,
    exclude: Iterable[str] = (),
    exclude_place: Callable[[], Place | None] = lambda: None,
    exclude_ports: PortChoice | None = None,
    families: frozenset[int] = _IPV4_ONLY,
    resolver: Resolver = system_resolver,
    resolve_all: bool = False,
    interface: str | None = None,
    service_names: NameLookup | None = None,
    shard: Shard | None = None,
) -> Built:
    """Targets from *expressions* (see ``expressions``; each may hold several, with white space between).

    *ports* are asked of every host that has none of its own; *exclude* are expressions of what not to ask,
    *exclude_place* tells where the one stands that was taken last. *families* (4, 6)
    say which addresses of a name to take; an address as such is always taken. *interface* is the zone of link-local addresses
    that are written without one. *service_names* finds ports of a name in ``host:http``; None: the registry. *shard*: take this
    part of them alone, which may be none.

    Raises UsageError: for a malformed expression, for addresses that are no host's, and where no target is left. A name that
    does not exist is a note as long as another target remains.
    """
    asked = _Asked(ports, exclude_ports, interface, service_names)
    pending = [item for text in expressions for token in text.split() if (item := asked.take(token)) is not None]
    lookups = look_up((name.name for _token, name in pending), resolver)
    others: dict[str, tuple[Address, ...]] = {}
    for token, name in pending:
        try:
            chosen = choose(name.name, lookups[name.name], families, resolve_all)
        except UsageError as error:
            asked.left_out.append(str(error))
            continue
        if chosen.note:
            asked.notes.append(chosen.note)
        if chosen.others:
            others[name.name] = chosen.others
        for address in chosen.addresses:
            asked.take_named(token, name, address)
    asked.notes += of_others(others)
    asked.refuse_nothing_asked()
    blocks = asked.blocks(Exclusions.parse(exclude, resolver, exclude_place))
    targets = TargetSet(tuple(blocks), asked.names_by_index(blocks))
    notes = asked.notes + asked.left_out
    if shard is not None:
        targets = targets.part(shard)
        if not targets.blocks:
            notes.append(_none_in(shard, targets.all_addresses))
    return Built(targets, tuple(notes))


@dataclass(slots=True)
class _Asked:
    """What was asked for so far, by family, zone and port choice."""

    ports: PortChoice
    exclude_ports: PortChoice | None
    interface: str | None
    service_names: NameLookup | None
    notes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Why something that was asked for is no target."""
    gathered: dict[tuple[int, str | None, PortChoice], RangeCollector] = field(default_factory=dict)
    named: dict[tuple[int, str | None], dict[int, tuple[str, ...]]] = field(default_factory=dict)
    """Names by family, zone and address."""
    choices: dict[str | None, PortChoice] = field(default_factory=dict)
    """Port choices by how they were written; None: the scan's own."""
    collectors: dict[tuple[int, str | None, str | None], RangeCollector] = field(default_factory=dict)
    """By family, zone and ports as written: what most expressions of a long list share."""

    def take(self, token: str) -> tuple[str, HostName] | None:
        """Note an expression; one that is a name comes back, to be looked up."""
        value = plain_ipv4(token)
        if value is not None and fault_of(4, value, value) is None:
            self._collector(4, None, None, token).add(value, value)
            return None
        expression = parse_expression(token)
        if isinstance(expression, HostName):
            self._choice(expression.ports)
            return token, expression
        if isinstance(expression, AddressRange):
            self._take_range(token, expression)
        else:
            self._take_octets(token, expression)
        return None

    def take_named(self, token: str, name: HostName, address: Address) -> None:
        """Note one address of a name; or why it is none to ask, which for a name is not the user's mistake."""
        try:
            taken = self._take_range(token, around(address, name.prefix, token, name.ports))
        except UsageError as error:
            self.left_out.append(_("{name}: {problem}").format(name=shown(name.name), problem=error))
            return
        known = self.named.setdefault((taken.family, taken.zone), {})
        names = known.get(int(address), ())
        if name.name not in names:
            known[int(address)] = (*names, name.name)

    def refuse_nothing_asked(self) -> None:
        if not self.gathered:
            if self.left_out:
                raise UsageError(_("no target left: {reasons}").format(reasons="; ".join(self.left_out[:5])))
            raise UsageError(
                _("no target given; name a host, an address or a network, for instance 198.18.0.2 or 198.18.0.0/24")
            )

    def blocks(self, exclusions: Exclusions) -> list[Block]:
        """One block for each distinct family, zone and set of ports, IPv4 first."""
        blocks: list[Block] = []
        by_link: dict[tuple[int, str | None], dict[PortChoice, Ranges]] = {}
        for (family, zone, choice), collector in self.gathered.items():
            by_link.setdefault((family, zone), {})[choice] = collector.ranges()
        lost = first = 0
        for family, zone in sorted(by_link, key=lambda link: (link[0], link[1] or "")):
            asked = by_link[family, zone]
            never = never_hosts(family)
            whole = union(list(asked.values()), family)
            lost += whole.count() - minus(whole, never).count()
            for choice, addresses in _disjoint(asked, union([never, exclusions.of(family, zone)], family)):
                if first + addresses.count() > MAX_ADDRESSES:
                    raise UsageError(_too_many(_("the targets together"), family))
                blocks.append(Block(addresses, choice.ports, first, zone))
                first += addresses.count()
        if lost:
            self.notes.append(
                ngettext(
                    "{count} address is left out: unspecified, multicast or broadcast, it is no host's",
                    "{count} addresses are left out: unspecified, multicast or broadcast, they are no host's",
                    lost,
                ).format(count=lost)
            )
        if not blocks:
            raise UsageError(_("no target left: every address that was asked for is excluded"))
        return blocks

    def names_by_index(self, blocks: list[Block]) -> dict[int, tuple[str, ...]]:
        found: dict[int, tuple[str, ...]] = {}
        for block in blocks:
            names = self.named.get((block.family, block.zone), {})
            if names:
                width = 4 if block.family == 4 else 16
                raw = b"".join(value.to_bytes(width, "big") for value in names)
                offsets = block.find(np.frombuffer(raw, dtype=np.uint8).reshape(-1, width))
                for offset, asked_by in zip(offsets.tolist(), names.values(), strict=True):
                    if offset >= 0:
                        found[block.first + offset] = asked_by
        return found

    def _take_range(self, token: str, asked: AddressRange) -> AddressRange:
        if asked.count > MAX_ADDRESSES:
            raise UsageError(_too_many(shown(token), asked.family))
        if fault := fault_of(asked.family, asked.first, asked.last):
            raise UsageError(_not_a_host(token, fault))
        zone = self._zone(token, asked)
        self._collector(asked.family, zone, asked.ports, token).add(asked.first, asked.last)
        return AddressRange(asked.family, asked.first, asked.last, zone, asked.ports)

    def _take_octets(self, token: str, asked: OctetRange) -> None:
        ranges = asked.pattern.ranges()
        if not len(minus(ranges, never_hosts(4))):
            raise UsageError(_not_a_host(token, "multicast"))
        self._collector(4, None, asked.ports, token).add_ranges(ranges)

    def _zone(self, token: str, asked: AddressRange) -> str | None:
        if asked.family == 4 or asked.first >> 118 != _LINK_LOCAL:
            return None
        zone = asked.zone or self.interface
        if zone is None:
            raise UsageError(
                _("{text}: a link-local address needs its interface; write {address}%eth0 with the interface's name").format(
                    text=shown(token), address=IPv6Address(asked.first)
                )
            )
        return interface_name(zone)

    def _collector(self, family: int, zone: str | None, ports: str | None, token: str) -> RangeCollector:
        written = (family, zone, ports)
        if (known := self.collectors.get(written)) is not None:
            return known
        choice = self._choice(ports)
        collector = RangeCollector(family)
        if choice:
            self.collectors[written] = collector = self.gathered.setdefault((family, zone, choice), collector)
        else:
            self.left_out.append(_("{text}: left out, its ports are excluded").format(text=shown(token)))
        return collector

    def _choice(self, ports: str | None) -> PortChoice:
        """The ports that were written after a host, or the scan's own, but for the excluded ones."""
        if ports in self.choices:
            return self.choices[ports]
        chosen = self.ports
        if ports is not None:
            scanned = self.ports.protocols
            chosen = parse_ports(ports, default=scanned or Protocol.TCP, names=self.service_names)
        if self.exclude_ports is not None:
            chosen = chosen.without(self.exclude_ports)
        if ports is None and not chosen:
            raise NoPortLeft(_("no port left to ask: every port is excluded; name others with -p"))
        self.choices[ports] = chosen
        return chosen


def _disjoint(asked: Mapping[PortChoice, Ranges], unwanted: Ranges) -> list[tuple[PortChoice, Ranges]]:
    """Each address but the *unwanted* once, with the union of its ports; parts with equal ports joined, by lowest address."""
    family = unwanted.family
    choices = list(asked)
    if len(choices) == 1:
        wanted = minus(asked[choices[0]], unwanted)
        return [(choices[0], wanted)] if len(wanted) else []
    parts: dict[PortChoice, list[Ranges]] = {}
    for holders, addresses in partition([*asked.values(), unwanted], family):
        if len(choices) in holders:
            continue
        held = [choices[i] for i in sorted(holders)]
        ports = held[0]
        for other in held[1:]:
            ports = ports.union(other)
        parts.setdefault(ports, []).append(addresses)
    joined = [(ports, union(same, family)) for ports, same in parts.items()]
    return sorted(joined, key=lambda part: part[1].lowest())


def _none_in(shard: Shard, addresses: int) -> str:
    return ngettext(
        "shard {shard} has none of the {count} address: a host is scanned by one machine; several can divide its ports by -p",
        "shard {shard} has none of the {count} addresses: a host is scanned by one machine; several can divide its ports by -p",
        addresses,
    ).format(shard=shard, count=addresses)


def _too_many(what: str, family: int) -> str:
    example = "/8" if family == 4 else "/112"
    return _("{what}: more than 2^32 addresses, too many for one scan; name hosts, or networks such as {example}").format(
        what=what, example=example
    )


def _not_a_host(token: str, fault: str) -> str:
    if fault == "multicast":
        sentence = _("{text}: a multicast address stands for a group, not for a host; name the hosts themselves")
    elif fault == "broadcast":
        sentence = _("{text}: the broadcast address stands for every host on the link; name the hosts themselves")
    else:
        sentence = _("{text}: the unspecified address is no host's; for this machine write localhost")
    return sentence.format(text=shown(token))
