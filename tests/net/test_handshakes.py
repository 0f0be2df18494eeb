"""Whole connections, held: in a lab, where it is known who stands behind a port."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hatoba.lab.topologies.truth import TruthHost
from hatoba.wire import handshakes

_CALL = """
import json, sys, time
from ipaddress import ip_address
from hatoba.wire.handshakes import Handshakes
ended = Handshakes(time.monotonic).hold(ip_address(sys.argv[1]).packed, [int(port) for port in sys.argv[2:]])
print(json.dumps({port: [found.end.value, found.window_bytes, found.spoke] for port, found in ended.items()}))
"""


def hold(site: TruthHost, version: int, *ports: int) -> dict[str, list[object]]:
    command = [sys.executable, "-P", "-c", _CALL, site.address(version), *map(str, ports)]
    done = site.scanner.run(command, timeout_s=30)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[object]] = json.loads(done.stdout)
    return found


def test_open_ports_hold_and_closed_ones_fail(truth_lab: TruthHost) -> None:
    assert Path(handshakes.__file__).name == "handshakes.py"
    for version in (4, 6):
        ended = hold(truth_lab, version, 22, 81, 30000)
        assert ended["81"][0] == ended["30000"][0] == "failed"
        end, window_bytes, _spoke = ended["22"]
        assert end in ("held", "cut")
        assert end == "cut" or (isinstance(window_bytes, int) and window_bytes > 1000)
