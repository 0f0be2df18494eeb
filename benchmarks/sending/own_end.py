"""Settings of our own end of a link that might make it faster, each in force for a ``with`` block."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

_SIOCETHTOOL, _SET_CHANNELS, _SET_GRO = 0x8946, 0x3D, 0x2C
_TABLE = """\
table netdev answers {{
  chain in {{
    type filter hook ingress device {interface} priority 0
    tcp dport {first}-{last} tcp flags & rst == rst drop
  }}
}}
"""


def _ethtool(interface: str, *words: int) -> None:
    """One of the commands of linux/ethtool.h. Raises OSError."""
    command = ctypes.create_string_buffer(struct.pack(f"={len(words)}I", *words))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        fcntl.ioctl(asking, _SIOCETHTOOL, struct.pack("16sQ8x", interface.encode(), ctypes.addressof(command)))


def open_queues(interface: str, count: int) -> None:
    """So many queues in each direction. An AF_XDP socket has one of its own."""
    _ethtool(interface, _SET_CHANNELS, 0, 0, 0, 0, count, count, 0, 0)


@contextlib.contextmanager
def offload(interface: str) -> Iterator[None]:
    """GRO, which makes a veth pair's end receive by NAPI."""
    _ethtool(interface, _SET_GRO, 1)
    try:
        yield
    finally:
        _ethtool(interface, _SET_GRO, 0)


@contextlib.contextmanager
def _written(path: Path, value: str) -> Iterator[None]:
    before = path.read_text(encoding="ascii")
    path.write_text(value, encoding="ascii")
    try:
        yield
    finally:
        path.write_text(before, encoding="ascii")


def _device(interface: str) -> Path:
    return Path("/sys/class/net", interface)


@contextlib.contextmanager
def kernel_thread(interface: str) -> Iterator[None]:
    """NAPI in a thread of the kernel's."""
    with offload(interface), _written(_device(interface) / "threaded", "1"):
        yield


def spread_receiving(interface: str) -> contextlib.AbstractContextManager[None]:
    """RPS: what arrives is handled on all processors that this process may use."""
    mask = sum(1 << processor for processor in os.sched_getaffinity(0))
    return _written(_device(interface) / "queues/rx-0/rps_cpus", f"{mask:x}")


def spread_sending(interface: str) -> contextlib.AbstractContextManager[None]:
    """XPS: one queue to send to for each of two processors."""
    stack = contextlib.ExitStack()
    for queue in (0, 1):
        stack.enter_context(_written(_device(interface) / f"queues/tx-{queue}/xps_cpus", str(1 << queue)))
    return stack


@contextlib.contextmanager
def resets_dropped(interface: str, first: int, last: int) -> Iterator[None]:
    """A RST to one of these ports goes no further than the packet sockets."""
    rules = _TABLE.format(interface=interface, first=first, last=last)
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run(["nft", "delete", "table", "netdev", "answers"], check=True)
