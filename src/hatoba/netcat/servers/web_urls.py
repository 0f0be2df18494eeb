"""At which URLs a web server of this machine can be opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from hatoba.netcat.ends import Peer, with_port

MOST_URLS = 6
"""A machine with containers has an address for each."""

Address = IPv4Address | IPv6Address


def web_urls(local: Sequence[Peer], own: Callable[[], Iterable[Address]], *, encrypted: bool) -> list[str]:
    """The URLs for a server that listens at *local*; none for Unix sockets. Where that is every address, those of this machine
    (*own*), which others need, come after the one that needs no address."""
    scheme = "https" if encrypted else "http"
    urls = [f"{scheme}://{with_port(host, peer.port)}/" for peer in local if peer.port for host in _hosts(peer, own)]
    return sorted(dict.fromkeys(urls), key=lambda url: ("//localhost" not in url, "[" in url))[:MOST_URLS]


def _hosts(peer: Peer, own: Callable[[], Iterable[Address]]) -> Iterable[str]:
    where = ip_address(peer.host.partition("%")[0])
    if not where.is_unspecified:
        return [peer.host]
    return ["localhost", *(str(each) for each in own() if each.version == where.version and _is_for_others(each))]


def _is_for_others(address: Address) -> bool:
    """Not for this machine only; and browsers take no link-local ones."""
    return not address.is_loopback and not address.is_link_local
