"""A JSON Lines report read back: what was asked, and what is known of it, so that a scan that was cut off can go on.

A killed program leaves its last line torn, a power cut may leave zeros in its place: what can't be read at the end of a file
counts as not written. Anywhere else it is a mistake.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from hatoba.errors import UsageError
from hatoba.messages import _, system_words
from hatoba.model import Address, Found, Host, Protocol, ScanPlan
from hatoba.reports.jsonl import FORMAT_VERSION
from hatoba.reports.jsonl_host import found_of, host_of
from hatoba.reports.jsonl_ports import LINE, Numbers, PortLines
from hatoba.reports.jsonl_question import plan_of, targets_of
from hatoba.reports.jsonl_service import service_of
from hatoba.reports.jsonl_settled import hosts_of, rows_of
from hatoba.results.batch import HostBatch
from hatoba.results.known import Known, each_once
from hatoba.service import Outcome, Service
from hatoba.targets.quoting import shown, shown_path
from hatoba.targets.target_set import TargetSet

_PIECE_BYTES = 1 << 23
_BAD = (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, UsageError)
"""What a line that is none of ours may raise."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadScan:
    """A scan as far as a file tells of it."""

    plan: ScanPlan
    targets: TargetSet
    known: Known
    open_only: bool
    """Whether only open ports have a line."""
    ended: bool
    """It came to its end, and nothing is left to ask."""
    size_bytes: int
    """How much of the file is whole lines: what follows is the torn last one."""


def read_scan(path: str) -> ReadScan:
    """The scan that the JSON Lines report at *path* tells of. Raises UsageError for a file that is none or can't be read."""
    try:
        with open(path, "rb") as file:
            return _Reading(path, file).scan()
    except OSError as error:
        raise UsageError(
            _("{path} can't be read ({reason}): name a file that -oJ wrote").format(
                path=shown_path(path), reason=system_words(error)
            )
        ) from error


class _Reading:
    def __init__(self, path: str, file: BinaryIO) -> None:
        self._path, self._file = path, file
        self._size_bytes = 0
        first = file.readline()
        try:
            line = json.loads(first) if first.endswith(b"\n") else {}
            if line.get("type") != "scan" or line["format"] != FORMAT_VERSION:
                raise ValueError(line)
        except _BAD as error:
            raise UsageError(
                _("{path} is no report of a scan: --resume takes a file that -oJ wrote").format(path=shown_path(path))
            ) from error
        if "plan" not in line:
            raise UsageError(
                _("{path} doesn't say all that was asked, so its scan can't be resumed: scan again").format(
                    path=shown_path(path)
                )
            )
        try:
            self._plan, self._targets = plan_of(line), targets_of(line)
            self._open_only = line["open_only"] is True
        except _BAD as error:
            raise self._damaged(first) from error
        self._size_bytes = len(first)
        self._responders = Numbers()
        self._ports = PortLines(self._targets, self._responders)
        self._rows: list[npt.NDArray[np.void]] = []
        self._finished = np.zeros(len(self._targets), bool)
        self._found: dict[int, Found] = {}
        self._services: dict[tuple[Address, Protocol, int], Service] = {}
        self._ended = False

    def scan(self) -> ReadScan:
        for piece in _pieces(self._file):
            self._take(piece)
            self._size_bytes += len(piece)
        hosts = _Hosts(self._path, self._size_bytes, self._finished, self._targets)
        rows = each_once(self._rows)
        known = Known(rows, tuple(self._responders), self._finished, hosts, self._found, self._settled_services())
        return ReadScan(self._plan, self._targets, known, self._open_only, self._ended, self._size_bytes)

    def _settled_services(self) -> list[Service]:
        """Those that are not to be asked again: the scan was stopped while it asked the others."""
        services = list(self._services.values())
        indices = self._targets.find([service.address for service in services]).tolist()
        return [
            service
            for index, service in zip(indices, services, strict=True)
            if index >= 0 and (self._finished[index] or service.outcome is not Outcome.UNFINISHED)
        ]

    def _take(self, piece: bytes) -> None:
        parts = LINE.findall(piece)
        others = [part[-1] for part in parts if part[-1]]
        try:
            self._rows.append(self._ports.rows([part for part in parts if not part[-1]] if others else parts))
        except _BAD as error:
            raise self._damaged(piece) from error
        hosts: list[Host] = []
        for text in others:
            try:
                line = json.loads(text)
                self._take_line(line["type"], line, hosts)
            except _BAD as error:
                raise self._damaged(text) from error
        self._note(hosts)

    def _note(self, hosts: list[Host]) -> None:
        """Which of *hosts* are finished: the last line of each counts."""
        indices = self._targets.find([host.address for host in hosts])
        for index, host in zip(indices.tolist(), hosts, strict=True):
            if index >= 0:
                self._finished[index] = not host.unfinished
        hosts.clear()

    def _take_line(self, kind: str, line: dict[str, Any], hosts: list[Host]) -> None:
        match kind:
            case "port":
                self._rows.append(self._ports.row(line))
            case "settled":
                self._rows += [rows_of(entry, self._responders, len(self._targets)) for entry in line.get("verdicts", ())]
                self._note(hosts)
                for entry in line.get("hosts", ()):
                    self._finished[hosts_of(entry, self._targets).indices] = True
            case "host":
                hosts.append(host_of(line))
            case "service":
                service = service_of(line)
                self._services[service.address, service.protocol, service.port] = service
            case "found":
                found = found_of(line)
                (index,) = self._targets.find([found.address])
                if index >= 0:
                    self._found[int(index)] = found
            case "resumed":
                self._ended = False
            case "end":
                self._ended = line["interrupted"] is False
            case "scan":
                raise ValueError("a second scan")

    def _damaged(self, text: bytes) -> UsageError:
        sample = shown(text[:60].decode("utf-8", "replace"))
        return UsageError(
            _("{path} is damaged at the line {line}: cut the file off before it, then --resume asks the rest").format(
                path=shown_path(self._path), line=sample
            )
        )


def _pieces(file: BinaryIO, size_bytes: int | None = None) -> Iterator[bytes]:
    """Whole lines, many at a time, up to the last one that is whole, or of the first *size_bytes*."""
    left = math.inf if size_bytes is None else size_bytes
    rest = b""
    while data := file.read(int(min(left, _PIECE_BYTES))):
        left -= len(data)
        cut = data.rfind(b"\n") + 1
        if cut:
            yield rest + data[:cut]
            rest = data[cut:]
        else:
            rest += data


@dataclass(frozen=True, slots=True, eq=False)
class _Hosts:
    """The hosts that are finished, each once, from their lines in the file, which are read anew: there may be millions."""

    path: str
    size_bytes: int
    finished: npt.NDArray[np.bool_]
    targets: TargetSet

    def __iter__(self) -> Iterator[Host | HostBatch]:
        left = self.finished.copy()
        with open(self.path, "rb") as file:
            for piece in _pieces(file, self.size_bytes):
                lines = [json.loads(text) for text in piece.splitlines() if b'"host"' in text or b'"settled"' in text]
                hosts = [host_of(line) for line in lines if line["type"] == "host" and not line.get("unfinished")]
                indices = self.targets.find([host.address for host in hosts])
                for index, host in zip(indices.tolist(), hosts, strict=True):
                    if index >= 0 and left[index]:
                        left[index] = False
                        yield host
                for entry in (entry for line in lines if line["type"] == "settled" for entry in line.get("hosts", ())):
                    batch = hosts_of(entry, self.targets)
                    its = batch.indices[left[batch.indices]]
                    left[its] = False
                    if len(its):
                        yield replace(batch, indices=its)
