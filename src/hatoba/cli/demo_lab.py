"""The demo on practice hosts: three machines in network namespaces, seen from a fourth."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Sequence

from hatoba.cli.demo_stage import Run, Stage
from hatoba.lab.programs import find_program
from hatoba.lab.topologies.practice import DROPPED_PORTS, OPEN_PORT, REJECTED_PORTS, Practice
from hatoba.messages import _, translated
from hatoba.model import Protocol
from hatoba.registry import lookup

NEEDLESS_PORT = 6379
"""The port of the host ``data`` that need not be open to everybody."""
_CLOSED_PORT = 443
_PATIENCE_S = 3.0
"""How long an interrupted scan may take to report what it knows."""
_RULES = (
    "add table inet demo",
    "add chain inet demo input { type filter hook input priority 0; }",
    f"add rule inet demo input tcp dport {NEEDLESS_PORT} reject with tcp reset",
)


def run_on(practice: Practice) -> Run:
    """Run a command on the scanning host, on this process's own screen."""

    def run(argv: Sequence[str]) -> int:
        with practice.scanner.popen(argv) as process:
            try:
                return process.wait()
            except KeyboardInterrupt:
                # The lab is out of the terminal's reach: hand Ctrl-C on, so that the scan leaves the screen in order.
                process.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_PATIENCE_S)
                raise

    return run


def play(practice: Practice, stage: Stage) -> None:
    """The whole course, on the hosts of *practice*. Raises LabError where a host does not do as it should."""
    targets = [host.address() for host in practice.targets]
    _introduce(practice, stage)
    stage.scene(_("Which ports are open? First by connect(), which needs no privilege"))
    stage.hatoba("scan", "--connect", *targets)
    stage.scene(_("The same by SYN: hatoba sends the packets itself and opens no connection"))
    stage.hatoba("scan", "--syn", "--reason", *targets)
    stage.scene(_("Why? One port of each state, with the evidence for it"))
    ports = (OPEN_PORT, _CLOSED_PORT, DROPPED_PORTS[0], max(REJECTED_PORTS))
    stage.hatoba("scan", "--explain", "-p", ",".join(map(str, ports)), practice.wall.address())
    stage.scene(_("A port that need not be open"))
    _shut_needless_port(practice, stage)


def _introduce(practice: Practice, stage: Stage) -> None:
    stage.scene(_("Three hosts to look at"))
    about = practice.about()
    stage.list([f"{host.name}, {host.address()}: {about[host.name]}" for host in practice.targets])
    stage.say(_("What answers there:"))
    stage.list([service.sentence() for service in practice.services])
    for note in practice.notes:
        stage.say(note)


def _shut_needless_port(practice: Practice, stage: Stage) -> None:
    data = practice.data
    stage.say(_("Port {port} of {host} answers everybody:").format(port=NEEDLESS_PORT, host=data.name))
    stage.list([translated(lookup(NEEDLESS_PORT, Protocol.TCP).hint)])
    if find_program("nft") is None:
        stage.say(_("Then scan it once more, to prove that it is closed."))
        return
    stage.say(_("Until that is done, a rule in the firewall of {host} keeps everybody out:").format(host=data.name))
    stage.code(*(f"nft '{rule}'" for rule in _RULES))
    data.rules("\n".join(_RULES) + "\n")
    stage.say(_("The demo has just set it. Is the port closed now? Don't believe it, ask:"))
    stage.hatoba("scan", "--explain", "-p", str(NEEDLESS_PORT), data.address())
