"""The demo where no namespaces can be had: small servers of ours on this machine's loopback interface."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from hatoba.cli.demo_stage import Stage
from hatoba.lab.listener import Listener, Talk, open_socket
from hatoba.messages import _, translated
from hatoba.model import Protocol
from hatoba.registry import lookup, service_name

ADDRESS = "127.0.0.1"
_TICK_S = 0.1
"""How often the servers look whether they are to end."""

_PAGE = b"HTTP/1.0 200 OK\r\nServer: hatoba-demo\r\nContent-Length: 3\r\n\r\nok\n"
_WANTED = (
    (8080, Talk(answer=_PAGE)),
    (2222, Talk(greeting=b"SSH-2.0-hatoba_demo\r\n")),
    (6379, Talk(answer=b"-ERR this is a stand-in of hatoba demo\r\n")),
)
"""Ports that the servers would like, and what they say. Where another program has a port, the kernel picks one."""


@dataclass(frozen=True, slots=True)
class Served:
    """What listens on the loopback interface for the demo."""

    ports: tuple[int, ...]
    closed_port: int
    """A port on which nobody listened a moment ago."""


def run_here(argv: Sequence[str]) -> int:
    """Run a command on this process's own screen."""
    return subprocess.run(argv, check=False).returncode


@contextmanager
def servers() -> Iterator[Served]:
    """Small servers on the loopback interface, ended with the block. Raises OSError where none can be had."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(_listening(port)) for port, _talk in _WANTED]
        ports = tuple(listener.getsockname()[1] for listener in listeners)
        talks = {port: talk for port, (_wanted, talk) in zip(ports, _WANTED, strict=True)}
        listener = Listener(listeners, talks, keep=False)
        ended = threading.Event()
        thread = threading.Thread(target=_serve, args=(listener, ended), name="hatoba-demo", daemon=True)
        thread.start()
        try:
            yield Served(ports, _free_port())
        finally:
            ended.set()
            thread.join()


def play(served: Served, stage: Stage) -> None:
    """The course on loopback."""
    stage.scene(_("Three small servers on this machine"))
    stage.list(
        [
            _("{address}, port {port}: a small server of hatoba's, in the place of {service}").format(
                address=ADDRESS, port=port, service=service_name(wanted, Protocol.TCP)
            )
            for port, (wanted, _talk) in zip(served.ports, _WANTED, strict=True)
        ]
    )
    asked = ",".join(map(str, (*served.ports, served.closed_port)))
    stage.scene(_("Which ports are open? By connect(), which needs no privilege"))
    stage.hatoba("scan", "--connect", "--reason", "-p", asked, ADDRESS)
    stage.scene(_("Why? One port of each state, with the evidence for it"))
    stage.say(_("A filtered port takes a firewall, so there is none here."))
    stage.hatoba("scan", "--connect", "--explain", "-p", f"{served.ports[0]},{served.closed_port}", ADDRESS)
    stage.scene(_("A port that need not be open"))
    stage.say(_("If the server on port {port} were a real one:").format(port=served.ports[-1]))
    stage.list([translated(lookup(_WANTED[-1][0], Protocol.TCP).hint)])
    stage.say(_("Then scan it once more, to prove that it is closed."))


def _listening(port: int) -> socket.socket:
    try:
        return open_socket(ADDRESS, port, 64)
    except OSError:  # somebody else's
        return open_socket(ADDRESS, 0, 64)


def _serve(listener: Listener, ended: threading.Event) -> None:
    while not ended.is_set():
        listener.serve_once(_TICK_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port
