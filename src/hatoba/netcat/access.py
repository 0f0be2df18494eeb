"""Who may connect: ``--allow`` and ``--deny``."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hatoba.errors import UsageError
from hatoba.messages import _, system_words
from hatoba.netcat.ends import Peer

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str], Iterable[str]]

_OCTET = re.compile(r"\*|([0-9]{1,3})(?:-([0-9]{1,3}))?")


@dataclass(frozen=True, slots=True)
class _Octets:
    """IPv4 addresses as a product of four ranges: ``198.18.0-3.*``."""

    ranges: tuple[tuple[int, int], ...]

    def __contains__(self, address: object) -> bool:
        return isinstance(address, ipaddress.IPv4Address) and all(
            low <= octet <= high for octet, (low, high) in zip(address.packed, self.ranges, strict=True)
        )


Hosts = ipaddress.IPv4Network | ipaddress.IPv6Network | _Octets


@dataclass(frozen=True, slots=True)
class Access:
    """*allowed* None lets everybody in who is not *denied*. Who is in both lists is denied: the stricter word counts."""

    allowed: tuple[Hosts, ...] | None = None
    denied: tuple[Hosts, ...] = ()

    def allows(self, peer: Peer) -> bool:
        address = ipaddress.ip_address(peer.host.partition("%")[0])
        if self.allowed is not None and not any(address in hosts for hosts in self.allowed):
            return False
        return not any(address in hosts for hosts in self.denied)


def system_resolver(name: str) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(name, None, 0, socket.SOCK_STREAM)]


def parse_hosts(words: Iterable[str], resolver: Resolver = system_resolver) -> tuple[Hosts, ...]:
    """Lists separated by commas or white space, of addresses, networks (``198.18.0.0/24``), IPv4 octet ranges
    (``198.18.0-3.*``) and names, which are looked up once, now. Raises UsageError for anything else."""
    return tuple(hosts for word in words for item in re.split(r"[,\s]+", word) if item for hosts in _hosts(item, resolver))


def hosts_of_file(path: str, resolver: Resolver = system_resolver) -> tuple[Hosts, ...]:
    """The same from a file; what follows ``#`` is a remark. Raises UsageError for a file that can't be read."""
    try:
        with open(path, encoding="utf-8") as lines:
            return parse_hosts([line.partition("#")[0] for line in lines], resolver)
    except (OSError, ValueError) as error:
        reason = system_words(error) if isinstance(error, OSError) else _("it is not text")
        raise UsageError(
            _("{path}: the list of hosts can't be read ({reason}); name a text file").format(path=path, reason=reason)
        ) from error


def _hosts(item: str, resolver: Resolver) -> Iterable[Hosts]:
    try:
        return [ipaddress.ip_network(item, strict=False)]
    except ValueError:
        octets = [_OCTET.fullmatch(part) for part in item.split(".")]
    if len(octets) == 4 and all(octets):
        ranges = tuple((int(match[1] or 0), int(match[2] or match[1] or 255)) for match in octets if match)
        if all(low <= high < 256 for low, high in ranges):
            return [_Octets(ranges)]
    try:
        return [ipaddress.ip_network(address.partition("%")[0]) for address in resolver(item)]
    except (OSError, UnicodeError) as error:
        raise UsageError(
            _("{item} is neither a host nor a network: type for example 198.18.0.2, 198.18.0.0/24 or 198.18.0-3.*").format(
                item=item
            )
        ) from error
