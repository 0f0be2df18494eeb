"""One target as people write it, to what it means; nothing is looked up.

| written | means |
| --- | --- |
| `198.18.0.2`, `fd00:18::2`, `fe80::1%eth0` | an address; a link-local one with its interface |
| `198.18.0.0/24`, `fd00:18::/120` | a network |
| `198.18.0.10-198.18.1.9` | all addresses from one to the other |
| `198.18.0-3.1,5,7-9`, `198.18.*.1`, `198.18.0.-5`, `198.18.0.250-` | octet ranges |
| `www.example.org`, `www.example.org/24` | a name; the network around its address |
| `198.18.0.2:8080`, `[fd00:18::2]:80,443`, `name:U:53` | a host with ports of its own |

An IPv4-mapped IPv6 address (``::ffff:198.18.0.2``, RFC 4291 section 2.5.5.2) is the IPv4 address, everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv6Address
from socket import AF_INET6, inet_pton

from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.model import Address
from hatoba.targets.octets import OctetPattern, parse_octets
from hatoba.targets.quoting import shown
from hatoba.targets.ranges import BITS

MAPPED = 0xFFFF << 32
"""The first IPv4-mapped IPv6 address, ::ffff:0:0."""

_LITERAL6 = re.compile(r"(?P<address>[0-9A-Fa-f:.]*)(?:%(?P<zone>[^%/]*))?(?:/(?P<prefix>.*))?", re.DOTALL)
_BRACKETS = re.compile(r"\[(?P<inside>[^\[\]]*)\](?::(?P<ports>.*))?", re.DOTALL)
_PLAIN4 = re.compile(r"(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})")
_OCTET_LIKE = re.compile(r"[0-9.,*-]+")
_ZONE = re.compile(r"[^\s:]{1,15}")
_LABEL = re.compile(r"\w(?:[\w-]{0,61}\w)?")
_NUMBER_LIKE = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


@dataclass(frozen=True, slots=True)
class AddressRange:
    """Addresses from *first* to *last*, both included."""

    family: int
    first: int
    last: int
    zone: str | None = None
    ports: str | None = None
    """A port list of its own, as written; None: the scan's ports."""

    @property
    def count(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class OctetRange:
    """IPv4 addresses by an octet pattern."""

    pattern: OctetPattern
    ports: str | None = None


@dataclass(frozen=True, slots=True)
class HostName:
    """A name to look up; with *prefix*, the network of that length around its address."""

    name: str
    prefix: int | None = None
    ports: str | None = None


Expression = AddressRange | OctetRange | HostName


def plain_ipv4(text: str) -> int | None:
    """The value of a single IPv4 address, by far the most common thing in long lists; None for anything else."""
    match = _PLAIN4.fullmatch(text)
    if match is None:
        return None
    first, second, third, fourth = map(int, match.groups())
    if first > 255 or second > 255 or third > 255 or fourth > 255:
        return None
    return first << 24 | second << 16 | third << 8 | fourth


def parse_expression(text: str) -> Expression:
    """One target, without white space around it. Raises UsageError, one sentence, for what is none."""
    if (value := plain_ipv4(text)) is not None:
        return AddressRange(4, value, value)
    if not text.isascii():
        # Full-width digits and stops, as an input method leaves them; a resolver would normalise a name likewise.
        text = unicodedata.normalize("NFKC", text).replace("。", ".")
    if "://" in text:
        raise UsageError(
            _("{text}: a target is a host, not a URL; write {host}").format(
                text=shown(text), host=shown(text.split("://", 1)[1].split("/", 1)[0]) or "www.example.org"
            )
        )
    if text.startswith("["):
        return _bracketed(text)
    if "%" in text or "::" in text or (text.count(":") >= 2 and _LITERAL6.fullmatch(text)):
        return _literal6(text, text, None)
    host, colon, ports = text.partition(":")
    if colon and not ports:
        raise UsageError(_("{text}: a port is missing after the colon").format(text=shown(text)))
    return _host(host, text, ports if colon else None)


def split_list(text: str) -> list[str]:
    """The targets of a list separated by white space or commas. A comma inside an octet list (``198.18.0.1,5``,
    ``198.18.0,1.2``) separates numbers, not targets."""
    found: list[str] = []
    for word in text.split():
        current = ""
        for piece in word.split(","):
            open_octets = bool(current) and _OCTET_LIKE.fullmatch(current) is not None
            is_number = _OCTET_LIKE.fullmatch(piece) is not None
            if open_octets and is_number and (current.count(".") < 3 or "." not in piece):
                current += "," + piece
            else:
                found.append(current)
                current = piece
        found.append(current)
    return [target for target in found if target]


def around(address: Address, prefix: int | None, text: str, ports: str | None = None) -> AddressRange:
    """The network of length *prefix* around *address* (None: it alone), an IPv4-mapped one as IPv4.

    *text* is what the user wrote, for the error.
    """
    zone = address.scope_id if isinstance(address, IPv6Address) else None
    bits = BITS[address.version]
    if prefix is None:
        prefix = bits
    if prefix > bits:
        raise UsageError(
            _("{text}: the prefix of an IPv{family} network is a number from 0 to {bits}").format(
                text=shown(text), family=address.version, bits=bits
            )
        )
    size = 1 << (bits - prefix)
    first = int(address) & ~(size - 1)
    family = address.version
    if family == 6 and first >> 32 == MAPPED >> 32 and prefix >= 96:
        family, first = 4, first - MAPPED
    return AddressRange(family, first, first + size - 1, zone, ports)


def _bracketed(text: str) -> Expression:
    match = _BRACKETS.fullmatch(text)
    if match is None:
        raise UsageError(_("{text}: write an IPv6 address with ports as [fd00:18::2]:80,443").format(text=shown(text)))
    if match["ports"] == "":
        raise UsageError(_("{text}: a port is missing after the colon").format(text=shown(text)))
    return _literal6(match["inside"], text, match["ports"])


def _literal6(literal: str, text: str, ports: str | None) -> AddressRange:
    match = _LITERAL6.fullmatch(literal)
    try:
        address = IPv6Address(inet_pton(AF_INET6, match["address"] if match else literal))
    except (OSError, ValueError):
        raise UsageError(_("{text}: not an IPv6 address; write for instance fd00:18::2").format(text=shown(text))) from None
    zone = match["zone"] if match else None
    if zone is not None:
        if not _ZONE.fullmatch(zone) or not zone.isprintable():
            raise UsageError(_("{text}: name an interface after %, for instance fe80::1%eth0").format(text=shown(text)))
        if not address.is_link_local:
            raise UsageError(
                _("{text}: only a link-local address (fe80::/10) goes with an interface; write {address}").format(
                    text=shown(text), address=address
                )
            )
        address = IPv6Address(f"{address}%{zone}")
    prefix = match["prefix"] if match else None
    return around(address, None if prefix is None else _prefix(prefix, text, 128), text, ports)


def _host(host: str, text: str, ports: str | None) -> Expression:
    base, slash, length = host.partition("/")
    value = plain_ipv4(base)
    if value is not None:
        size = 1 << (32 - _prefix(length, text, 32)) if slash else 1
        return AddressRange(4, value & ~(size - 1), value | (size - 1), None, ports)
    if (bounds := _both_ends(base)) is not None and not slash:
        return AddressRange(4, *bounds, None, ports)
    if _OCTET_LIKE.fullmatch(base) and any(c.isdigit() or c == "*" for c in base):
        pattern = parse_octets(base)
        if slash:
            raise UsageError(
                _("{text}: a range of addresses takes no /{length}; write the network or the range").format(
                    text=shown(text), length=shown(length)
                )
            )
        return _octet_range(pattern, ports)
    _check_name(base, text)
    return HostName(base, _prefix(length, text, 128) if slash else None, ports)


def _both_ends(base: str) -> tuple[int, int] | None:
    """The bounds of two whole addresses with a dash between them, as other scanners write a range; None for anything else."""
    start, _dash, end = base.partition("-")
    first, last = plain_ipv4(start), plain_ipv4(end)
    if first is None or last is None:
        return None
    if first > last:
        raise UsageError(
            _("{item}: the range runs backwards; write {last}-{first}").format(item=shown(base), first=start, last=end)
        )
    return first, last


def _octet_range(pattern: OctetPattern, ports: str | None) -> Expression:
    if pattern.range_count() > 1:
        return OctetRange(pattern, ports)
    first, last = next(pattern.ranges().pairs())
    return AddressRange(4, first, last, None, ports)


def _prefix(length: str, text: str, bits: int) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", length) or int(length) > bits:
        raise UsageError(
            _("{text}: what follows / is the length of the network's prefix, a number from 0 to {bits}").format(
                text=shown(text), bits=bits
            )
        )
    return int(length)


def _check_name(name: str, text: str) -> None:
    if not name:
        raise UsageError(_("{text}: the host is missing; write for instance 198.18.0.2:80").format(text=shown(text)))
    if "," in name:
        raise UsageError(_("{text}: separate targets by spaces, not by commas").format(text=shown(text)))
    labels = name.removesuffix(".").split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UsageError(
            _("{text}: neither an address nor a name; write for instance 198.18.0.2, 198.18.0.0/24 or www.example.org").format(
                text=shown(text)
            )
        )
    if _NUMBER_LIKE.fullmatch(labels[-1]):
        # The system's resolver would take 0x7f.1 for an address, and not for the one that most people see in it.
        raise UsageError(
            _("{text}: not an address; an IPv4 address has four decimal numbers, for instance 198.18.0.1").format(
                text=shown(text)
            )
        )
