"""Values of ``hatoba scan`` that are no plain numbers: each becomes what it stands for, or gets one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable

import click

from hatoba.cli.scan_timing import NAMES
from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.model import Ping, Shard

_FLAG_BITS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "ECE": 64, "CWR": 128}


def timing(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """``0`` to ``5``, or nmap's word for it, as a number."""
    if value is None:
        return None
    if value.lower() in NAMES:
        return NAMES.index(value.lower())
    if value in tuple("012345"):
        return int(value)
    raise UsageError(_("-T {value}: a timing is a number from 0 (gentlest) to 5").format(value=value))


def tcp_flags(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """``SYNFIN``, ``18`` or ``0x12`` as a number."""
    if value is None:
        return None
    names = re.findall("|".join(_FLAG_BITS), value.upper())
    if names and "".join(names) == value.upper():
        return sum({_FLAG_BITS[name] for name in names})
    if re.fullmatch("[0-9]{1,3}|0[xX][0-9a-fA-F]{1,2}", value) and int(value, 0 if value[:2].lower() == "0x" else 10) < 256:
        return int(value, 0 if value[:2].lower() == "0x" else 10)
    raise UsageError(
        _("--scanflags {value}: write flags in a row, for instance SYNFIN ({names}), or a number from 0 to 255").format(
            value=value, names=" ".join(_FLAG_BITS)
        )
    )


def shard(ctx: click.Context, param: click.Parameter, value: str | None) -> Shard | None:
    """``2/3``, the second of three."""
    if value is None:
        return None
    from hatoba.targets.shards import parse_shard

    return parse_shard(value)


def ping_ports(method: str) -> Callable[[click.Context, click.Parameter, str | None], Ping | None]:
    """A callback for the ports of a ping by *method*; nothing written means the usual ones."""

    def converted(ctx: click.Context, param: click.Parameter, value: str | None) -> Ping | None:
        if value is None:
            return None
        from hatoba.api.pings import ping

        try:
            return ping(method, value)
        except UsageError as error:
            raise UsageError(_("{option}: {problem}").format(option=param.opts[-1], problem=error)) from error

    return converted
