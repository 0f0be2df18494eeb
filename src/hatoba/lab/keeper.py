"""The keeper of a lab: a process of its own that holds the lab's namespaces and starts the processes in them.

``python -m hatoba.lab.keeper CHANNEL PARENT`` with two inherited descriptors: a Unix stream socket to the lab
(:mod:`hatoba.lab.channel`) and a pidfd of the process that made the lab. It becomes two processes::

    the lab's maker          (any Python program, several threads perhaps)
      └ watcher              waits for the end of the maker or of process 1
          └ process 1        of a new PID namespace: serves requests, reaps; every lab process is its child

Whatever dies, all the rest goes: the watcher sees the maker's end by its pidfd and kills process 1; process 1 has asked to be
killed at the watcher's end (PR_SET_PDEATHSIG; asked of the watcher, which has one thread, since the signal comes at the end
of the *thread* that started it) and leaves when its socket ends; and with process 1 the kernel kills all of its PID
namespace. The network namespaces hang on descriptors of these processes and on nothing else, so they vanish with them, veth
pairs and rules included.
"""

from __future__ import annotations

import errno
import functools
import os
import re
import select
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hatoba.lab.addressing import link_local, parse_interface, parse_route
from hatoba.lab.channel import Channel, ChannelClosed, Message
from hatoba.lab.children import Child, Children
from hatoba.lab.door import open_door
from hatoba.lab.sandbox import (
    WORK_FOLDER,
    Namespaces,
    StepRefused,
    apply_sysctls,
    enter_namespaces,
    furnish,
    kernel_has_ipv6,
    make_host,
)

Answer = tuple[Message, list[int]]

_NONSENSE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, re.error)
"""What a request leads to that lacks something, is of another version's language, or cannot be put into this locale."""
_VISITORS_TIMEOUT_S = 1.0
"""How long a visitor may take to make room for an answer, while everybody else waits."""
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


def main(channel_descriptor: int, maker: int) -> None:
    """Build the walls, fork, and watch (see above). Never returns."""
    for descriptor in (channel_descriptor, maker):
        os.set_inheritable(descriptor, False)
    channel = Channel(socket.socket(fileno=channel_descriptor))
    try:
        alone = enter_namespaces()
    except StepRefused as error:
        channel.send({"refused": error.step, "errno": error.code})
        os._exit(1)
    life, watcher = os.pipe()
    first = os.fork()
    if first == 0:
        os.close(watcher)
        os._exit(_first_process(channel, life, alone))
    os.close(life)
    channel.close()
    _watch(maker, first)


def _watch(maker: int, first: int) -> None:
    end_of_first = os.pidfd_open(first)
    poll = select.poll()
    for descriptor in (maker, end_of_first):
        poll.register(descriptor, select.POLLIN)
    poll.poll()
    signal.pidfd_send_signal(end_of_first, signal.SIGKILL)
    os.waitpid(first, 0)  # comes back when the kernel has killed and collected all of the PID namespace
    os._exit(0)


def _first_process(channel: Channel, life: int, alone: bool) -> int:
    try:
        furnish()
        server = Server(channel, life)
    except StepRefused as error:
        channel.send({"refused": error.step, "errno": error.code})
        return 1
    except OSError as error:
        channel.send({"refused": "netlink", "errno": error.errno or 0})
        return 1
    itself = os.pidfd_open(os.getpid()) if Path("/proc/self/stat").read_text().startswith("1 ") else None
    channel.send({"user_namespace": alone}, [] if itself is None else [itself])
    server.serve()
    return 0


