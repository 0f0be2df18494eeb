"""Whole connections, held: in a lab, where it is known who stands behind a port."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hatoba.lab.topologies.truth import TruthHost
from hatoba.wire import handshakes

_CALL = """
import json, resource, sys, time
from ipaddress import ip_address
import numpy as np
from hatoba.wire.handshakes import Handshakes

packed, ports = np.frombuffer(ip_address(sys.argv[2]).packed, np.uint8)[None, :], np.array(sys.argv[3:], np.uint16)
hands, begun, ended = Handshakes(time.monotonic), 0, {}
if files := int(sys.argv[1]):  # only now, so that the kernel's refusal comes as a surprise
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
while len(ended) < len(ports):
    left = ports[begun:]
    begun += hands.start(left.astype(np.int64), np.repeat(packed, len(left), 0), left)
    ended |= dict(hands.poll(5.0))
hands.close()
print(json.dumps({port: [found.end.value, found.window_bytes, found.spoke] for port, found in ended.items()}))
"""


def hold(site: TruthHost, version: int, *ports: int, files: int = 0) -> dict[str, list[object]]:
    """*files*: no more may be open; 0: as many as may."""
    command = [sys.executable, "-P", "-c", _CALL, str(files), site.address(version), *map(str, ports)]
    done = site.scanner.run(command, timeout_s=120)
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


def test_few_files_hold_few_connections_at_once(truth_lab: TruthHost) -> None:
    ports = [22, *range(20_000, 20_060)]
    ended = hold(truth_lab, 4, *ports, files=24)
    assert len(ended) == len(ports)
    assert ended["22"][0] in ("held", "cut")
