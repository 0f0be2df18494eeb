"""What ``test_conversations`` has a host of the lab do."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address

from hatoba.errors import HatobaError
from hatoba.model import Protocol
from hatoba.wire.conversations import KernelDials


def stream(address: str, port: int) -> list[str]:
    """Greeting and answer of a connection that is tied to the interface that there is."""

    async def talk() -> list[str]:
        conversation = await KernelDials("eth0").dial(Protocol.TCP, ip_address(address), port)
        greeting = await conversation.receive(100)
        await conversation.send(b"x\n")
        answer = await conversation.receive(100)
        conversation.close()
        conversation.close()
        return [greeting.decode(), answer.decode(), "eth0"]

    return asyncio.run(talk())


def datagram(address: str, port: int) -> str:
    async def talk() -> str:
        conversation = await KernelDials().dial(Protocol.UDP, ip_address(address), port)
        await conversation.send(b"ping")
        answer = await conversation.receive(100)
        conversation.close()
        return answer.decode()

    return asyncio.run(talk())


def stray(address: str, port: int, other: str) -> list[str]:
    """What comes to a socket that hears every port of *address*, while *other* answers it, too."""

    async def talk() -> list[str]:
        conversation = await KernelDials().dial(Protocol.UDP, ip_address(address), port, any_port=True)
        await conversation.send(other.encode())
        heard = [(await conversation.receive(100)).decode() for _datagram in range(2)]
        conversation.close()
        return heard

    return asyncio.run(talk())


def answer_from_elsewhere(address: str, port: int) -> None:
    """Answers one datagram to *port*: from the address that stands in it, then from *address* twice, each from a new port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asked:
        asked.bind((address, port))
        print("ready", flush=True)
        other, asker = asked.recvfrom(100)
        for number, source in enumerate((other.decode(), address, address)):
            with socket.socket(family, socket.SOCK_DGRAM) as fresh:
                fresh.bind((source, 0))
                fresh.sendto(f"answer {number}".encode(), asker)


def refused(address: str, port: int) -> str:
    try:
        asyncio.run(KernelDials().dial(Protocol.TCP, ip_address(address), port))
    except OSError as error:
        return type(error).__name__
    return ""


def through(address: str, port: int, interface: str) -> str:
    try:
        asyncio.run(KernelDials(interface).dial(Protocol.TCP, ip_address(address), port))
    except HatobaError as error:
        return type(error).__name__
    return ""
