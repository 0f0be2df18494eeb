"""A lab: hosts on this machine that see one another and nothing else."""

from __future__ import annotations

import functools
import itertools
import os
import re
import shlex
import sys
import weakref
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, BinaryIO

from hatoba.errors import LabError
from hatoba.lab.addressing import parse_interface, parse_route
from hatoba.lab.availability import read_switches, why_refused
from hatoba.lab.channel import ChannelClosed, Message
from hatoba.lab.connection import Connection
from hatoba.lab.host import End, Host, Link
from hatoba.lab.launch import end_keeper, last_words, start_keeper
from hatoba.lab.process import Process
from hatoba.lab.sandbox import WORK_FOLDER
from hatoba.messages import _

MARK = "hatoba-lab"
"""Every interface that a lab makes has an alias (IFLA_IFALIAS) that begins with this."""

COMMANDS_FOLDER = WORK_FOLDER / ".bin"
"""Inside a lab: commands that were installed for its hosts. A host's name has no dot, so that it is nobody's folder."""


class Lab:
    """Hosts in network namespaces of their own, torn down at the end of the ``with`` block, and whatever happens to this
    process, SIGKILL included (see :mod:`hatoba.lab.keeper`).

    Works as root and, where user namespaces allow, as an ordinary user; :meth:`available` tells. Raises :class:`LabError`.
    """

    work_folder = WORK_FOLDER
    """Inside the lab: its folder in memory."""

    def __init__(self, name: str = "lab") -> None:
        self.name = name
        self.hosts: dict[str, Host] = {}
        self._bridges: set[str] = set()
        self._numbers = itertools.count(1)
        self._link_numbers = itertools.count(1)
        if sys.platform != "linux":
            raise LabError(why_refused("platform", 0, {}, False))
        keeper, channel = start_keeper()
        self._connection = Connection(channel, functools.partial(last_words, keeper))
        self._finalizer = weakref.finalize(self, end_keeper, keeper, channel)
        try:
            hello, descriptors = channel.receive()
        except ChannelClosed:
            words = last_words(keeper)
            self.close()
            raise LabError(_("The lab's keeper did not start: {words}").format(words=words)) from None
        for descriptor in descriptors:
            os.close(descriptor)
        if "refused" in hello:
            self.close()
            raise LabError(why_refused(hello["refused"], hello["errno"], read_switches(), os.geteuid() == 0))
        self.in_user_namespace: bool = hello["user_namespace"]
        """Whether the lab was made without privilege. Then there is one user inside, number 0, who is this one outside."""
        self.keeper_pid = keeper.pid
        """The process that watches over the lab; with it the lab ends."""

    @staticmethod
    def available() -> tuple[bool, str]:
        """Whether a lab can be made here; if not, why, in a sentence for people. Tried once per process."""
        return _trial()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End every process of the lab and take its networks down; when this returns, they are gone."""
        self._finalizer()

    def host(self, name: str) -> Host:
        """The host of that name. Raise KeyError."""
        return self.hosts[name]

    def add_host(
        self,
        name: str,
        addresses: Iterable[str] = (),
        *,
        routes: Iterable[str] = (),
        sysctls: Mapping[str, object] | None = None,
        rules: str | None = None,
    ) -> Host:
        """A new host with a loopback interface. Its *addresses* (``198.18.0.1/24``) go to its first link, and its *routes*
        (:mod:`hatoba.lab.addressing`) come into force with it. Its name is known to every host of the lab (/etc/hosts)."""
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", name):
            raise LabError(_("{name!r} can't name a host; use small letters, digits and hyphens.").format(name=name))
        if name in self.hosts:
            raise LabError(_("The lab already has a host named {name}.").format(name=name))
        host = Host(self, name)
        host.waiting_addresses += [parse_interface(text) for text in addresses]
        host.routes += list(routes)
        for text in host.routes:
            parse_route(text)
        self.ask("host", _("The host {name} can't be made").format(name=name), host=name)
        self.hosts[name] = host
        if sysctls:
            host.sysctl(sysctls)
        if rules:
            host.rules(rules)
        return host

    def link(
        self, first: Host, second: Host, *, first_addresses: Sequence[str] = (), second_addresses: Sequence[str] = ()
    ) -> Link:
        """A cable between two hosts: a veth pair, up, usable when this returns. Its ends are the hosts' next ``eth0``,
        ``eth1`` ... and get these addresses, besides those that the host waits to give its first link."""
        ends = self._veth(self._next_interface(first), self._next_interface(second))
        link = Link(self, ends)
        for host, addresses in ((first, first_addresses), (second, second_addresses)):
            self._plug(host, link, addresses)
        return link

    def bridge(self, name: str, hosts: Iterable[Host], addresses: Mapping[str, Sequence[str]] | None = None) -> list[Link]:
        """A switch with the hosts' next interfaces plugged in. *addresses*: further ones for those interfaces, by host."""
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,14}", name) or name in self._bridges:
            raise LabError(
                _("{name!r} can't name a bridge; use up to 15 small letters, digits and hyphens, once each.").format(name=name)
            )
        self.ask("bridge", _("The bridge {name} can't be made").format(name=name), name=name, alias=self._alias(name))
        self._bridges.add(name)
        links = []
        for host in hosts:
            port = ("", f"port{next(self._numbers)}")
            link = Link(self, self._veth(self._next_interface(host), port, bridge=name))
            self._plug(host, link, (addresses or {}).get(host.name, ()))
            links.append(link)
        return links

    def _next_interface(self, host: Host) -> tuple[str, str]:
        return host.name, f"eth{len(host.links)}"

    def _veth(self, first: tuple[str, str], second: tuple[str, str], bridge: str | None = None) -> tuple[End, End]:
        number = next(self._link_numbers)
        ends = tuple(
            End(host, name, f"02:18:00:{number >> 8:02x}:{number & 255:02x}:{side:02x}")
            for side, (host, name) in enumerate((first, second), 1)
        )
        wanted = [
            {"host": end.host, "name": end.name, "mac": end.mac, "alias": self._alias(end.host or bridge or "", end.name)}
            for end in ends
        ]
        if bridge is not None:
            wanted[1]["master"] = bridge
        what = _("The link between {first} and {second} can't be made").format(first=first[0], second=second[0] or bridge)
        self.ask("veth", what, ends=wanted)
        return ends[0], ends[1]

    def _alias(self, *words: str) -> str:
        return " ".join([MARK, self.name, *words])

    @staticmethod
    def _plug(host: Host, link: Link, addresses: Sequence[str]) -> None:
        host.links.append(link)
        waiting, host.waiting_addresses = host.waiting_addresses, []
        host.add_address(link.end(host).name, *map(str, waiting), *addresses)
        if len(host.links) == 1:
            host.restore_routes()

    def publish_names(self) -> None:
        """Write /etc/hosts of the lab: every host's first address of each family."""
        lines = ["127.0.0.1 localhost", "::1 localhost"]
        for host in self.hosts.values():
            first = {interface.version: interface.ip for interface in reversed(host.addresses)}
            lines += [f"{first[version]} {host.name}" for version in sorted(first)]
        self.ask("names", text="\n".join(lines) + "\n")

    def open_door(self) -> None:
        """Let visitors in (:class:`hatoba.lab.door.Visit`): this user's other processes, inside the lab and outside."""
        self.ask("door")

    def install_command(self, name: str, argv: Sequence[str]) -> None:
        """A command for the lab's hosts, in :data:`COMMANDS_FOLDER`: *argv* and what follows the name."""
        text = f'#!/bin/sh\nexec {shlex.join(argv)} "$@"\n'
        self.ask("write", path=str((COMMANDS_FOLDER / name).relative_to(WORK_FOLDER)), text=text, mode=0o755)

    def start(
        self, host: Host, request: Message, descriptors: Sequence[int], streams: Sequence[BinaryIO | None] = (None, None, None)
    ) -> Process:
        """Start a process (:meth:`Host.popen`, :meth:`Host.serve`). *descriptors*: its standard streams."""
        return self._connection.start(host.name, request, descriptors, streams)

    def ask(self, action: str, what: str = "", **values: Any) -> Message:
        """One request to the keeper. *what*: the beginning of the sentence that says what could not be done."""
        return self._connection.ask(action, what, **values)


@functools.cache
def _trial() -> tuple[bool, str]:
    try:
        with Lab() as lab:
            lab.link(lab.add_host("a"), lab.add_host("b"))
    except LabError as error:
        return False, str(error)
    return True, ""
