"""The few exceptions. Each message is one sentence for the user that says what to do about it.

A fault of the network (a reset, garbage, silence) is data and never one of these.
"""

from __future__ import annotations

from collections.abc import Sequence


class HatobaError(Exception):
    """Base of all; the command line ends with ``exit_status``."""

    exit_status = 1


class UsageError(HatobaError):
    """The command line, an argument or a file is wrong."""

    exit_status = 2


class NotInScope(HatobaError):
    """Addresses that nobody gave permission for. ``networks`` are CIDR texts that cover them and nothing else."""

    exit_status = 3

    def __init__(self, message: str, networks: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.networks = tuple(networks)


class NotPermitted(HatobaError):
    """The kernel does not let this process do it; the message names the one command that would allow it."""


class WireError(HatobaError):
    """Packets can't leave or arrive: no route, an interface that went down, descriptors used up."""


class LinkDown(WireError):
    """An interface does not take packets any more; it may come back."""


class OutputError(HatobaError):
    """A report can't be written: a full disk, a folder that is missing."""


class LabError(HatobaError):
    """A lab can't be made as asked: no namespaces, a bad address, rules that nft does not take."""
