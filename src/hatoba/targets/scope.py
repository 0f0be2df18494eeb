"""Permission: which addresses may be scanned, and the proof that it was asked.

The scanner is for hosts that one may scan. :class:`Scope` holds who allowed which network, when and why.
:class:`Permitted` is what the engine takes instead of a ``TargetSet``: only :meth:`Scope.require` and :meth:`Scope.waive` make
one, so whatever reaches the wire has been checked, on addresses, after names were resolved. The wire's gate asks
:meth:`Permitted.allows` once more for every batch that leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

import numpy as np
import numpy.typing as npt

from hatoba.errors import NotInScope
from hatoba.messages import ngettext
from hatoba.targets.expressions import MAPPED
from hatoba.targets.ranges import Network, Ranges, from_pairs, minus, union
from hatoba.targets.target_set import TargetSet

LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
_FAMILIES = (4, 6)
_SHOWN = 5
"""How many networks a message spells out."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Permission to scan a network."""

    network: Network
    by: str
    """User name of who recorded it. Untrusted text."""
    at: float
    """When, in seconds since the epoch."""
    reason: str
    """Who allowed it, and why, in the user's words. Untrusted text."""


class Permitted:
    """Targets that may be scanned. Immutable, and made by :class:`Scope` alone."""

    __slots__ = ("_addresses", "by", "targets")
    targets: TargetSet
    by: str
    """``scope``, or what set the check aside: ``--authorized``."""
    _addresses: dict[int, Ranges]

    def __init__(self, targets: TargetSet, by: str, key: object) -> None:
        if key is not _KEY:
            raise TypeError("Permitted is made by Scope.require or Scope.waive")
        for name, value in (("targets", targets), ("by", by), ("_addresses", _addresses_of(targets))):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Permitted can't be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("Permitted can't be changed")

    def allows(self, family: int, packed: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
        """Which of the addresses, (n, 4) or (n, 16) bytes in network order, packets may be sent to: (n,) bool.

        Those that are targets, and no other address, be it in scope. An IPv4-mapped IPv6 address never is one.
        """
        return self._addresses[family].contains(packed)


_KEY = object()


class Scope:
    """The networks that may be scanned."""

    def __init__(self, grants: Iterable[Grant], always: Iterable[Network] = ()) -> None:
        """*always* are networks that need no grant: this machine's own addresses, the lab. Loopback is always in scope."""
        self.grants = tuple(grants)
        networks = [*LOOPBACK, *map(unmapped_network, always), *(unmapped_network(grant.network) for grant in self.grants)]
        self._allowed = {family: _ranges_of(networks, family) for family in _FAMILIES}

    def refused(self, targets: TargetSet) -> list[Network]:
        """The fewest networks that hold exactly the targets that are not in scope."""
        asked = _addresses_of(targets)
        return [network for family in _FAMILIES for network in minus(asked[family], self._allowed[family]).networks()]

    def require(self, targets: TargetSet) -> Permitted:
        """*targets*, if all of them are in scope; else raises NotInScope, which holds the networks and says what to type."""
        refused = self.refused(targets)
        if refused:
            raise NotInScope(_refusal(refused), [str(network) for network in refused])
        return Permitted(targets, "scope", _KEY)

    @staticmethod
    def waive(targets: TargetSet, by: str = "--authorized") -> Permitted:
        """*targets* without the check: the user has vouched for them by *by*."""
        return Permitted(targets, by, _KEY)


def unmapped_network(network: Network) -> Network:
    """A network of IPv4-mapped IPv6 addresses as the IPv4 network that it is."""
    first = int(network.network_address)
    if network.version == 6 and network.prefixlen >= 96 and first >> 32 == MAPPED >> 32:
        return IPv4Network((first - MAPPED, network.prefixlen - 96))
    return network


def network_text(network: Network | str) -> str:
    """A network for people: a single address without its ``/32`` or ``/128``."""
    text = str(network)
    return text.removesuffix("/128") if ":" in text else text.removesuffix("/32")


def short_list(networks: Sequence[Network | str]) -> str:
    """The first five networks, and how many more there are."""
    listed = ", ".join(network_text(network) for network in networks[:_SHOWN])
    rest = len(networks) - _SHOWN
    if rest <= 0:
        return listed
    return ngettext("{listed} and {count} more network", "{listed} and {count} more networks", rest).format(
        listed=listed, count=rest
    )


def _refusal(networks: Sequence[Network]) -> str:
    named = " ".join(network_text(network) for network in networks[:_SHOWN])
    return ngettext(
        'not in scope: {networks}; if you may scan it, type: hatoba scope add {named} --reason "who allowed it, and why"',
        'not in scope: {networks}; if you may scan them, type: hatoba scope add {named} --reason "who allowed it, and why"',
        len(networks),
    ).format(networks=short_list(networks), named=named + (" ..." if len(networks) > _SHOWN else ""))


def _ranges_of(networks: Iterable[Network], family: int) -> Ranges:
    return from_pairs(
        family,
        ((int(network[0]), int(network[-1])) for network in networks if network.version == family),
    )


def _addresses_of(targets: TargetSet) -> dict[int, Ranges]:
    """All addresses of *targets* by family, whatever their zone."""
    return {family: union([b.addresses for b in targets.blocks if b.family == family], family) for family in _FAMILIES}
