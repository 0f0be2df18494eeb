"""``hatoba scan`` with an engine that plays a script, for the tests of this folder."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from hatoba.cli.scan_options import ScanOptions
from hatoba.cli.scan_run import Event, Means, World, scan
from hatoba.model import Answer, Host, PortsAsked, Progress, Protocol, Reason, ScanEnd, ScanInfo, ScanPlan, State
from hatoba.results.batch import VERDICT, VerdictBatch
from hatoba.results.known import Known
from hatoba.targets.ports import PortChoice
from hatoba.targets.scope import Permitted, Scope


class Script:
    """An engine that finds port 22 open on every target; what a test adds happens before the end."""

    def __init__(self, *extra: object, problems: tuple[str, ...] = (), failed: bool = False, silent: bool = False) -> None:
        self.extra = extra
        self.problems = problems
        self.failed = failed
        self.silent = silent
        self.stopped = False
        self.started = False
        self.closed = False
        self.plan = ScanPlan()

    def __call__(
        self,
        plan: ScanPlan,
        permitted: Permitted,
        *,
        arguments: Sequence[str],
        watch: object | None = None,
        known: Known | None = None,
    ) -> Script:
        self.plan, self.permitted, self.arguments, self.watch = plan, permitted, tuple(arguments), watch
        self.known = known
        return self

    @property
    def ports(self) -> dict[str, str]:
        """What its targets were to be asked for."""
        return {PortChoice(block.ports).describe() for block in self.permitted.targets.blocks}.pop()

    def stop(self) -> None:
        self.stopped = True

    def events(self) -> Iterator[Event]:
        self.started = True
        targets = self.permitted.targets
        try:
            asked = tuple(PortsAsked(method, Protocol.TCP, "22", 1) for method in self.plan.methods)
            yield ScanInfo("0", self.arguments, asked, len(targets), 0.0)
            for index in range(len(targets)):
                rows = np.zeros(1, VERDICT)
                rows[0] = (index, 22, 6, State.OPEN, Reason.SYN_ACK, 1, 1, Answer.SYN_ACK, 64, 0, 0, 0, 0, 0.001)
                if asked:
                    yield VerdictBatch(self.plan.methods[0], targets, rows)
                yield Host(targets.address(index), targets.names(index), "up", "syn-ack", 0.001)
                yield Progress(1, 2, 1, 0.1, 10.0, 1.0, 1)
            for action in self.extra:
                if isinstance(action, BaseException):
                    raise action
                if callable(action):
                    action()
                yield Progress(1, 2, 1, 0.2, 10.0, 1.0, 1)
            interrupted = self.stopped or self.failed
            counts = {} if self.silent or not asked else {"open": 1}
            up = int(not self.silent)
            yield ScanEnd(1.0, 1.0, up, 0, 1, counts, 1, interrupted=interrupted, problems=self.problems)
        finally:
            self.closed = True


def world(script: Script, **changes: Any) -> World:
    given: dict[str, Any] = {
        "stdin": io.StringIO(),
        "stdout": io.StringIO(),
        "stderr": io.StringIO(),
        "environ": {},
        "permit": lambda options, targets: Scope([]).waive(targets),
        "means": lambda options: Means(() if options.hosts_only else options.methods or ("connect",)),
        "new_scan": script,
        "names": lambda: pytest.fail("nobody asked for names"),
        "library": lambda _options: None,
        "identified": lambda *_given: pytest.fail("nobody asked for services"),
    }
    return World(**given | changes)


def run(script: Script, *, options: dict[str, Any] | None = None, **changes: Any) -> tuple[int, str]:
    """Exit status and standard output."""
    chosen = ScanOptions(**{"targets": ("198.18.0.2",), "ports": ("22",)} | (options or {}))
    place = world(script, **changes)
    status = scan(chosen, place, ("hatoba", "scan"))
    stdout = place.stdout
    return status, stdout.getvalue() if isinstance(stdout, io.StringIO) else ""
