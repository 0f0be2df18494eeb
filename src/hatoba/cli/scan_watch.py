"""``--packet-trace``, ``--pcap`` and ``--dry-run``: what looks at a scan's packets."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TextIO

from hatoba.cli.scan_options import ScanOptions
from hatoba.cli.shell import complain
from hatoba.errors import OutputError, UsageError
from hatoba.messages import _, ngettext
from hatoba.model import ScanPlan
from hatoba.packets.dissect import Packet
from hatoba.probes.connect import Handshake
from hatoba.reports.annotated_hex import AnnotatedHex
from hatoba.reports.packet_lines import PacketLines
from hatoba.wire.capture_file import CaptureFile
from hatoba.wire.network import KernelNetwork
from hatoba.wire.traced import ConnectObserver, HoldObserver, PacketObserver
from hatoba.wire.watched_network import WatchedNetwork

_HARDWARE_BYTES = 6
_SEQUENCE_NUMBER = 4
_VERIFICATION_TAG, _CHUNK_TYPE, _INITIATE_TAG = 4, 12, 16
_SHOWN_AT_MOST = 64
"""Packets that a dry run shows; of more it says how many."""


@dataclass
class Watch:
    """What was asked for. Close it after the scan."""

    lines: PacketLines | None = None
    capture: CaptureFile | None = None
    dump: AnnotatedHex | None = None
    """Of a dry run."""
    held: int = 0
    """How many connections were completed and held."""

    def network(self, plan: ScanPlan, clock: Callable[[], float] = time.monotonic) -> WatchedNetwork:
        """The network for a scan that is looked at."""
        packets: list[PacketObserver] = [found for found in (self.lines, self.capture, self.dump) if found is not None]
        connects: list[ConnectObserver] = [self.lines] if self.lines is not None else []
        holds: list[HoldObserver] = [self] if self.lines is None else [self, self.lines]
        real = KernelNetwork(clock, plan.interface, plan.source_port)
        dry = self.dump is not None
        return WatchedNetwork(real, clock, packets, connects, holds, dry=dry, neighbours_shown=not plan.methods)

    def holds(self, ended: Sequence[Handshake], asked: Sequence[tuple[bytes, int]], at_s: float) -> None:
        self.held += len(ended)

    @property
    def saw_none(self) -> bool:
        """Of a dry run: whether there was no packet to show."""
        return self.dump is not None and not self.dump.shown

    def give_up(self) -> None:
        """Nothing was scanned after all."""
        if self.capture is not None:
            self.capture.give_up()

    def close(self) -> int:
        """Say what went wrong, or what a dry run left out; the exit status for it, 0 for none."""
        if self.dump is not None and self.dump.unshown:
            text = ngettext(
                "and {count} packet more, which is not shown; no packet was sent",
                "and {count} packets more, which are not shown; no packet was sent",
                self.dump.unshown,
            )
            complain(text.format(count=self.dump.unshown))
        if self.capture is None:
            return 0
        self.capture.close()
        if self.held:
            text = ngettext(
                "{count} connection that was held to see who answers left its packets to the kernel, so they are missing from"
                " {file}",
                "{count} connections that were held to see who answers left their packets to the kernel, so they are missing"
                " from {file}",
                self.held,
            )
            complain(text.format(count=self.held, file=self.capture.path))
        if self.capture.failure is None:
            return 0
        complain(str(self.capture.failure))
        return self.capture.failure.exit_status


def watch_of(options: ScanOptions, stdout: TextIO, stderr: TextIO) -> Watch:
    """What is to look at the packets of a scan that is to be watched. Raises UsageError for a capture file that can't be
    opened."""
    if options.dry_run:
        return Watch(dump=AnnotatedHex(stdout, _notes, _SHOWN_AT_MOST))
    try:
        capture = None if options.pcap is None else CaptureFile(options.pcap, time.time() - time.monotonic())
    except OutputError as error:
        raise UsageError(str(error)) from error
    return Watch(PacketLines(stderr, time.monotonic()) if options.packet_trace else None, capture)


def dry_plan(plan: ScanPlan) -> ScanPlan:
    """The plan of a dry run: each question once, nothing waited for. There are pings only where no ports are asked: nobody
    answers them, and who answers none would be asked no ports."""
    return replace(
        plan,
        pings=() if plan.methods else plan.pings,
        max_retries=0,
        initial_rtt_timeout_s=0.0,
        min_rtt_timeout_s=0.0,
        max_rtt_timeout_s=0.0,
        scan_delay_s=None,
        prove_closed=False,
        second_look=False,
        traceroute=False,
        systems=False,
        reverse_names=False,
    )


def _notes(packet: Packet) -> dict[int, str]:
    """Where a packet holds what its answer must repeat, and what is not in it yet."""
    return _unknown_hop(packet) | _cookie(packet)


def _unknown_hop(packet: Packet) -> dict[int, str]:
    ethernet = packet.header("Ethernet")
    if ethernet is None or any(packet.data[ethernet.offset : ethernet.offset + _HARDWARE_BYTES]):
        return {}
    return {ethernet.offset: _("not known before it is asked for")}


def _cookie(packet: Packet) -> dict[int, str]:
    note = _("the cookie of this probe, which its answer repeats")
    if (tcp := packet.header("TCP")) is not None:
        return {tcp.offset + _SEQUENCE_NUMBER: note}
    if (sctp := packet.header("SCTP")) is not None:
        chunk = packet.data[sctp.offset + _CHUNK_TYPE : sctp.offset + _CHUNK_TYPE + 1]
        return {sctp.offset + (_INITIATE_TAG if chunk == b"\1" else _VERIFICATION_TAG): note}
    return {}
