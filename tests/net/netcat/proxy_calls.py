"""What ``test_proxy_peers.py`` asks about, called on a lab's host: ways through other people's proxies, and through ours."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.net.netcat.nc_calls import COMMANDS, Running, ended, listener, start

_PORTS = itertools.count(7000)
QUESTION = b"question " * 10_000
USER = "ann:sec-ret"

DANTE = """logoutput: stderr
internal: 127.0.0.1 port = {port}
external: lo
clientmethod: none
socksmethod: none
user.privileged: root
user.unprivileged: root
client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
"""
TINYPROXY = "Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 10\nLogLevel Info\n"


def free_port() -> str:
    return str(next(_PORTS))


def until_listening(running: Running, port: str) -> Running:
    """Not all of them say when they do."""
    files = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
    while True:
        rows = [line.split() for file in files for line in file.read_text().splitlines()[1:]]
        if any(row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == int(port) for row in rows):
            return running


class Servers:
    """Everything that listens; stopped together."""

    def __init__(self) -> None:
        self._running: list[Running] = []
        self.echo = self.serve(lambda port: ["ncat", "-l", "-k", "-e", "/bin/cat", port])
        self.tls_echo = self.serve(lambda port: ["ncat", "-l", "-k", "--ssl", "-e", "/bin/cat", port])
        folder = tempfile.mkdtemp()
        Path(folder, "page").write_bytes(QUESTION)
        self.web = self.serve(lambda port: ["python3", "-m", "http.server", "--directory", folder, "--bind", "127.0.0.1", port])
        self.closed = free_port()

    def serve(self, command: Any, data: bytes | None = None) -> str:
        """The port on which a program listens."""
        port = free_port()
        self._running.append(until_listening(start(command(port), data), port))
        return port

    def ours(self, *options: str) -> str:
        port = free_port()
        self._running.append(listener([*COMMANDS["hatoba"], "-l", "-v", *options, port], None))
        return port

    def told(self) -> str:
        """What our own have said, when all are stopped."""
        for running in self._running:
            running.stop()
        ended(*self._running)
        return "".join(running.err.decode(errors="replace") for running in self._running)


def talk(command: Sequence[str]) -> dict[str, Any]:
    """Ask an echo and end when the whole answer is there: some proxies take an end of one side for the end of both."""
    asking = start(command, None)
    asking.feed(QUESTION, close=False)
    asking.read(out=len(QUESTION))
    asking.feed(b"")
    asking.stop() if command[0] == "nc.openbsd" else None
    status = ended(asking)[0]
    return {"answered": bytes(asking.out) == QUESTION, "status": status, "told": asking.err.decode(errors="replace")}


def through_others(servers: Servers) -> dict[str, Any]:
    """Our client, other people's proxies."""
    folder = tempfile.mkdtemp()

    def configured(text: str, command: list[str]) -> Any:
        def make(port: str) -> list[str]:
            path = os.path.join(folder, port)
            Path(path).write_text(text.format(port=port))
            return [word.format(path=path) for word in command]

        return make

    danted = servers.serve(configured(DANTE, ["danted", "-N", "1", "-f", "{path}"]))
    tinyproxy = servers.serve(configured(TINYPROXY, ["tinyproxy", "-d", "-c", "{path}"]))
    microsocks = servers.serve(lambda port: ["microsocks", "-i", "127.0.0.1", "-p", port])
    microsocks6 = servers.serve(lambda port: ["microsocks", "-i", "::1", "-p", port])
    with_password = servers.serve(lambda port: ["microsocks", "-u", "ann", "-P", "sec-ret", "-i", "127.0.0.1", "-p", port])
    ncat = servers.serve(lambda port: ["ncat", "-l", "--proxy-type", "http", port])
    ncat_with = servers.serve(lambda port: ["ncat", "-l", "--proxy-type", "http", "--proxy-auth", USER, port])
    ways = {
        "microsocks": ["--proxy", f"socks5://127.0.0.1:{microsocks}"],
        "microsocks, IPv6": ["--proxy-type", "socks5", "--proxy", f"[::1]:{microsocks6}"],
        "microsocks with a password": ["--proxy", f"socks5://{USER}@127.0.0.1:{with_password}"],
        "dante, SOCKS 5": ["--proxy", f"socks5://127.0.0.1:{danted}"],
        "dante, SOCKS 4": ["--proxy", f"socks4://127.0.0.1:{danted}"],
        "tinyproxy": ["--proxy", f"127.0.0.1:{tinyproxy}"],
        "ncat": ["--proxy", f"127.0.0.1:{ncat}"],
        "ncat with a password": ["--proxy", f"127.0.0.1:{ncat_with}", "--proxy-auth", USER],
        "two, one after the other": ["--proxy", f"socks5://127.0.0.1:{microsocks}", "--proxy", f"127.0.0.1:{ncat}"],
    }
    found: dict[str, Any] = {}
    for name, options in ways.items():
        target = "::1" if "IPv6" in name else "127.0.0.1"
        found[name] = talk([*COMMANDS["hatoba"], *options, target, servers.echo])
    found["TLS through SOCKS"] = talk([*COMMANDS["hatoba"], "--ssl", *ways["microsocks"], "127.0.0.1", servers.tls_echo])
    for name in ("microsocks", "ncat", "tinyproxy", "dante, SOCKS 5", "dante, SOCKS 4"):
        found[f"refused by {name}"] = talk([*COMMANDS["hatoba"], *ways[name], "127.0.0.1", servers.closed])
    wrong = "ann:guess"
    found["wrong password, SOCKS"] = talk(
        [*COMMANDS["hatoba"], "--proxy", f"socks5://{wrong}@127.0.0.1:{with_password}", "127.0.0.1", servers.echo]
    )
    found["wrong password, HTTP"] = talk(
        [*COMMANDS["hatoba"], "--proxy", f"http://{wrong}@127.0.0.1:{ncat_with}", "127.0.0.1", servers.echo]
    )
    return found


