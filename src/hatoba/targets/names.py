"""Names to addresses: the system's resolver, many names at once, and which of a name's addresses to take."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from hatoba.errors import UsageError
from hatoba.messages import _, ngettext, system_words
from hatoba.model import Address
from hatoba.targets.quoting import shown

Resolver = Callable[[str, int], list[Address]]
"""(name, family 4 or 6) to addresses, best first; nothing for a name that does not exist or has none of that family.
Raises OSError where the question itself failed (no server answered)."""

_UNKNOWN = {socket.EAI_NONAME} | {getattr(socket, name) for name in ("EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)}
_AT_ONCE = 32
_TOLD = 4
"""How many other addresses of a name a note spells out."""
_NAMES_TOLD = 5
"""How many names with other addresses are told of one by one."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What is known of a name: its addresses by family, and the problem of a question that failed."""

    found: dict[int, tuple[Address, ...]]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Addresses to take for a name, and what is to be said about it."""

    addresses: tuple[Address, ...]
    note: str | None = None
    """A sentence for the user."""
    others: tuple[Address, ...] = ()
    """Those that are not taken and should not be passed over in silence: see :func:`of_others`."""


def system_resolver(name: str, family: int) -> list[Address]:
    """Ask the system (hosts file, DNS, whatever it is set to) for *name*'s addresses of *family*, in its order."""
    wanted = socket.AF_INET if family == 4 else socket.AF_INET6
    try:
        answers = socket.getaddrinfo(name, None, wanted, socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in _UNKNOWN:
            return []
        raise
    except UnicodeError:  # a label that IDNA can't encode is nobody's name
        return []
    return [ip_address(str(answer[4][0])) for answer in answers]


def interface_name(zone: str) -> str:
    """An IPv6 zone as an interface's name: ``%2`` means the interface with index 2 (RFC 4007 section 11.2)."""
    if not zone.isdecimal():
        return zone
    try:
        return socket.if_indextoname(int(zone))
    except (OSError, OverflowError):
        raise UsageError(
            _("%{zone}: this machine has no interface with this number; write its name, as in fe80::1%eth0").format(
                zone=shown(zone)
            )
        ) from None


def look_up(names: Iterable[str], resolver: Resolver) -> dict[str, Lookup]:
    """Every distinct name in both families, several at once."""
    distinct = list(dict.fromkeys(names))
    if not distinct:
        return {}
    from concurrent.futures import ThreadPoolExecutor  # logging and more: who writes addresses need not wait for it

    pool = ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(distinct)))
    try:
        return dict(zip(distinct, pool.map(lambda name: _look_up(name, resolver), distinct), strict=True))
    finally:
        # Ctrl-C must not wait for the names that are still queued.
        pool.shutdown(wait=False, cancel_futures=True)


def _look_up(name: str, resolver: Resolver) -> Lookup:
    found: dict[int, tuple[Address, ...]] = {4: (), 6: ()}
    problem = None
    for family in (4, 6):
        try:
            answers = resolver(name, family)
        except OSError as error:
            problem = system_words(error)
            continue
        for answer in answers:
            address = unmapped(answer)
            if address not in found[address.version]:
                found[address.version] += (address,)
    return Lookup(found, problem)


def unmapped(address: Address) -> Address:
    """An IPv4-mapped IPv6 address as the IPv4 address that it is."""
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def choose(name: str, lookup: Lookup, families: frozenset[int], resolve_all: bool) -> Chosen:
    """Which of a name's addresses to scan: the first of each wanted family, or all of them.

    Where only IPv4 is wanted, which is the default, a name that has none falls back to IPv6. Raises UsageError where there is
    nothing to choose: the name is unknown, or has no address of the wanted families.
    """
    label = shown(name)
    every = lookup.found[4] + lookup.found[6]
    if not every:
        if lookup.problem:
            raise UsageError(
                _("{name}: looking up the name failed ({problem}); try again, or write the address").format(
                    name=label, problem=shown(lookup.problem)
                )
            )
        raise UsageError(_("{name}: no such name; check its spelling, or write the address").format(name=label))
    wanted = [lookup.found[family] for family in sorted(families) if lookup.found[family]]
    note = None
    if not wanted and families == {4}:
        wanted = [lookup.found[6]]
        note = _("{name} has no IPv4 address; its IPv6 address {address} is scanned").format(
            name=label, address=shown(str(lookup.found[6][0]))
        )
    if not wanted:
        raise UsageError(
            _("{name}: the name has no IPv{family} address; leave out -{family} to scan {address}").format(
                name=label, family=min(families), address=shown(str(every[0]))
            )
        )
    taken = tuple(address for found in wanted for address in (found if resolve_all else found[:1]))
    # Every name of this machine has both loopback addresses, and nobody scans it for fear of missing the other one.
    if note is not None or all(address.is_loopback for address in every):
        return Chosen(taken, note)
    return Chosen(taken, None, tuple(address for address in every if address not in taken))


def of_others(others: Mapping[str, Sequence[Address]]) -> list[str]:
    """Sentences on the addresses that names have *others* of than those that are scanned: one for each of a few names, one for
    all of a long list."""
    if len(others) <= _NAMES_TOLD:
        return [_other_addresses(shown(name), addresses) for name, addresses in others.items()]
    named = ", ".join(map(shown, list(others)[:_NAMES_TOLD]))
    more = len(others) - _NAMES_TOLD
    return [
        ngettext(
            "{names} and {count} more name have other addresses, which are not scanned; --all-addresses takes them as well",
            "{names} and {count} more names have other addresses, which are not scanned; --all-addresses takes them as well",
            more,
        ).format(names=named, count=f"{more:,}")
    ]


def _other_addresses(label: str, others: Sequence[Address]) -> str:
    listed = ", ".join(shown(str(address)) for address in others[:_TOLD]) + (", …" if len(others) > _TOLD else "")
    return ngettext(
        "{name} has {count} other address, which is not scanned: {addresses}",
        "{name} has {count} other addresses, which are not scanned: {addresses}",
        len(others),
    ).format(name=label, count=len(others), addresses=listed)
