"""One network of the scope as people write it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.targets.expressions import AddressRange, HostName, OctetRange, parse_expression
from hatoba.targets.quoting import shown
from hatoba.targets.ranges import BITS, Network, Ranges, from_pairs
from hatoba.targets.scope import network_text


def parse_network(text: str) -> Network:
    """An address or a CIDR network, an IPv4-mapped one as IPv4. Raises UsageError, one sentence, for anything else."""
    token = text.strip()
    expression = parse_expression(token)
    if isinstance(expression, HostName):
        raise UsageError(
            _("{text}: the scope holds addresses, since a name may change hands; write the host's address").format(
                text=shown(token)
            )
        )
    if expression.ports is not None:
        raise UsageError(_("{text}: permission is for a whole host; leave out the ports").format(text=shown(token)))
    if isinstance(expression, OctetRange):
        raise _not_one(token, expression.pattern.ranges())
    if expression.zone is not None:
        raise UsageError(
            _("{text}: permission is for an address on every interface; leave out %{zone}").format(
                text=shown(token), zone=shown(expression.zone)
            )
        )
    return _network(token, expression)


def _network(token: str, asked: AddressRange) -> Network:
    size = asked.count
    if size & (size - 1) or asked.first % size:
        raise _not_one(token, from_pairs(asked.family, [(asked.first, asked.last)]))
    prefix = BITS[asked.family] - (size.bit_length() - 1)
    network = IPv4Network((asked.first, prefix)) if asked.family == 4 else IPv6Network((asked.first, prefix))
    if prefix == 0:
        raise UsageError(
            _("{text}: nobody can permit to scan every address; name the networks that you answer for").format(
                text=shown(token)
            )
        )
    base, slash, _length = token.strip("[]").partition("/")
    written = parse_expression(base)
    if slash and isinstance(written, AddressRange) and written.first != asked.first:
        raise UsageError(
            _("{text}: this is an address inside a network; write {network} for the network or {host} for the host").format(
                text=shown(token), network=network, host=_host(written)
            )
        )
    return network


def _host(written: AddressRange) -> str:
    return str(IPv4Address(written.first) if written.family == 4 else IPv6Address(written.first))


def _not_one(token: str, ranges: Ranges) -> UsageError:
    networks = []
    for network in ranges.networks():
        networks.append(network)
        if len(networks) > 16:
            return UsageError(_("{text}: not one network; write networks such as 198.51.100.0/24").format(text=shown(token)))
    return UsageError(
        _("{text}: not one network; write {networks}").format(text=shown(token), networks=" ".join(map(network_text, networks)))
    )
