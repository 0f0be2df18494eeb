"""What not to ask: ``--exclude``, ``--excludefile``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.targets.collector import RangeCollector
from hatoba.targets.expressions import AddressRange, HostName, OctetRange, around, parse_expression, split_list
from hatoba.targets.files import Place, at
from hatoba.targets.names import Resolver, choose, interface_name, look_up
from hatoba.targets.quoting import shown
from hatoba.targets.ranges import Ranges, union

_BOTH = frozenset({4, 6})


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Excluded addresses by family and zone. Without a zone they are excluded on every interface."""

    held: dict[tuple[int, str | None], Ranges]

    @classmethod
    def parse(
        cls, expressions: Iterable[str], resolver: Resolver, place: Callable[[], Place | None] = lambda: None
    ) -> Exclusions:
        """Exclusions from target expressions, each text a list with white space or commas between them.

        A name excludes all its addresses of both families. *place* tells where the text stands that was taken last.

        Raises UsageError for a malformed expression, for one with ports, and for a name that can't be looked up: to go on
        without it would ask a host that must not be asked.
        """
        gathered: dict[tuple[int, str | None], RangeCollector] = {}
        pending: list[tuple[str, HostName, Place | None]] = []
        for token in (token for text in expressions for token in split_list(text)):
            expression = parse_expression(token)
            if expression.ports is not None:
                raise UsageError(
                    _("{text}: --exclude takes hosts without ports; ports are excluded with --exclude-ports").format(
                        text=shown(token)
                    )
                )
            if isinstance(expression, HostName):
                pending.append((token, expression, place()))
            elif isinstance(expression, OctetRange):
                gathered.setdefault((4, None), RangeCollector(4)).add_ranges(expression.pattern.ranges())
            else:
                _gather(gathered, expression)
        lookups = look_up((name.name for _token, name, _place in pending), resolver)
        for token, name, stands in pending:
            try:
                addresses = choose(name.name, lookups[name.name], _BOTH, resolve_all=True).addresses
            except UsageError as error:
                raise at(stands, error) from error
            for address in addresses:
                _gather(gathered, around(address, _fitting(name, address.version), token))
        return cls({key: collector.ranges() for key, collector in gathered.items()})

    def of(self, family: int, zone: str | None) -> Ranges:
        """The excluded addresses of *family* on the interface *zone*."""
        return union([self.held[family, z] for z in {None, zone} if (family, z) in self.held], family)


def _fitting(name: HostName, family: int) -> int | None:
    """The prefix, which in ``name/120`` is meant for the IPv6 address: the IPv4 address is then excluded alone."""
    return None if name.prefix is not None and family == 4 and name.prefix > 32 else name.prefix


def _gather(gathered: dict[tuple[int, str | None], RangeCollector], expression: AddressRange) -> None:
    zone = interface_name(expression.zone) if expression.zone else None
    key = (expression.family, zone)
    gathered.setdefault(key, RangeCollector(expression.family)).add(expression.first, expression.last)
