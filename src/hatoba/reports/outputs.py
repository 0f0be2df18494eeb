"""Where reports go, and one scan written to several places at once.

One output's failure is not the others': a full disk ends that file and is told at the end, a reader that closed its pipe
(``hatoba scan ... | head``) has had what it wanted and is left in peace.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from shlex import quote
from typing import TYPE_CHECKING, BinaryIO, TextIO

from hatoba.errors import OutputError
from hatoba.messages import _
from hatoba.model import Found, Host, ScanEnd, ScanInfo
from hatoba.output_file import open_claimed, writing_failed
from hatoba.reports.base import Report, TellsFound
from hatoba.results.batch import HostBatch, VerdictBatch
from hatoba.results.collector import Collector

if TYPE_CHECKING:
    from hatoba.service import Service


@dataclass(frozen=True, slots=True)
class Output:
    """One place for one format, a key of ``formats.FORMATS``."""

    format: str
    stream: TextIO
    name: str
    """As the user calls it, for messages: the path of a file."""
    is_ours: bool = False
    """Whether it is closed when the scan has ended."""


def open_output(format_name: str, path: str, stdout: TextIO) -> Output:
    """*path* opened for writing, from its beginning, in UTF-8; ``-`` is *stdout*. Raises OutputError."""
    if path == "-":
        return Output(format_name, stdout, _("standard output"))
    return Output(format_name, _text(open_claimed(path)), path, is_ours=True)


def open_resumed(path: str, size_bytes: int) -> Output:
    """The JSON Lines report at *path*, of which the first *size_bytes* are kept, to go on with it. Raises OutputError."""
    return Output("resumed", _text(open_claimed(path, size_bytes)), path, is_ours=True)


def _text(stream: BinaryIO) -> TextIO:
    return TextIOWrapper(stream, encoding="utf-8", newline="\n")


class Fanout:
    """A :class:`~hatoba.reports.base.Report` that hands each event to several, and writes what they said through at once."""

    def __init__(self, reports: Sequence[tuple[Output, Report]], collector: Collector | None) -> None:
        """*collector* is given each event too, if any of the reports reads it."""
        self._working = list(reports)
        self._outputs = [output for output, _report in reports]
        self._collector = collector
        self.failures: list[OutputError] = []
        """What could not be written, one sentence each."""

    @property
    def wants_more(self) -> bool:
        """False once nobody is left to write for: the scan may end."""
        return bool(self._working)

    @property
    def streams(self) -> tuple[TextIO, ...]:
        """All places that were written to, whether or not that went well."""
        return tuple(output.stream for output in self._outputs)

    def start(self, info: ScanInfo) -> None:
        self._each(lambda report: report.start(info))

    def verdicts(self, batch: VerdictBatch) -> None:
        if self._collector is not None:
            self._collector.verdicts(batch)
        self._each(lambda report: report.verdicts(batch))

    def service(self, service: Service) -> None:
        if self._collector is not None:
            self._collector.service(service)
        self._each(lambda report: report.service(service))

    def found(self, found: Found) -> None:
        self._each(lambda report: report.found(found) if isinstance(report, TellsFound) else None)

    def host(self, host: Host) -> None:
        self._each(lambda report: report.host(host))
        if self._collector is not None:
            self._collector.host(host)

    def hosts(self, batch: HostBatch) -> None:
        self._each(lambda report: report.hosts(batch))
        if self._collector is not None:
            self._collector.hosts_told(batch)

    def end(self, end: ScanEnd) -> None:
        """Ends the reports, after the hosts that an interrupted scan left without their event, and closes our files."""
        if self._collector is not None:
            for host in list(self._collector.unreported()):
                self.host(host)
        self._each(lambda report: report.end(end))
        self.close()

    def close(self) -> None:
        """Close the files that are ours; harmless when repeated."""
        for output in self._outputs:
            if output.is_ours and not output.stream.closed:
                try:
                    output.stream.close()
                except OSError as error:
                    self._fail(output, error)

    def _each(self, tell: Callable[[Report], None]) -> None:
        for output, report in tuple(self._working):
            try:
                tell(report)
                output.stream.flush()
            except OSError as error:
                self._fail(output, error)

    def _fail(self, output: Output, error: OSError) -> None:
        self._working = [pair for pair in self._working if pair[0] is not output]
        if not isinstance(error, BrokenPipeError):
            self.failures.append(OutputError(_writing_failed(output, error)))
        _silence(output.stream)


def _silence(stream: TextIO) -> None:
    """Let what is still in the stream's buffer go nowhere, or Python complains about it when it closes the stream."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):  # not a file, or closed
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _writing_failed(output: Output, error: OSError) -> str:
    name = output.name
    if error.errno in (errno.ENOSPC, errno.EDQUOT) and output.is_ours and output.format in ("jsonl", "resumed"):
        return _(
            "{name} is incomplete: the disk is full; make room, and hatoba scan --resume {file} asks what is missing"
        ).format(name=name, file=quote(name))
    return writing_failed(name, error)