def through_ours(servers: Servers) -> dict[str, Any]:
    """Other people's clients, our proxies."""
    http, socks = servers.ours("--proxy-type", "http"), servers.ours("--proxy-type", "socks5")
    http_with = servers.ours("--proxy-type", "http", "--proxy-auth", USER)
    socks_with = servers.ours("--proxy-type", "socks5", "--proxy-auth", USER)
    there = ["127.0.0.1", servers.echo]
    page = f"http://127.0.0.1:{servers.web}/page"
    clients = {
        "OpenBSD nc, SOCKS 5": ["nc.openbsd", "-X", "5", "-x", f"127.0.0.1:{socks}", *there],
        "OpenBSD nc, SOCKS 5, IPv6": ["nc.openbsd", "-X", "5", "-x", f"[::1]:{socks}", "::1", servers.echo],
        "OpenBSD nc, SOCKS 4": ["nc.openbsd", "-X", "4", "-x", f"127.0.0.1:{socks}", *there],
        "OpenBSD nc, CONNECT": ["nc.openbsd", "-X", "connect", "-x", f"127.0.0.1:{http}", *there],
        "ncat, HTTP": ["ncat", "--proxy", f"127.0.0.1:{http}", *there],
        "ncat, HTTP with a password": ["ncat", "--proxy", f"127.0.0.1:{http_with}", "--proxy-auth", USER, *there],
        "ncat, SOCKS 4": ["ncat", "--proxy-type", "socks4", "--proxy", f"127.0.0.1:{socks}", *there],
        "ncat, SOCKS 5": ["ncat", "--proxy-type", "socks5", "--proxy", f"127.0.0.1:{socks}", *there],
        "ncat, SOCKS 5 with a password": [
            *("ncat", "--proxy-type", "socks5", "--proxy-auth", USER, "--proxy", f"127.0.0.1:{socks_with}", *there)
        ],
        "ncat, TLS through SOCKS 5": [
            *("ncat", "--ssl", "--proxy-type", "socks5", "--proxy", f"127.0.0.1:{socks}", "127.0.0.1", servers.tls_echo)
        ],
    }
    pages = {
        "curl, HTTP": ["-x", f"http://127.0.0.1:{http}"],
        "curl, tunnel": ["--proxytunnel", "-x", f"http://127.0.0.1:{http}"],
        "curl, digest": ["--proxy-digest", "-U", USER, "-x", f"http://127.0.0.1:{http_with}"],
        "curl, basic, tunnel": ["--proxytunnel", "-U", USER, "-x", f"http://127.0.0.1:{http_with}"],
        "curl, SOCKS 4A": ["-x", f"socks4a://127.0.0.1:{socks}"],
        "curl, SOCKS 5": ["-x", f"socks5h://{USER}@127.0.0.1:{socks_with}"],
    }
    found = {name: talk(command) for name, command in clients.items()}
    for name, options in pages.items():
        asking = start(["curl", "-s", *options, page])
        found[name] = {"status": ended(asking)[0], "answered": bytes(asking.out) == QUESTION}
    asking = start(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-U", "ann:guess", "-x", f"127.0.0.1:{http_with}", page]
    )
    ended(asking)
    found["curl, wrong password"] = asking.out.decode()
    asking = start(["curl", "-s", "-x", f"socks5h://ann:guess@127.0.0.1:{socks_with}", page])
    found["curl, wrong password, SOCKS"] = ended(asking)[0]
    return found


def matrix() -> dict[str, Any]:
    servers = Servers()
    return {**through_others(servers), **through_ours(servers), "told": servers.told()}
