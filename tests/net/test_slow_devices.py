"""Devices that can't keep up, on real packets: one drops what is too fast, one sends few resets. And the user's own limit."""

from __future__ import annotations

import json
import sys
from collections import Counter

import pytest

from hatoba.lab import PIPE, Host
from tests.labs import MakeLab
from tests.net.lab_pair import pair
from tests.real_scans import scan

pytestmark = [pytest.mark.peer("nft"), pytest.mark.slow]

_DROPS = """
table netdev slow {{
  chain in {{
    type filter hook ingress device eth0 priority 0
    ip daddr {address} meta l4proto tcp limit rate over {pps}/second burst 20 packets drop
  }}
}}
"""
_FEW_RESETS = """
table inet slow {
  chain out {
    type filter hook output priority 0
    tcp flags & (rst | syn) == rst limit rate over 500/second burst 500 packets drop
  }
}
"""
_OPEN = [22, 80, 3000]
_COUNT = """
import json, select, socket, sys
packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
packets.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
packets.bind(("eth0", 0))
packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
print("ready", flush=True)
seen = []
while packets in select.select([packets, sys.stdin], [], [])[0]:  # at the end of its input nothing is to come any more
    data, control, _flags, sender = packets.recvmsg(64, 64)
    seconds, nanoseconds = (int.from_bytes(control[0][2][at : at + 8], "little") for at in (0, 8))
    ours = sender[2] != 4 and (sender[1] == 0x0806 or data[9] == 1 or data[9] == 6 and data[33] == 2)
    if ours:
        seen.append(seconds + nanoseconds * 1e-9)
json.dump(seen, sys.stdout)
"""
"""Notes when each probe arrives, SYN, ping, question for a neighbour, until its input ends."""


def states(done: object) -> Counter[str]:
    return Counter(line["state"] for line in done.ports.values())  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", ["--syn", "--connect"])
def test_a_device_that_drops_what_comes_too_fast_is_scanned_right(make_lab: MakeLab, method: str) -> None:
    first, second = pair(make_lab())
    second.rules(_DROPS.format(address=second.address(), pps=2000))
    second.listen(_OPEN)
    done = scan(first, method, "-p", "1-5000", second.address())
    assert states(done) == {"open": 3, "closed": 4997}
    if method == "--syn":
        assert done.end["probes_sent"] < 3 * 5000, "not asked again and again for nothing"


def test_a_device_that_sends_few_resets_is_scanned_right(make_lab: MakeLab) -> None:
    first, second = pair(make_lab())
    second.rules(_FEW_RESETS)
    second.listen(_OPEN)
    done = scan(first, "--syn", "-p", "1-3000", second.address())
    assert states(done) == {"open": 3, "closed": 2997}
    assert done.end["expected_missed"] < 0.001


def test_one_slow_device_among_others(make_lab: MakeLab) -> None:
    lab = make_lab()
    first = lab.add_host("first", ["198.18.0.1/24"])
    second = lab.add_host("second", [f"198.18.0.{last}/24" for last in range(2, 10)])
    lab.link(first, second)
    second.rules(_DROPS.format(address="198.18.0.5", pps=1000))
    second.listen(_OPEN)
    done = scan(first, "--syn", "-p", "1-3000", "198.18.0.2-9")
    counted = Counter((line["address"], line["state"]) for line in done.of_type("port"))
    for last in range(2, 10):
        assert counted[f"198.18.0.{last}", "open"] == 3
        assert counted[f"198.18.0.{last}", "closed"] == 2997


def arrivals(host: Host, scanner: Host, *arguments: str) -> list[float]:
    """When each probe of a scan arrives at *host*."""
    counter = host.popen([sys.executable, "-I", "-c", _COUNT], stdin=PIPE, stdout=PIPE)
    assert counter.stdin is not None
    assert counter.stdout is not None
    assert counter.stdout.readline() == b"ready\n"
    done = scan(scanner, *arguments)
    assert done.status == 0, done.errors
    counter.stdin.close()
    seen: list[float] = json.loads(counter.stdout.read())
    counter.wait(60)
    return seen


@pytest.mark.parametrize(
    "arguments",
    [
        ("--syn", "-p", "1-3000", "198.18.0.2"),
        pytest.param(("--connect", "-p", "1-3000", "198.18.0.2"), marks=pytest.mark.exhaustive),
        pytest.param(("--syn", "-p", "100-139", "198.18.0.0/24"), marks=pytest.mark.exhaustive),
        pytest.param(("-sn", "198.18.0.0/22"), marks=pytest.mark.exhaustive),
    ],
)
def test_the_users_most_is_kept_in_any_second(make_lab: MakeLab, arguments: tuple[str, ...]) -> None:
    """Of probes of all kinds together; that it is also reached, a busy machine can't promise. Where questions for neighbours
    are counted no port is open: the kernel's RST would make it ask for neighbours, too."""
    lab = make_lab()
    first = lab.add_host("first", ["198.18.0.1/22"])
    second = lab.add_host("second", [f"198.18.0.{last}/22" for last in range(2, 40)])
    lab.link(first, second)
    second.listen(_OPEN)
    seen = sorted(arrivals(second, first, "--max-rate", "500", *arguments))
    assert len(seen) >= 1000
    ends = [at_s + 1.0 for at_s in seen]
    at, most = 0, 0
    for start, end in enumerate(ends):
        while at < len(seen) and seen[at] < end:
            at += 1
        most = max(most, at - start)
    assert most <= 505 + 3, "a few may come closer together than they left"
