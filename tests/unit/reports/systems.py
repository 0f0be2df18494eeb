"""Scans whose hosts were asked for their systems, with every outcome that there is."""

from __future__ import annotations

from ipaddress import ip_address

from hatoba.model import Host
from hatoba.system import Opinion, Ruling, Shield, ShieldKind, System, SystemsTold, Trait
from tests.unit.reports.scans import Event, ended, info
from tests.unit.results.rows import Hosts, batch, closed, opened

LINUX = System(
    "Linux 4.19 to 7.x", "Linux", "Linux", "", "general purpose", 9, ("cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*",),
    (
        Trait("ttl", "64", Opinion.FITS), Trait("options", "mss sack ts nop ws", Opinion.FITS), Trait("scale", "7"),
        Trait("window", "5000", Opinion.DIFFERS), Trait("service", "ssh on 22/tcp: FreeBSD", Opinion.DIFFERS),
    ),
)  # fmt: skip
WINDOWS = System(
    "Windows 10", "Microsoft", "Windows", "10", "general purpose", 7, ("cpe:2.3:o:microsoft:windows:*:*:*:*:*:*:*:*",),
    (Trait("ttl", "128", Opinion.FITS),), (80,),
)  # fmt: skip
FORWARD = Shield(ShieldKind.PORT_FORWARD, (Trait("answers", "22/tcp: ttl 64"), Trait("answers", "80/tcp: ttl 127")), (80,))
STATEFUL = Shield(ShieldKind.STATEFUL_FIREWALL, (Trait("answers", "22/tcp: syn syn-ack, ack silence"),), (22,))
FILTERS = tuple(Shield(kind, ports=(25,)) for kind in (ShieldKind.PACKET_FILTER, ShieldKind.FILTER, ShieldKind.GO_BETWEEN))
BALANCER, PROXY = Shield(ShieldKind.LOAD_BALANCER, ports=(443,)), Shield(ShieldKind.SYN_PROXY)

TOLD: dict[str, SystemsTold] = {
    "198.18.0.2": SystemsTold(Ruling.TOLD, (LINUX,), (), (STATEFUL,), 22, 23, 40_001),
    "198.18.0.3": SystemsTold(Ruling.SEVERAL, (LINUX, WINDOWS), (), (FORWARD,), 22),
    "198.18.0.4": SystemsTold(Ruling.UNSURE, (WINDOWS, LINUX), (), FILTERS, None, 23),
    "198.18.0.5": SystemsTold(Ruling.UNKNOWN, (), (Trait("ttl", "255"), Trait("window", "1")), (BALANCER,), 22),
    "198.18.0.6": SystemsTold(Ruling.TOO_LITTLE),
    "198.18.0.7": SystemsTold(Ruling.MASKED, shields=(PROXY,)),
}
HOSTS = Hosts(*TOLD)


def systems() -> list[Event]:
    hosts = [Host(ip_address(address), (), "up", "syn-ack", 0.0004, systems=told) for address, told in TOLD.items()]
    batches = [batch(HOSTS, opened([22, 80], host=number), closed(23, host=number)) for number in range(len(TOLD))]
    return [info(), *batches, *hosts, ended()]


def hostile_system(words: str) -> list[Event]:
    """A host that is known by the *words* of a service alone."""
    system = System(words, words, words, words, words, 3, (), (Trait("service", words, Opinion.FITS),))
    told = SystemsTold(
        Ruling.TOLD, (system,), (Trait("service", words),), (Shield(ShieldKind.FILTER, (Trait("answers", words),)),)
    )
    host = Host(HOSTS.address(0), (), "up", "syn-ack", 0.0004, systems=told)
    return [info(), batch(HOSTS, opened(22)), host, ended()]
