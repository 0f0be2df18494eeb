"""What a host shows that is asked for its system, without an engine: the probes as they are, answered at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address

import numpy as np

from hatoba.packets.frames import FrameTemplate, Varying
from hatoba.probes.system import DATAGRAM, PROBES, TURN_S, To
from hatoba.system import Observation
from tests.personalities import Personality

ADDRESSES = {4: ("198.18.0.1", "198.18.0.2"), 6: ("fd00:18::1", "fd00:18::2")}
CLOSED_UDP = 40_001
RTT_S = 0.002


def seen(
    host: Personality | Mapping[int, Personality],
    open_ports: Sequence[int] = (22, 80),
    closed_port: int | None = 23,
    filtered: Sequence[int] = (),
    family: int = 4,
    began_s: float = 100.0,
) -> tuple[Observation, ...]:
    """Observations of one host; or of several behind one address, by the port that each answers on, 0 for all else."""
    hosts = host if isinstance(host, Mapping) else {0: host}
    ports = {
        To.OPEN: open_ports[:1],
        To.OTHER_OPEN: open_ports[1:],
        To.CLOSED: () if closed_port is None else (closed_port,),
        To.FILTERED: filtered,
    }
    found = []
    for probe in PROBES:
        for to, turns in probe.to:
            for port in ports.get(to, (CLOSED_UDP if probe.name == DATAGRAM else 0,)):
                for turn in turns:
                    at_s = began_s + turn * TURN_S
                    source, target = (np.frombuffer(ip_address(text).packed, np.uint8) for text in ADDRESSES[family])
                    template = FrameTemplate(family, 0, b"", source.tobytes(), (probe.segment(family),))
                    frames = np.frombuffer(bytearray(template.frame()), np.uint8).reshape(1, -1).copy()
                    numbers = [np.array([value], np.uint16) for value in (61_440 + probe.slot, port)]
                    cookie = np.array([1_000_000 * (turn + 1) + port], np.uint32)
                    template.filler().fill(frames, Varying(target[None, :], *numbers, cookie))
                    answer = hosts.get(port, hosts[0]).answers(frames[0].tobytes(), at_s + RTT_S / 2)
                    heard_s = None if answer is None else at_s + RTT_S
                    found.append(Observation(probe.name, port, at_s, heard_s, (answer or b"")[:192]))
    return tuple(found)
