"""A :class:`TargetSet` as text that stands by itself, and back: addresses and ports, not names, which may mean others later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from hatoba.model import Address, HostsAsked
from hatoba.targets.collector import RangeCollector, fault_of
from hatoba.targets.ports import choice, parse_ports, range_list
from hatoba.targets.ranges import Ranges, union
from hatoba.targets.target_set import MAX_ADDRESSES, Block, TargetSet


@dataclass(frozen=True, slots=True)
class _Addresses:
    """The ranges of a block, written one by one as they are read: there may be a million."""

    block: Block

    def __iter__(self) -> Iterator[str]:
        kind = IPv4Address if self.block.family == 4 else IPv6Address
        for first, last in self.block.ranges():
            yield str(kind(first)) if first == last else f"{kind(first)}-{kind(last)}"


def written(targets: TargetSet) -> tuple[HostsAsked, ...]:
    """Block by block, so that hosts keep their numbers."""
    return tuple(
        HostsAsked(_Addresses(block), {protocol: range_list(ports) for protocol, ports in block.ports.items()}, block.zone)
        for block in targets.blocks
    )


def names_of(targets: TargetSet) -> dict[Address, tuple[str, ...]]:
    """The names that hosts were asked by."""
    return {targets.address(index): names for index, names in targets.asked_names.items()}


def read_targets(blocks: Iterable[HostsAsked], names: Mapping[Address, tuple[str, ...]]) -> TargetSet:
    """What :func:`written` and :func:`names_of` wrote. Raises ValueError or KeyError, or UsageError of a
    port list, for what they can't have written."""
    found: list[Block] = []
    first = 0
    for asked in blocks:
        addresses = _ranges(asked.addresses)
        if not 0 < addresses.count() <= MAX_ADDRESSES - first:
            raise ValueError("targets are 1 to 2**32 addresses")
        ports = {protocol: parse_ports(text, default=protocol).ports[protocol] for protocol, text in asked.ports.items()}
        found.append(Block(addresses, choice(ports).ports, first, asked.zone))
        first += found[-1].count
    _refuse_twice(found)
    targets = TargetSet(tuple(found))
    indices = targets.find(list(names))
    named = zip(indices.tolist(), names.values(), strict=True)
    return TargetSet(targets.blocks, {index: its for index, its in named if index >= 0})


def _ranges(texts: Iterable[str]) -> Ranges:
    collector: RangeCollector | None = None
    for text in texts:
        lowest, _dash, highest = text.partition("-")
        first, last = ip_address(lowest), ip_address(highest or lowest)
        collector = collector or RangeCollector(first.version)
        if {first.version, last.version} != {collector.family} or int(first) > int(last):
            raise ValueError(f"no range: {text!r}")
        if fault_of(collector.family, int(first), int(last)) is not None:
            raise ValueError(f"no host's address: {text!r}")
        collector.add(int(first), int(last))
    return (collector or RangeCollector(4)).ranges()


def _refuse_twice(blocks: list[Block]) -> None:
    links: dict[tuple[int, str | None], list[Block]] = {}
    for block in blocks:
        links.setdefault((block.family, block.zone), []).append(block)
    for (family, _zone), its in links.items():
        if union([block.addresses for block in its], family).count() < sum(block.count for block in its):
            raise ValueError("an address is in two blocks")
