"""Servers that mean harm, each in a way of its own: ``python -m tests.net.identify.hostile_servers PORT WAY...`` gives each WAY
a port, from PORT on. Ready at the line ``ready``."""

from __future__ import annotations

import asyncio
import gzip
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tests.unit.identify.servers import server_context

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

SSH = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"
PAGE = b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 2\r\n\r\nhi"
POURED_BYTES = 200 << 20
"""So much is poured into each connection, unless that is ended before."""
HELD_S = 90.0
_BOMB = gzip.compress(b"<title>bang</title>" + b"\0" * 50_000_000)


def greeting(words: bytes, *, pour: bytes = b"") -> Talk:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await _pour(writer, pour)

    return talk


def answer(words: bytes, *, pour: bytes = b"", hold: bool = False) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(words)
        await _pour(writer, pour)
        if hold:
            await reader.read(-1)

    return talk


def drip(words: bytes, gap_s: float) -> Talk:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for at in range(int(HELD_S / gap_s)):
            writer.write(words[at % len(words) :][:1])
            await writer.drain()
            await asyncio.sleep(gap_s)

    return talk


async def _pour(writer: asyncio.StreamWriter, piece: bytes) -> None:
    for _piece in range(POURED_BYTES // len(piece) if piece else 0):
        writer.write(piece)
        await writer.drain()


async def crumbs(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A byte in each segment, as fast as they go."""
    for _byte in range(100_000):
        writer.write(b"x")
        await writer.drain()


HONEST: dict[str, Talk] = {"ssh": greeting(SSH), "http": answer(PAGE)}
HARMFUL: dict[str, Talk] = {
    "endless greeting": greeting(b"220 ", pour=b"x" * 65_536),
    "endless lines": greeting(b"", pour=b"220-x\r\n" * 9000),
    "endless header": answer(b"HTTP/1.1 200 OK\r\nX: ", pour=b"a" * 65_536),
    "endless fields": answer(b"HTTP/1.1 200 OK\r\n", pour=b"X: y\r\n" * 9000),
    "endless title": answer(b"HTTP/1.1 200 OK\r\n\r\n<title>", pour=b"a" * 65_536),
    "endless options": greeting(b"", pour=b"\xff\xfd\x18\xff\xfb\x01" * 9000),
    "endless zeros": greeting(b"", pour=bytes(65_536)),
    "endless tls": greeting(b"", pour=b"220-x\r\n" * 9000),
    "crumbs": crumbs,
    "bomb": answer(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + _BOMB),
    "redirect": answer(b"HTTP/1.1 302 Found\r\nLocation: http://198.18.0.3:8099/\r\nContent-Length: 0\r\n\r\n"),
    "escapes": greeting(b"SSH-2.0-\x1b]0;owned\x07\x9b2J\xe2\x80\xae\r\n"),
    "page of escapes": answer(
        b"HTTP/1.1 200 \x1b[2J\r\nServer: \x1b]0;owned\x07\r\n\r\n<title>\xff\x1b[8m&#27;[1m&#x9b;</title>"
    ),
    "lying packet": answer(b"\xff\xff\xff\x00\x0a8.0.36\0", hold=True),
    "lying record": answer(b"\x16\x03\x03\xff\xff\x02\xff\xff\xff", hold=True),
    "hangs up": answer(b""),
    "hangs up after a byte": answer(b"H"),
    "hangs up in its head": answer(b"HTTP/1.1 200 OK\r\nServ"),
}
SLOW: dict[str, Talk] = {
    "a byte a second": drip(b"x", 1.0),
    "a byte every 0.4 s": drip(b"220-", 0.4),
    "a page by bytes": drip(PAGE, 0.3),
    "silence": answer(b"", hold=True),
}


def _guarded(talk: Talk) -> Talk:
    """Ends in good order when the other side has had enough."""

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await talk(reader, writer)
        writer.close()

    return guarded


async def _serve(first_port: int, ways: list[str]) -> None:
    known = {**HONEST, **HARMFUL, **SLOW}
    for port, way in enumerate(ways, first_port):
        await asyncio.start_server(_guarded(known[way]), None, port, ssl=server_context() if way == "endless tls" else None)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), sys.argv[2:]))
