"""What the connect wire's tests call on a lab's hosts."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import socket
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np

from hatoba.probes.connect import Kind, judge
from hatoba.wire.connect import ConnectWire
from hatoba.wire.connect_recycled import RecycledSockets
from hatoba.wire.connect_salvo import best_salvoes, socket_addresses
from hatoba.wire.connect_sockets import PlainSockets
from hatoba.wire.local import lab_networks, own_networks

_PATIENCE_S = 60.0


def _packed(address: str, count: int) -> Any:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return np.tile(np.frombuffer(socket.inet_pton(family, address), np.uint8), (count, 1))


def scan(
    address: str,
    ports: list[int],
    silent: int = 0,
    settings: dict[str, Any] | None = None,
    plain: bool = False,
    zone: str = "",
    patience_s: float | None = None,
    rings: bool = True,
) -> dict[str, list[Any]]:
    """Connect to *ports*; all but *silent* of them must answer, or be given up after *patience_s*. Without *rings* one by one.

    By port: name of the kind, errno, ICMP type and code,
    offender, state, reason, answer, TTL."""
    sockets = PlainSockets() if plain else None if rings else RecycledSockets()
    wire = ConnectWire(sockets=sockets, **(settings or {}))
    asked = np.array(ports, np.uint16)
    tokens, packed = asked.astype(np.int64), _packed(address, len(ports))
    zone_index = socket.if_nametoindex(zone) if zone else 0
    parts, started = [], 0
    give_up_s = time.monotonic() + _PATIENCE_S
    while (started < len(ports) or wire.in_flight > silent) and time.monotonic() < give_up_s:
        if patience_s is not None:
            parts.append(wire.expire(time.monotonic() - patience_s))
        started += wire.start(tokens[started:], packed[started:], asked[started:], zone_index)
        parts.append(wire.poll(0.05))
    parts += [wire.expire(time.monotonic()), wire.poll(0)]
    assert wire.in_flight == 0
    wire.close()
    rows = np.concatenate(parts)
    assert sorted(rows["token"].tolist()) == sorted(ports), "each question has exactly one outcome"
    assert (rows["at_s"] >= rows["started_s"]).all()
    found: dict[str, list[Any]] = {}
    for row, state, reason, answer in zip(rows, *judge(rows), strict=True):
        size = {4: 4, 6: 16}.get(int(row["offender_family"]), 0)
        family = socket.AF_INET6 if size == 16 else socket.AF_INET
        offender = socket.inet_ntop(family, row["offender"][:size].tobytes()) if size else ""
        found[str(row["token"])] = [
            Kind(row["kind"]).name,
            int(row["errno"]),
            [int(row["icmp_type"]), int(row["icmp_code"])],
            offender,
            int(state),
            int(reason),
            int(answer),
            int(row["ttl"]),
        ]
    return found


def scan_with_few_descriptors(address: str, ports: list[int], most: int, settings: dict[str, Any]) -> dict[str, list[Any]]:
    """:func:`scan` where this process may have no more than *most* descriptors open."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return scan(address, ports, 0, settings, patience_s=0.3)


def scan_where_rings_are_forbidden(address: str, ports: list[int]) -> dict[str, list[Any]]:
    """:func:`scan` where the kernel answers io_uring_setup() by EPERM, as containers do (seccomp(2))."""
    number = struct.Struct("=HBBI")
    program = b"".join(
        number.pack(*line)
        for line in (
            (0x20, 0, 0, 0),  # load the system call's number
            (0x15, 0, 1, 425),  # is it io_uring_setup?
            (0x06, 0, 0, 0x00050000 | errno.EPERM),  # then it fails
            (0x06, 0, 0, 0x7FFF0000),  # else it goes on
        )
    )
    held = ctypes.create_string_buffer(program)
    filtered = ctypes.create_string_buffer(struct.pack("=H6xQ", 4, ctypes.addressof(held)))
    libc = ctypes.CDLL(None, use_errno=True)
    for option, first, second in ((38, 1, None), (22, 2, filtered)):  # PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP with a filter
        if libc.prctl(option, first, second, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
    assert best_salvoes() is None
    return scan(address, ports)


def rounds_of_salvoes(address: str, ports: list[int]) -> list[int]:
    """Questions that a salvo took, and how many of them its round told to be refused by a RST."""
    sockets = RecycledSockets(salvoes=best_salvoes())
    rows = socket_addresses(_packed(address, len(ports)), np.array(ports, np.uint16))
    rounds = sockets.fire(socket.AF_INET if rows.shape[1] == 16 else socket.AF_INET6, rows, 1000)
    sockets.close()
    return [sum(len(fired.slots) for fired in rounds), sum(int(fired.refused.sum()) - len(fired.errors) for fired in rounds)]


def start_without_descriptors() -> str:
    """What ConnectWire says when not one socket can be had."""
    wire = ConnectWire(limit=10)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1,) * 2)
    try:
        wire.start(np.zeros(1, np.int64), _packed("127.0.0.1", 1), np.array([9], np.uint16))
    except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
        return f"{type(error).__name__}: {error}"
    return ""


def time_waits_after(address: str, port: int, count: int) -> list[int]:
    """Connect *count* times to an open port; how many connected, and how many connections linger in TIME_WAIT after it."""
    wire = ConnectWire(limit=64)
    connected = 0
    for _round in range(count):
        wire.start(np.zeros(1, np.int64), _packed(address, 1), np.array([port], np.uint16))
        while wire.in_flight:
            connected += int((wire.poll(1.0)["kind"] == Kind.CONNECTED).sum())
    wire.close()
    lines = Path("/proc/self/net/tcp").read_text().splitlines()[1:]
    return [connected, sum(line.split()[3] == "06" for line in lines)]


def refuse_late(version: int, first_port: int, code: int) -> None:
    """Answer every SYN to *first_port* or above by an ICMP error of this *code* ("port unreachable" or another), as a host
    does that takes its time: from a process of its own, when the asking connect() is long back."""
    family, protocol, kind = (
        (socket.AF_INET, socket.IPPROTO_ICMP, 3) if version == 4 else (socket.AF_INET6, socket.IPPROTO_ICMPV6, 1)
    )
    ether_type = 0x0800 if version == 4 else 0x86DD
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ether_type))
    with sniffer, socket.socket(family, socket.SOCK_RAW, protocol) as out:
        print("ready", flush=True)
        while True:
            packet = sniffer.recv(2048)
            header = 20 if version == 4 else 40
            is_tcp = packet[9 if version == 4 else 6] == socket.IPPROTO_TCP
            if (
                not is_tcp
                or packet[header + 13] & 0x12 != 0x02
                or int.from_bytes(packet[header + 2 : header + 4], "big") < first_port
            ):
                continue
            body = bytes([kind, code, 0, 0, 0, 0, 0, 0]) + packet[: header + 20]
            total = sum(int.from_bytes(body[place : place + 2], "big") for place in range(0, len(body), 2))
            while total > 0xFFFF:
                total = (total & 0xFFFF) + (total >> 16)
            source = packet[12:16] if version == 4 else packet[8:24]
            out.sendto(body[:2] + (total ^ 0xFFFF).to_bytes(2, "big") + body[4:], (socket.inet_ntop(family, source), 0))


def local_facts() -> list[list[str]]:
    """Own networks without link-local ones, and the lab's."""
    own = [str(network) for network in own_networks() if not network.is_link_local]
    return [own, [str(network) for network in lab_networks()]]