class Server:
    """Process 1: answers requests one after the other, until the lab's maker or the watcher is gone. They come from the maker
    and, once it has had the door opened (:mod:`hatoba.lab.door`), from visitors, who may come and go; what a visitor has
    started goes with it.

    A request is ``{"do": name, ...}``; its answer has ``errno`` and ``detail`` where the kernel refused it, or where it makes
    no sense: the lab goes on for everybody else. An interface is
    named by its host and its name there; the host with the empty name is the lab's own namespace, which holds the bridges.
    """

    def __init__(self, channel: Channel, life: int) -> None:
        self._channel = channel
        self._base = Namespaces.current()
        for path in Path("/proc/sys/net/ipv6/conf").glob("*/disable_ipv6"):
            path.write_text("1")  # bridges forward; they have nothing to say themselves
        self._hosts: dict[str, Namespaces] = {"": self._base}
        self._addresses: dict[str, list[str]] = {}
        self._children = Children()
        self._door: socket.socket | None = None
        self._visitors: dict[Channel, list[Child]] = {}
        """With what each has started that may still run."""
        self._selector = selectors.DefaultSelector()
        self._actions: dict[str, Callable[[Message], None]] = {
            "host": self._add_host,
            "names": self._set_names,
            "sysctls": self._set_sysctls,
            "veth": self._add_veth,
            "bridge": self._add_bridge,
            "up": self._up,
            "down": self._down,
            "address": self._add_address,
            "route": self._add_route,
            "signal": self._signal,
            "write": self._write,
            "door": self._open_door,
        }
        self._selector.register(channel, selectors.EVENT_READ, functools.partial(self._serve_request, channel))
        self._selector.register(life, selectors.EVENT_READ, self._leave)
        self._selector.register(_wakeups(), selectors.EVENT_READ, self._reap)
        self._going = True

    def serve(self) -> None:
        while self._going:
            happened = self._selector.select()
            self._watch_door()
            for key, _events in happened:
                key.data(key.fd)

    def _leave(self, _descriptor: int) -> None:
        self._going = False

    def _reap(self, descriptor: int) -> None:
        os.read(descriptor, 4096)
        self._children.reap()

    def _serve_request(self, channel: Channel, _descriptor: int) -> None:
        passed: list[int] = []
        try:
            came = channel.receive_some()
            if came is None:
                return  # who is slow to say the rest holds nobody else up
            request, descriptors = came
            passed += descriptors
            answer, given = self._answer(channel, request, descriptors)
            passed += given
            channel.send(answer, given)
        except (ChannelClosed, OSError):
            self._part_with(channel)
        finally:
            for descriptor in passed:
                os.close(descriptor)

    def _part_with(self, channel: Channel) -> None:
        if channel is self._channel:
            self._going = False
            return
        self._selector.unregister(channel)
        channel.close()
        for child in self._visitors.pop(channel):
            self._children.end(child)

    def _open_door(self, _request: Message) -> None:
        self._door = open_door()
        self._watch_door()

    def _watch_door(self) -> None:
        if self._door is not None and self._door not in self._selector.get_map():
            self._selector.register(self._door, selectors.EVENT_READ, functools.partial(self._let_in, self._door))

    def _let_in(self, door: socket.socket, _descriptor: int) -> None:
        try:
            accepted = door.accept()[0]
        except OSError as error:
            if error.errno in _NO_ROOM:  # the visitor waits until something else has happened, which may have made room
                self._selector.unregister(door)
            return
        accepted.settimeout(_VISITORS_TIMEOUT_S)
        visitor = Channel(accepted)
        self._visitors[visitor] = []
        self._selector.register(visitor, selectors.EVENT_READ, functools.partial(self._serve_request, visitor))

    def _answer(self, channel: Channel, request: Message, descriptors: list[int]) -> Answer:
        try:
            if request["do"] == "start":
                return self._start(channel, request, descriptors)
            if request["do"] == "tail":
                return {"tail": self._children.tail(request["process"])}, []
            if request["do"] == "hosts":
                return {"hosts": self._addresses}, []
            self._actions[request["do"]](request)
        except OSError as error:
            return {"errno": error.errno or 0, "detail": error.strerror or str(error), "about": error.filename}, []
        except _NONSENSE as error:
            return {"errno": errno.EINVAL, "detail": f"{type(error).__name__}: {error}"}, []
        return {}, []

    def _start(self, channel: Channel, request: Message, descriptors: list[int]) -> Answer:
        child = self._children.start(request["process"], self._hosts[request["host"]], request, descriptors)
        if channel in self._visitors:
            self._visitors[channel] = [*filter(Child.runs, self._visitors[channel]), child]
        if child.output is not None:

            def listen(descriptor: int) -> None:
                if child.read() == 0:
                    self._selector.unregister(descriptor)
                    child.close_output()

            self._selector.register(child.output, selectors.EVENT_READ, listen)
        try:
            return {}, [os.pidfd_open(child.process.pid)]
        except OSError:  # no descriptor is left, and nobody could attend it
            self._children.end(child)
            raise

    def _signal(self, request: Message) -> None:
        self._children.signal(request["process"], request["signal"], request["group"])

    def _add_host(self, request: Message) -> None:
        self._hosts[request["host"]] = make_host(request["host"], self._base)
        self._addresses[request["host"]] = []

    def _set_names(self, request: Message) -> None:
        WORK_FOLDER.joinpath("hosts").write_text(request["text"])

    def _write(self, request: Message) -> None:
        path = WORK_FOLDER / request["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(request["text"])
        path.chmod(request["mode"])

    def _set_sysctls(self, request: Message) -> None:
        apply_sysctls(self._hosts[request["host"]], self._base, request["values"])

    def _add_veth(self, request: Message) -> None:
        first, second = request["ends"]
        here, there = self._hosts[first["host"]], self._hosts[second["host"]]
        here.netlink.add_veth(first["name"], first["mac"], second["name"], second["mac"], there.network)
        for end in request["ends"]:
            self._hosts[end["host"]].netlink.set_link(end["name"], up=True, alias=end["alias"], master=end.get("master"))
        for end in request["ends"]:
            self._settle(end["host"], end["name"], end["mac"])

    def _add_bridge(self, request: Message) -> None:
        self._base.netlink.add_bridge(request["name"])
        self._base.netlink.set_link(request["name"], up=True, alias=request["alias"])

    def _up(self, request: Message) -> None:
        for end in request["ends"]:
            self._hosts[end["host"]].netlink.set_link(end["name"], up=True)
        for end in request["ends"]:
            self._settle(end["host"], end["name"], end["mac"])

    def _down(self, request: Message) -> None:
        end = request["end"]
        self._hosts[end["host"]].netlink.set_link(end["name"], up=False)

    def _settle(self, host: str, name: str, mac: str) -> None:
        netlink = self._hosts[host].netlink
        netlink.settle(name)
        if host and kernel_has_ipv6():
            netlink.add_address(name, link_local(mac))

    def _add_address(self, request: Message) -> None:
        self._hosts[request["host"]].netlink.add_address(request["name"], parse_interface(request["address"]))
        self._addresses[request["host"]].append(request["address"])

    def _add_route(self, request: Message) -> None:
        route = parse_route(request["route"])
        self._hosts[request["host"]].netlink.add_route(route.kind, route.network, route.gateway, route.device)


def _wakeups() -> int:
    """A descriptor that becomes readable when a child ends."""
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    os.set_blocking(write_end, False)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _noted)
    return read_end


def _noted(_number: int, _frame: Any) -> None:
    """A handler has to be there, or the signal would not be written to the descriptor."""


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
