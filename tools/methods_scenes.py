"""The scans behind the diagrams of ``docs/methods.md``: which commands run, against what, and what passed on the wire.

One lab::

    scanners --+-- target             198.18.0.30: next door, and answers in every way that a port can
    198.18.0.x +-- first -- second -- site
                                      198.18.64.3: for pings, which nobody needs on his own link, and for the way to a host

Each scan has a scanner of its own, told apart by its address, so that all run at once. The taps are on the targets' side, where
also the packets pass that the scanner's kernel adds.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hatoba.lab import PIPE, Host, Lab
from hatoba.lab.process import Process
from hatoba.lab.topologies.services import name_server
from hatoba.packets.dissect import Packet, dissect_ethernet

NEAR, FAR = "198.18.0.30", "198.18.64.3"
"""The targets."""
OPEN, CLOSED, REJECTED, DROPPED, OPEN_SCTP, OPEN_UDP = 8080, 22, 5900, 23, 36412, 53
SSH, WEB = 22, 80
"""Of the far target: open both, but the second router swallows what is for the second."""

_RULES = f"""\
table inet firewall {{
  chain input {{
    type filter hook input priority filter
    meta l4proto {{ tcp, udp, sctp }} th dport {DROPPED} drop
    meta l4proto {{ tcp, udp, sctp }} th dport {REJECTED} reject with icmpx type admin-prohibited
  }}
}}
"""
_FENCE = f"""\
table inet fence {{
  chain forward {{
    type filter hook forward priority filter
    tcp dport {WEB} drop
  }}
}}
"""
_UNRATIONED = {"net.ipv4.icmp_ratelimit": 0}
_FORWARDING = {"net.ipv4.ip_forward": 1, **_UNRATIONED}
_ROUTER = "198.18.0.254"
_TAP = Path(__file__).with_name("packet_tap.py")
_HATOBA = (sys.executable, "-P", "-m", "hatoba", "--lang", "en")

Frames = list[Packet]


@dataclass(frozen=True, slots=True)
class Scene:
    """One scan that is drawn. ``ports``: what is the matter with each number that is asked, in order (a key of
    ``methods_diagrams.CONDITIONS``); a ping has one of its own, under 0."""

    name: str
    options: str
    target: str = NEAR
    ports: Mapping[int, str] = field(default_factory=dict)
    ping: bool = False
    shows: str = ""
    """A field of the IP or TCP header that its picture is about: ``ttl`` of what is sent, ``window`` of what comes back."""

    @property
    def asked(self) -> str:
        """What a ping asks: ``22/tcp``, ``icmp``, ``arp``."""
        (port,) = self.ports
        protocol = "udp" if "-PU" in self.options else "tcp" if port else "icmp" if "-P" in self.options else "arp"
        return f"{port}/{protocol}" if port else protocol

    @property
    def command(self) -> str:
        """As somebody types it."""
        asked = f" -p {','.join(map(str, self.ports))}" if self.ports and not self.ping else ""
        return f"hatoba scan {self.options}{asked} {self.target}"


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a scene: the packets that passed, in order, and the lines of its JSON report."""

    scene: Scene
    scanner: str
    """The address that it was run from."""
    packets: Frames
    lines: list[dict[str, Any]]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["type"] == kind]


_TCP = {OPEN: "listening", CLOSED: "nobody", REJECTED: "rejected", DROPPED: "dropped"}
_SCTP = {OPEN_SCTP: "listening", CLOSED: "nobody", REJECTED: "rejected", DROPPED: "dropped"}
_UDP = {OPEN_UDP: "dns", CLOSED: "nobody", REJECTED: "rejected", DROPPED: "dropped"}
_PROTOCOLS = {1: "spoken", 2: "silent-protocol", 6: "spoken", 17: "spoken", 201: "unknown-protocol"}

