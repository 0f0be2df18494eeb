"""``hatoba scan`` as somebody types it, on a host of a lab: run to its end, or started and followed line by line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from subprocess import CompletedProcess
from typing import Any

from hatoba.lab import PIPE, Host
from hatoba.lab.process import Process

COMMAND = (sys.executable, "-P", "-m", "hatoba", "--lang", "en", "scan")

Line = dict[str, Any]
"""One line of the JSON Lines report."""


@dataclass(frozen=True)
class Scanned:
    """How a scan ended that wrote its JSON Lines to standard output."""

    status: int
    lines: list[Line]
    errors: str
    """What it said on standard error."""

    @classmethod
    def of(cls, done: CompletedProcess[str]) -> Scanned:
        return cls(done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr)

    def of_type(self, kind: str) -> list[Line]:
        return [line for line in self.lines if line["type"] == kind]

    @property
    def ports(self) -> dict[int, Line]:
        """The lines of one address's ports. Fails where a port was told twice."""
        return {port: line for (_address, port), line in by_port(self.lines).items()}

    @property
    def end(self) -> Line:
        return self.lines[-1]


def by_port(lines: Iterable[Line]) -> dict[tuple[str, int], Line]:
    """Port lines by address and port. Fails where one was told twice."""
    found: dict[tuple[str, int], Line] = {}
    for line in lines:
        if line["type"] == "port":
            assert (line["address"], line["port"]) not in found, "told twice"
            found[line["address"], line["port"]] = line
    return found


def states(lines: Iterable[Line]) -> dict[tuple[str, int], str]:
    """State by address (without zone) and port."""
    return {(address.partition("%")[0], port): line["state"] for (address, port), line in by_port(lines).items()}


def scan(host: Host, *arguments: str, stdin: str = "", privileged: bool = True, timeout_s: float = 280) -> Scanned:
    """Run a scan of these arguments, with JSON Lines to standard output, to its end."""
    command = [*COMMAND, "-oJ", "-", *arguments]
    return Scanned.of(host.run(command, stdin=stdin, privileged=privileged, timeout_s=timeout_s))


class Following:
    """A scan under way whose JSON Lines are read as they come."""

    def __init__(self, host: Host, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        self.process: Process = host.popen([*COMMAND, "-oJ", "-", *arguments], stdout=PIPE, stderr=PIPE, env=env)
        self.lines: list[Line] = []

    def __enter__(self) -> Following:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.__exit__(None, None, None)

    def until_ports(self) -> None:
        """Read until the first verdicts: by then it sends and hears."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(json.loads(line))
            if self.lines[-1]["type"] == "port":
                return
        raise AssertionError(f"it ended before: {self._rest()}")

    def to_the_end(self) -> Scanned:
        """Read the rest and wait for its end."""
        assert self.process.stdout is not None
        self.lines += [json.loads(line) for line in self.process.stdout]
        errors = self._rest()
        return Scanned(self.process.wait(30), self.lines, errors)

    def _rest(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()
