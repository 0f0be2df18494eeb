"""Records what real daemons say: ``python -m tools.record_services [NAME ...]`` starts them in a lab, asks them what they are,
and writes the answers that led to it to ``tests/captures/identify/``, one file a daemon, with the package that it came from.

Nothing but the lab's own hosts is asked. A capture that is recorded anew is to be read before it is kept.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from benchmarks.daemons.daemon import Daemon
from benchmarks.daemons.more import MORE
from benchmarks.daemons.services import DAEMONS, FURTHER, TARGET, build
from hatoba.identify.interview import Interview
from hatoba.identify.manner import Manner, Target
from hatoba.identify.protocols import PROTOCOLS, Answers, ServiceProtocol
from hatoba.lab import Lab
from hatoba.model import Protocol
from hatoba.reports.text import shown_bytes
from hatoba.service import Facts
from hatoba.wire.conversations import KernelDials

MOST_BYTES = {"http": 1400, "X11": 200, "rtmp": 1600, "chargen": 200, "quake3": 600}
"""Of one answer, by protocol: facts stand at the beginning of a page, which is somebody else's work."""
FOLDER = Path(__file__).resolve().parent.parent / "tests" / "captures" / "identify"


def ask(port: int, protocol: int) -> dict[str, Any] | None:
    """On a host of the lab: the answers by which a port is recognised, and the protocol's name. None where it is not."""
    read: list[tuple[ServiceProtocol, Answers]] = []

    def noting(known: ServiceProtocol) -> ServiceProtocol:
        def note(answers: Answers) -> Facts | None:
            facts = known.read(answers)
            if facts is not None:
                read.append((known, answers))
            return facts

        return replace(known, read=note)

    manner = Manner(protocols=tuple(map(noting, PROTOCOLS)))
    service = asyncio.run(Interview(KernelDials(), Target(ip_address(TARGET), Protocol(protocol), port), manner).run())
    if service.facts is None:
        return None
    known, answers = read[-1]
    return {
        "protocol": known.name,
        "transport": known.protocol.word,
        "answers": [shown_bytes(one[: MOST_BYTES.get(known.name)]) for one in answers],
    }


def package_of(daemon: Daemon) -> str:
    form = "-f=${Package} ${Version}"
    done = subprocess.run(["dpkg-query", "-W", form, daemon.package], capture_output=True, text=True, check=False)
    return done.stdout or daemon.package


def main(wanted: list[str]) -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with Lab("record") as lab:
        site = build(lab, wanted, rows=DAEMONS + MORE + FURTHER)
        for note in site.notes:
            print(note)
        for daemon in site.daemons:
            if daemon.tls and daemon.name not in wanted:
                continue  # what is inside says the same without
            number = Protocol.UDP if daemon.protocol == "udp" else Protocol.TCP
            found = site.scanner.call("tools.record_services:ask", daemon.port, int(number))
            if found is None:
                print(f"{daemon.name}: not recognised")
                continue
            path = FOLDER / f"{daemon.name.replace(' ', '-')}.json"
            told = {"daemon": daemon.name, "package": package_of(daemon), **found}
            path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
            print(f"{path.name}: {found['protocol']}, {len(found['answers'])} answers")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
