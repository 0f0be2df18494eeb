"""Records what this machine's kernel shows of its system: ``python -m tools.record_systems`` asks a host of a lab over both
families, and writes each answer to ``tests/captures/systems/``, a JSON line each, in files named by the kernel.

Nothing but the lab's own hosts is asked.
"""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path

from hatoba.engine.scan import Scan
from hatoba.lab import Lab
from hatoba.model import Host, Protocol, ScanPlan
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.scope import Scope

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "captures" / "systems"
TARGETS = {"ipv4": "198.18.0.2", "ipv6": "fd00:18::2"}
OPEN, CLOSED = (22, 80), 23


def observe(target: str) -> list[dict[str, object]]:
    """On a host of the lab: what *target* shows. Times count from the first question."""
    ports = parse_ports(",".join(map(str, (*OPEN, CLOSED))), default=Protocol.TCP)
    permitted = Scope.waive(build_targets([target], ports=ports, families=frozenset({4, 6})).targets)
    scan = Scan(ScanPlan(methods=("syn",), systems=True, seed=1), permitted)
    (host,) = (event for event in scan.events() if isinstance(event, Host))
    began_s = min(one.sent_s for one in host.observations)
    return [
        {
            "probe": one.probe,
            "port": one.port,
            "sent_s": round(one.sent_s - began_s, 6),
            "at_s": None if one.at_s is None else round(one.at_s - began_s, 6),
            "packet": one.packet.hex(),
        }
        for one in host.observations
    ]


def main() -> int:
    release = short(platform.release())
    FOLDER.mkdir(parents=True, exist_ok=True)
    with Lab("record") as lab:
        scanner = lab.add_host("scanner", ["198.18.0.1/24", "fd00:18::1/64"])
        target = lab.add_host("target", ["198.18.0.2/24", "fd00:18::2/64"])
        lab.link(scanner, target)
        target.listen(OPEN)
        for family, address in TARGETS.items():
            lines = scanner.call("tools.record_systems:observe", address)
            path = FOLDER / f"linux-{release}-{family}.jsonl"
            path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
            print(path)
    return 0


def short(release: str) -> str:
    """``6.18``"""
    return ".".join(release.split(".")[:2])


if __name__ == "__main__":
    sys.exit(main())
