"""Hosts and links of a lab: what one does with them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from hatoba.errors import LabError
from hatoba.lab.addressing import Interface, parse_interface, parse_route
from hatoba.lab.process import Process
from hatoba.lab.programs import find_program, to_start
from hatoba.lab.sandbox import kernel_has_ipv6
from hatoba.messages import _

if TYPE_CHECKING:
    from hatoba.lab.laboratory import Lab

PIPE = subprocess.PIPE
Stream = int | BinaryIO | None


@dataclass(frozen=True, slots=True)
class End:
    """One end of a link: the interface *name* of *host*."""

    host: str
    name: str
    mac: str


@dataclass(slots=True)
class Link:
    """A veth pair between two hosts, or between a host and a bridge (whose end then has the empty host name)."""

    lab: Lab
    ends: tuple[End, End]

    def down(self, host: Host | None = None) -> None:
        """Take the interface at one end down (default: the first end); the other end loses its carrier."""
        end = self.ends[0] if host is None else self.end(host)
        self.lab.ask("down", end={"host": end.host, "name": end.name})

    def up(self) -> None:
        """Bring both ends up again, and their hosts' routes, which the kernel had dropped."""
        self.lab.ask("up", ends=[{"host": end.host, "name": end.name, "mac": end.mac} for end in self.ends])
        for end in self.ends:
            if end.host:
                self.lab.host(end.host).restore_routes()

    def end(self, host: Host) -> End:
        return next(end for end in self.ends if end.host == host.name)


