"""Records what systems show of themselves, a JSON line for each answer, in ``tests/captures/systems/``, a file for each family.

``python -m tools.record_systems`` asks a host of a lab: this machine's kernel.

``python -m tools.record_systems NAME COMMAND...`` asks who answers on a TAP device. COMMAND runs a stack or a virtual machine
on the device ``{device}`` with the addresses ``{ipv4}`` and ``{ipv6}``, listens on ports 22 and 80, and says ``ready``.

Nothing but the lab's own hosts is asked.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from hatoba.engine.scan import Scan
from hatoba.lab import Host as LabHost
from hatoba.lab import Lab
from hatoba.lab.process import Process
from hatoba.model import Host, Protocol, ScanPlan
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.scope import Scope

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "captures" / "systems"
OPEN, CLOSED = (22, 80), 23
BOOT_S = 120


def observe(target: str) -> list[dict[str, object]]:
    """On a host of the lab: what *target* shows. Times count from the first question."""
    ports = parse_ports(",".join(map(str, (*OPEN, CLOSED))), default=Protocol.TCP)
    permitted = Scope.waive(build_targets([target], ports=ports, families=frozenset({4, 6})).targets)
    scan = Scan(ScanPlan(methods=("syn",), systems=True, seed=1), permitted)
    found = [one for event in scan.events() if isinstance(event, Host) for one in event.observations]
    began_s = min((one.sent_s for one in found), default=0.0)
    return [
        {
            "probe": one.probe,
            "port": one.port,
            "sent_s": round(one.sent_s - began_s, 6),
            "at_s": None if one.at_s is None else round(one.at_s - began_s, 6),
            "packet": one.packet.hex(),
        }
        for one in found
    ]


def serve_on_tap(host: LabHost, number: int, command: Sequence[str]) -> tuple[Process, str, str]:
    """Run *command* on the TAP device of that *number* of *host*, and wait until it says that it is ready: the process and its
    addresses of both families. The host has a network of its own for each."""
    device, ipv4, ipv6 = f"tap{number}", f"198.18.{number}.2", f"fd00:18:{number:x}::2"
    host.sysctl({"net.ipv6.conf.default.accept_dad": 0})  # an address that is being tried out sends nothing
    for words in (f"tuntap add dev {device} mode tap", f"link set {device} up"):
        host.run(["ip", *words.split()]).check_returncode()
    host.add_address(device, f"198.18.{number}.1/24", f"fd00:18:{number:x}::1/64")
    filled = [word.format(device=device, ipv4=ipv4, ipv6=ipv6) for word in command]
    return host.serve(filled, ready=r"^ready\b", timeout_s=BOOT_S), ipv4, ipv6


def record(scanner: LabHost, name: str, *addresses: str) -> None:
    """*addresses*: IPv4, then IPv6. Where nothing answers there is no file."""
    for family, address in zip(("ipv4", "ipv6"), addresses, strict=True):
        lines = scanner.call("tools.record_systems:observe", address)
        path = FOLDER / f"{name}-{family}.jsonl"
        if any(line["packet"] for line in lines):
            path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
            print(path)


def main(arguments: Sequence[str]) -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with Lab("record") as lab:
        if arguments:
            scanner = lab.add_host("scanner", [])
            _process, *addresses = serve_on_tap(scanner, 1, arguments[1:])
            record(scanner, arguments[0], *addresses)
            return 0
        scanner = lab.add_host("scanner", ["198.18.0.1/24", "fd00:18::1/64"])
        target = lab.add_host("target", ["198.18.0.2/24", "fd00:18::2/64"])
        lab.link(scanner, target)
        target.listen(OPEN)
        record(scanner, f"linux-{short(platform.release())}", "198.18.0.2", "fd00:18::2")
    return 0


def short(release: str) -> str:
    """``6.18``"""
    return ".".join(release.split(".")[:2])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
