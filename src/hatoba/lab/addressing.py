"""How addresses and routes of a lab's hosts are written: pure, text in, values out.

An address is written with its prefix length, ``198.18.0.1/24``. A route is written as for ``ip route``::

    route = [kind] network ["via" address] ["dev" name]
    kind = "unicast" | "local" | "blackhole" | "unreachable" | "prohibit"
    network = "198.18.5.0/24" | "fd00:18::/64" | "default" (family of the gateway) | "default4" | "default6"
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network, ip_address, ip_interface, ip_network

from hatoba.errors import LabError
from hatoba.messages import _

KINDS = ("unicast", "local", "blackhole", "unreachable", "prohibit")
Interface = IPv4Interface | IPv6Interface


@dataclass(frozen=True, slots=True)
class Route:
    """One entry of a host's routing table."""

    kind: str
    network: IPv4Network | IPv6Network
    gateway: str | None = None
    device: str | None = None


def parse_interface(text: str) -> Interface:
    """``198.18.0.1/24`` as a value; :class:`LabError` for anything else, a missing prefix length included."""
    try:
        interface = ip_interface(text)
    except ValueError:
        interface = None
    if interface is None or "/" not in text or "%" in text:
        raise LabError(
            _("{text!r} is not an address with its prefix length; write it like 198.18.0.1/24 or fd00:18::1/64.").format(
                text=text
            )
        )
    return interface


def parse_route(text: str) -> Route:
    """One route in the notation above; :class:`LabError` says what is wrong with it."""
    words = text.split()
    kind = words.pop(0) if words and words[0] in KINDS else "unicast"
    target = words.pop(0) if words else ""
    options: dict[str, str] = {}
    network: IPv4Network | IPv6Network | None
    while len(words) >= 2 and words[0] in ("via", "dev") and words[0] not in options:
        options[words[0]] = words[1]
        del words[:2]
    try:
        if words or not target:
            raise ValueError
        gateway = ip_address(options["via"]) if "via" in options else None
        network = ip_network(_default(target, 4 if gateway is None else gateway.version))
    except ValueError:
        network = gateway = None
    device = options.get("dev")
    mixed = network is not None and gateway is not None and gateway.version != network.version
    if network is None or mixed or (kind == "unicast" and not options):
        raise LabError(
            _(
                "{text!r} is not a route; write it like 'default via 198.18.0.1', 'local 198.18.4.0/22' or "
                "'unreachable 198.18.9.0/24'."
            ).format(text=text)
        )
    if kind == "local" and device is None:
        device = "lo"
    return Route(kind, network, None if gateway is None else str(gateway), device)


def _default(target: str, version: int) -> str:
    return {"default": "0.0.0.0/0" if version == 4 else "::/0", "default4": "0.0.0.0/0", "default6": "::/0"}.get(target, target)


def link_local(mac: str) -> Interface:
    """The link-local address that RFC 4291 appendix A derives from a MAC address."""
    octets = bytes.fromhex(mac.replace(":", ""))
    identifier = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return IPv6Interface((b"\xfe\x80" + bytes(6) + identifier, 64))
