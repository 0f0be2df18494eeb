"""The same command lines to the real programs and to ``hatoba nc`` in their manner, called on a lab's host."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Sequence
from typing import Any

from tests.net.netcat.nc_calls import ended, start

THEIRS = {"openbsd": ["nc.openbsd"], "ncat": ["ncat"]}
OPEN, CLOSED, LISTEN = "5900", "5901", "5902"

ALONE: dict[str, list[list[str]]] = {
    "openbsd": [
        ["-zv", "127.0.0.1", OPEN],
        ["-zvn", "127.0.0.1", OPEN],
        ["-z", "127.0.0.1", OPEN],
        ["-zv", "127.0.0.1", f"{OPEN}-{CLOSED}"],
        ["-zv", "127.0.0.1", CLOSED, OPEN],
        ["-z", "127.0.0.1", CLOSED],
        ["-zv4", "localhost", CLOSED],
        ["-v", "127.0.0.1", CLOSED],
        ["127.0.0.1", CLOSED],
        ["-v", "-w", "1", "198.51.100.1", "9"],
        ["-uzv", "127.0.0.1", CLOSED],
        ["-n", "no-address", "80"],
        ["-v", "-U", "/no/such/socket"],
        ["-U", "/no/such/socket"],
        ["-n", "-l", "127.0.0.1", OPEN],
        *[[], ["-Q"], ["-p"], ["127.0.0.1"], ["127.0.0.1", "65536"], ["127.0.0.1", "no-such-service"]],
        *[
            ["-w", "x", "127.0.0.1", "1"],
            ["-w", "-3", "127.0.0.1", "1"],
            ["-q", "x", "127.0.0.1", "1"],
            ["-i", "x", "127.0.0.1", "1"],
            ["-I", "x", "127.0.0.1", "1"],
        ],
        *[["-l", "-z", "1"], ["-k", "127.0.0.1", "1"], ["-T", "fast", "127.0.0.1", "1"], ["-X", "9", "127.0.0.1", "1"], ["-U"]],
        *[["-l", "-p", "1", "127.0.0.1", "1"], ["-p", "x", "127.0.0.1", OPEN]],
    ],
    "ncat": [
        ["-zv", "127.0.0.1", OPEN],
        ["-v", "127.0.0.1", OPEN],
        ["-v", "127.0.0.1", CLOSED],
        ["127.0.0.1", CLOSED],
        ["-zv", "127.0.0.1", CLOSED],
        ["-v", "198.51.100.1", "9"],
        ["-uzv", "127.0.0.1", CLOSED],
        ["-v", "-U", "/no/such/socket"],
        ["-n", "no-address", "80"],
        ["-l", "127.0.0.1", OPEN],
        *[
            [],
            ["--foo"],
            ["-p"],
            ["127.0.0.1", "1", "2"],
            ["127.0.0.1", "65536"],
            ["-l", "70000"],
            ["-p", "99999", "127.0.0.1", "1"],
        ],
        *[
            ["-w", "x", "127.0.0.1"],
            ["-k", "127.0.0.1", "1"],
            ["127.0.0.1", "no-such-service"],
            ["--listen=1"],
            ["-zv", "127.0.0.1", "1-2"],
        ],
    ],
}
"""Command lines that end by themselves, with empty input."""

LISTENING: dict[str, list[list[str]]] = {
    "openbsd": [["-n", "-v", "-l", LISTEN], ["-n", "-v", "-l", "127.0.0.1", LISTEN], ["-n", "-l", LISTEN]],
    "ncat": [["-v", "-4", "-l", LISTEN], ["-v", "-l", LISTEN, "--deny", "198.18.0.1"], ["-l", LISTEN]],
}
"""Command lines that listen; a client sends a word and ends, another resets."""


def ours_and_theirs(program: str) -> list[dict[str, Any]]:
    """For each command line what the real program printed, and what we did."""
    found = []
    with socket.create_server(("127.0.0.1", int(OPEN)), backlog=100) as server:
        server.setblocking(False)
        for arguments in ALONE[program]:
            outcomes = [_alone(command, arguments, server) for command in _commands(program)]
            found.append({"arguments": arguments, "theirs": outcomes[0], "ours": outcomes[1]})
    for arguments in LISTENING[program]:
        for reset in (False, True):
            outcomes = [_listening(command, arguments, reset) for command in _commands(program)]
            found.append(
                {"arguments": [*arguments, "reset"][: len(arguments) + reset], "theirs": outcomes[0], "ours": outcomes[1]}
            )
    return found


def _commands(program: str) -> tuple[list[str], list[str]]:
    return THEIRS[program], ["hatoba", "nc", "--compat", program]


def _alone(command: Sequence[str], arguments: Sequence[str], server: socket.socket) -> list[Any]:
    running = start([*command, *arguments])
    connections = []
    while not running.at_end():
        running.read_once(0.05)
        try:
            connections.append(server.accept()[0])
            connections[-1].close()
        except BlockingIOError:
            continue
    return [_plain(bytes(running.out)), _plain(bytes(running.err)), *ended(running)]


def _listening(command: Sequence[str], arguments: Sequence[str], reset: bool) -> list[Any]:
    running = start([*command, *arguments])
    connection = _call(int(LISTEN))
    connection.sendall(b"word")
    running.read(out=4)
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    (status,) = ended(running)
    return [_plain(bytes(running.out)), _plain(bytes(running.err)), status]


def _call(port: int) -> socket.socket:
    """Connect as soon as somebody listens."""
    for _attempt in range(2000):
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            _short_while()
    raise AssertionError("nobody listens")


def _short_while() -> None:
    import select

    select.select([], [], [], 0.01)


def _plain(words: bytes) -> list[str]:
    """What is the same from run to run: lines without names of programs, ports of callers, seconds and versions."""
    text = words.decode().replace("nc.openbsd:", "nc:")
    text = re.sub(r"Version 7\.93 \( .* \)", "Version 7.93", text)
    text = re.sub(r"in [0-9.]+ seconds", "in N seconds", text)
    return [re.sub(r"(127\.0\.0\.1[: ])(?!59\d\d\b)\d{4,5}", r"\1PORT", line) for line in text.splitlines()]
