"""What ``test_broker_peers.py`` asks about, called on a lab's host: brokers and chats with ncat, in both roles."""

from __future__ import annotations

import itertools
import re
from typing import Any

from tests.net.netcat.nc_calls import COMMANDS, Running, drain, ended, listener, start

_PORTS = itertools.count(8000)
MUCH = b"0123456789abcdef" * 60_000


def broker(server: str, clients: tuple[str, ...], *options: str) -> dict[str, Any]:
    """The first says much, the others hear it; then one of them says something that all others hear."""
    where = ["127.0.0.1", str(next(_PORTS))]
    serving = listener([*COMMANDS[server], "-l", "-vv", "--broker", *options, *where], None)
    joined = rb"members: \d+" if server == "hatoba" else rb"from 127\.0\.0\.1:\d+"
    members: list[Running] = []
    for name in clients:
        members.append(start([*COMMANDS[name], *options, *where], None))
        drain([serving], lambda: len(re.findall(joined, bytes(serving.err))) == len(members))
    speaker, *others = members
    speaker.feed(MUCH, close=False)
    drain([*members, serving], lambda: all(len(one.out) >= len(MUCH) for one in others))
    others[0].feed(b"thanks", close=False)
    drain([*members, serving], lambda: len(speaker.out) >= 6 and all(len(one.out) >= len(MUCH) + 6 for one in others[1:]))
    for one in (*members, serving):
        one.stop()
    ended(*members, serving)
    return {
        "heard": [bytes(one.out[: len(MUCH)]) == MUCH for one in others],
        "answered": [bytes(speaker.out), *(bytes(one.out[len(MUCH) :]) for one in others[1:])] == [b"thanks"] * (len(others)),
    }


def chat(server: str, *options: str) -> dict[str, Any]:
    """Two talk; the server's own user too."""
    where = ["127.0.0.1", str(next(_PORTS))]
    serving = listener([*COMMANDS[server], *options, "-l", "-v", "--chat", *where], None)
    ann = start([*COMMANDS["ncat"], *where], None)
    ann.read(out=1)
    bob = start([*COMMANDS["hatoba"], *where], None)
    drain([ann, bob], lambda: bytes(ann.out).count(b"127.0.0.1 is") >= 2 and b"127.0.0.1 is" in bob.out)
    ann.feed("hello \x1b[31m grüße\n".encode(), close=False)
    drain([ann, bob], lambda: b"hello" in bob.out)
    serving.feed(b"welcome\n", close=False)
    drain([ann, bob], lambda: b"welcome" in bob.out and b"welcome" in ann.out)
    ann.stop()
    ended(ann)
    drain([bob], lambda: bytes(bob.out).rstrip().endswith((b"is gone", b"is disconnected.")))
    bob.stop()
    serving.stop()
    ended(bob, serving)
    return {"ann": ann.out.decode(errors="replace"), "bob": bob.out.decode(errors="replace")}


def matrix() -> dict[str, Any]:
    return {
        "hatoba": broker("hatoba", ("ncat", "hatoba", "ncat")),
        # With TLS, ncat 7.93 reads 8,192 bytes at a time and does not see what is left of a record until the next one comes: it
        # may speak, but not be waited for to have heard all.
        "hatoba, TLS": broker("hatoba", ("ncat", "hatoba", "hatoba"), "--ssl"),
        "ncat": broker("ncat", ("hatoba", "ncat", "hatoba")),
        "chat": chat("hatoba"),
        "chat as ncat": chat("hatoba", "--compat", "ncat"),
        "chat of ncat": chat("ncat"),
    }