SCENES = (
    Scene("connect", "-sT", ports=_TCP),
    Scene("syn", "-sS", ports=_TCP),
    Scene("fin", "-sF", ports=_TCP),
    Scene("null", "-sN", ports=_TCP),
    Scene("xmas", "-sX", ports=_TCP),
    Scene("maimon", "-sM", ports=_TCP),
    Scene("ack", "-sA", ports=_TCP),
    Scene("window", "-sW", ports=_TCP, shows="window"),
    Scene("udp", "-sU", ports=_UDP),
    Scene("sctp-init", "-sY", ports=_SCTP),
    Scene("sctp-cookie", "-sZ", ports=_SCTP),
    Scene("ip-protocol", "-sO", ports=_PROTOCOLS),
    Scene("scanflags", "-sS --scanflags SYNFIN", ports=_TCP),
    Scene("arp", "-sn", ports={0: "there"}, ping=True),
    Scene("icmp-echo", "-sn -PE", FAR, {0: "there"}, ping=True),
    Scene("icmp-timestamp", "-sn -PP", FAR, {0: "there"}, ping=True),
    Scene("icmp-mask", "-sn -PM", FAR, {0: "there"}, ping=True),
    Scene("ping-syn", "-sn -PS22", FAR, {SSH: "listening"}, ping=True),
    Scene("ping-ack", "-sn -PA22", FAR, {SSH: "listening"}, ping=True),
    Scene("ping-udp", "-sn -PU40125", FAR, {40125: "nobody"}, ping=True),
    Scene("traceroute", "-sS --traceroute", FAR, {SSH: "listening", WEB: "dropped-on-way"}, shows="ttl"),
)
_FIRST_SCANNER = 101


def play(scenes: Sequence[Scene] = SCENES) -> dict[str, Played]:
    """Run them all, by name. Raises LabError where this machine can't."""
    with Lab("methods") as lab:
        scanners = [
            lab.add_host(f"scanner-{place}", [f"198.18.0.{_FIRST_SCANNER + place}/24"], routes=[f"default via {_ROUTER}"])
            for place in range(len(scenes))
        ]
        target, first = _target(lab), lab.add_host("first", [f"{_ROUTER}/24"], sysctls=_FORWARDING)
        lab.bridge("lan", [*scanners, target, first])
        _far_site(lab, first)
        with ExitStack() as stack:
            taps = {address: stack.enter_context(_tap(host)) for address, host in ((NEAR, target), (FAR, first))}
            running = [stack.enter_context(_started(scene, host)) for scene, host in zip(scenes, scanners, strict=True)]
            told = [_finished(scene, process) for scene, process in zip(scenes, running, strict=True)]
            passed = {address: _passed(tap) for address, tap in taps.items()}
    return {
        scene.name: Played(scene, host.address(), [it for it in passed[scene.target] if _concerns(it, host.address())], lines)
        for scene, host, lines in zip(scenes, scanners, told, strict=True)
    }


def _target(lab: Lab) -> Host:
    target = lab.add_host("target", [f"{NEAR}/24"], sysctls=_UNRATIONED, rules=_RULES)
    # It waits for the first words of whoever comes, so that it is the scanner who cuts the connection.
    target.listen([OPEN], answers={OPEN: "HTTP/1.0 200 OK\r\n\r\n"})
    target.listen_sctp([OPEN_SCTP])
    name_server(target)
    return target


def _far_site(lab: Lab, first: Host) -> None:
    second = lab.add_host("second", ["198.18.1.2/24"], sysctls=_FORWARDING, routes=["default via 198.18.1.1"], rules=_FENCE)
    site = lab.add_host("site", [f"{FAR}/24"], sysctls=_UNRATIONED, routes=["default via 198.18.64.254"])
    lab.link(second, first, second_addresses=["198.18.1.1/24"])
    lab.link(site, second, second_addresses=["198.18.64.254/24"])
    first.add_route("198.18.64.0/24 via 198.18.1.2")
    site.listen([SSH, WEB])


def _started(scene: Scene, host: Host) -> Process:
    words = shlex.split(scene.command)[1:]
    return host.popen([*_HATOBA, *words, "--authorized", "-oJ", "-"], stdout=PIPE, stderr=PIPE)


def _finished(scene: Scene, process: Process) -> list[dict[str, Any]]:
    out, err = process.communicate(timeout_s=60)
    if process.wait():
        raise RuntimeError(f"{scene.command}: {err.decode()}")
    return [json.loads(line) for line in out.decode().splitlines()]


def _tap(host: Host) -> Process:
    """Begins to listen on the host's first interface."""
    tap = host.popen([sys.executable, "-P", str(_TAP), "eth0"], stdin=PIPE, stdout=PIPE)
    _line(tap)
    return tap


def _line(tap: Process) -> str:
    assert tap.stdout is not None
    return tap.stdout.readline().decode()


def _passed(tap: Process) -> Frames:
    """All that it heard."""
    assert tap.stdin is not None
    tap.stdin.write(b"\n")
    return [dissect_ethernet(bytes.fromhex(frame)) for frame in json.loads(_line(tap))]


def _concerns(packet: Packet, address: str) -> bool:
    """Whether a packet is from or to it."""
    if (arp := packet.header("ARP")) is not None:
        return address in (arp.text("sender_ip"), arp.text("target_ip"))
    ip = packet.header("IPv4")
    return ip is not None and address in (ip.text("src"), ip.text("dst"))
