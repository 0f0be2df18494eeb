"""``hatoba scan --list``: the targets by address and name, told as a scan would tell of them. Nothing is sent to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol as Interface

from hatoba import __version__
from hatoba.model import Address, Host, Reason, ScanEnd, ScanInfo
from hatoba.targets.target_set import TargetSet

_AHEAD = 256
"""So many names are asked for before the first of them is waited for."""


class Names(Interface):
    """What this file needs of ``hatoba.wire.reverse_names.ReverseNames``."""

    @property
    def problem(self) -> str | None: ...

    def ask(self, address: Address) -> None: ...

    def name(self, address: Address) -> str | None: ...

    def close(self) -> None: ...


class TargetList:
    """In the place of a scan. *names*: None where no names of addresses are looked up."""

    def __init__(
        self, targets: TargetSet, arguments: Sequence[str], names: Names | None, wall_clock: Callable[[], float]
    ) -> None:
        self._targets, self._arguments, self._names, self._wall_clock = targets, tuple(arguments), names, wall_clock
        self._stop = False
        self._ahead = 0
        """How many have been asked for their names."""

    def stop(self) -> None:
        """End soon; safe from a signal handler."""
        self._stop = True
        if self._names is not None:
            self._names.close()

    def events(self) -> Iterator[ScanInfo | Host | ScanEnd]:
        started_at = self._wall_clock()
        targets = self._targets
        yield ScanInfo(
            __version__,
            self._arguments,
            (),
            len(targets),
            started_at,
            shard=targets.shard,
            all_addresses=targets.all_addresses,
        )
        told = 0
        for index in range(len(self._targets)):
            if self._stop:
                break
            yield self._host(index)
            told += 1
        finished_at = self._wall_clock()
        problem = None if self._names is None else self._names.problem
        if self._names is not None:
            self._names.close()
        yield ScanEnd(
            finished_at=finished_at,
            duration_s=finished_at - started_at,
            hosts_up=0,
            hosts_down=0,
            hosts_total=told,
            interrupted=self._stop,
            problems=() if problem is None else (problem,),
        )

    def _host(self, index: int) -> Host:
        address, names = self._targets.address(index), self._targets.names(index)
        if self._names is not None:
            while self._ahead < min(index + _AHEAD, len(self._targets)):
                self._names.ask(self._targets.address(self._ahead))
                self._ahead += 1
            name = self._names.name(address)
            if name is not None and name not in names:
                names = (*names, name)
        return Host(address, names, reason=Reason.USER_SET.word)