@dataclass(slots=True)
class Host:
    """One machine of a lab. Made by :meth:`Lab.add_host`; all its methods raise :class:`LabError` for what can't be done."""

    lab: Lab
    name: str
    addresses: list[Interface] = field(default_factory=list)
    """All its addresses, in the order in which they were given."""
    routes: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    waiting_addresses: list[Interface] = field(default_factory=list)
    """Addresses that go to its first interface as soon as there is one."""

    def address(self, version: int = 4) -> str:
        """Its first address of that IP version, without prefix length."""
        for interface in self.addresses:
            if interface.version == version:
                return str(interface.ip)
        raise LabError(_("The host {name} has no IPv{version} address.").format(name=self.name, version=version))

    def add_address(self, device: str, *addresses: str) -> None:
        """Give the interface *device* (``eth0``, ``lo``) addresses with prefix length."""
        for text in addresses:
            interface = parse_interface(text)
            what = _("The host {name} can't have the address {address} on {device}").format(
                name=self.name, address=text, device=device
            )
            self.lab.ask("address", what, host=self.name, name=device, address=str(interface))
            self.addresses.append(interface)
        self.lab.publish_names()

    def add_route(self, *routes: str) -> None:
        """Routes as in :mod:`hatoba.lab.addressing`, in force at once."""
        for text in routes:
            parse_route(text)
            what = _("The host {name} can't have the route '{route}'").format(name=self.name, route=text)
            self.lab.ask("route", what, host=self.name, route=text)
            self.routes.append(text)

    def restore_routes(self) -> None:
        routes, self.routes = self.routes, []
        self.add_route(*routes)

    def sysctl(self, values: Mapping[str, object]) -> None:
        """Kernel settings of its network namespace: ``{"net.ipv4.icmp_ratelimit": 0}``."""
        texts = {name: str(value) for name, value in values.items()}
        if wrong := next((name for name in texts if not re.fullmatch(r"net(\.[\w/-]+)+", name)), None):
            raise LabError(_("{name!r} is not a network setting; write it like net.ipv4.ip_forward.").format(name=wrong))
        what = _("The host {name} can't have these kernel settings").format(name=self.name)
        self.lab.ask("sysctls", what, host=self.name, values=texts)

    def rules(self, text: str) -> None:
        """Add nftables rules, written for ``nft -f``; all of them or, where one is wrong, none."""
        nft = find_program("nft")
        if nft is None:
            raise LabError(_("Rules need the program nft, which is not installed; install the package nftables."))
        done = self.run([nft, "-f", "-"], stdin=text)
        if done.returncode:
            words = _complaint(done.stderr)
            raise LabError(_("nft does not take the rules of the host {name}: {words}").format(name=self.name, words=words))

    def write(self, path: str, text: str, mode: int = 0o644) -> Path:
        """A file in the lab's folder in memory, under the host's name. Return its path, which exists inside the lab only."""
        relative = f"{self.name}/{path}"
        self.lab.ask("write", path=relative, text=text, mode=mode)
        return self.lab.work_folder / relative

    def popen(
        self,
        argv: Sequence[str],
        *,
        stdin: Stream = subprocess.DEVNULL,
        stdout: Stream = None,
        stderr: Stream = None,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        privileged: bool = True,
    ) -> Process:
        """Start a program on this host.

        Streams are as for ``subprocess.Popen``: PIPE, DEVNULL, STDOUT for *stderr*, a descriptor or file; None is this
        process's own. *env* is added to this process's environment. Without *privileged* it runs without any capability.
        """
        ours: list[BinaryIO | None] = []
        theirs: list[int] = []
        close: list[int] = []
        try:
            for number, stream in enumerate((stdin, stdout, stderr)):
                mine, other = _stream(number, stream, theirs, close)
                ours.append(mine)
                theirs.append(other)
            return self.lab.start(self, to_start(argv, env=env, cwd=cwd, privileged=privileged), theirs, ours)
        except BaseException:
            for mine in ours:
                if mine is not None:
                    mine.close()
            raise
        finally:
            for descriptor in close:
                os.close(descriptor)

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str = "",
        timeout_s: float | None = 120,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        privileged: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program on this host to its end and return its output as text. Raise ``subprocess.TimeoutExpired``."""
        process = self.popen(argv, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=env, cwd=cwd, privileged=privileged)
        out, err = process.communicate(stdin.encode(), timeout_s)
        return subprocess.CompletedProcess(
            list(argv), process.wait(), out.decode(errors="replace"), err.decode(errors="replace")
        )

    def serve(
        self,
        argv: Sequence[str],
        *,
        ready: str,
        timeout_s: float = 60,
        env: Mapping[str, str] | None = None,
        privileged: bool = True,
        log: str | None = None,
    ) -> Process:
        """Start a daemon in the foreground and return as soon as its output matches the regular expression *ready*
        (multi-line). What it writes is kept for :meth:`Process.tail`, and in the file *log* of the lab's folder under the
        host's name, as :meth:`write` has it. Raise :class:`LabError` where it ends before or does
        not become ready in time."""
        request = to_start(argv, env=env, privileged=privileged) | {"ready": re.compile(ready).pattern}
        if log is not None:
            request["log"] = str(self.lab.work_folder / self.name / log)
        process = self.lab.start(self, request, [])
        try:
            process.wait_ready(timeout_s)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise LabError(
                _("{program} did not become ready within {seconds:g} seconds; its last words: {words}").format(
                    program=argv[0], seconds=timeout_s, words=process.tail().strip()[-500:] or "–"
                )
            ) from error
        return process

    def listen(
        self,
        ports: Iterable[int],
        *,
        udp: Iterable[int] = (),
        silent_udp: Iterable[int] = (),
        addresses: Sequence[str] = (),
        backlog: int = 4096,
        greetings: Mapping[int, str] | None = None,
        answers: Mapping[int, str] | None = None,
        keep: bool = False,
        log: str | None = None,
    ) -> Process:
        """Open TCP *ports* with a small server of our own (:mod:`hatoba.lab.listener`), ready when this returns. *addresses*:
        where, by default on all of both families.

        It accepts and closes at once; with *keep* it holds the connection until the peer closes. ``greetings[port]`` is sent
        first, ``answers[port]`` after the peer's first words. The UDP ports of *udp* send each datagram back, those of
        *silent_udp* take it and say nothing. Each TCP connection is a line of *log*, where that names a file as for
        :meth:`serve`.
        """
        talk = {
            str(port): {"greeting": (greetings or {}).get(port, ""), "answer": (answers or {}).get(port, "")}
            for port in {*(greetings or {}), *(answers or {})}
        }
        everywhere = ("0.0.0.0", "::") if kernel_has_ipv6() else ("0.0.0.0",)
        wanted = {
            "ports": sorted(ports),
            "udp_ports": sorted(udp),
            "silent_udp_ports": sorted(silent_udp),
            "addresses": list(addresses or everywhere),
            "backlog": backlog,
            "talk": talk,
            "keep": keep,
            "note": log is not None,
        }
        argv = [sys.executable, "-P", "-m", "hatoba.lab.listener", json.dumps(wanted)]
        return self.serve(argv, ready=r"^ready$", log=log)

    def listen_sctp(self, ports: Iterable[int]) -> Process:
        """Open SCTP *ports* where the kernel has no SCTP, as far as a scan can tell (:mod:`hatoba.lab.sctp_responder`); all
        others are closed. Ready when this returns."""
        wanted = {"ports": sorted(ports), "ipv6": kernel_has_ipv6()}
        return self.serve([sys.executable, "-P", "-m", "hatoba.lab.sctp_responder", json.dumps(wanted)], ready=r"^ready$")

    def call(self, target: str, *arguments: Any, timeout_s: float | None = 120, privileged: bool = True) -> Any:
        """Call ``package.module:function`` in a process of its own on this host, with arguments and result as JSON.
        Raise :class:`LabError` where it raises, with its traceback as note."""
        done = self.run(
            [sys.executable, "-P", "-m", "hatoba.lab.calling", target],
            stdin=json.dumps({"path": sys.path, "arguments": arguments}),
            timeout_s=timeout_s,
            privileged=privileged,
        )
        if done.returncode:
            last = next(iter(done.stderr.strip().splitlines()[::-1]), "–")
            error = LabError(_("{target} failed on the host {name}: {words}").format(target=target, name=self.name, words=last))
            error.add_note(done.stderr)
            raise error
        return json.loads(done.stdout)


def _complaint(words: str) -> str:
    """nft's first error: what is wrong, then the line that it is in. nft prints ``FILE:LINE:COLUMNS: Error: ...``, that line,
    and a line of carets."""
    lines = words.splitlines()
    first = next((index for index, line in enumerate(lines) if "Error:" in line), None)
    if first is None:
        return " ".join(words.split())
    where, _error, what = lines[first].partition(" Error: ")
    return (
        f"{where.rpartition('/')[2].removeprefix('stdin:')} {what}: {' '.join(''.join(lines[first + 1 : first + 2]).split())}"
    )


def _stream(number: int, stream: Stream, earlier: Sequence[int], close: list[int]) -> tuple[BinaryIO | None, int]:
    """This side's file, where there is one, and the other side's descriptor. Descriptors made here are added to *close*."""
    if stream is None:
        return None, number
    if stream == subprocess.DEVNULL:
        close.append(os.open(os.devnull, os.O_RDWR))
        return None, close[-1]
    if stream == subprocess.STDOUT:
        return None, earlier[1]
    if stream == PIPE:
        read_end, write_end = os.pipe()
        mine, other = (write_end, read_end) if number == 0 else (read_end, write_end)
        close.append(other)
        return open(mine, "wb" if number == 0 else "rb", buffering=0 if number == 0 else -1), other
    return None, stream if isinstance(stream, int) else stream.fileno()
